"""How many periods in a row it takes to open and to release an incident, as data for each averaging length."""

from dataclasses import dataclass
from enum import StrEnum

from analytics.alerting.alert import Sense
from analytics.finding import Finding, Verdict

HOUR_MS = 3_600_000


class AveragingKind(StrEnum):
    """Periods by length."""

    SHORT = "short"
    """Up to a quarter of an hour."""
    HOURLY = "hourly"
    EIGHT_HOURS = "eight_hours"
    DAILY = "daily"
    LONG = "long"
    """A billing period, month or year."""


@dataclass(frozen=True, slots=True)
class Hysteresis:
    """Fires after ``fire_after`` exceeded periods in a row, releases after ``release_after`` compliant ones.

    With ``release_percent`` a compliant period counts towards the release only when it is that far inside the limit:
    95 means ``observed <= 95 %`` of an upper limit and, mirrored, ``observed >= 105 %`` of a lower one.
    """

    fire_after: int = 1
    release_after: int = 1
    release_percent: float = 100.0

    def __post_init__(self) -> None:
        if self.fire_after < 1 or self.release_after < 1 or not 0 < self.release_percent <= 100:
            raise ValueError(f"{self}: counts start at 1 and the release level is above 0 and at most 100 percent")


HYSTERESIS: dict[AveragingKind, Hysteresis] = {
    AveragingKind.SHORT: Hysteresis(fire_after=3, release_after=3, release_percent=95),
    AveragingKind.HOURLY: Hysteresis(release_percent=95),
    AveragingKind.EIGHT_HOURS: Hysteresis(release_percent=95),
    AveragingKind.DAILY: Hysteresis(),
    AveragingKind.LONG: Hysteresis(),
}
"""A day or a month inside the limit is compliance in law, so nothing more is asked of them."""


class Weight(StrEnum):
    """What one period says about an incident."""

    OVER = "over"
    RELEASED = "released"
    BETWEEN = "between"
    """Compliant, but not far enough inside the limit to count towards the release."""
    UNKNOWN = "unknown"


def averaging_kind(finding: Finding) -> AveragingKind:
    """The kind of a finding's period, from its length."""
    length_ms = finding.period_end_ms - finding.period_start_ms
    if length_ms <= HOUR_MS // 4:
        return AveragingKind.SHORT
    if length_ms < 2 * HOUR_MS:
        return AveragingKind.HOURLY
    if length_ms <= 12 * HOUR_MS:
        return AveragingKind.EIGHT_HOURS
    if length_ms <= 26 * HOUR_MS and not finding.provisional:
        return AveragingKind.DAILY
    return AveragingKind.LONG


def weigh(finding: Finding, hysteresis: Hysteresis, sense: Sense) -> Weight:
    """What a finding says; pH is a logarithm, so no percent of it is taken."""
    if finding.verdict is Verdict.INSUFFICIENT_DATA:
        return Weight.UNKNOWN
    if finding.verdict is Verdict.EXCEEDED:
        return Weight.OVER
    if finding.observed is None or finding.limit is None or finding.unit == "pH":
        return Weight.RELEASED
    share = hysteresis.release_percent / 100
    if sense is Sense.BELOW:
        return Weight.RELEASED if finding.observed >= finding.limit * (2 - share) else Weight.BETWEEN
    return Weight.RELEASED if finding.observed <= finding.limit * share else Weight.BETWEEN
