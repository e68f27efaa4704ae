"""The park's electricity: PV, the gas turbine CHP with its stack, and the grid feeders that supply the rest."""

import math

from simulators.events import StackUpset
from simulators.plant_models.calendar import Moment
from simulators.plant_models.noise import Wander
from simulators.plant_models.signals import SignalBoard
from simulators.plant_models.weather import WeatherState
from simulators.scenario import PlacedEvent, PlacedScenario
from telemetry_model.park_register import Park

NETWORK_LOSS_SHARE = 0.018
PV_PERFORMANCE_RATIO = 0.86
PV_PEAK_SUN_SHARE = 0.16
CHP_MAXIMUM_KW = 5400.0
CHP_MINIMUM_KW = 2200.0
CHP_ELECTRICAL_EFFICIENCY = 0.36
GAS_KWH_PER_NM3 = 9.9
DRY_FLUE_GAS_NM3_PER_NM3 = 8.6
"""Dry flue gas without excess air, per Nm3 of natural gas."""
AIR_OXYGEN_PERCENT = 20.9
FEEDER_VOLTAGE_V = 12_700.0
FEEDER_SHARES = (0.42, 0.33, 0.25)


class PvPlants:
    """Inverters; the rated power is the register's upper range of their active power."""

    def __init__(self, park: Park, seed: int) -> None:
        devices = [point.device for point in park.points_with_role("pv_generation")]
        self._rated_kw = {device: park.points[f"{device}.active_power"].high for device in devices}
        self._soiling = {device: Wander(seed, f"{device}/passing-cloud", 15, 0.4) for device in devices}

    def start_counters(self, board: SignalBoard, hours_in_service: float) -> None:
        """Yields reached when the simulation begins."""
        for device, rated in self._rated_kw.items():
            board.start_counter(f"{device}.active_energy_import", rated * PV_PEAK_SUN_SHARE * hours_in_service)

    def minute(self, moment: Moment, sky: WeatherState, board: SignalBoard) -> float:
        """Generate for one minute; returns kW."""
        total = 0.0
        for device, rated in self._rated_kw.items():
            cell_degc = sky.temperature_degc + 0.03 * sky.irradiance_w_m2
            warm = 1 - 0.004 * (cell_degc - 25)
            uneven = 1 + 0.06 * self._soiling[device].at(moment.minute)
            power = min(rated, rated * sky.irradiance_w_m2 / 1000 * PV_PERFORMANCE_RATIO * warm * uneven)
            board.gauge(f"{device}.active_power", power)
            board.rate(f"{device}.active_energy_import", power)
            total += power
        return total


class CombinedHeatAndPower:
    """A gas turbine that follows part of the park's load, and what leaves its stack."""

    def __init__(self, park: Park, scenario: PlacedScenario) -> None:
        stacks = [i for i in park.installations.values() if i.kind == "stack"]
        meters = park.points_with_role("chp_generation")
        self._stack = stacks[0].device if stacks else ""
        self._meter = meters[0].device if meters else ""
        names = ("load", "oxygen", "nox", "co", "temperature", "voltage", "gas")
        self._noise = {name: Wander(scenario.seed, f"chp/{name}", 30, 0.3) for name in names}
        self._upsets: list[PlacedEvent[StackUpset]] = [
            placed for placed in scenario.events(StackUpset) if placed.event.device == self._stack
        ]

    def start_counters(self, board: SignalBoard, hours_in_service: float) -> None:
        """Generation reached when the simulation begins."""
        board.start_counter(f"{self._meter}.active_energy_import", 4000.0 * hours_in_service)

    def minute(self, moment: Moment, demand_kw: float, board: SignalBoard) -> float:
        """Generate for one minute; returns kW (0 in a park without a CHP)."""
        if not self._meter:
            return 0.0
        wave = {name: noise.at(moment.minute) for name, noise in self._noise.items()}
        wish = 900.0 + 0.24 * demand_kw
        power = min(CHP_MAXIMUM_KW, max(CHP_MINIMUM_KW, wish)) * (1 + 0.015 * wave["load"])
        board.gauge(f"{self._meter}.active_power", power)
        board.gauge(f"{self._meter}.reactive_power", power * (0.28 + 0.01 * wave["voltage"]))
        board.gauge(f"{self._meter}.voltage", 6350.0 + 40.0 * wave["voltage"])
        board.rate(f"{self._meter}.active_energy_import", power)
        self._flue_gas(moment, power, wave, board)
        return power

    def _flue_gas(self, moment: Moment, power_kw: float, wave: dict[str, float], board: SignalBoard) -> None:
        oxygen = 15.2 + 0.6 * (CHP_MAXIMUM_KW - power_kw) / CHP_MAXIMUM_KW + 0.12 * wave["oxygen"]
        nox = 80.0 * (1 + 0.06 * wave["nox"])
        for upset in self._upsets:
            if upset.covers(moment.minute * 60_000):
                oxygen += upset.event.oxygen_shift_percent
                nox *= upset.event.nox_factor
        gas = power_kw / (CHP_ELECTRICAL_EFFICIENCY * GAS_KWH_PER_NM3) * (1 + 0.004 * wave["gas"])
        dilution = AIR_OXYGEN_PERCENT / (AIR_OXYGEN_PERCENT - oxygen)
        board.gauge(f"{self._stack}.oxygen", oxygen)
        board.gauge(f"{self._stack}.nox", nox)
        board.gauge(f"{self._stack}.co", 34.0 * (1 + 0.1 * wave["co"]))
        board.gauge(f"{self._stack}.stack_flow", gas * DRY_FLUE_GAS_NM3_PER_NM3 * dilution)
        board.gauge(f"{self._stack}.stack_temperature", 118.0 + 5.0 * wave["temperature"])
        board.gauge(f"{self._stack}.gas_flow", gas)


class GridFeeders:
    """The substation's feeders bring what the park's own plants do not."""

    def __init__(self, park: Park, seed: int) -> None:
        self._devices = [point.device for point in park.points_with_role("grid_import")]
        self._noise = {device: Wander(seed, f"{device}/share", 30, 0.3) for device in self._devices}

    def start_counters(self, board: SignalBoard, hours_in_service: float) -> None:
        """Import reached when the simulation begins."""
        for share, device in zip(self._shares(0), self._devices, strict=True):
            board.start_counter(f"{device}.active_energy_import", 6500.0 * share * hours_in_service)

    def minute(self, moment: Moment, import_kw: float, reactive_kvar: float, board: SignalBoard) -> None:
        """Split one minute's import over the feeders."""
        for share, device in zip(self._shares(moment.minute), self._devices, strict=True):
            power, reactive = import_kw * share, reactive_kvar * share
            voltage = FEEDER_VOLTAGE_V + 80.0 * self._noise[device].at(moment.minute)
            board.gauge(f"{device}.active_power", power)
            board.gauge(f"{device}.reactive_power", reactive)
            board.gauge(f"{device}.voltage", voltage)
            board.gauge(f"{device}.current", math.hypot(power, reactive) * 1000 / (3 * voltage))
            board.rate(f"{device}.active_energy_import", power)

    def _shares(self, minute: int) -> list[float]:
        raw = [
            FEEDER_SHARES[index % len(FEEDER_SHARES)] * (1 + 0.05 * self._noise[device].at(minute))
            for index, device in enumerate(self._devices)
        ]
        return [share / sum(raw) for share in raw]
