"""Writes rows into the embedded store's file, one transaction a call; runs in the store's one writer thread."""

import sqlite3
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import TypeVar

import msgspec

from service_runtime.errors import UnreachableError
from telemetry_store.admissible import refused_readings, refused_records, series_problem
from telemetry_store.rows import PointSeries, ReadingRow, RecordRow, Rejection, WriteOutcome
from telemetry_store.sqlite_connection import connect, file_number

# As in InfluxDB the last write wins field by field: what a later write does not carry stays; "" takes a reason back.
_UPSERT_READINGS = """
INSERT INTO reading (series_id, time_ms, value, status, reason) VALUES {rows}
ON CONFLICT DO UPDATE SET
    value = coalesce(excluded.value, value),
    status = excluded.status,
    reason = coalesce(excluded.reason, reason)
"""
_UPSERT_RECORD = """
INSERT INTO record (series_id, time_ms, fields) VALUES (?, ?, ?)
ON CONFLICT DO UPDATE SET fields = json_patch(fields, excluded.fields)
"""
_ADD_SERIES = """
INSERT INTO series (measurement, field, device, park, point, tenant, zone) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET zone = zone RETURNING id
"""
_ADD_RECORD_SERIES = """
INSERT INTO record_series (measurement, tags) VALUES (?, ?) ON CONFLICT DO UPDATE SET tags = tags RETURNING id
"""
_DELETE_READINGS = """
DELETE FROM reading WHERE series_id = ? AND time_ms IN
    (SELECT time_ms FROM reading WHERE series_id = ? AND time_ms < ? ORDER BY time_ms LIMIT ?)
"""
_DELETED_AT_A_TIME = 10_000
_CELLS_OF_READING = 5
_READINGS_A_STATEMENT = (1_000, 50, 1)
"""Each statement hands the interpreter to the event loop and asks for it back: many rows in one, the rest in fewer."""
_MAX_KNOWN_SERIES = 200_000
_Row = TypeVar("_Row", ReadingRow, RecordRow)
_Result = TypeVar("_Result")


class SqliteWriter:
    """Holds the writing connection and the keys of the series it has met."""

    def __init__(self, path: Path, busy_timeout_seconds: float) -> None:
        self._path = path
        self._busy_timeout_seconds = busy_timeout_seconds
        self._database: sqlite3.Connection | None = None
        self._ids: dict[PointSeries, int] = {}
        self._record_ids: dict[tuple[str, str], int] = {}
        self._bad_series: set[PointSeries] = set()
        self._opened_file = 0

    def write_readings(self, rows: Sequence[ReadingRow]) -> WriteOutcome:
        """All admissible rows in one transaction, or all kept."""
        unmet = {row.series for row in rows}.difference(self._ids)
        self._bad_series.update(series for series in unmet if series_problem(series))
        return self._write(rows, refused_readings(rows, self._bad_series), self._put_readings)

    def write_records(self, rows: Sequence[RecordRow]) -> WriteOutcome:
        """All admissible rows in one transaction, or all kept."""
        return self._write(rows, refused_records(rows), self._put_records)

    def delete_readings(self, measurement: str, park: str, before_ms: int) -> None:
        """Each series in transactions of bounded size: other writers wait only for one of them."""
        try:
            if not self._path.exists():
                return
            for series_id in self._in_transaction(lambda database: _series_ids(database, measurement, park)):
                while self._in_transaction(partial(_delete_some, series_id=series_id, before_ms=before_ms)):
                    pass
        except sqlite3.Error as error:
            self.close()
            raise UnreachableError(f"sqlite {self._path}: {error}") from error

    def close(self) -> None:
        """Let go of the file; the next write opens it again."""
        if self._database is not None:
            self._database.close()
            self._database = None
        self._forget()

    def _forget(self) -> None:
        """Keys from a transaction that failed, or of a file that was replaced, must not be used again."""
        self._ids.clear()
        self._record_ids.clear()
        self._bad_series.clear()

    def _write(
        self,
        rows: Sequence[_Row],
        refused: list[Rejection],
        put: Callable[[sqlite3.Connection, Sequence[_Row]], None],
    ) -> WriteOutcome:
        total = len(rows)
        bad = {rejection.index for rejection in refused}
        good = [row for index, row in enumerate(rows) if index not in bad] if bad else rows
        try:
            if good:
                self._commit(good, put)
        except (sqlite3.Error, UnreachableError) as error:
            self.close()
            kept = tuple(index for index in range(total) if index not in bad)
            return WriteOutcome(total, tuple(refused), kept, f"sqlite {self._path}: {error}")
        return WriteOutcome(total, tuple(refused))

    def _commit(self, rows: Sequence[_Row], put: Callable[[sqlite3.Connection, Sequence[_Row]], None]) -> None:
        self._in_transaction(lambda database: put(database, rows))

    def _in_transaction(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        if self._database is not None and self._opened_file != file_number(self._path):
            # Deleted or replaced under us: what is written to the old one nobody will ever read.
            self.close()
        if self._database is None:
            self._database = connect(self._path, self._busy_timeout_seconds)
            self._opened_file = file_number(self._path)
        self._database.execute("BEGIN IMMEDIATE")
        try:
            result = work(self._database)
            self._database.execute("COMMIT")
            return result
        finally:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
                self._forget()

    def _put_readings(self, database: sqlite3.Connection, rows: Sequence[ReadingRow]) -> None:
        ids = self._ids
        if len(ids) > _MAX_KNOWN_SERIES:
            ids.clear()
        for series in {row.series for row in rows}.difference(ids):
            key = (series.measurement, series.field, *series.tags().values())
            (ids[series],) = database.execute(_ADD_SERIES, key).fetchone()
        cells: list[object] = []
        for row in rows:
            cells += (ids[row.series], row.time_ms, row.value, row.status, row.reason)
        start = 0
        for count in _READINGS_A_STATEMENT:
            width = count * _CELLS_OF_READING
            end = start + (len(cells) - start) // width * width
            if start < end:
                parts = (cells[at : at + width] for at in range(start, end, width))
                database.executemany(_upsert_readings(count), parts)
                start = end

    def _put_records(self, database: sqlite3.Connection, rows: Sequence[RecordRow]) -> None:
        ids = self._record_ids
        if len(ids) > _MAX_KNOWN_SERIES:
            ids.clear()
        cells: list[tuple[int, int, str]] = []
        for row in rows:
            tags = {name: value for name, value in sorted(row.tags.items()) if value}
            key = (row.measurement, msgspec.json.encode(tags).decode())
            if key not in ids:
                (ids[key],) = database.execute(_ADD_RECORD_SERIES, key).fetchone()
            cells.append((ids[key], row.time_ms, msgspec.json.encode(dict(row.fields)).decode()))
        database.executemany(_UPSERT_RECORD, cells)


@cache
def _upsert_readings(count: int) -> str:
    """Of two rows with the same key in one statement the second one finds the first one there."""
    return _UPSERT_READINGS.format(rows=", ".join(["(?, ?, ?, ?, ?)"] * count))


def _series_ids(database: sqlite3.Connection, measurement: str, park: str) -> list[int]:
    found = database.execute("SELECT id FROM series WHERE measurement = ? AND park = ?", (measurement, park))
    return [series_id for (series_id,) in found]


def _delete_some(database: sqlite3.Connection, series_id: int, before_ms: int) -> int:
    """The oldest ones; returns how many."""
    return database.execute(_DELETE_READINGS, (series_id, series_id, before_ms, _DELETED_AT_A_TIME)).rowcount
