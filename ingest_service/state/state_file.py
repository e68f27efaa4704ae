"""The state in memory and on disk: loaded once, changed only by committed settlements.

All disk work runs in one thread, so the event loop never waits for a disk and commits keep their order.
"""

import asyncio
import fcntl
import sqlite3
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, TypeVar

from ingest_service.state.ledger import LedgerEntry, unwritten_ledger
from ingest_service.state.quarantine import add_refusals, drop_oldest
from ingest_service.state.refill import NO_LOGS, LogRange, Refill, span_of
from ingest_service.state.run_cursor import RunCursor, RunKey
from ingest_service.state.schema import open_state
from ingest_service.state.sequence_ranges import SequenceRanges
from ingest_service.state.settlement import Count, Settlement
from service_runtime.errors import OperatorError

T = TypeVar("T")

_UPSERT_CURSOR = """
INSERT INTO cursors (gateway, run, base, through, stored, through_created_ms, highest_created_ms, changed)
VALUES (?, ?, ?, ?, ?, ?, ?, (SELECT coalesce(max(changed), 0) + 1 FROM cursors))
ON CONFLICT DO UPDATE SET base=excluded.base, through=excluded.through, stored=excluded.stored,
through_created_ms=excluded.through_created_ms, highest_created_ms=excluded.highest_created_ms,
changed=excluded.changed
"""
_ADD_COUNT = "INSERT INTO counts VALUES (?, ?) ON CONFLICT DO UPDATE SET value = value + excluded.value"
_ADD_TO_LEDGER = """
INSERT INTO ledger (gateway, run, hour_ms, received, stored, quarantined, duplicate, late, through_seq, batches,
    refilled, first_seq, last_seq, last_received_ms)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET received = received + excluded.received, stored = stored + excluded.stored,
    quarantined = quarantined + excluded.quarantined, duplicate = duplicate + excluded.duplicate,
    late = late + excluded.late, through_seq = excluded.through_seq,
    batches = batches + excluded.batches, refilled = refilled + excluded.refilled,
    first_seq = CASE WHEN first_seq = 0 OR excluded.first_seq = 0 THEN max(first_seq, excluded.first_seq)
        ELSE min(first_seq, excluded.first_seq) END,
    last_seq = max(last_seq, excluded.last_seq), last_received_ms = max(last_received_ms, excluded.last_received_ms),
    revision = revision + 1
"""
# A late batch can also close a hole that the next hour's line has in its span.
_TOUCH_NEXT_HOUR = """
UPDATE ledger SET revision = revision + 1 WHERE gateway = :gateway AND run = :run AND hour_ms =
    (SELECT min(hour_ms) FROM ledger WHERE gateway = :gateway AND run = :run AND hour_ms > :hour)
"""
_BEGIN_REFILL = "INSERT OR REPLACE INTO refills VALUES (?, ?, ?, ?, ?, ?, '')"
_REFILL_PROGRESS = "UPDATE refills SET arrived = ? WHERE gateway = ? AND run = ?"
_DROP_RUN = "DELETE FROM cursors WHERE gateway = ? AND run = ?"
_DROP_REFILL = "DELETE FROM refills WHERE gateway = ? AND run = ?"
_LAST_RECEIVED = "SELECT gateway, run, max(last_received_ms) FROM ledger GROUP BY gateway, run"
_REFILL_FROM = """
SELECT gateway, run, min(first_seq) FROM ledger
WHERE first_seq > 0 AND (hour_ms + 3600000 > ?1 OR last_received_ms >= ?1) GROUP BY gateway, run
"""
_MARK_WRITTEN = "UPDATE ledger SET written_revision = ? WHERE gateway = ? AND run = ? AND hour_ms = ?"


