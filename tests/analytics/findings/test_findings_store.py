"""Findings and indicators in the store: written once, read back as they were judged."""

import dataclasses
from collections.abc import Sequence

import pytest

from analytics.finding import Confidence, Finding, Verdict
from analytics.findings.revision import Basis, ChangeReason, Revision, finding_digest, key_of, known_at
from analytics.findings.rows import margin_percent, record_of, revision_record_of
from analytics.findings.store import read_findings, read_revisions, write_findings, write_indicators
from analytics.indicator import Indicator
from analytics.rulebook.doubt import shipped_doubts
from service_runtime.errors import UnreachableError
from telemetry_model.storage_schema import FINDINGS, RECORD_FIELDS, RECORD_TAGS
from telemetry_store.protocol import TelemetryStore
from telemetry_store.query import Select, SeriesQuery
from telemetry_store.rows import RecordRow, WriteOutcome
from telemetry_store.sqlite_store import SqliteStore

DAY = 86_400_000
FINDING = Finding(
    rule="WW-01-COD",
    rule_version="qcvn40-2011",
    park="p",
    subject="outlet",
    tenant="park",
    period_start_ms=10 * DAY,
    period_end_ms=11 * DAY,
    verdict=Verdict.EXCEEDED,
    observed=81.0,
    limit=67.5,
    unit="mg/l",
    data_capture=0.95,
    minimum_data_capture=0.8,
    citation="QCVN 40:2011/BTNMT, COD, column A",
    confidence=Confidence.PERMIT,
    judged_at_ms=12 * DAY,
    points=("wq.cod", "wq.oxygen"),
    evidence=("One sentence.", "Another: 5 of 6."),
)
INDICATOR = Indicator("power_factor", "p", "alpha-supply", "alpha", 10 * DAY, 11 * DAY, 0.91, "1", 1.0)


@pytest.mark.parametrize(
    "finding",
    [
        FINDING,
        dataclasses.replace(FINDING, provisional=True, points=()),
        dataclasses.replace(FINDING, verdict=Verdict.INSUFFICIENT_DATA, observed=None, limit=None, data_capture=0.0),
    ],
)
async def test_a_finding_comes_back_as_it_was_judged(store: SqliteStore, finding: Finding) -> None:
    assert await write_findings(store, [finding]) == 1
    assert await read_findings(store, "p", 0, 20 * DAY) == [finding]


async def test_an_unchanged_finding_is_not_written_again(store: SqliteStore) -> None:
    await write_findings(store, [FINDING])
    later = dataclasses.replace(FINDING, judged_at_ms=99 * DAY)
    assert await write_findings(store, [later]) == 0
    assert (await read_findings(store, "p", 0, 20 * DAY))[0].judged_at_ms == FINDING.judged_at_ms


async def test_a_changed_finding_takes_the_place_of_the_old(store: SqliteStore) -> None:
    await write_findings(store, [FINDING])
    changed = dataclasses.replace(FINDING, observed=60.0, verdict=Verdict.COMPLIANT, judged_at_ms=99 * DAY)
    other = dataclasses.replace(FINDING, subject="other")
    assert await write_findings(store, [changed, other]) == 2
    assert {f.observed for f in await read_findings(store, "p", 0, 20 * DAY)} == {60.0, 81.0}


async def test_a_mark_that_came_is_said_in_place_and_is_no_new_revision(store: SqliteStore) -> None:
    doubt = shipped_doubts()["daily-mean"]
    await write_findings(store, [FINDING])
    marked = dataclasses.replace(FINDING, evidence=(*FINDING.evidence, doubt.sentence()), judged_at_ms=99 * DAY)
    assert await write_findings(store, [marked]) == 1
    assert (await read_findings(store, "p", 0, 20 * DAY))[0].evidence[-1] == doubt.sentence()
    assert [known.revision.number for known in await read_revisions(store, "p", 0, 20 * DAY)] == [1]
    assert await write_findings(store, [marked]) == 0
    assert await write_findings(store, [FINDING]) == 1, "a mark that went is taken away in place, too"


