"""The log: sequences, states, pruning, and what survives crashes, torn writes and damaged files."""

import gc
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.outbox import CursorOutcome, Outbox, OutboxCounts, OutboxLimits
from service_runtime.clock import ManualClock
from service_runtime.errors import OperatorError
from telemetry_model.reading import Reading, ReadingReason
from telemetry_model.senml_json import decode_pack, to_reading

ROOT = Path(__file__).parents[2]
CRASH_WRITER = Path(__file__).with_name("outbox_crash_writer.py")
DAY_MS = 86_400_000


def a_batch(size: int = 3, value: float = 1.5) -> list[Reading]:
    return [Reading("em-1.active_power", 1_700_000_000_000 + i * 1000, value) for i in range(size)]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1_700_000_000_000)


@pytest.fixture
def outbox(tmp_path: Path, clock: ManualClock) -> Outbox:
    return Outbox.open(tmp_path / "out.db", clock)


def test_sequences_start_at_one_and_are_contiguous(outbox: Outbox) -> None:
    assert outbox.commit([a_batch(), a_batch()], {}) == [1, 2]
    assert outbox.commit([a_batch()], {}) == [3]
    assert outbox.next_seq == 4


def test_nothing_to_commit_takes_no_sequence(outbox: Outbox) -> None:
    assert outbox.commit([[], []], {}) == []
    assert outbox.next_seq == 1


def test_payload_is_the_senml_of_the_readings(outbox: Outbox) -> None:
    lost = Reading("em-1.voltage", 1_700_000_000_123, None, reason=ReadingReason.DEVICE_TIMEOUT)
    readings = [*a_batch(2), lost]
    outbox.commit([readings], {"em-1.active_power": "kW"})
    [batch] = outbox.range(1, 1)
    records = decode_pack(batch.payload, 0)
    assert [to_reading(record, record.name) for record in records] == readings
    assert records[0].unit == "kW"
    assert batch.readings == 3


def test_reopening_keeps_run_log_and_cursor(tmp_path: Path, clock: ManualClock) -> None:
    first = Outbox.open(tmp_path / "out.db", clock)
    first.commit([a_batch(), a_batch(), a_batch()], {})
    first.mark_stored_through(first.run, 1)
    first.mark_sent([2])
    first.close()
    again = Outbox.open(tmp_path / "out.db", clock)
    assert (again.run, again.next_seq, again.stored_through) == (first.run, 4, 1)
    assert [batch.seq for batch in again.next_to_send(10)] == [2, 3]
    assert again.readings_committed == 9


def test_states_from_pending_over_sent_to_stored(outbox: Outbox) -> None:
    outbox.commit([a_batch() for _ in range(5)], {})
    outbox.mark_sent([1, 2, 4])
    assert outbox.counts() == OutboxCounts(pending=2, sent=3, stored=0, dropped_unstored=0)
    assert [batch.seq for batch in outbox.next_to_send(10)] == [3, 5]
    assert outbox.mark_stored_through(outbox.run, 2) is CursorOutcome.MOVED
    assert outbox.counts() == OutboxCounts(pending=2, sent=1, stored=2, dropped_unstored=0)


def test_sent_but_not_stored_is_pending_again_after_reset(outbox: Outbox) -> None:
    outbox.commit([a_batch() for _ in range(4)], {})
    outbox.mark_sent([1, 2, 3])
    outbox.mark_stored_through(outbox.run, 1)
    assert outbox.reset_sent() == 2
    assert [batch.seq for batch in outbox.next_to_send(10)] == [2, 3, 4]


def test_next_to_send_passes_over_what_is_under_way(outbox: Outbox) -> None:
    outbox.commit([a_batch() for _ in range(6)], {})
    outbox.mark_sent([2])
    assert [batch.seq for batch in outbox.next_to_send(2, skip=frozenset({1, 4}))] == [3, 5]


def test_cursor_of_another_run_changes_nothing(outbox: Outbox) -> None:
    outbox.commit([a_batch()], {})
    assert outbox.mark_stored_through("another", 1) is CursorOutcome.UNKNOWN_RUN
    assert outbox.oldest_unstored() == 1


