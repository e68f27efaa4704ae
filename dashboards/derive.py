"""From the store's answer to what a panel shows: counter differences, power factor, shares, latest verdicts. Pure."""

import itertools
import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from analytics.finding import Confidence, Verdict
from dashboards.board import Derive
from dashboards.queries.anomalies import NOTICED
from telemetry_model.park_register.records import MeterExchange
from telemetry_store.query import Cell, SeriesResult

Sample = tuple[int, float | None]
"""Bucket start in UTC milliseconds, and the value or ``None``."""


class FindingLine(NamedTuple):
    """One row of a findings table; ``observed`` and ``limit`` in ``unit``."""

    time_ms: int
    rule: str
    subject: str
    tenant: str
    verdict: Verdict
    observed: float | None
    limit: float | None
    unit: str
    data_capture: float | None
    provisional: bool
    confidence: str = ""
    to_confirm: str = ""
    """Parts of the rule that are still to be confirmed, apart by blanks."""
    rule_version: str = ""


class AnomalyLine(NamedTuple):
    """One row of an anomalies table, in both languages."""

    time_ms: int
    rule: str
    subject: str
    tenant: str
    said_vi: str
    said_en: str


def anomaly_lines(results: Iterable[SeriesResult]) -> list[AnomalyLine]:
    """What stands as noticed, newest first; what was withdrawn is left out."""
    lines = [
        AnomalyLine(_time(row), result.tags["rule"], result.tags["subject"], result.tags["tenant"], str(vi), str(en))
        for result in results
        for row in result.rows
        for verdict, vi, en in (row[1:],)
        if verdict == NOTICED
    ]
    return sorted(lines, key=lambda line: (-line.time_ms, line.rule, line.subject))


def samples_of(
    result: SeriesResult, derive: Derive, exchanges: Sequence[MeterExchange] = (), bucket_ms: int = 0
) -> list[Sample]:
    """The series a panel draws, in time order; ``exchanges`` of the counter's meter, in time order, are counted."""
    if derive is Derive.POWER_FACTOR:
        return [(_time(row), power_factor(number(row[1]), number(row[2]))) for row in result.rows]
    values = [(_time(row), number(row[1])) for row in result.rows]
    return increases(values, exchanges, bucket_ms) if derive is Derive.INCREASE else values


def increases(counter: Sequence[Sample], exchanges: Sequence[MeterExchange] = (), bucket_ms: int = 0) -> list[Sample]:
    """What a counter grew since the bucket before, stamped with the later bucket; ``None`` where it fell.

    Growth across buckets without data counts for the first bucket after them: the counter proves the amount, not when.
    ``counter`` holds the last values of buckets of ``bucket_ms``. Over a recorded exchange the old meter counts to the
    last value on record and the new one from its first.
    """
    known = [(time_ms, value) for time_ms, value in counter if value is not None]
    grown: list[Sample] = []
    pending: list[MeterExchange] = []
    for (before_ms, before), (time_ms, after) in itertools.pairwise(known):
        pending += [e for e in exchanges if before_ms + bucket_ms <= e.time_ms < time_ms + bucket_ms]
        if pending and _is_old_meter(after, pending):
            growth = after - before
        else:
            growth, pending = _growth(before, after, pending), []
        grown.append((time_ms, growth if growth >= 0 else None))
    return grown


def added_up(series: Iterable[Sequence[Sample]]) -> list[Sample]:
    """The sum at each time of what is known then, in time order; times at which nothing is known are left out."""
    sums: dict[int, list[float]] = {}
    for samples in series:
        for time_ms, value in samples:
            if value is not None:
                sums.setdefault(time_ms, []).append(value)
    return [(time_ms, math.fsum(values)) for time_ms, values in sorted(sums.items())]


def _is_old_meter(value: float, exchanges: Sequence[MeterExchange]) -> bool:
    """Whether the bucket of the exchange ended before the new meter spoke: its value is nearer to the old one's end."""
    return abs(exchanges[0].last_value - value) < abs(value - exchanges[-1].first_value)


