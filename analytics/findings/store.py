"""Findings and indicators to and from the telemetry store; what has not changed is not written again.

A changed finding is a new revision: its row of ``finding_revisions`` is written first and stays, then the row of
``findings`` follows it. A crash in between leaves a revision that the next judgement finds and adopts, so that none is
lost and none is there twice.
"""

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from analytics.finding import Finding, Verdict
from analytics.findings.responsible import Head, handed_over, with_first_tenants
from analytics.findings.revision import Basis, ChangeReason, Key, KnownFinding, Revision, finding_digest, key_of
from analytics.findings.rows import (
    FINDING_COLUMNS,
    REVISION_COLUMNS,
    finding_of,
    known_finding_of,
    observed_of,
    record_of,
    revision_of,
    revision_record_of,
    to_confirm_of,
)
from analytics.indicator import Indicator
from service_runtime.errors import UnreachableError
from telemetry_model.storage_schema import FINDING_REVISIONS, FINDINGS, INDICATORS
from telemetry_store.protocol import TelemetryStore
from telemetry_store.query import Select, SeriesQuery, SeriesResult
from telemetry_store.rows import FieldValue, RecordRow

BATCH_ROWS = 2000
GAP_MS = 36 * 3_600_000
"""Periods whose starts lie further apart are asked for by themselves: a year is not read with all that began since."""
UNMARKED_MS = 30 * 60_000
"""So soon after a period a value less in it was put right, not lost: ingest marks as late what is over 10 minutes old,
and a judgement follows within a few turns."""
_HEAD_COLUMNS = (
    "digest",
    "revision",
    "verdict",
    "observed",
    "absent",
    "data_capture",
    "provisional",
    "to_confirm",
    *REVISION_COLUMNS,
)
_INDICATOR_FIELDS = ("value", "unit", "data_capture", "period_end_ms")
_NO_BASIS = Basis()
_REVISION_TAGS = ("revision", "rule", "subject", "tenant", "version")


class Recorded(NamedTuple):
    """How many findings were new or changed, and the revision that each judged finding is now known as."""

    changed: int
    revisions: Mapping[Key, Revision]
    findings: Sequence[Finding] = ()
    """As they are known: a closed period stays with the tenant for whom it was judged first."""


async def write_findings(store: TelemetryStore, findings: Sequence[Finding], basis: Basis = _NO_BASIS) -> int:
    """Write new and changed findings; returns how many. Raises as :func:`record_findings`."""
    return (await record_findings(store, findings, basis)).changed


async def record_findings(store: TelemetryStore, findings: Sequence[Finding], basis: Basis = _NO_BASIS) -> Recorded:
    """Write new and changed findings with their revisions; raises ``UnreachableError`` when the store kept rows.

    A period still running gets a new revision only when its verdict to date changes: its number moves all the time.
    """
    if not findings:
        return Recorded(0, {})
    heads = await _read_heads(store, findings)
    findings, basis = with_first_tenants(findings, heads, basis)
    known = {key: head.revision for key, head in heads.items()}
    rows: list[RecordRow] = []
    fresh = [
        (finding, basis.revision(finding, heads[key_of(finding)].revision.number + 1, ChangeReason.REGISTER_CHANGED))
        for finding in handed_over(findings, heads)
    ]
    for finding in findings:
        head = heads.get(key_of(finding))
        if head is None:
            fresh.append((finding, basis.first(finding)))
        elif head.digest != finding_digest(finding):
            if finding.provisional and not head.provisional:
                continue  # judged by hand up to a day gone by: what is known of the whole period stands
            if head.provisional and finding.provisional and head.verdict is finding.verdict:
                rows.append(record_of(finding, head.revision))
                continue
            reason = _reason(head, finding, basis)
            fresh.append((finding, basis.revision(finding, head.revision.number + 1, reason)))
        elif head.to_confirm != to_confirm_of(finding):
            # A mark that came or went is said at once, in place: the verdict is the one of that revision.
            rows.append(record_of(finding, head.revision))
    fresh = await _numbered(store, fresh)
    known.update({key_of(finding): revision for finding, revision in fresh})
    kept = [revision_record_of(finding, revision) for finding, revision in fresh]
    rows += [record_of(finding, revision) for finding, revision in fresh]
    await _write(store, [*kept, *rows])
    return Recorded(len(rows), known, findings)


