"""The promises of the state, kept by a SQLite file and by a real PostgreSQL alike."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ingest_service.ledger_writer import LedgerWriter
from ingest_service.settings import IngestSettings
from ingest_service.state import run_limit
from ingest_service.state.ledger import range_text
from ingest_service.state.open import open_ingest_state
from ingest_service.state.refill import LogRange
from ingest_service.state.run_cursor import RunKey
from ingest_service.state.settlement import HOUR_MS, Count, Refusal, Settlement
from service_runtime.errors import OperatorError
from tests.ingest_service.builders import NOW_MS, a_delivery, a_pack, numbered, settings_for
from tests.ingest_service.conftest import Rig

HOUR = NOW_MS - NOW_MS % HOUR_MS


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.real_server)])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> IngestSettings:
    if request.param == "sqlite":
        return settings_for(tmp_path, quarantine_max_records=5)
    url = request.getfixturevalue("postgres_url")
    return settings_for(tmp_path, state_path="", state_url=url, quarantine_max_records=5)


@pytest.fixture
async def rig(settings: IngestSettings) -> AsyncIterator[Rig]:
    made = Rig(settings)
    yield made
    await made.close()


async def take(rig: Rig, *seqs: int, hours_ago: int = 0, oldest: int = 1, run: str = "r") -> None:
    created_ms = HOUR - hours_ago * HOUR_MS
    packs = (a_delivery(a_pack(n, start_ms=NOW_MS + n), numbered(run, n, oldest, created_ms)) for n in seqs)
    await rig.take(*packs)


async def refuse(rig: Rig, *payloads: bytes, topic: str = "t", detail: str = "?") -> int:
    refusals = [Refusal(topic, "malformed_pack", detail, payload, NOW_MS) for payload in payloads]
    return await rig.state.commit(Settlement(refusals=refusals))


async def test_everything_is_there_after_a_restart(settings: IngestSettings) -> None:
    first = Rig(settings)
    await take(first, 1, 3)
    await take(first, 8, oldest=8, run="r0")
    begun = await first.state.begin_refills(0, [], NOW_MS)
    await take(first, 3)
    await first.close()
    second = Rig(settings)
    assert second.state.cursors[RunKey("gw-1", "r")].through == 1
    assert second.state.latest_runs()["gw-1"].run == "r"
    assert second.state.counts[Count.READINGS_STORED] == 3
    assert second.state.refills.keys() == begun.keys()
    assert second.state.refills[RunKey("gw-1", "r")].arrived_count == 1
    await take(second, 2)
    assert second.state.cursors[RunKey("gw-1", "r")].through == 3
    await second.close()


async def test_the_run_that_changed_last_is_the_latest(rig: Rig) -> None:
    await take(rig, 1, run="old")
    await take(rig, 1, run="new")
    await rig.state.refresh()
    assert rig.state.latest_runs()["gw-1"].run == "new"
    await take(rig, 2, run="old")
    assert rig.state.latest_runs()["gw-1"].run == "old"


async def test_a_batch_counts_once_however_often_it_comes(rig: Rig) -> None:
    await take(rig, 1, 2, 2)
    await take(rig, 1, 3)
    counts = {name: rig.state.counts[name] for name in (Count.BATCHES_STORED, Count.BATCHES_DUPLICATE)}
    assert counts == {Count.BATCHES_STORED: 3, Count.BATCHES_DUPLICATE: 2}
    assert rig.state.cursors[RunKey("gw-1", "r")].through == 3


async def test_what_the_gateway_no_longer_holds_is_missing_and_the_cursor_goes_on(rig: Rig) -> None:
    await take(rig, 1)
    await take(rig, 5, oldest=5)
    cursor = rig.state.cursors[RunKey("gw-1", "r")]
    assert (cursor.base, cursor.through, cursor.missing, cursor.through_created_ms) == (0, 5, 3, HOUR)
    await take(rig, 3, oldest=5)
    assert rig.state.cursors[RunKey("gw-1", "r")].missing == 2


async def test_expected_is_received_plus_missing_in_every_hour(rig: Rig) -> None:
    await take(rig, 1, 2, 4, hours_ago=2)
    await take(rig, 9, 10, hours_ago=1)
    await take(rig, 12, oldest=12)
    lines = rig.book.lines(0, 2 * NOW_MS)
    assert [(e.expected, e.batches, range_text(e.missing), e.through_seq) for e in lines] == [
        (4, 3, "3", 2), (6, 2, "5-8", 2), (2, 1, "11", 12),
    ]  # fmt: skip
    assert rig.book.lines(0, 2 * NOW_MS, "gw-9") == []
    assert [e.hour_ms for e in rig.book.lines(HOUR - HOUR_MS, HOUR)] == [HOUR - HOUR_MS]


async def test_a_late_comer_changes_its_line_and_the_one_whose_span_it_fills(rig: Rig) -> None:
    writer = LedgerWriter(rig.store, rig.state, "thu")
    await take(rig, 1, 2, hours_ago=1)
    await take(rig, 4)
    assert await writer.write_once() == 2
    assert await writer.write_once() == 0
    await take(rig, 3, hours_ago=1)
    assert await writer.write_once() == 2


async def test_a_line_that_changes_while_it_is_written_is_written_again(rig: Rig) -> None:
    await take(rig, 1)
    lines = await rig.state.unwritten_ledger(10)
    await take(rig, 2)
    await rig.state.mark_written(lines)
    assert len(await rig.state.unwritten_ledger(10)) == 1


async def test_the_ledger_adds_batches_and_readings_up(rig: Rig) -> None:
    await rig.take(
        a_delivery(a_pack(1, 2), numbered("r", 1)),
        a_delivery(a_pack(3, point="em-9.active_power"), numbered("r", 2)),
        a_delivery(a_pack(1, 2), numbered("r", 1)),
        a_delivery(a_pack(7)),
    )
    await rig.take(a_delivery(a_pack(8)))
    lines = {e.run: e for e in rig.book.lines(0, 2 * NOW_MS)}
    numbered_line, other = lines["r"], lines["unnumbered"]
    assert (numbered_line.received, numbered_line.stored, numbered_line.quarantined) == (3, 2, 1)
    assert (numbered_line.batches, numbered_line.duplicate, numbered_line.first_seq, numbered_line.last_seq) == (
        2, 1, 1, 2,
    )  # fmt: skip
    assert (other.batches, other.expected, other.stored, other.missing) == (2, 2, 2, ())


async def test_a_refilled_batch_is_accepted_once_more_and_then_a_duplicate(rig: Rig) -> None:
    await take(rig, 1, 2, 3)
    [refill] = (await rig.state.begin_refills(NOW_MS - 1000, ["gw-1"], NOW_MS)).values()
    assert (refill.from_seq, refill.to_seq) == (1, 3)
    await take(rig, 2, 3)
    await take(rig, 1, 3)
    assert (rig.state.counts[Count.BATCHES_REFILLED], rig.state.counts[Count.BATCHES_DUPLICATE]) == (3, 1)
    assert rig.state.counts[Count.READINGS_STORED] == 3
    assert rig.state.refills[RunKey("gw-1", "r")].arrived_count == 3
    assert await rig.state.begin_refills(0, ["gw-2"], 0) == {}


async def test_what_the_state_has_forgotten_is_taken_from_the_gateways_log(rig: Rig) -> None:
    key = RunKey("gw-1", "r")
    begun = await rig.state.begin_refills(0, [], NOW_MS, {key: LogRange(3, 9)})
    assert (begun[key].from_seq, begun[key].to_seq) == (3, 9)
    await take(rig, 4, 3, oldest=10)
    assert (rig.state.counts[Count.BATCHES_STORED], rig.state.refills[key].arrived_count) == (2, 2)
    assert (rig.state.cursors[key].through, rig.state.cursors[key].missing) == (9, 0)
    assert list(rig.state.refills[key].outstanding()) == [(5, 9)]


async def test_what_is_forgotten_and_what_is_known_are_one_refill(rig: Rig) -> None:
    key = RunKey("gw-1", "r")
    await take(rig, 10, 11, oldest=10)
    begun = await rig.state.begin_refills(0, [], NOW_MS, {key: LogRange(3, 11), RunKey("gw-2", "s"): LogRange(5, 4)})
    assert {k: (refill.from_seq, refill.to_seq) for k, refill in begun.items()} == {key: (3, 11)}
    later = await rig.state.begin_refills(2 * NOW_MS, [], NOW_MS, {key: LogRange(3, 11)})
    assert (later[key].from_seq, later[key].to_seq) == (3, 9)
    assert await rig.state.begin_refills(2 * NOW_MS, [], NOW_MS, {key: LogRange(10, 11)}) == {}


@pytest.fixture
def two_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_limit, "MAX_RUNS_PER_GATEWAY", 2)


@pytest.mark.usefixtures("two_runs")
async def test_a_gateway_that_invents_runs_is_refused_until_one_has_rested(rig: Rig, settings: IngestSettings) -> None:
    for run in ("a", "b", "c"):
        await take(rig, 1, run=run)
    assert {key.run for key in rig.state.cursors} == {"a", "b"}
    [record] = rig.quarantine.records()
    assert (record.reason, record.payload) == ("too_many_runs", a_pack(1, start_ms=NOW_MS + 1))
    lines = {entry.run: (entry.received, entry.quarantined) for entry in rig.book.lines(0, 2 * NOW_MS)}
    assert lines == {"a": (1, 0), "b": (1, 0), "unnumbered": (1, 1)}
    rig.clock.advance(3600)
    await take(rig, 2, run="a")
    rig.clock.advance(86_400 - 3600)
    await take(rig, 1, run="c")
    assert {key.run for key in rig.state.cursors} == {"a", "c"}
    assert rig.state.counts[Count.RUNS_DROPPED] == 1
    await rig.state.close()
    rig.state = open_ingest_state(settings)
    assert {key.run: cursor.changed_ms - NOW_MS for key, cursor in rig.state.cursors.items()} == {
        "a": 3_600_000,
        "c": 86_400_000,
    }
    assert rig.state.counts[Count.RUNS_DROPPED] == 1


@pytest.mark.usefixtures("two_runs")
async def test_a_run_with_a_hole_gives_way_to_none(rig: Rig) -> None:
    await take(rig, 1, 3, run="a")
    await take(rig, 1, 3, run="b")
    rig.clock.advance(58 * 86_400)
    await take(rig, 1, run="c")
    assert {key.run for key in rig.state.cursors} == {"a", "b"}
    assert [record.reason for record in rig.quarantine.records()] == ["too_many_runs"]
    await take(rig, 2, run="b")
    rig.clock.advance(86_400)
    await take(rig, 1, run="c")
    assert {key.run for key in rig.state.cursors} == {"a", "c"}


@pytest.mark.usefixtures("two_runs")
async def test_a_run_that_comes_back_in_the_round_that_would_drop_it_stays(rig: Rig) -> None:
    await take(rig, 1, run="a")
    await take(rig, 1, run="b")
    rig.clock.advance(86_400)
    await rig.take(*(a_delivery(a_pack(n), numbered(run, n, 1, HOUR)) for run, n in (("c", 1), ("a", 2))))
    assert rig.state.cursors[RunKey("gw-1", "a")].through == 2
    assert rig.state.counts[Count.RUNS_DROPPED] == 0


async def test_the_same_bytes_refused_again_are_one_record(rig: Rig) -> None:
    for _ in range(3):
        await refuse(rig, b"x", b"y", b"x")
    assert [(r.payload, r.times) for r in rig.quarantine.records()] == [(b"x", 6), (b"y", 3)]
    await refuse(rig, b"x", topic="another")
    assert [r.id for r in rig.quarantine.records()] == [1, 2, 3]


async def test_a_full_quarantine_drops_its_oldest_and_counts_them(rig: Rig) -> None:
    for n in range(7):
        await refuse(rig, b"%d" % n)
    assert [r.payload for r in rig.quarantine.records()] == [b"2", b"3", b"4", b"5", b"6"]
    assert rig.state.counts[Count.QUARANTINE_DROPPED] == 2


@pytest.mark.parametrize("text", ["a\x00b", "t" * 60_000, "\u202e\U0001f525"])
async def test_whatever_was_refused_can_be_kept(rig: Rig, text: str) -> None:
    await refuse(rig, b"\x00\xff", topic=text, detail=text)
    [record] = rig.quarantine.records()
    assert record.payload == b"\x00\xff"
    assert record.topic.replace("\ufffd", "\x00") == text


async def test_the_quarantine_is_looked_into_by_reason_number_and_page(rig: Rig) -> None:
    await refuse(rig, b"x", b"y")
    await rig.state.commit(Settlement(refusals=[Refusal("t", "unknown_point", "p", b"z", NOW_MS)]))
    assert rig.quarantine.by_reason() == {"malformed_pack": 2, "unknown_point": 1}
    assert [r.payload for r in rig.quarantine.records("malformed_pack", limit=1)] == [b"x"]
    assert [r.payload for r in rig.quarantine.records(after_id=1)] == [b"y", b"z"]
    assert rig.quarantine.record(3).detail == "p"
    assert rig.quarantine.discard([1, 3, 99]) == 2
    with pytest.raises(OperatorError, match="no quarantined record 3"):
        rig.quarantine.record(3)


async def test_a_second_ingest_that_does_not_share_is_told_so(
    rig: Rig, settings: IngestSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ingest_service.state import postgres_session

    monkeypatch.setattr(postgres_session, "LOCK_WAIT_SECONDS", 0.1)
    with pytest.raises(OperatorError, match="another ingest is using this state"):
        Rig(settings)


def test_looking_makes_no_state(settings: IngestSettings) -> None:
    from ingest_service.ledger_book import LedgerBook

    for _ in range(2):
        with pytest.raises(OperatorError, match=r"no such ingest state file|no ingest state in this database"):
            LedgerBook(settings.state_place).lines(0, 1)
