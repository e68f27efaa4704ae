"""Findings and readings of a replay as the numbers and Markdown tables of the document."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from recordings import Finding, Played

from analytics.finding import Confidence
from analytics.rulebook.doubt import Part
from analytics.rulebook.text import basis_mark

VERDICTS = ("compliant", "exceeded", "insufficient_data")
WORDS = {"compliant": "compliant", "exceeded": "**exceeded**", "insufficient_data": "insufficient data"}


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def number(finding: Finding, name: str) -> float:
    """A finding's number; 0 when there is none."""
    value = finding[name]
    return float(value) if isinstance(value, (int, float)) else 0.0


def judged(played: Played, rule: str) -> list[tuple[datetime, float, str]]:
    """(local start, observed, verdict) of the findings of a rule that observed anything."""
    return [
        (played.day(finding), number(finding, "observed"), str(finding["verdict"]))
        for finding in played.of_rule(rule)
        if finding["observed"] is not None
    ]


def summaries(played: Played) -> str:
    """The last line of each ``ecopark replay``."""
    return "\n".join(json.dumps(summary) for summary in played.summaries)


def counts(played: Played) -> str:
    """How many findings of each verdict, by rule and subject."""
    found = Counter((str(f["rule"]), str(f["subject"]), str(f["verdict"])) for f in played.findings)
    limits = {(str(f["rule"]), str(f["subject"])): f"{number(f, 'limit'):g} {f['unit']}" for f in played.findings}
    rows = [
        (f"`{rule}`", f"`{subject}`", limit.removesuffix(" 1"), basis(played.of_rule(rule, subject)),
         *(str(found[rule, subject, v]) for v in VERDICTS))
        for (rule, subject), limit in sorted(limits.items())
    ]  # fmt: skip
    return table(("rule", "subject", "limit", "basis", "compliant", "exceeded", "insufficient data"), rows)


def basis(found: Iterable[Finding]) -> str:
    """What findings of one rule and subject rest on: ``law; averaging to confirm``. Data capture is said elsewhere."""
    lines = list(found)
    parts = {str(part): Part(str(part)) for line in lines for part in _listed(line["to_confirm"])}
    parts.pop(Part.CAPTURE.value, None)
    return basis_mark(Confidence(str(lines[-1]["confidence"])), tuple(parts.values())) if lines else ""


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else []


def month_of_end(moment: datetime) -> tuple[int, int]:
    """Year and month of an interval that is stamped at its end."""
    inside = moment - timedelta(seconds=1)
    return inside.year, inside.month


def longest_run(series: Sequence[tuple[datetime, float]]) -> tuple[datetime, datetime, float]:
    """Begin, end and value of the longest stretch of one value in an hourly series."""
    best, first = (0, 0), 0
    for place in range(1, len(series) + 1):
        if place == len(series) or series[place][1] != series[first][1]:
            best = max(best, (place - first, first))
            first = place
    length, begin = best
    start, value = series[begin]
    return start, start + timedelta(hours=length), value