class StateFile:
    """Cursors and counts as committed. Only one ingest may hold a state file; a second one is told so at start."""

    def __init__(self, path: Path, quarantine_max_records: int) -> None:
        self._path = path
        self._quarantine_max_records = quarantine_max_records
        self._lock = _lock(path)
        try:
            self._connection = open_state(path, create=True)
        except OperatorError:
            self._lock.close()
            raise
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ingest-state")
        self.cursors: dict[RunKey, RunCursor] = {}
        self.counts: Counter[str] = Counter()
        self.refills: dict[RunKey, Refill] = {}
        self.is_joint = False
        self.leads = True
        self.broker_session = uuid.uuid4().hex
        self._opened_file = _file_number(path)
        self._load()

    @property
    def problem(self) -> str:
        """Says so when the file was deleted or replaced: what is written to the old one nobody will ever read."""
        if _file_number(self._path) == self._opened_file:
            return ""
        return f"{self._path}: the ingest state file was deleted or replaced; put it back, or restart ingest"

    def latest_runs(self) -> dict[str, RunKey]:
        """The most recently changed run of each gateway."""
        return {key.gateway: key for key in self.cursors}

    async def commit(self, settlement: Settlement) -> int:
        """Put it on disk, then into memory; returns how many old quarantine records had to go.

        Raises :class:`OperatorError` (disk full, file gone ...) and then nothing has changed.
        """
        progress = [(self._note_refilled(key, seqs), *key) for key, seqs in settlement.refilled.items()]
        dropped = await self._run(lambda: self._commit(settlement, progress))
        for key, cursor in settlement.cursors.items():
            self.cursors.pop(key, None)
            self.cursors[key] = cursor
        for key in settlement.dropped_runs:
            self.cursors.pop(key, None)
            self.refills.pop(key, None)
        self.counts.update(settlement.counts)
        self.counts[Count.QUARANTINE_DROPPED] += dropped
        self.counts[Count.RUNS_DROPPED] += len(settlement.dropped_runs)
        return dropped

    async def begin_refills(
        self, since_ms: int, gateways: Collection[str], now_ms: int, logs: Mapping[RunKey, LogRange] = NO_LOGS
    ) -> dict[RunKey, Refill]:
        """Accept what was created or received since then once more, of these gateways or (none named) of all.

        A refill under way for the same run is replaced. Hours are taken whole: a batch too many changes nothing.
        """
        found: list[tuple[str, str, int]] = await self._run(
            lambda: self._connection.execute(_REFILL_FROM, (since_ms,)).fetchall()
        )
        first = {RunKey(gateway, run): from_seq for gateway, run, from_seq in found}
        begun = {
            key: Refill(since_ms, *span, now_ms)
            for key in {**first, **logs}
            if (not gateways or key.gateway in gateways)
            and (span := span_of(first.get(key), self.cursors.get(key), logs.get(key)))
        }
        self.refills.update(begun)
        rows = [(*key, r.since_ms, r.from_seq, r.to_seq, r.started_ms) for key, r in begun.items()]
        await self._run(lambda: self._write_many(_BEGIN_REFILL, rows))
        return begun

    async def refresh(self) -> None:
        """Nobody else writes this file."""

    async def begin_broker_session(self) -> None:
        """Each process and each broker that forgot us begin one of their own."""
        self.broker_session = uuid.uuid4().hex

    async def watch(self) -> None:
        """There is nobody to keep up with."""
        await asyncio.Event().wait()

    async def unwritten_ledger(self, limit: int) -> list[LedgerEntry]:
        """Ledger lines that changed since they were last written to the store, oldest hour first."""
        return await self._run(lambda: unwritten_ledger(self._connection, limit))

    async def mark_written(self, lines: Sequence[LedgerEntry]) -> None:
        """The store holds these revisions."""
        marks = [(line.revision, line.gateway, line.run, line.hour_ms) for line in lines]
        await self._run(lambda: self._write_many(_MARK_WRITTEN, marks))

    async def close(self) -> None:
        """Finish what was begun and let the file go."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._connection.close)
        self._thread.shutdown()
        self._lock.close()

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except sqlite3.Error as error:
            raise OperatorError(f"{self._path}: ingest state cannot be written ({error})") from error

    def _load(self) -> None:
        received = {RunKey(*run): ms for *run, ms in self._connection.execute(_LAST_RECEIVED)}
        columns = "gateway, run, base, through, stored, through_created_ms, highest_created_ms"
        for gateway, run, base, through, stored, created_ms, highest_ms in self._connection.execute(
            f"SELECT {columns} FROM cursors ORDER BY changed"
        ):
            key, ranges = RunKey(gateway, run), SequenceRanges.parse(stored)
            self.cursors[key] = RunCursor(base, through, ranges, created_ms, highest_ms, received.get(key, 0))
        for gateway, run, since_ms, from_seq, to_seq, started_ms, arrived in self._connection.execute(
            "SELECT * FROM refills"
        ):
            refill = Refill(since_ms, from_seq, to_seq, started_ms, SequenceRanges.parse(arrived))
            self.refills[RunKey(gateway, run)] = refill
        self.counts.update(dict(self._connection.execute("SELECT name, value FROM counts")))

    def _note_refilled(self, key: RunKey, seqs: set[int]) -> str:
        """Noted before the commit, which is repeated until it succeeds; a crash before that forgets both."""
        arrived = self.refills[key].arrived
        for seq in seqs:
            arrived.add(seq)
        return str(arrived)

    def _commit(self, settlement: Settlement, refill_progress: Sequence[tuple[str, str, str]]) -> int:
        self._refuse_a_lost_file()
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in (_DROP_RUN, _DROP_REFILL):
                connection.executemany(statement, settlement.dropped_runs)
            for key, cursor in settlement.cursors.items():
                created_ms = (cursor.through_created_ms, cursor.highest_created_ms)
                values = (*key, cursor.base, cursor.through, str(cursor.stored), *created_ms)
                connection.execute(_UPSERT_CURSOR, values)
            connection.executemany(
                _ADD_TO_LEDGER,
                [
                    (*key, line.received, line.stored, line.quarantined, line.duplicate, line.late, line.through_seq,
                     line.batches, line.refilled, line.first_seq, line.last_seq, line.last_received_ms)
                    for key, line in settlement.ledger.items()
                ],
            )  # fmt: skip
            connection.executemany(
                _TOUCH_NEXT_HOUR,
                [
                    {"gateway": key.gateway, "run": key.run, "hour": key.hour_ms}
                    for key, line in settlement.ledger.items()
                    if line.last_seq
                ],
            )
            if refill_progress:
                connection.executemany(_REFILL_PROGRESS, refill_progress)
            dropped = 0
            if settlement.refusals:
                add_refusals(connection, settlement.refusals)
                dropped = drop_oldest(connection, self._quarantine_max_records)
            counts = [*settlement.counts.items(), (Count.QUARANTINE_DROPPED, dropped)]
            counts.append((Count.RUNS_DROPPED, len(settlement.dropped_runs)))
            connection.executemany(_ADD_COUNT, [(str(name), number) for name, number in counts if number])
            connection.execute("COMMIT")
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return dropped

    def _write_many(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        self._refuse_a_lost_file()
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            self._connection.executemany(statement, rows)
            self._connection.execute("COMMIT")
        except sqlite3.Error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def _refuse_a_lost_file(self) -> None:
        if self.problem:
            raise OperatorError(self.problem)


def _file_number(path: Path) -> tuple[int, int]:
    """What tells one file from another of the same name; zeros when there is none."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_dev, found.st_ino


def _lock(path: Path) -> IO[bytes]:
    """An advisory lock beside the file, held for the life of the process, also through ``kill -9``."""
    try:
        handle = path.with_name(path.name + ".lock").open("wb")
    except OSError as error:
        raise OperatorError(f"{path}: cannot be opened as the ingest state file ({error.strerror})") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        handle.close()
        raise OperatorError(f"{path}: another ingest is using this state file") from error
    return handle
