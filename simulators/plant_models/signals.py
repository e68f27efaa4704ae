"""Where the plant models put their values for one minute: gauges as they are, counters as the rate they grow with."""

from collections.abc import Collection
from typing import NamedTuple

from telemetry_model.reading import InstrumentStatus, ReadingReason

MINUTES_PER_HOUR = 60.0


class Sample(NamedTuple):
    """What an instrument shows: a value with its status, or no value and why."""

    value: float | None
    status: InstrumentStatus = InstrumentStatus.MEASURING
    reason: ReadingReason | None = None


class SignalBoard:
    """The park's values at one minute.

    ``gauges`` hold the value of the minute; ``totals`` the counters at its start; ``rates`` what the counters gain per
    hour during it. Models may offer more than the register measures: only ``wanted`` points are kept.
    """

    def __init__(self, wanted: Collection[str]) -> None:
        self.wanted = frozenset(wanted)
        self.gauges: dict[str, float] = {}
        self.totals: dict[str, float] = {}
        self.rates: dict[str, float] = {}

    def gauge(self, point: str, value: float) -> None:
        """Show a value for this minute."""
        if point in self.wanted:
            self.gauges[point] = value

    def start_counter(self, point: str, total: float) -> None:
        """Give a counter its reading at the start of the simulation."""
        if point in self.wanted:
            self.totals[point] = total
            self.rates[point] = 0.0

    def rate(self, point: str, per_hour: float) -> None:
        """Let a counter grow during this minute; it never runs backwards."""
        if point in self.wanted:
            self.rates[point] = max(0.0, per_hour)

    def jump(self, point: str, amount: float) -> None:
        """Add to a counter at once, as a scale does."""
        if point in self.wanted:
            self.totals[point] += amount

    def integrate(self, minutes: int) -> None:
        """Move every counter over this many minutes at its rate."""
        totals = self.totals
        for point, rate in self.rates.items():
            totals[point] += rate * minutes / MINUTES_PER_HOUR

    def uncovered(self) -> list[str]:
        """Points of the register that no model has given a value."""
        return sorted(self.wanted - self.gauges.keys() - self.totals.keys())