def test_a_finding_says_the_same_with_and_without_a_mark() -> None:
    marked = dataclasses.replace(FINDING, evidence=(shipped_doubts()["daily-mean"].sentence(), *FINDING.evidence))
    assert finding_digest(marked) == finding_digest(FINDING) != finding_digest(dataclasses.replace(FINDING, limit=1.0))
    assert finding_digest(FINDING) == "be3c26639a817b89ee4ad1f50ce5cbd4", (
        "digests of findings that are stored must not change"
    )


def test_a_row_carries_the_parts_to_confirm_as_words_of_a_closed_list() -> None:
    doubts = (shipped_doubts()[name].sentence() for name in ("daily-mean", "oxygen-correction"))
    marked = dataclasses.replace(FINDING, evidence=(*FINDING.evidence, *doubts))
    assert record_of(marked, Basis().first(marked)).fields["to_confirm"] == "averaging formula"


async def test_nothing_to_write_is_nothing_written(store: SqliteStore) -> None:
    assert await write_findings(store, []) == 0
    assert await write_indicators(store, []) == 0


async def test_findings_of_another_park_stay_out(store: SqliteStore) -> None:
    await write_findings(store, [dataclasses.replace(FINDING, park="q")])
    assert await read_findings(store, "p", 0, 20 * DAY) == []


def test_a_row_uses_the_names_of_the_schema() -> None:
    row = record_of(FINDING, Basis().first(FINDING))
    assert tuple(row.tags) == RECORD_TAGS[FINDINGS]
    assert set(row.fields) == set(RECORD_FIELDS[FINDINGS])
    assert row.fields["verdict_code"] == 1


@pytest.mark.parametrize(
    ("observed", "limit", "margin"), [(81.0, 67.5, 20.0), (54.0, 67.5, -20.0), (None, 67.5, None), (1.0, None, None)]
)
def test_margin(observed: float | None, limit: float | None, margin: float | None) -> None:
    assert margin_percent(dataclasses.replace(FINDING, observed=observed, limit=limit)) == margin


async def test_a_merged_row_without_data_gives_no_old_value(store: SqliteStore) -> None:
    merged = dataclasses.replace(FINDING, verdict=Verdict.INSUFFICIENT_DATA, data_capture=0.0)
    row = record_of(merged, Basis().first(merged))
    await store.write_records([row])
    assert (await read_findings(store, "p", 0, 20 * DAY))[0].observed is None


async def test_indicators_are_written_once(store: SqliteStore) -> None:
    assert await write_indicators(store, [INDICATOR]) == 1
    assert await write_indicators(store, [INDICATOR]) == 0
    assert await write_indicators(store, [dataclasses.replace(INDICATOR, value=0.92)]) == 1
    query = SeriesQuery("indicators", (Select("value"), Select("unit")), 0, 20 * DAY, group_by=("indicator", "subject"))
    (result,) = await store.select(query)
    assert result.tags == {"indicator": "power_factor", "subject": "alpha-supply"}
    assert result.rows == [(10 * DAY, 0.92, "1")]


class FullStore(SqliteStore):
    """A database that keeps everything waiting."""

    async def write_records(self, rows: Sequence[RecordRow]) -> WriteOutcome:
        return WriteOutcome(len(rows), kept=tuple(range(len(rows))), kept_detail="disk is full")


async def test_a_store_that_keeps_rows_waiting_is_an_error_that_says_so(
    store: SqliteStore, tmp_path_factory: pytest.TempPathFactory
) -> None:
    full: TelemetryStore = FullStore(tmp_path_factory.mktemp("full") / "store.db")
    with pytest.raises(UnreachableError, match="disk is full"):
        await write_findings(full, [FINDING])
    await full.close()