async def read_findings(store: TelemetryStore, park: str, from_ms: int, to_ms: int) -> list[Finding]:
    """Findings whose period starts in ``[from_ms, to_ms)``, sorted as they were judged."""
    query = SeriesQuery(
        FINDINGS, tuple(Select(name) for name in FINDING_COLUMNS), from_ms, to_ms,
        where=(("park", (park,)),), group_by=("rule", "subject", "tenant"),
    )  # fmt: skip
    found = [finding_of(park, result.tags, *_cells(result, row)) for result, row in _rows(await store.select(query))]
    return sorted(found, key=lambda f: (f.period_start_ms, f.period_end_ms, f.rule, f.subject))


async def read_revisions(
    store: TelemetryStore,
    park: str,
    from_ms: int,
    to_ms: int,
    rules: Sequence[str] = (),
    subjects: Sequence[str] = (),
    tenants: Sequence[str] = (),
) -> list[KnownFinding]:
    """Every revision of the findings whose period starts in ``[from_ms, to_ms)``, by period and number."""
    wanted = [("rule", tuple(rules)), ("subject", tuple(subjects)), ("tenant", tuple(tenants))]
    query = SeriesQuery(
        FINDING_REVISIONS, tuple(Select(name) for name in (*FINDING_COLUMNS, *REVISION_COLUMNS)), from_ms, to_ms,
        where=(("park", (park,)), *((tag, values) for tag, values in wanted if values)),
        group_by=_REVISION_TAGS,
    )  # fmt: skip
    answer = _rows(await store.select(query))
    found = [known_finding_of(park, result.tags, *_cells(result, row)) for result, row in answer]
    return sorted(
        found,
        key=lambda k: (
            k.finding.period_start_ms, k.finding.period_end_ms, k.finding.rule, k.finding.subject, k.revision.number,
            k.revision.known_at_ms,
        ),
    )  # fmt: skip


async def write_indicators(store: TelemetryStore, indicators: Sequence[Indicator]) -> int:
    """Write new and changed indicator values; returns how many. Raises ``UnreachableError`` as above."""
    if not indicators:
        return 0
    known: dict[Key, tuple[object, ...]] = {}
    for start, stop in _ranges(i.period_start_ms for i in indicators):
        query = SeriesQuery(
            INDICATORS, tuple(Select(name) for name in _INDICATOR_FIELDS), start, stop,
            where=(("park", (indicators[0].park,)),), group_by=("indicator", "subject", "tenant"),
        )  # fmt: skip
        for result, row in _rows(await store.select(query)):
            tags = result.tags
            known[tags["indicator"], tags["subject"], tags["tenant"], int(str(row[0]))] = tuple(row[1:])
    rows = [_indicator_record(i) for i in indicators if known.get(_indicator_key(i)) != _indicator_values(i)]
    await _write(store, rows)
    return len(rows)


async def _read_heads(store: TelemetryStore, findings: Sequence[Finding]) -> dict[Key, Head]:
    heads: dict[Key, Head] = {}
    for start, stop in _ranges(finding.period_start_ms for finding in findings):
        query = SeriesQuery(
            FINDINGS, tuple(Select(name) for name in _HEAD_COLUMNS), start, stop,
            where=(("park", (findings[0].park,)),), group_by=("rule", "subject", "tenant"),
        )  # fmt: skip
        for result, row in _rows(await store.select(query)):
            time_ms, cells = _cells(result, row)
            if cells["revision"] is not None:
                tags = result.tags
                heads[tags["rule"], tags["subject"], tags["tenant"], int(str(time_ms))] = _head_of(cells)
    return heads


def _head_of(cells: dict[str, object]) -> Head:
    return Head(
        revision_of(cells["revision"], cells),
        str(cells["digest"]),
        Verdict(str(cells["verdict"])),
        observed_of(cells),
        float(str(cells["data_capture"])),
        bool(cells["provisional"]),
        str(cells["to_confirm"] or ""),
    )


