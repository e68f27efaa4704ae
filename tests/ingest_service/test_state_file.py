"""What is committed survives; what is not, never was; and the file is guarded."""

import asyncio
from pathlib import Path

import pytest

from ingest_service.ledger_writer import LedgerWriter
from ingest_service.settings import IngestSettings
from ingest_service.state.run_cursor import RunKey
from ingest_service.state.settlement import HOUR_MS, Count, Refusal, Settlement
from ingest_service.state.state_file import StateFile
from service_runtime.errors import OperatorError
from telemetry_store.query import Select, SeriesQuery
from tests.ingest_service.builders import NOW_MS, a_delivery, a_pack, numbered
from tests.ingest_service.conftest import Rig

HOUR = NOW_MS - NOW_MS % HOUR_MS
LEDGER_FIELDS = ("received", "stored", "quarantined", "duplicate", "late", "missing", "through_seq")


async def ledger_of(rig: Rig) -> dict[str, tuple[object, ...]]:
    """Ledger rows in the store by run."""
    columns = tuple(Select(field) for field in LEDGER_FIELDS)
    query = SeriesQuery("ledger", columns, 0, 2 * NOW_MS, group_by=("run",))
    return {series.tags["run"]: series.rows[-1] for series in await rig.store.select(query)}


async def test_cursors_and_counts_are_there_after_a_restart(settings: IngestSettings) -> None:
    first = Rig(settings)
    await first.take(a_delivery(a_pack(1), numbered("r", 1)), a_delivery(a_pack(2), numbered("r", 3)))
    await first.take(a_delivery(a_pack(3), numbered("r0", 8, oldest=8)))
    await first.close()
    second = Rig(settings)
    assert second.state.cursors[RunKey("gw-1", "r")].through == 1
    assert second.state.latest_runs()["gw-1"].run == "r0"
    assert second.state.counts[Count.READINGS_STORED] == 3
    await second.take(a_delivery(a_pack(2), numbered("r", 2)))
    assert second.state.cursors[RunKey("gw-1", "r")].through == 3
    await second.close()


async def test_a_second_ingest_on_the_same_state_is_told_so(rig: Rig, settings: IngestSettings) -> None:
    with pytest.raises(OperatorError, match="another ingest is using this state file"):
        StateFile(settings.state_file, 10)


@pytest.mark.parametrize("content", [b"not a database at all, but long enough to be read as one" * 40])
def test_a_file_that_is_no_state_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.db"
    path.write_bytes(content)
    with pytest.raises(OperatorError, match=r"other\.db: not usable as the ingest state file"):
        StateFile(path, 10)


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"nowhere/state\.db"):
        StateFile(tmp_path / "nowhere" / "state.db", 10)


async def test_a_state_file_deleted_under_it_is_said_and_nothing_more_is_taken_in(
    rig: Rig, settings: IngestSettings, tmp_path: Path
) -> None:
    await rig.take(a_delivery(a_pack(1), numbered("r", 1)))
    aside = settings.state_file.rename(tmp_path / "aside.db")
    words = f"{settings.state_file}: the ingest state file was deleted or replaced; put it back, or restart ingest"
    assert rig.view.problems()["state"] == words
    with pytest.raises(OperatorError, match="deleted or replaced"):
        await rig.state.commit(Settlement())
    settings.state_file.touch()
    assert rig.view.problems()["state"] == words
    aside.rename(settings.state_file)
    assert "state" not in rig.view.problems()
    await rig.take(a_delivery(a_pack(2), numbered("r", 2)))
    assert rig.state.cursors[RunKey("gw-1", "r")].through == 2


async def test_the_same_bytes_refused_again_are_one_record(rig: Rig) -> None:
    for _ in range(3):
        await rig.state.commit(Settlement(refusals=[Refusal("t", "malformed_pack", "?", b"x", NOW_MS)]))
        await rig.state.commit(Settlement(refusals=[Refusal("t", "malformed_pack", "?", b"y", NOW_MS)]))
    assert [(r.payload, r.times) for r in rig.quarantine.records()] == [(b"x", 3), (b"y", 3)]


async def test_ids_do_not_grow_when_the_same_bytes_come_again(rig: Rig) -> None:
    for payload in (b"x", b"x", b"x", b"y"):
        await rig.state.commit(Settlement(refusals=[Refusal("t", "malformed_pack", "?", payload, NOW_MS)]))
    assert [r.id for r in rig.quarantine.records()] == [1, 2]


async def test_the_ledger_adds_up_per_run_and_hour(rig: Rig) -> None:
    await rig.take(
        a_delivery(a_pack(1, 2), numbered("r", 1)),
        a_delivery(a_pack(3, point="em-9.active_power"), numbered("r", 2)),
        a_delivery(a_pack(3, start_ms=NOW_MS - HOUR_MS), numbered("r", 5, oldest=5)),
        a_delivery(a_pack(1, 2), numbered("r", 1)),
        a_delivery(a_pack(7)),
    )
    writer = LedgerWriter(rig.store, rig.state, "thu")
    assert await writer.write_once() == 2
    assert await ledger_of(rig) == {
        "r": (HOUR, 4, 3, 1, 1, 1, 2, 5),
        "unnumbered": (HOUR, 1, 1, 0, 0, 0, 0, 0),
    }


async def test_the_ledger_is_written_again_only_when_it_changed(rig: Rig) -> None:
    writer = LedgerWriter(rig.store, rig.state, "thu")
    await rig.take(a_delivery(a_pack(1), numbered("r", 1)))
    assert [await writer.write_once(), await writer.write_once()] == [1, 0]
    await rig.take(a_delivery(a_pack(2), numbered("r", 2)))
    assert await writer.write_once() == 1
    assert (await ledger_of(rig))["r"][1:3] == (2, 2)


async def test_a_ledger_line_that_changes_while_it_is_written_is_written_again(rig: Rig) -> None:
    await rig.take(a_delivery(a_pack(1), numbered("r", 1)))
    lines = await rig.state.unwritten_ledger(10)
    await rig.take(a_delivery(a_pack(2), numbered("r", 2)))
    await rig.state.mark_written(lines)
    assert await LedgerWriter(rig.store, rig.state, "thu").write_once() == 1


async def test_a_failed_commit_changes_nothing_in_memory_either(rig: Rig) -> None:
    await rig.take(a_delivery(a_pack(1), numbered("r", 1)))
    rig.state._connection.execute("PRAGMA query_only=1")
    settlement = Settlement()
    settlement.counts[Count.READINGS_STORED] = 5
    with pytest.raises(OperatorError, match="state cannot be written"):
        await rig.state.commit(settlement)
    assert rig.state.counts[Count.READINGS_STORED] == 1
    assert not await asyncio.to_thread(rig.quarantine.by_reason)