async def test_a_period_judged_by_hand_to_an_earlier_day_leaves_the_closed_one_alone(store: SqliteStore) -> None:
    await write_findings(store, [FINDING])
    to_date = dataclasses.replace(
        FINDING, observed=60.0, verdict=Verdict.COMPLIANT, provisional=True, judged_at_ms=99 * DAY
    )
    assert await write_findings(store, [to_date]) == 0
    assert await read_findings(store, "p", 0, 20 * DAY) == [FINDING]


@pytest.mark.parametrize(("after_minutes", "reason"), [(2, ChangeReason.LATE_DATA), (31, ChangeReason.DATA_MISSING)])
async def test_a_value_less_so_soon_after_its_period_was_put_right_and_not_lost(
    store: SqliteStore, after_minutes: int, reason: ChangeReason
) -> None:
    first = dataclasses.replace(FINDING, judged_at_ms=FINDING.period_end_ms + 35_000)
    await write_findings(store, [first])
    at_ms = FINDING.period_end_ms + after_minutes * 60_000
    less = dataclasses.replace(first, observed=60.0, verdict=Verdict.COMPLIANT, data_capture=0.9, judged_at_ms=at_ms)
    await write_findings(store, [less])
    assert [known.revision.reason for known in await read_revisions(store, "p", 0, 20 * DAY)][-1] is reason


async def test_an_open_period_goes_to_the_tenant_named_now_and_is_taken_back_from_the_one_before(
    store: SqliteStore,
) -> None:
    open_one = dataclasses.replace(FINDING, tenant="alpha", provisional=True)
    await write_findings(store, [open_one])
    moved = dataclasses.replace(open_one, tenant="beta", judged_at_ms=99 * DAY)
    assert await write_findings(store, [moved]) == 2
    left, own = sorted(await read_findings(store, "p", 0, 20 * DAY), key=lambda finding: finding.tenant)
    assert (left.tenant, left.verdict, left.observed) == ("alpha", Verdict.INSUFFICIENT_DATA, None)
    assert left.evidence == ("By the park register beta answers for this period now: see the finding there.",)
    assert own == moved
    assert await write_findings(store, [moved]) == 0


async def test_an_open_period_may_come_back_to_the_tenant_before(store: SqliteStore) -> None:
    first = dataclasses.replace(FINDING, tenant="alpha", provisional=True)
    await write_findings(store, [first])
    await write_findings(store, [dataclasses.replace(first, tenant="beta")])
    again = dataclasses.replace(first, judged_at_ms=99 * DAY)
    await write_findings(store, [again])
    verdicts = {f.tenant: f.verdict for f in await read_findings(store, "p", 0, 20 * DAY)}
    assert verdicts == {"alpha": Verdict.EXCEEDED, "beta": Verdict.INSUFFICIENT_DATA}


async def test_two_programs_that_reach_one_number_at_once_leave_both_versions(store: SqliteStore) -> None:
    await write_findings(store, [FINDING])
    one = dataclasses.replace(FINDING, observed=82.0, judged_at_ms=30 * DAY)
    other = dataclasses.replace(FINDING, observed=83.0, judged_at_ms=31 * DAY)
    revisions = [Revision(2, f.judged_at_ms, ChangeReason.CORRECTED_DATA) for f in (one, other)]
    await store.write_records([revision_record_of(f, r) for f, r in zip((one, other), revisions, strict=True)])
    known = await read_revisions(store, "p", 0, 20 * DAY)
    assert [(k.revision.number, k.finding.observed) for k in known] == [(1, 81.0), (2, 82.0), (2, 83.0)]
    key = key_of(FINDING)
    assert known_at(known, 30 * DAY)[key].finding.observed == 82.0
    assert known_at(known, 31 * DAY)[key].finding.observed == 83.0
    third = dataclasses.replace(FINDING, observed=84.0, judged_at_ms=32 * DAY)
    await write_findings(store, [third])
    assert [k.revision.number for k in await read_revisions(store, "p", 0, 20 * DAY)] == [1, 2, 2, 3]