def _reason(head: Head, finding: Finding, basis: Basis) -> ChangeReason:
    """Why a finding came out different.

    Data that arrived explain it before a rule or register that changed, but not when what was measured is the same.
    """
    if head.provisional:
        return ChangeReason.PERIOD_WENT_ON if finding.provisional else ChangeReason.PERIOD_CLOSED
    same_data = (finding.observed, round(finding.data_capture, 6)) == (head.observed, round(head.data_capture, 6))
    is_touched = key_of(finding) in basis.touched
    now = basis.first(finding)
    if same_data or not is_touched:
        if now.rule_digest != head.revision.rule_digest:
            return ChangeReason.RULE_CHANGED
        if now.register_digest != head.revision.register_digest:
            return ChangeReason.REGISTER_CHANGED
        if finding.data_capture < head.data_capture and not _may_be_unmarked(finding):
            return ChangeReason.DATA_MISSING
    same_capture = finding.data_capture == head.data_capture
    return ChangeReason.CORRECTED_DATA if same_capture else ChangeReason.LATE_DATA


def _may_be_unmarked(finding: Finding) -> bool:
    """Whether readings of the period may have been corrected so soon that ingest left no late mark."""
    return finding.judged_at_ms - finding.period_end_ms <= UNMARKED_MS


async def _numbered(store: TelemetryStore, fresh: Sequence[tuple[Finding, Revision]]) -> list[tuple[Finding, Revision]]:
    """With numbers that no other revision has: one left by a crash is adopted when it says the same."""
    left: dict[Key, dict[int, tuple[str, Revision]]] = defaultdict(dict)
    by_number: dict[int, list[Finding]] = defaultdict(list)
    for finding, revision in fresh:
        by_number[revision.number].append(finding)
    for number, findings in by_number.items():
        for start, stop in _ranges(finding.period_start_ms for finding in findings):
            await _note_revisions(store, findings[0].park, (start, stop), (("revision", (str(number),)),), left)
    for finding, revision in fresh:
        if revision.number in left.get(key_of(finding), {}):
            one = (finding.period_start_ms, finding.period_start_ms + 1)
            await _note_revisions(
                store, finding.park, one, (("rule", (finding.rule,)), ("subject", (finding.subject,))), left
            )
    return [(finding, _free(revision, finding, left.get(key_of(finding), {}))) for finding, revision in fresh]


def _free(revision: Revision, finding: Finding, there: Mapping[int, tuple[str, Revision]]) -> Revision:
    if revision.number not in there:
        return revision
    number = max(there)
    digest, newest = there[number]
    if digest == finding_digest(finding):
        return newest
    return dataclasses.replace(revision, number=number + 1)


async def _note_revisions(
    store: TelemetryStore,
    park: str,
    span: tuple[int, int],
    where: tuple[tuple[str, tuple[str, ...]], ...],
    noted: dict[Key, dict[int, tuple[str, Revision]]],
) -> None:
    query = SeriesQuery(
        FINDING_REVISIONS, tuple(Select(name) for name in ("digest", *REVISION_COLUMNS)), *span,
        where=(("park", (park,)), *where), group_by=_REVISION_TAGS,
    )  # fmt: skip
    for result, row in _rows(await store.select(query)):
        time_ms, cells = _cells(result, row)
        tags = result.tags
        revision = revision_of(tags["revision"], cells)
        key = (tags["rule"], tags["subject"], tags["tenant"], int(str(time_ms)))
        other = noted[key].get(revision.number)
        if other is None or other[1].known_at_ms < revision.known_at_ms:
            noted[key][revision.number] = (str(cells["digest"]), revision)


def _ranges(starts: Iterable[int]) -> list[tuple[int, int]]:
    """Ranges that hold all starts, without long stretches in which none lies."""
    found: list[tuple[int, int]] = []
    for start in sorted(set(starts)):
        if found and start - found[-1][1] < GAP_MS:
            found[-1] = (found[-1][0], start + 1)
        else:
            found.append((start, start + 1))
    return found


def _rows(results: Iterable[SeriesResult]) -> Iterable[tuple[SeriesResult, tuple[object, ...]]]:
    return ((result, row) for result in results for row in result.rows)


def _cells(result: SeriesResult, row: tuple[object, ...]) -> tuple[object, dict[str, object]]:
    return row[0], dict(zip(result.columns, row[1:], strict=True))


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
