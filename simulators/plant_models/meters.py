"""Meters that count wrongly, and meters that are replaced: what their registers show is not what passed them."""

from simulators.events import MeterError, MeterExchange
from simulators.plant_models.signals import SignalBoard
from simulators.scenario import PlacedScenario
from telemetry_model.park_register import Park

_MEASURED_THROUGH_THE_METER = ("active_power", "reactive_power", "current", "flow")


class Meters:
    """Changes the board after all models have put their values on it."""

    def __init__(self, park: Park, scenario: PlacedScenario) -> None:
        self._errors = list(scenario.events(MeterError))
        self._exchanges = list(scenario.events(MeterExchange))
        self._exchanged: set[int] = set()
        self._points: dict[str, list[str]] = {}
        self._gauges: set[str] = set()
        for point in park.points.values():
            self._points.setdefault(point.device, []).append(point.id)
            if point.quantity.name in _MEASURED_THROUGH_THE_METER:
                self._gauges.add(point.id)

    def minute(self, time_ms: int, board: SignalBoard) -> None:
        """Let faulty meters run at their own pace, and set new meters to their first register."""
        for placed in self._errors:
            if not placed.covers(time_ms):
                continue
            for point in self._points[placed.event.device]:
                if point in board.rates:
                    board.rates[point] *= placed.event.factor
                elif point in self._gauges and point in board.gauges:
                    board.gauges[point] *= placed.event.factor
        for index, exchange in enumerate(self._exchanges):
            if index in self._exchanged or not exchange.covers(time_ms):
                continue
            self._exchanged.add(index)
            for point in self._points[exchange.event.device]:
                if point in board.totals:
                    board.totals[point] = exchange.event.register