def test_cursor_never_moves_back(outbox: Outbox) -> None:
    outbox.commit([a_batch(), a_batch()], {})
    outbox.mark_stored_through(outbox.run, 2)
    assert outbox.mark_stored_through(outbox.run, 1) is CursorOutcome.UNCHANGED
    assert outbox.stored_through == 2


def test_a_file_restored_from_an_older_copy_begins_a_new_run_and_sends_all_again(outbox: Outbox) -> None:
    outbox.commit([a_batch(), a_batch()], {})
    run = outbox.run
    assert outbox.mark_stored_through(run, 9) is CursorOutcome.BEYOND_LOG
    assert outbox.run != run
    assert [batch.seq for batch in outbox.next_to_send(10)] == [1, 2]


def a_restored_copy(folder: Path, clock: ManualClock) -> Outbox:
    """Five batches were committed, copied after the second; then came three others where the old three had been."""
    first = Outbox.open(folder / "lost.db", clock)
    first.commit([a_batch(), a_batch()], {})
    first.close()
    shutil.copy(folder / "lost.db", folder / "copy.db")
    clock.advance(60)
    copy = Outbox.open(folder / "copy.db", clock)
    copy.commit([a_batch(value=7.0) for _ in range(3)], {})
    return copy


def test_a_cursor_over_other_batches_under_our_numbers_marks_none_of_ours_stored(
    tmp_path: Path, clock: ManualClock
) -> None:
    copy = a_restored_copy(tmp_path, clock)
    run, lost_ms = copy.run, clock.now_ms() - 30_000
    assert copy.mark_stored_through(run, 4, lost_ms) is CursorOutcome.BEYOND_LOG
    assert copy.run != run
    assert [batch.seq for batch in copy.next_to_send(10)] == [1, 2, 3, 4, 5]
    assert copy.mark_stored_through(run, 4, lost_ms) is CursorOutcome.UNKNOWN_RUN


def test_another_batch_under_a_number_already_stored_is_noticed_too(tmp_path: Path, clock: ManualClock) -> None:
    copy = a_restored_copy(tmp_path, clock)
    copy.mark_stored_through(copy.run, 5)
    assert copy.mark_stored_through(copy.run, 4, clock.now_ms() - 30_000) is CursorOutcome.BEYOND_LOG


def test_a_cursor_over_our_own_batch_moves_and_one_over_a_pruned_batch_is_no_other(
    outbox: Outbox, clock: ManualClock
) -> None:
    outbox.commit([a_batch(), a_batch()], {})
    created_ms = clock.now_ms()
    assert outbox.mark_stored_through(outbox.run, 2, created_ms) is CursorOutcome.MOVED
    clock.advance(61 * DAY_MS / 1000)
    outbox.prune(clock.now_ms())
    assert outbox.mark_stored_through(outbox.run, 2, created_ms + 1) is CursorOutcome.UNCHANGED


@pytest.mark.parametrize("seq", [-(2**70), 2**70])
def test_a_cursor_no_database_could_hold_is_survived(outbox: Outbox, seq: int) -> None:
    outbox.commit([a_batch()], {})
    outbox.mark_stored_through(outbox.run, seq, 1)
    assert outbox.oldest_unstored() == 1


def test_a_second_gateway_on_the_same_file_is_refused_by_name(
    outbox: Outbox, tmp_path: Path, clock: ManualClock
) -> None:
    assert outbox.next_seq == 1
    with pytest.raises(OperatorError, match=r"^outbox .*/out\.db: another gateway is using this file$"):
        Outbox.open(tmp_path / "out.db", clock)


def test_another_name_of_the_file_is_no_way_around_the_lock(outbox: Outbox, tmp_path: Path, clock: ManualClock) -> None:
    assert outbox.next_seq == 1
    (tmp_path / "alias.db").symlink_to(tmp_path / "out.db")
    with pytest.raises(OperatorError, match="another gateway"):
        Outbox.open(tmp_path / "alias.db", clock)


def test_the_lock_keeps_other_processes_out_and_goes_with_a_killed_one(tmp_path: Path, clock: ManualClock) -> None:
    path = tmp_path / "out.db"
    child = _start_writer(path)
    assert child.stdout is not None
    child.stdout.readline()
    with pytest.raises(OperatorError, match="another gateway"):
        Outbox.open(path, clock)
    child.kill()
    child.wait()
    child.stdout.close()
    Outbox.open(path, clock).close()


