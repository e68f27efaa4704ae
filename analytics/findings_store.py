"""Findings and indicators to and from the telemetry store; what has not changed is not written again."""

from collections.abc import Sequence

from analytics.finding import Confidence, Finding, Verdict
from analytics.indicator import Indicator
from service_runtime.errors import UnreachableError
from telemetry_model.storage_schema import FINDINGS, INDICATORS
from telemetry_store.protocol import TelemetryStore
from telemetry_store.query import Select, SeriesQuery
from telemetry_store.rows import FieldValue, RecordRow

BATCH_ROWS = 2000
LONG_PERIOD_MS = 100 * 86_400_000
_READ_BACK = (
    "verdict", "observed", "limit", "unit", "data_capture", "minimum_data_capture", "period_end_ms",
    "judged_at_ms", "provisional", "rule_version", "citation", "confidence", "points", "evidence",
)  # fmt: skip
_INDICATOR_FIELDS = ("value", "unit", "data_capture", "period_end_ms")
_IGNORED = "judged_at_ms"

Key = tuple[str, str, str, int]


async def write_findings(store: TelemetryStore, findings: Sequence[Finding]) -> int:
    """Write new and changed findings; returns how many. Raises ``UnreachableError`` when the store kept none."""
    if not findings:
        return 0
    known = {_key(f): f for f in await _read_known(store, findings)}
    rows = [record_of(f) for f in findings if not _same(known.get(_key(f)), f)]
    await _write(store, rows)
    return len(rows)


async def _read_known(store: TelemetryStore, findings: Sequence[Finding]) -> list[Finding]:
    """What the store holds of the same periods; a year's finding is read alone, not with all that began since."""
    park = findings[0].park
    long = {f.period_start_ms for f in findings if f.period_end_ms - f.period_start_ms >= LONG_PERIOD_MS}
    short = [f.period_start_ms for f in findings if f.period_end_ms - f.period_start_ms < LONG_PERIOD_MS]
    known = [found for start in sorted(long) for found in await read_findings(store, park, start, start + 1)]
    return known + (await read_findings(store, park, min(short), max(short) + 1) if short else [])


async def write_indicators(store: TelemetryStore, indicators: Sequence[Indicator]) -> int:
    """Write new and changed indicator values; returns how many. Raises ``UnreachableError`` as above."""
    if not indicators:
        return 0
    query = SeriesQuery(
        INDICATORS, tuple(Select(name) for name in _INDICATOR_FIELDS),
        min(i.period_start_ms for i in indicators), max(i.period_start_ms for i in indicators) + 1,
        where=(("park", (indicators[0].park,)),), group_by=("indicator", "subject", "tenant"),
    )  # fmt: skip
    known = {
        (result.tags["indicator"], result.tags["subject"], result.tags["tenant"], row[0]): tuple(row[1:])
        for result in await store.select(query)
        for row in result.rows
    }
    rows = [_indicator_record(i) for i in indicators if known.get(_indicator_key(i)) != _indicator_values(i)]
    await _write(store, rows)
    return len(rows)


async def read_findings(store: TelemetryStore, park: str, from_ms: int, to_ms: int) -> list[Finding]:
    """Findings whose period starts in ``[from_ms, to_ms)``, sorted as they were judged."""
    query = SeriesQuery(
        FINDINGS, tuple(Select(name) for name in _READ_BACK), from_ms, to_ms,
        where=(("park", (park,)),), group_by=("rule", "subject", "tenant"),
    )  # fmt: skip
    found = [
        _finding_of(park, result.tags, row[0], dict(zip(result.columns, row[1:], strict=True)))
        for result in await store.select(query)
        for row in result.rows
    ]
    return sorted(found, key=lambda f: (f.period_start_ms, f.period_end_ms, f.rule, f.subject))


