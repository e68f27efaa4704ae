"""What late marks reach: clocks of writers that are wrong, marks that come late themselves, reasons that are true."""

import dataclasses
from pathlib import Path

import pytest

from analytics.finding import Confidence, Finding, Verdict
from analytics.findings.revision import Basis, ChangeReason, key_of
from analytics.findings.store import read_revisions, record_findings
from analytics.judging.arrivals import OVERLAP_MS, ArrivalBook
from service_runtime.errors import OperatorError
from telemetry_model.storage_schema import LATE_ARRIVALS
from telemetry_store.rows import RecordRow
from telemetry_store.sqlite_store import SqliteStore
from tests.analytics.conftest import local_ms

HOUR, DAY = 3_600_000, 86_400_000
NOW_MS = local_ms("2026-03-20T00:00")
FINDING = Finding(
    "WW-01-COD", "qcvn40-2011", "test-park", "outlet", "park", 10 * DAY, 11 * DAY, Verdict.EXCEEDED, 81.0, 67.5, "mg/l",
    1.0, 0.8, "QCVN 40:2011/BTNMT", Confidence.PERMIT, 12 * DAY,
)  # fmt: skip


def mark(oldest_ms: int, at_ms: int, replica: str) -> RecordRow:
    tags = {"device": "aq", "park": "test-park", "replica": replica}
    return RecordRow(LATE_ARRIVALS, tags, at_ms, {"oldest_ms": oldest_ms, "newest_ms": oldest_ms, "readings": 1})


async def test_a_writer_whose_clock_is_ahead_hides_no_marks_of_others(tmp_path: Path) -> None:
    store, book = SqliteStore(tmp_path / "store.db"), ArrivalBook(tmp_path / "state.db")
    await store.write_records([mark(1, NOW_MS + 400 * DAY, "ahead")])
    ahead = await book.unread(store, "test-park", NOW_MS, 60_000)
    assert [found.oldest_ms for found in ahead.ready] == [1], "it is not waited for until its time comes"
    book.done(ahead, NOW_MS)
    await store.write_records([mark(2, NOW_MS + HOUR, "right")])
    later = await book.unread(store, "test-park", NOW_MS + 2 * HOUR, 60_000)
    assert [found.oldest_ms for found in later.ready] == [2], "each once, also the one from ahead"
    book.close()
    await store.close()


async def test_a_closed_period_stays_with_the_tenant_it_was_judged_for(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.db")
    await record_findings(store, [FINDING], Basis({}, "before"))
    moved = dataclasses.replace(FINDING, tenant="beta", judged_at_ms=13 * DAY)
    same = await record_findings(store, [moved], Basis({}, "after"))
    assert (same.changed, [finding.tenant for finding in same.findings]) == (0, ["park"])
    late = dataclasses.replace(moved, observed=60.0, verdict=Verdict.COMPLIANT)
    await record_findings(store, [late], Basis({}, "after", frozenset({key_of(late)})))
    known = await read_revisions(store, "test-park", 0, 20 * DAY)
    assert [(k.finding.tenant, k.revision.reason) for k in known] == [
        ("park", ChangeReason.FIRST), ("park", ChangeReason.CORRECTED_DATA),
    ]  # fmt: skip
    await store.close()


async def test_two_parks_do_not_share_a_state(tmp_path: Path) -> None:
    store, book = SqliteStore(tmp_path / "store.db"), ArrivalBook(tmp_path / "state.db")
    await book.unread(store, "test-park", NOW_MS, 0)
    with pytest.raises(OperatorError, match="the analytics state of park 'test-park'; 'other' needs one of its own"):
        await book.unread(store, "other", NOW_MS, 0)
    book.close()
    await store.close()


async def test_a_mark_written_hours_after_its_stamp_is_read(tmp_path: Path) -> None:
    assert OVERLAP_MS >= 12 * HOUR
    store, book = SqliteStore(tmp_path / "store.db"), ArrivalBook(tmp_path / "state.db")
    await store.write_records([mark(1, NOW_MS, "one")])
    book.done(await book.unread(store, "test-park", NOW_MS + HOUR, 0), NOW_MS + HOUR)
    await store.write_records([mark(2, NOW_MS - 12 * HOUR, "cut-off")])
    found = await book.unread(store, "test-park", NOW_MS + HOUR, 0)
    assert [one.oldest_ms for one in found.ready] == [2]
    book.close()
    await store.close()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"limit": 75.0}, ChangeReason.RULE_CHANGED),
        ({"observed": 80.0, "limit": 75.0}, ChangeReason.CORRECTED_DATA),
        ({"data_capture": 0.9, "limit": 75.0}, ChangeReason.LATE_DATA),
    ],
)
async def test_late_readings_are_no_reason_where_only_the_limit_is_another(
    tmp_path: Path, change: dict[str, float], reason: ChangeReason
) -> None:
    store = SqliteStore(tmp_path / "store.db")
    version = (FINDING.rule, FINDING.rule_version)
    await record_findings(store, [FINDING], Basis({version: "old"}, "r"))
    now = Basis({version: "new"}, "r", frozenset({key_of(FINDING)}))
    await record_findings(store, [dataclasses.replace(FINDING, judged_at_ms=13 * DAY, **change)], now)  # type: ignore[arg-type]
    known = await read_revisions(store, "test-park", 0, 20 * DAY)
    assert [version.revision.reason for version in known] == [ChangeReason.FIRST, reason]
    await store.close()
