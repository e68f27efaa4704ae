"""The embedded store: one SQLite file in WAL mode, a thread that writes and one that reads; needs no server.

Several programs may open the same file: transactions are short, and a file that stays locked means rows are kept.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

from service_runtime.errors import UnreachableError
from telemetry_store.protocol import StoreDescription
from telemetry_store.query import SeriesQuery, SeriesResult
from telemetry_store.rows import ReadingRow, RecordRow, WriteOutcome
from telemetry_store.sqlite_answer import answer
from telemetry_store.sqlite_connection import BUSY_TIMEOUT_SECONDS, connect, file_number
from telemetry_store.sqlite_write import SqliteWriter

P = ParamSpec("P")
T = TypeVar("T")


class SqliteStore:
    """A :class:`~telemetry_store.protocol.TelemetryStore` in one file; the folder must exist, the file need not."""

    def __init__(self, path: Path, busy_timeout_seconds: float = BUSY_TIMEOUT_SECONDS) -> None:
        self._path = path
        self._busy_timeout_seconds = busy_timeout_seconds
        self._writer = SqliteWriter(path, busy_timeout_seconds)
        self._write_thread = ThreadPoolExecutor(1, thread_name_prefix="store-write")
        # One: the driver hands the interpreter over at every row, so that two answers at once take each twice as long.
        self._read_thread = ThreadPoolExecutor(1, thread_name_prefix="store-read")
        self._reader: sqlite3.Connection | None = None
        self._read_file = 0

    async def write_readings(self, rows: Sequence[ReadingRow]) -> WriteOutcome:
        """Write in one transaction, on disk when this returns; a locked, full or missing file keeps the rows."""
        return await self._run(self._write_thread, self._writer.write_readings, rows)

    async def write_records(self, rows: Sequence[RecordRow]) -> WriteOutcome:
        """Write in one transaction, on disk when this returns; a locked, full or missing file keeps the rows."""
        return await self._run(self._write_thread, self._writer.write_records, rows)

    async def select(self, query: SeriesQuery) -> list[SeriesResult]:
        """Answer from a snapshot of the file; raises :class:`UnreachableError` naming the file."""
        return await self._run(self._read_thread, self._select, query)

    async def delete_readings(self, measurement: str, park: str, before_ms: int) -> None:
        """In the writer's thread, a day at a time."""
        await self._run(self._write_thread, self._writer.delete_readings, measurement, park, before_ms)

    async def check(self) -> StoreDescription:
        """Open the file if there is one; raises :class:`UnreachableError` naming it, or its folder."""
        return await self._run(self._read_thread, self._check)

    async def close(self) -> None:
        """Finish what was begun and close the file."""
        await self._run(self._write_thread, self._writer.close)
        # Answers nobody waits for any more are not worked out; the one being read comes to its end first.
        self._read_thread.shutdown(wait=False, cancel_futures=True)
        self._write_thread.shutdown()
        await asyncio.to_thread(self._read_thread.shutdown)
        self._let_go()

    async def _run(self, threads: ThreadPoolExecutor, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(threads, partial(work, *args, **kwargs))

    def _opened_reader(self) -> sqlite3.Connection | None:
        """The reading connection; ``None`` while no one has written: reading makes no file."""
        if self._reader is not None and self._read_file != file_number(self._path):
            # Deleted or replaced (restored from a backup) under us: nobody writes to the old one any more.
            self._let_go()
        if self._reader is None:
            try:
                if not self._path.exists() and self._path.parent.is_dir():
                    return None
            except OSError as error:
                raise UnreachableError(f"sqlite {self._path}: {error.strerror}") from error
            self._reader = connect(self._path, self._busy_timeout_seconds)
            self._read_file = file_number(self._path)
        return self._reader

    def _let_go(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _select(self, query: SeriesQuery) -> list[SeriesResult]:
        try:
            reader = self._opened_reader()
            return answer(reader, query) if reader is not None else []
        except sqlite3.Error as error:
            self._let_go()  # what is wrong with this connection need not be wrong with the next
            raise UnreachableError(f"sqlite {self._path}: {error}") from error

    def _check(self) -> StoreDescription:
        try:
            reader = self._opened_reader()
            if reader is None:
                return StoreDescription("sqlite", sqlite3.sqlite_version, f"{self._path}, not written yet")
            (count,) = reader.execute("SELECT count(*) FROM series").fetchone()
        except sqlite3.Error as error:
            self._let_go()
            raise UnreachableError(f"sqlite {self._path}: {error}") from error
        return StoreDescription("sqlite", sqlite3.sqlite_version, f"{self._path}, {count} series")
