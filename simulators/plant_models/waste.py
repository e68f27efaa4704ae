"""Waste scales that step up at the end of a shift, symbiosis deliveries, and the weighbridge at the gate."""

from random import Random

from simulators.events import LostOnTheWay
from simulators.plant_models.calendar import Moment
from simulators.plant_models.firms import Firm, FirmMinute
from simulators.plant_models.signals import SignalBoard
from simulators.scenario import PlacedScenario
from telemetry_model.park_register import Park
from telemetry_model.park_register.types import PARK_TENANT
from telemetry_model.quantities import Medium

SHIFT_ENDS = (360, 840, 1320)
SHIFT_MINUTES = 480.0
DELIVERY_MINUTES = tuple(end + 30 for end in SHIFT_ENDS)
"""Symbiosis deliveries reach the taker's scale half an hour after the giver's shift."""
DELIVERED_SHARE = 0.99
TRUCK_HOURS = range(8, 18)


class WasteScales:
    """Every scale's total in tonnes; it only moves when something is put on it."""

    def __init__(self, park: Park, firms: list[Firm], scenario: PlacedScenario, step_minutes: int = 1) -> None:
        self._seed = scenario.seed
        self._step_minutes = step_minutes
        self._firms = firms
        own = {p.tenant: p.id for p in park.points_with_role("tenant_waste")}
        self._scales = [own.get(firm.tenant, "") for firm in firms]
        self._worked = [0.0] * len(firms)
        self._deliveries = {
            link.giver_point: link.taker_point
            for link in park.symbiosis
            if link.giver_point in own.values() and link.taker_point
        }
        losses = list(scenario.events(LostOnTheWay))
        self._losses = {
            link.giver_point: [placed for placed in losses if placed.event.link == link.link] for link in park.symbiosis
        }
        self._pending = dict.fromkeys(self._deliveries, 0.0)
        self._gate = [p.id for p in park.points.values() if p.medium is Medium.MATERIALS and p.tenant == PARK_TENANT]
        self._yard_t = 0.0

    def start_counters(self, board: SignalBoard, hours_in_service: float) -> None:
        """Totals reached when the simulation begins."""
        yearly = [firm.contracted_mw * firm.sector.waste_t_per_shift_per_mw / 10 for firm in self._firms]
        for scale, per_hour in zip(self._scales, yearly, strict=True):
            board.start_counter(scale, round(per_hour * hours_in_service, 3))
            if scale in self._deliveries:
                board.start_counter(self._deliveries[scale], round(per_hour * hours_in_service, 3))
        for gate in self._gate:
            board.start_counter(gate, round(sum(yearly) * hours_in_service, 3))

    def minute(self, moment: Moment, firms: list[FirmMinute], board: SignalBoard) -> None:
        """Work for one minute; at the end of a shift the bins are weighed."""
        for index, firm in enumerate(firms):
            self._worked[index] += firm.activity * self._step_minutes
        if moment.minute_of_day in SHIFT_ENDS:
            self._weigh(moment, board)
        if moment.minute_of_day in DELIVERY_MINUTES:
            for giver, taker in self._deliveries.items():
                share = DELIVERED_SHARE
                for loss in self._losses[giver]:
                    share *= loss.event.delivered_share if loss.covers(moment.minute * 60_000) else 1.0
                board.jump(taker, round(self._pending[giver] * share, 3))
                self._pending[giver] = 0.0
        hour, minute = divmod(moment.minute_of_day, 60)
        if minute == 0 and hour in TRUCK_HOURS:
            for gate in self._gate:
                board.jump(gate, round(self._yard_t, 3))
            self._yard_t = 0.0

    def _weigh(self, moment: Moment, board: SignalBoard) -> None:
        for index, scale in enumerate(self._scales):
            firm = self._firms[index]
            draw = Random(f"{self._seed}/{scale}/{moment.minute}").uniform(0.85, 1.15)
            per_shift = firm.contracted_mw * firm.sector.waste_t_per_shift_per_mw
            mass = round(per_shift * self._worked[index] / SHIFT_MINUTES * draw, 3)
            self._worked[index] = 0.0
            if not scale:
                continue
            board.jump(scale, mass)
            if scale in self._pending:
                self._pending[scale] += mass
            else:
                self._yard_t += mass
