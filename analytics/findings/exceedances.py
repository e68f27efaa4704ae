"""Percentiles, counts and durations of a rule's windows over a range: what an annual report asks beside verdicts."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from analytics.finding import Confidence, Finding, Verdict
from analytics.findings.limit_sign import limit_sign
from analytics.indicator import MONTH_PREFIX, Indicator
from analytics.rulebook.doubt import Part, doubtful_parts
from analytics.rulebook.rule import Comparison, Rule
from analytics.windows import HOUR_MS

PERCENTILES = (50, 95, 98)
"""P50, P95 and P98 of the windows that were judged: what a highest value asks for."""
LOW_PERCENTILES = (50, 5, 2)
"""P50, P5 and P2: what a lowest value asks for."""

_HOLDS_MINIMUM = (Comparison.MIN, Comparison.BETWEEN)


@dataclass(frozen=True, slots=True)
class Exceedances:
    """One rule at one subject over a range. ``percentiles`` and ``highest`` are in ``unit``, of judged windows alone.

    ``limits`` stand with their ``signs`` (``≤``, ``≥``, ``<``), in pairs. ``holds_minimum`` and ``holds_maximum`` say
    which end of the values can break a limit; a range has both.

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
    signs: tuple[str, ...]
    holds_minimum: bool
    holds_maximum: bool
    windows: int
    judged: int
    exceeded: int
    percentiles: Mapping[int, float | None]
    lowest: float | None
    highest: float | None
    hours: float
    longest_hours: float
    data_capture: float
    citation: str
    confidence: Confidence
    to_confirm: tuple[Part, ...] = ()
    """Parts of the rule, besides its limit, that are still to be confirmed."""

    @property
    def shares(self) -> tuple[int, ...]:
        """The percentiles of the end or ends that can break a limit, P50 first."""
        both = (PERCENTILES if self.holds_maximum else ()) + (LOW_PERCENTILES if self.holds_minimum else ())
        return tuple(dict.fromkeys(both))

    def indicators(self) -> list[Indicator]:
        """What the store keeps of a month: one value each of percentiles, count and hours, named after the rule."""
        values: dict[str, tuple[float | None, str]] = {
            **{f"p{share}": (self.percentiles[share], self.unit) for share in self.shares},
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
    limits: dict[tuple[str, float], None] = field(default_factory=dict)


class ExceedanceCount:
    """Takes findings of ``rules`` piece by piece, so that years of hours need no more memory than their numbers."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = {(rule.id, rule.version): rule for rule in rules}
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
                sign = limit_sign(finding, self._rules[finding.rule, finding.rule_version])
                gathered.limits[sign, finding.limit] = None
            if finding.verdict is not Verdict.INSUFFICIENT_DATA and finding.observed is not None:
                gathered.observed.append(finding.observed)
            if finding.verdict is Verdict.EXCEEDED:
                gathered.broken.append((finding.period_start_ms, finding.period_end_ms))

    def summaries(self, start_ms: int, end_ms: int) -> list[Exceedances]:
        """One per rule and subject, sorted by both."""
        return [self._summary(self._found[key], start_ms, end_ms) for key in sorted(self._found)]

    def _summary(self, gathered: _Gathered, start_ms: int, end_ms: int) -> Exceedances:
        comparison = self._rules[gathered.last.rule, gathered.last.rule_version].comparison
        return _summary(gathered, start_ms, end_ms, comparison)


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


def _summary(gathered: _Gathered, start_ms: int, end_ms: int, comparison: Comparison) -> Exceedances:
    last, ordered, lengths = gathered.last, sorted(gathered.observed), [0.0]
    lengths += [(end - start) / HOUR_MS for start, end in stretches(gathered.broken)]
    return Exceedances(
        rule=last.rule, subject=last.subject, tenant=last.tenant, park=last.park, start_ms=start_ms, end_ms=end_ms,
        unit=last.unit, limits=tuple(limit for _, limit in gathered.limits),
        signs=tuple(sign for sign, _ in gathered.limits), holds_minimum=comparison in _HOLDS_MINIMUM,
        holds_maximum=comparison is not Comparison.MIN, windows=len(gathered.captures), judged=len(ordered),
        exceeded=len(gathered.broken),
        percentiles={share: percentile(ordered, share) for share in sorted({*PERCENTILES, *LOW_PERCENTILES})},
        lowest=ordered[0] if ordered else None, highest=ordered[-1] if ordered else None,
        hours=math.fsum(lengths), longest_hours=max(lengths),
        data_capture=math.fsum(gathered.captures) / len(gathered.captures), citation=last.citation,
        confidence=last.confidence, to_confirm=doubtful_parts(last.evidence),
    )  # fmt: skip