def test_an_outbox_nobody_holds_any_more_can_be_opened(tmp_path: Path, clock: ManualClock) -> None:
    Outbox.open(tmp_path / "out.db", clock).close()
    dropped = Outbox.open(tmp_path / "out.db", clock)
    del dropped
    gc.collect()
    Outbox.open(tmp_path / "out.db", clock).close()


def test_the_log_can_be_read_while_a_gateway_holds_it(outbox: Outbox, tmp_path: Path) -> None:
    outbox.commit([a_batch()], {})
    reader = sqlite3.connect(tmp_path / "out.db")
    assert reader.execute("SELECT count(*) FROM batches").fetchone() == (1,)
    reader.close()


def test_a_file_that_could_not_be_opened_is_not_kept_locked(tmp_path: Path, clock: ManualClock) -> None:
    (tmp_path / "out.db").mkdir()
    with pytest.raises(OperatorError, match="unable to open"):
        Outbox.open(tmp_path / "out.db", clock)
    (tmp_path / "out.db").rmdir()
    Outbox.open(tmp_path / "out.db", clock).close()


def test_oldest_unstored_is_the_next_sequence_when_all_is_stored(outbox: Outbox) -> None:
    assert outbox.oldest_unstored() == 1
    outbox.commit([a_batch(), a_batch()], {})
    outbox.mark_stored_through(outbox.run, 2)
    assert outbox.oldest_unstored() == 3
    assert outbox.oldest_unstored_created_ms() is None


@pytest.mark.parametrize(("seconds", "first"), [(0, 1), (1, 2), (10, 2), (11, 3), (45, 6), (999, 6)])
def test_the_first_batch_since_a_moment_is_found(outbox: Outbox, clock: ManualClock, seconds: int, first: int) -> None:
    start_ms = clock.now_ms()
    for _ in range(5):
        outbox.commit([[Reading("em-1.voltage", 1, 1.0)]], {})
        clock.advance(10)
    assert outbox.first_since(start_ms + 1000 * seconds) == first
    outbox._db.execute("DELETE FROM batches WHERE seq <= 3")
    assert outbox.first_since(start_ms) == 4


def test_prune_by_age_takes_stored_batches_only(outbox: Outbox, clock: ManualClock) -> None:
    outbox.commit([a_batch(), a_batch()], {})
    outbox.mark_stored_through(outbox.run, 1)
    clock.advance(61 * DAY_MS / 1000)
    assert outbox.prune(clock.now_ms()) == 0
    assert [batch.seq for batch in outbox.range(1, 9)] == [2]


def test_stored_batches_within_60_days_stay_for_resends(outbox: Outbox, clock: ManualClock) -> None:
    outbox.commit([a_batch()], {})
    outbox.mark_stored_through(outbox.run, 1)
    clock.advance(59 * DAY_MS / 1000)
    outbox.prune(clock.now_ms())
    assert [batch.seq for batch in outbox.range(1, 1)] == [1]


def test_prune_by_size_takes_stored_first(tmp_path: Path, clock: ManualClock) -> None:
    outbox = Outbox.open(tmp_path / "out.db", clock, OutboxLimits(max_bytes=600_000))
    outbox.commit([a_batch(100) for _ in range(400)], {})
    outbox.mark_stored_through(outbox.run, 399)
    assert outbox.prune(clock.now_ms()) == 0
    assert outbox.bytes_used() <= 600_000
    assert outbox.oldest_unstored() == 400


def test_unstored_batches_go_last_and_are_counted_and_logged(
    tmp_path: Path, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    outbox = Outbox.open(tmp_path / "out.db", clock, OutboxLimits(max_bytes=2_000_000))
    outbox.commit([a_batch(100) for _ in range(1000)], {})
    dropped = outbox.prune(clock.now_ms())
    assert 0 < dropped < 1000
    assert outbox.counts() == OutboxCounts(1000 - dropped, 0, 0, dropped)
    assert outbox.oldest_unstored() == dropped + 1
    assert "dropped before they were stored" in caplog.text


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, clock: ManualClock) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OperatorError, match=r"outbox .*file/out\.db"):
        Outbox.open(tmp_path / "file" / "out.db", clock)


