"""Percentiles, counts and durations of a rule's windows over a range: what an annual report asks beside verdicts."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from analytics.finding import Confidence, Finding, Verdict
from analytics.indicator import MONTH_PREFIX, Indicator
from analytics.rulebook.doubt import Part, doubtful_parts
from analytics.windows import HOUR_MS

PERCENTILES = (50, 95, 98)
"""P50, P95 and P98 of the windows that were judged."""


@dataclass(frozen=True, slots=True)
class Exceedances:
    """One rule at one subject over a range. ``percentiles`` and ``highest`` are in ``unit``, of judged windows alone.

    ``hours`` is the time covered by windows that did not keep the limit (running means overlap: no hour counts twice),
    ``longest_hours`` the longest unbroken stretch of it. ``data_capture`` (0-1) is the mean over all windows.
    """

    rule: str
    subject: str
    tenant: str
    park: str
    start_ms: int
    end_ms: int
    unit: str
    limits: tuple[float, ...]
    windows: int
    judged: int
    exceeded: int
    percentiles: Mapping[int, float | None]
    highest: float | None
    hours: float
    longest_hours: float
    data_capture: float
    citation: str
    confidence: Confidence
    to_confirm: tuple[Part, ...] = ()
    """Parts of the rule, besides its limit, that are still to be confirmed."""

    def indicators(self) -> list[Indicator]:
        """What the store keeps of a month: one value each of percentiles, count and hours, named after the rule."""
        values: dict[str, tuple[float | None, str]] = {
            **{f"p{share}": (value, self.unit) for share, value in self.percentiles.items()},
            "exceeded": (float(self.exceeded) if self.judged else None, "1"),
            "exceeded_hours": (self.hours if self.judged else None, "h"),
        }
        return [
            Indicator(
                f"{MONTH_PREFIX}{self.rule}.{name}", self.park, self.subject, self.tenant,
                self.start_ms, self.end_ms, value, unit, round(self.data_capture, 6),
            )
            for name, (value, unit) in values.items()
            if value is not None
        ]  # fmt: skip


@dataclass(slots=True)
class _Gathered:
    """The closed windows of one rule at one subject, as they come."""

    last: Finding
    observed: list[float] = field(default_factory=list)
    broken: list[tuple[int, int]] = field(default_factory=list)
    captures: list[float] = field(default_factory=list)
    limits: dict[float, None] = field(default_factory=dict)


class ExceedanceCount:
    """Takes findings piece by piece, so that years of hours need no more memory than their numbers."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], _Gathered] = {}

    def add(self, findings: Iterable[Finding]) -> None:
        """Count closed windows; an open period (``provisional``) is left out."""
        for finding in findings:
            if finding.provisional:
                continue
            key = (finding.rule, finding.subject)
            gathered = self._found.setdefault(key, _Gathered(finding))
            gathered.last = finding
            gathered.captures.append(finding.data_capture)
            if finding.limit is not None:
                gathered.limits[finding.limit] = None
            if finding.verdict is not Verdict.INSUFFICIENT_DATA and finding.observed is not None:
                gathered.observed.append(finding.observed)
            if finding.verdict is Verdict.EXCEEDED:
                gathered.broken.append((finding.period_start_ms, finding.period_end_ms))

    def summaries(self, start_ms: int, end_ms: int) -> list[Exceedances]:
        """One per rule and subject, sorted by both."""
        return [_summary(self._found[key], start_ms, end_ms) for key in sorted(self._found)]


def percentile(ordered: Sequence[float], share_percent: float) -> float | None:
    """The value below which ``share_percent`` of ``ordered`` (ascending) lie, linear between ranks; ``None``: empty.

    Source: Hyndman and Fan (1996), definition 7.
    """
    if not ordered:
        return None
    place = (len(ordered) - 1) * share_percent / 100
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


def stretches(windows: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Windows ``[start, end)`` joined where they touch or overlap, in time order."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(windows):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _summary(gathered: _Gathered, start_ms: int, end_ms: int) -> Exceedances:
    last, ordered, lengths = gathered.last, sorted(gathered.observed), [0.0]
    lengths += [(end - start) / HOUR_MS for start, end in stretches(gathered.broken)]
    return Exceedances(
        rule=last.rule, subject=last.subject, tenant=last.tenant, park=last.park, start_ms=start_ms, end_ms=end_ms,
        unit=last.unit, limits=tuple(gathered.limits), windows=len(gathered.captures), judged=len(ordered),
        exceeded=len(gathered.broken), percentiles={share: percentile(ordered, share) for share in PERCENTILES},
        highest=ordered[-1] if ordered else None, hours=math.fsum(lengths), longest_hours=max(lengths),
        data_capture=math.fsum(gathered.captures) / len(gathered.captures), citation=last.citation,
        confidence=last.confidence, to_confirm=doubtful_parts(last.evidence),
    )  # fmt: skip
