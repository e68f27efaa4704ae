"""Many rows go into one statement: nobody can tell, neither by what is stored nor by what a failed write leaves."""

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from telemetry_store.rows import PointSeries, ReadingRow
from telemetry_store.sqlite_write import SqliteWriter

SERIES = [PointSeries("energy", "active_power_kw", "em-1", "p", f"em-1.{name}", "steel", "east") for name in "abc"]
ROW_COUNTS = [1, 49, 50, 999, 1_000, 1_051, 2_345]
VALUES = [None, 0.0, 0.1, 1 / 3, 5e-324, 1.7e308, 2.0**53 + 2, -41.2]
Stored = dict[tuple[str, int], tuple[float | None, int, str | None]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def writer(path: Path) -> SqliteWriter:
    return SqliteWriter(path, busy_timeout_seconds=5.0)


def stored(path: Path) -> Stored:
    query = "SELECT point, time_ms, value, status, reason FROM reading JOIN series ON series.id = series_id"
    with closing(sqlite3.connect(path)) as database:
        return {(point, time_ms): (value, *rest) for point, time_ms, value, *rest in database.execute(query)}


def one_after_the_other(rows: list[ReadingRow]) -> Stored:
    """The last write wins field by field; what a row does not carry stays."""
    found: Stored = {}
    for row in rows:
        value, _, reason = found.get((row.series.point, row.time_ms), (None, 0, None))
        kept_value = value if row.value is None else row.value
        found[row.series.point, row.time_ms] = (kept_value, row.status, reason if row.reason is None else row.reason)
    return found


@pytest.mark.parametrize("count", ROW_COUNTS)
def test_rows_of_the_same_time_follow_each_other_also_in_one_statement(
    writer: SqliteWriter, path: Path, count: int
) -> None:
    draw = random.Random(count)
    rows = [
        ReadingRow(
            draw.choice(SERIES),
            draw.randrange(count // 4 + 1),
            draw.choice(VALUES),
            draw.randrange(3),
            draw.choice([None, "", "stale"]),
        )
        for _ in range(count)
    ]
    try:
        outcomes = [writer.write_readings(part) for part in (rows[: count // 2], rows)]
        assert [outcome.accepted for outcome in outcomes] == [count // 2, count]
        expected = one_after_the_other(rows[: count // 2] + rows)
        assert stored(path) == expected
    finally:
        writer.close()


@pytest.mark.parametrize("count", ROW_COUNTS)
def test_a_write_that_fails_at_its_last_row_leaves_nothing(writer: SqliteWriter, path: Path, count: int) -> None:
    rows = [ReadingRow(SERIES[0], n, float(n)) for n in range(count)]
    impossible = ReadingRow(SERIES[0], count, 1.0, None)  # type: ignore[arg-type]
    try:
        assert writer.write_readings(rows[:1]).accepted == 1
        assert writer.write_readings([*rows, impossible]).kept == tuple(range(count + 1))
        assert len(stored(path)) == 1
        assert writer.write_readings(rows).accepted == count
        assert len(stored(path)) == count
    finally:
        writer.close()


def test_keys_of_a_transaction_that_failed_in_any_way_are_forgotten(writer: SqliteWriter, path: Path) -> None:
    with pytest.raises(OverflowError):
        writer.write_readings([ReadingRow(SERIES[0], 1, 1.0), ReadingRow(SERIES[0], 2, 2**63)])
    assert writer.write_readings([ReadingRow(SERIES[0], 3, 3.0)]).accepted == 1
    assert stored(path) == {("em-1.a", 3): (3.0, 0, None)}
