"""A gateway's log restored from an older copy that sends before it hears the cursor: nothing of it passes for known."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.outbox import CursorOutcome, Outbox
from ingest_service.state.run_cursor import RunCursor
from service_runtime.clock import ManualClock
from telemetry_model.control_messages import StoredCursor, decode_stored
from telemetry_model.reading import Reading
from tests.ingest_service.builders import NOW_MS, POWER, a_delivery, numbered, stored_values
from tests.ingest_service.conftest import Rig


class NotedSession:
    """Takes every message."""

    def __init__(self) -> None:
        self.payloads: list[bytes] = []

    async def publish(self, topic: str, payload: bytes, retain: bool = False) -> bool:
        self.payloads.append(payload)
        return True


class Log:
    """A gateway's outbox, and its way to ingest without a broker between."""

    def __init__(self, rig: Rig, path: Path, clock: ManualClock) -> None:
        self.outbox = Outbox.open(path, clock)
        self._rig, self._clock = rig, clock

    def commit(self, *values: float) -> None:
        for value in values:
            self._clock.advance(1)
            self.outbox.commit([[Reading(POWER, self._clock.now_ms(), value)]], {POWER: "kW"})

    async def send(self) -> None:
        """Everything that is not known to be stored."""
        oldest, run = self.outbox.oldest_unstored(), self.outbox.run
        batches = self.outbox.next_to_send(1_000)
        messages = [a_delivery(b.payload, numbered(run, b.seq, oldest, b.created_ms)) for b in batches]
        await self._rig.take(*messages)

    async def hear(self) -> CursorOutcome:
        """The cursor as ingest announces it now."""
        session = NotedSession()
        self._rig.announcer._session = session  # type: ignore[assignment]
        self._rig.announcer.note(self._rig.state.latest_runs().values())
        await self._rig.announcer._announce_due()
        told: StoredCursor = decode_stored(session.payloads[-1])
        return self.outbox.mark_stored_through(told.run, told.through, told.through_created_ms)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW_MS - 600_000)


@pytest.fixture
def log(rig: Rig, clock: ManualClock, tmp_path: Path) -> Iterator[Log]:
    made = Log(rig, tmp_path / "log.db", clock)
    yield made
    made.outbox.close()


@pytest.mark.parametrize("sent_before_hearing", [3, 4, 9], ids=["as many", "one more", "many more"])
async def test_what_an_older_copy_sends_before_it_hears_the_cursor_is_stored_in_the_end(
    rig: Rig, clock: ManualClock, log: Log, tmp_path: Path, sent_before_hearing: int
) -> None:
    log.commit(1, 2)
    await log.send()
    await log.hear()
    log.outbox.close()
    shutil.copy(tmp_path / "log.db", tmp_path / "copy.db")
    log.outbox = Outbox.open(tmp_path / "log.db", clock)
    log.commit(3, 4, 5)
    await log.send()

    older = Log(rig, tmp_path / "copy.db", clock)
    older.commit(*range(100, 100 + sent_before_hearing))
    await older.send()
    assert await older.hear() is CursorOutcome.BEYOND_LOG
    await older.send()
    assert await older.hear() is CursorOutcome.MOVED
    assert older.outbox.stored_through == older.outbox.next_seq - 1
    older.outbox.close()
    wanted = {1, 2, 3, 4, 5, *range(100, 100 + sent_before_hearing)}
    assert set((await stored_values(rig.store)).values()) == wanted


def test_a_fork_is_remembered_by_what_is_kept_of_a_cursor() -> None:
    cursor = RunCursor.starting_at(1)
    cursor.arrive(1, 1, created_ms=10)
    cursor.arrive(1, 1, created_ms=11)
    cursor.arrive(2, 2, created_ms=12)
    assert cursor.forked
    assert cursor.copy().forked
    assert RunCursor(0, 2, cursor.stored, cursor.through_created_ms).told == cursor.told


def test_a_run_whose_last_batches_came_out_of_order_tells_when_the_last_was_committed() -> None:
    cursor = RunCursor.starting_at(1)
    for seq in (1, 3, 2):
        cursor.arrive(seq, 1, created_ms=10 * seq)
    assert cursor.told == (3, 30)


@pytest.mark.parametrize("seq", [1, 4], ids=["before the hole", "the highest"])
def test_a_fork_is_noticed_while_a_hole_is_open(seq: int) -> None:
    cursor = RunCursor.starting_at(1)
    for known in (1, 3, 4):
        cursor.arrive(known, 1, created_ms=10 * known)
    assert not cursor.copy().forked
    assert not cursor.arrive(seq, 1, created_ms=7)
    assert cursor.forked


@pytest.mark.parametrize("written_before_hearing", [3, 9], ids=["as many", "many more"])
async def test_an_older_copy_hears_of_batches_that_came_out_of_order(
    rig: Rig, clock: ManualClock, log: Log, tmp_path: Path, written_before_hearing: int
) -> None:
    log.commit(1, 2)
    await log.send()
    log.outbox.close()
    shutil.copy(tmp_path / "log.db", tmp_path / "copy.db")
    log.outbox = Outbox.open(tmp_path / "log.db", clock)
    log.commit(3, 4, 5)
    messages = [
        a_delivery(batch.payload, numbered(log.outbox.run, batch.seq, 1, batch.created_ms))
        for batch in log.outbox.range(3, 5)
    ]
    for place in (0, 2, 1):
        await rig.take(messages[place])

    older = Log(rig, tmp_path / "copy.db", clock)
    older.commit(*range(100, 100 + written_before_hearing))
    assert await older.hear() is CursorOutcome.BEYOND_LOG
    await older.send()
    older.outbox.close()
    assert set((await stored_values(rig.store)).values()) == {1, 2, 3, 4, 5, *range(100, 100 + written_before_hearing)}


def test_the_same_batch_again_is_no_fork() -> None:
    cursor = RunCursor.starting_at(1)
    assert cursor.arrive(1, 1, created_ms=10)
    assert not cursor.arrive(1, 1, created_ms=10)
    assert not cursor.arrive(1, 1)
    assert cursor.told == (1, 10)