def _growth(before: float, after: float, exchanges: Sequence[MeterExchange]) -> float:
    """Each meter's part one after the other; below zero when one of them fell or does not fit the record."""
    starts = [before, *(exchange.first_value for exchange in exchanges)]
    ends = [*(exchange.last_value for exchange in exchanges), after]
    parts = [end - start for start, end in zip(starts, ends, strict=True)]
    return min(parts) if min(parts) < 0 else math.fsum(parts)


def power_factor(active_kw: float | None, reactive_kvar: float | None) -> float | None:
    """P / sqrt(P^2 + Q^2); ``None`` when either is missing or nothing is drawn."""
    if active_kw is None or reactive_kvar is None:
        return None
    apparent = math.hypot(active_kw, reactive_kvar)
    return active_kw / apparent if apparent else None


def share_percent(part: Iterable[list[Sample]], whole: Iterable[list[Sample]]) -> float | None:
    """Total of ``part`` in percent of the total of ``whole``; ``None`` without values or with a zero whole."""
    part_total, whole_total = total(part), total(whole)
    if part_total is None or not whole_total:
        return None
    return 100 * part_total / whole_total


def total(series: Iterable[list[Sample]]) -> float | None:
    """Sum of all values, or ``None`` when there is none."""
    values = [value for samples in series for _, value in samples if value is not None]
    return sum(values) if values else None


def finding_lines(results: Iterable[SeriesResult], only_exceeded: bool = False) -> list[FindingLine]:
    """One line per rule and subject: exceedances first, then insufficient data, then compliant.

    Of exceedances those over law, permit or contract come before those over a setting to confirm, the farthest from
    its limit first; of the others the newest.
    """
    lines = [line for result in results if (line := _finding_line(result)) is not None]
    if only_exceeded:
        lines = [line for line in lines if line.verdict is Verdict.EXCEEDED]
    return sorted(lines, key=_urgency)


def _urgency(line: FindingLine) -> tuple[int, bool, float, int, str, str]:
    place = {Verdict.EXCEEDED: 0, Verdict.INSUFFICIENT_DATA: 1, Verdict.COMPLIANT: 2}[line.verdict]
    is_exceeded = line.verdict is Verdict.EXCEEDED
    is_setting = is_exceeded and line.confidence not in (Confidence.SOURCE, Confidence.PERMIT)
    return place, is_setting, -_margin(line) if is_exceeded else 0.0, -line.time_ms, line.rule, line.subject


def _margin(line: FindingLine) -> float:
    """How far from its limit, as a share of it; nothing is farther from a limit of zero."""
    if line.observed is None or line.limit is None:
        return 0.0
    distance = abs(line.observed - line.limit)
    return distance / abs(line.limit) if line.limit else math.inf


def verdict_counts(lines: Iterable[FindingLine]) -> dict[Verdict, int]:
    """How many lines have each verdict; every verdict is there."""
    counts = dict.fromkeys(Verdict, 0)
    for line in lines:
        counts[line.verdict] += 1
    return counts


def number(cell: Cell) -> float | None:
    """The cell as a number, or ``None`` when it is no finite one."""
    if isinstance(cell, bool) or not isinstance(cell, int | float) or not math.isfinite(cell):
        return None
    return float(cell)


def _finding_line(result: SeriesResult) -> FindingLine | None:
    if not result.rows:
        return None
    row = result.rows[-1]
    cells = dict(zip(result.columns, row[-len(result.columns) :], strict=True))
    verdict = str(cells["verdict"])
    if verdict not in set(Verdict):
        return None
    return FindingLine(
        time_ms=_time(row),
        rule=result.tags["rule"],
        subject=result.tags["subject"],
        tenant=result.tags["tenant"],
        verdict=Verdict(verdict),
        observed=number(cells["observed"]),
        limit=number(cells["limit"]),
        unit=str(cells["unit"] or ""),
        data_capture=number(cells["data_capture"]),
        provisional=bool(cells["provisional"]),
        confidence=str(cells.get("confidence") or ""),
        to_confirm=str(cells.get("to_confirm") or ""),
        rule_version=str(cells.get("rule_version") or ""),
    )


def _time(row: tuple[Cell, ...]) -> int:
    cell = row[0]
    if not isinstance(cell, int):
        raise TypeError(f"a row's time is {cell!r}, not milliseconds")
    return cell