def record_of(finding: Finding) -> RecordRow:
    """The stored row: tags park, rule, subject, tenant; time is the start of the period."""
    fields: dict[str, FieldValue] = {
        "verdict": finding.verdict.value,
        "verdict_code": finding.verdict.code,
        "unit": finding.unit,
        "data_capture": float(finding.data_capture),
        "minimum_data_capture": float(finding.minimum_data_capture),
        "period_end_ms": finding.period_end_ms,
        "judged_at_ms": finding.judged_at_ms,
        "provisional": finding.provisional,
        "rule_version": finding.rule_version,
        "citation": finding.citation,
        "confidence": finding.confidence.value,
        "points": " ".join(finding.points),
        "evidence": "\n".join(finding.evidence),
    }
    if finding.observed is not None:
        fields["observed"] = float(finding.observed)
    if finding.limit is not None:
        fields["limit"] = float(finding.limit)
    margin = margin_percent(finding)
    if margin is not None:
        fields["margin_percent"] = margin
    tags = {"park": finding.park, "rule": finding.rule, "subject": finding.subject, "tenant": finding.tenant}
    return RecordRow(FINDINGS, tags, finding.period_start_ms, fields)


def margin_percent(finding: Finding) -> float | None:
    """How far the observed value lies from the limit, in percent of the limit: positive above, negative below it."""
    if finding.observed is None or not finding.limit:
        return None
    return round(100 * (finding.observed - finding.limit) / abs(finding.limit), 3)


def _finding_of(park: str, tags: dict[str, str], time_ms: object, cells: dict[str, object]) -> Finding:
    capture = _number(cells["data_capture"]) or 0.0
    # A database that merges the fields of a row may still hold the value of an earlier judgement: no data, no value.
    observed = _number(cells["observed"]) if capture > 0 else None
    return Finding(
        rule=tags["rule"],
        rule_version=str(cells["rule_version"]),
        park=park,
        subject=tags["subject"],
        tenant=tags["tenant"],
        period_start_ms=int(str(time_ms)),
        period_end_ms=int(str(cells["period_end_ms"])),
        verdict=Verdict(str(cells["verdict"])),
        observed=observed,
        limit=_number(cells["limit"]),
        unit=str(cells["unit"] or ""),
        data_capture=capture,
        minimum_data_capture=_number(cells["minimum_data_capture"]) or 0.0,
        citation=str(cells["citation"] or ""),
        confidence=Confidence(str(cells["confidence"] or Confidence.SETTING)),
        judged_at_ms=int(str(cells["judged_at_ms"])),
        points=tuple(str(cells["points"] or "").split()),
        evidence=tuple(str(cells["evidence"] or "").split("\n")),
        provisional=bool(cells["provisional"]),
    )


def _number(cell: object) -> float | None:
    return float(cell) if isinstance(cell, (int, float)) else None


def _key(finding: Finding) -> Key:
    return finding.rule, finding.subject, finding.tenant, finding.period_start_ms


def _same(known: Finding | None, finding: Finding) -> bool:
    if known is None:
        return False
    one, other = record_of(known), record_of(finding)
    return {k: v for k, v in one.fields.items() if k != _IGNORED} == {
        k: v for k, v in other.fields.items() if k != _IGNORED
    }


def _indicator_key(indicator: Indicator) -> Key:
    return indicator.name, indicator.subject, indicator.tenant, indicator.period_start_ms


def _indicator_values(indicator: Indicator) -> tuple[FieldValue, ...]:
    return indicator.value, indicator.unit, indicator.data_capture, indicator.period_end_ms


def _indicator_record(indicator: Indicator) -> RecordRow:
    tags = {
        "indicator": indicator.name, "park": indicator.park, "subject": indicator.subject, "tenant": indicator.tenant,
    }  # fmt: skip
    fields = dict(zip(_INDICATOR_FIELDS, _indicator_values(indicator), strict=True))
    return RecordRow(INDICATORS, tags, indicator.period_start_ms, fields)


async def _write(store: TelemetryStore, rows: Sequence[RecordRow]) -> None:
    for start in range(0, len(rows), BATCH_ROWS):
        batch = rows[start : start + BATCH_ROWS]
        outcome = await store.write_records(batch)
        if outcome.kept:
            raise UnreachableError(f"store: {len(outcome.kept)} records could not be written: {outcome.kept_detail}")
        if outcome.rejected:
            first = outcome.rejected[0]
            raise UnreachableError(f"store: refused a record of {batch[first.index].measurement}: {first.detail}")