def test_a_damaged_file_is_put_aside_and_a_new_run_begins(tmp_path: Path, clock: ManualClock) -> None:
    (tmp_path / "out.db").write_bytes(b"this was a database once" * 500)
    outbox = Outbox.open(tmp_path / "out.db", clock)
    assert outbox.commit([a_batch()], {}) == [1]
    assert list(tmp_path.glob("out.db.damaged-*"))


def test_a_failed_commit_leaves_neither_rows_nor_a_used_sequence(tmp_path: Path, clock: ManualClock) -> None:
    outbox = Outbox.open(tmp_path / "out.db", clock)
    other = sqlite3.connect(tmp_path / "out.db", isolation_level=None)
    other.execute("CREATE TRIGGER full BEFORE INSERT ON batches BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    with pytest.raises(sqlite3.Error, match="disk full"):
        outbox.commit([a_batch()], {})
    other.execute("DROP TRIGGER full")
    assert outbox.commit([a_batch()], {}) == [1]
    other.close()


def test_batches_dropped_before_a_failure_are_counted(tmp_path: Path, clock: ManualClock) -> None:
    outbox = Outbox.open(tmp_path / "out.db", clock, OutboxLimits(max_bytes=100_000))
    outbox.commit([a_batch(100) for _ in range(1500)], {})
    other = sqlite3.connect(tmp_path / "out.db", isolation_level=None)
    other.execute(
        "CREATE TRIGGER bad BEFORE DELETE ON batches WHEN OLD.seq > 700 BEGIN SELECT RAISE(ABORT, 'bad'); END"
    )
    with pytest.raises(sqlite3.Error, match="bad"):
        outbox.prune(clock.now_ms())
    assert outbox.counts().dropped_unstored == outbox.oldest_unstored() - 1 > 0
    other.close()


def _start_writer(path: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, str(CRASH_WRITER), str(path)], stdout=subprocess.PIPE, cwd=ROOT,
                            env={**os.environ, "PYTHONPATH": str(ROOT)})  # fmt: skip


def _write_until_killed(path: Path, commits: int) -> int:
    """Run the writer, kill it with SIGKILL after so many commits; the last sequence it told of."""
    child = _start_writer(path)
    assert child.stdout is not None
    told = 0
    for _ in range(commits):
        told = int(child.stdout.readline())
    os.kill(child.pid, signal.SIGKILL)
    rest = child.stdout.read()
    assert child.wait() == -signal.SIGKILL
    child.stdout.close()
    complete_lines = rest.rpartition(b"\n")[0].split()
    return int(complete_lines[-1]) if complete_lines else told


def test_every_committed_batch_survives_kill_9_again_and_again(tmp_path: Path, clock: ManualClock) -> None:
    path, run = tmp_path / "out.db", ""
    for life in range(4):
        told = _write_until_killed(path, commits=5 + life * 7)
        outbox = Outbox.open(path, clock)
        batches = list(outbox.range(1, 10**9))
        assert [batch.seq for batch in batches] == list(range(1, outbox.next_seq))
        assert outbox.next_seq > told
        assert (outbox.next_seq - 1) % 3 == 0, "a commit is whole or not there"
        assert outbox.readings_committed == 5 * (outbox.next_seq - 1)
        assert all(len(decode_pack(batch.payload, 0)) == 5 for batch in batches)
        run = run or outbox.run
        assert outbox.run == run
        outbox.close()


@pytest.mark.parametrize("tear", ["cut", "scribble"])
def test_a_torn_write_at_the_end_of_the_log_costs_only_what_was_not_committed(
    tmp_path: Path, clock: ManualClock, tear: str
) -> None:
    path = tmp_path / "out.db"
    told = _write_until_killed(path, commits=8)
    log = Path(f"{path}-wal")
    kept = log.stat().st_size
    with log.open("r+b") as file:
        if tear == "cut":
            file.seek(0, os.SEEK_END)
            file.write(b"\x37\x7f\x06\x82" * 300)
            file.truncate(kept + 777)
        else:
            file.seek(kept - 900)
            file.write(os.urandom(400))
    outbox = Outbox.open(path, clock)
    batches = list(outbox.range(1, 10**9))
    assert [batch.seq for batch in batches] == list(range(1, outbox.next_seq))
    assert all(len(decode_pack(batch.payload, 0)) == 5 for batch in batches)
    assert outbox.next_seq - 1 >= (told if tear == "cut" else told - 6)
