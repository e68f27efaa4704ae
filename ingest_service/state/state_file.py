"""The state in memory and on disk: loaded once, changed only by committed settlements.

All disk work runs in one thread, so the event loop never waits for a disk and commits keep their order.
"""

import asyncio
import fcntl
import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, NamedTuple, TypeVar

from ingest_service.state.quarantine import add_refusals, drop_oldest
from ingest_service.state.run_cursor import RunCursor, RunKey
from ingest_service.state.schema import open_state
from ingest_service.state.sequence_ranges import SequenceRanges
from ingest_service.state.settlement import Count, LedgerKey, LedgerLine, Settlement
from service_runtime.errors import OperatorError

T = TypeVar("T")

_UPSERT_CURSOR = """
INSERT INTO cursors (gateway, run, base, through, stored, through_created_ms, changed)
VALUES (?, ?, ?, ?, ?, ?, (SELECT coalesce(max(changed), 0) + 1 FROM cursors))
ON CONFLICT DO UPDATE SET base=excluded.base, through=excluded.through, stored=excluded.stored,
through_created_ms=excluded.through_created_ms, changed=excluded.changed
"""
_ADD_COUNT = "INSERT INTO counts VALUES (?, ?) ON CONFLICT DO UPDATE SET value = value + excluded.value"
_ADD_TO_LEDGER = """
INSERT INTO ledger (gateway, run, hour_ms, received, stored, quarantined, duplicate, late, missing, through_seq)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET received = received + excluded.received, stored = stored + excluded.stored,
    quarantined = quarantined + excluded.quarantined, duplicate = duplicate + excluded.duplicate,
    late = late + excluded.late, missing = missing + excluded.missing, through_seq = excluded.through_seq,
    revision = revision + 1
"""
_UNWRITTEN = """
SELECT gateway, run, hour_ms, received, stored, quarantined, duplicate, late, missing, through_seq, revision
FROM ledger WHERE written_revision < revision ORDER BY hour_ms LIMIT ?
"""
_MARK_WRITTEN = "UPDATE ledger SET written_revision = ? WHERE gateway = ? AND run = ? AND hour_ms = ?"


class UnwrittenLine(NamedTuple):
    """A ledger line the store has not seen in this revision."""

    key: LedgerKey
    line: LedgerLine
    revision: int


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
        self._load()

    def latest_runs(self) -> dict[str, RunKey]:
        """The most recently changed run of each gateway."""
        return {key.gateway: key for key in self.cursors}

    async def commit(self, settlement: Settlement) -> int:
        """Put it on disk, then into memory; returns how many old quarantine records had to go.

        Raises :class:`OperatorError` (disk full, file gone ...) and then nothing has changed.
        """
        dropped = await self._run(lambda: self._commit(settlement))
        for key, cursor in settlement.cursors.items():
            self.cursors.pop(key, None)
            self.cursors[key] = cursor
        self.counts.update(settlement.counts)
        self.counts[Count.QUARANTINE_DROPPED] += dropped
        return dropped

    async def unwritten_ledger(self, limit: int) -> list[UnwrittenLine]:
        """Ledger lines that changed since they were last written to the store, oldest hour first."""
        return await self._run(lambda: self._unwritten(limit))

    async def mark_written(self, lines: Sequence[UnwrittenLine]) -> None:
        """The store holds these revisions."""
        marks = [(written.revision, *written.key) for written in lines]
        await self._run(lambda: self._mark_written(marks))

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
        columns = "gateway, run, base, through, stored, through_created_ms"
        for gateway, run, base, through, stored, created_ms in self._connection.execute(
            f"SELECT {columns} FROM cursors ORDER BY changed"
        ):
            self.cursors[RunKey(gateway, run)] = RunCursor(base, through, SequenceRanges.parse(stored), created_ms)
        self.counts.update(dict(self._connection.execute("SELECT name, value FROM counts")))

    def _commit(self, settlement: Settlement) -> int:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            for key, cursor in settlement.cursors.items():
                values = (*key, cursor.base, cursor.through, str(cursor.stored), cursor.through_created_ms)
                connection.execute(_UPSERT_CURSOR, values)
            connection.executemany(
                _ADD_TO_LEDGER,
                [
                    (*key, line.received, line.stored, line.quarantined, line.duplicate, line.late, line.missing,
                     line.through_seq)
                    for key, line in settlement.ledger.items()
                ],
            )  # fmt: skip
            dropped = 0
            if settlement.refusals:
                add_refusals(connection, settlement.refusals)
                dropped = drop_oldest(connection, self._quarantine_max_records)
            counts = [*settlement.counts.items(), (Count.QUARANTINE_DROPPED, dropped)]
            connection.executemany(_ADD_COUNT, [(str(name), number) for name, number in counts if number])
            connection.execute("COMMIT")
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return dropped

    def _unwritten(self, limit: int) -> list[UnwrittenLine]:
        return [
            UnwrittenLine(LedgerKey(*row[:3]), LedgerLine(*row[3:10]), row[10])
            for row in self._connection.execute(_UNWRITTEN, (limit,))
        ]

    def _mark_written(self, marks: Sequence[tuple[int, str, str, int]]) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            self._connection.executemany(_MARK_WRITTEN, marks)
            self._connection.execute("COMMIT")
        except sqlite3.Error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise


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
