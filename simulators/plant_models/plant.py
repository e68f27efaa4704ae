"""The whole park, stepped minute by minute: what every instrument shows at any instant from the scenario's start."""

from datetime import date
from typing import Protocol

from service_runtime.errors import OperatorError
from simulators.plant_models.air import AirNetwork
from simulators.plant_models.calendar import MS_PER_MINUTE, ParkCalendar, local_midnight_ms
from simulators.plant_models.firms import Firm
from simulators.plant_models.instruments import Instruments
from simulators.plant_models.laboratory import Laboratory
from simulators.plant_models.meters import Meters
from simulators.plant_models.power import NETWORK_LOSS_SHARE, CombinedHeatAndPower, GridFeeders, PvPlants
from simulators.plant_models.signals import Sample, SignalBoard
from simulators.plant_models.waste import WasteScales
from simulators.plant_models.water import CentralPlant, WaterBalance
from simulators.plant_models.weather import Weather
from simulators.scenario import PlacedScenario, check_against_park
from telemetry_model.park_register import Park
from telemetry_model.park_register.types import PARK_TENANT

IN_SERVICE_SINCE = date(2025, 6, 1)
"""When the park's meters started at zero."""
MS_PER_HOUR = 3_600_000


class _KeepsCounters(Protocol):
    def start_counters(self, board: SignalBoard, hours_in_service: float) -> None: ...


class PlantModel:
    """Every instrument of a park at one instant after the other.

    Two models of the same park and scenario agree on every value at every instant, wherever each of them started:
    the counters are always integrated from the scenario's epoch. Raises ``ValueError`` for a start before that epoch
    and :class:`OperatorError` for a point no model covers. A model may take longer steps, for months: then every
    instant asked for must lie a whole number of them after the epoch.
    """

    def __init__(self, park: Park, scenario: PlacedScenario, start_ms: int, step_minutes: int = 1) -> None:
        if start_ms < scenario.epoch_ms:
            raise ValueError(f"start {start_ms} is before the scenario's epoch {scenario.epoch_ms}")
        check_against_park(scenario.scenario, park)
        seed = scenario.seed
        self._step_minutes = step_minutes
        self._laboratory = Laboratory(park, seed)
        self._board = SignalBoard(park.points.keys() - self._laboratory.points)
        self._calendar = ParkCalendar(park.timezone)
        latitude = float(str(park.dated.first.get("latitude_degrees", 20.86)))
        longitude = float(str(park.dated.first.get("longitude_degrees", 106.68)))
        self._weather = Weather(seed, latitude, longitude)
        self._firms = [Firm(park, tenant.id, scenario) for tenant in park.firms()]
        self._central = CentralPlant(park, seed, step_minutes)
        self._pv = PvPlants(park, seed)
        self._chp = CombinedHeatAndPower(park, scenario)
        self._feeders = GridFeeders(park, seed)
        self._air = AirNetwork(park, scenario)
        self._waste = WasteScales(park, self._firms, scenario, step_minutes)
        self._instruments = Instruments(park, scenario)
        self._meters = Meters(park, scenario)
        self._own_meters = _operator_meters(park)
        self.water_balance = WaterBalance(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        """The water flows of the current minute."""
        self._minute = scenario.epoch_ms // MS_PER_MINUTE
        self._start_counters(scenario.epoch_ms, park)
        self._evaluate()
        if uncovered := self._board.uncovered():
            raise OperatorError(f"points.csv: the simulator has no model for {', '.join(uncovered)}")
        self._advance_to(start_ms // MS_PER_MINUTE)

    def step(self, time_ms: int) -> dict[str, Sample]:
        """What each point shows at ``time_ms`` UTC, which must not be earlier than at the call before.

        A laboratory's points are there only at the minute a sample was taken. Gauges hold
        for a minute; counters move within it.
        """
        minute, rest_ms = divmod(time_ms, MS_PER_MINUTE)
        if minute < self._minute:
            raise ValueError(f"time {time_ms} lies before the minute already reached")
        self._advance_to(minute)
        board = self._board
        samples = {point: Sample(value) for point, value in board.gauges.items()}
        hours = rest_ms / MS_PER_HOUR
        for point, total in board.totals.items():
            samples[point] = Sample(total + board.rates[point] * hours)
        samples.update(self._laboratory.results(self._calendar.moment(minute), board.gauges))
        self._instruments.distort(time_ms, samples)
        return samples

    def offline_devices(self, time_ms: int) -> list[str]:
        """Devices the scenario has made silent at this instant."""
        return self._instruments.offline(time_ms)

    def _advance_to(self, minute: int) -> None:
        while self._minute < minute:
            self._board.integrate(self._step_minutes)
            self._minute += self._step_minutes
            self._evaluate()

    def _start_counters(self, epoch_ms: int, park: Park) -> None:
        hours = max(0.0, (epoch_ms - local_midnight_ms(IN_SERVICE_SINCE, park.timezone)) / MS_PER_HOUR)
        parts: tuple[_KeepsCounters, ...] = (
            *self._firms, self._central, self._pv, self._chp, self._feeders, self._waste,
        )  # fmt: skip
        for part in parts:
            part.start_counters(self._board, hours)
        for device in self._own_meters:
            self._board.start_counter(f"{device}.active_energy_import", 120.0 * hours)

    def _evaluate(self) -> None:
        board, moment = self._board, self._calendar.moment(self._minute)
        sky = self._weather.at(moment)
        firms = [firm.minute(moment, board) for firm in self._firms]
        self.water_balance, treatment_kw = self._central.minute(moment, firms, board)
        for device in self._own_meters:
            share = treatment_kw / len(self._own_meters)
            board.gauge(f"{device}.active_power", share)
            board.gauge(f"{device}.reactive_power", 0.36 * share)
            board.gauge(f"{device}.voltage", 231.0 - 0.02 * share)
            board.gauge(f"{device}.current", share * 1.063 / 0.69)
            board.rate(f"{device}.active_energy_import", share)
        demand_kw = (sum(firm.load_kw for firm in firms) + treatment_kw) * (1 + NETWORK_LOSS_SHARE)
        own_kw = self._pv.minute(moment, sky, board) + self._chp.minute(moment, demand_kw, board)
        reactive_kvar = 0.6 * sum(firm.reactive_kvar for firm in firms)
        self._feeders.minute(moment, max(0.0, demand_kw - own_kw), reactive_kvar, board)
        self._air.minute(moment, sky, board)
        self._waste.minute(moment, firms, board)
        self._meters.minute(self._minute * MS_PER_MINUTE, board)
        self._instruments.watch(self._minute * MS_PER_MINUTE, board.gauges)


def _operator_meters(park: Park) -> list[str]:
    """The operator's own consumption: its electricity meters that no role explains."""
    explained = {point.device for point in park.points.values() if point.role}
    meters = [
        point.device
        for point in park.points.values()
        if point.tenant == PARK_TENANT and point.device.startswith("em-") and point.device not in explained
    ]
    return list(dict.fromkeys(meters))
