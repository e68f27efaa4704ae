"""The embedded store's file: shared by several processes, locked, missing, broken or newer than this program."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from service_runtime.errors import UnreachableError
from telemetry_store.query import Aggregate, Select, SeriesQuery
from telemetry_store.rows import PointSeries, ReadingRow, RecordRow
from telemetry_store.sqlite_store import SqliteStore

SERIES = PointSeries("energy", "active_power_kw", "em-1", "p", "em-1.active_power", "steel", "east")
ROWS = [ReadingRow(SERIES, n * 1000, float(n)) for n in range(20)]
COUNT = SeriesQuery("energy", (Select("active_power_kw", Aggregate.COUNT, "n"),), 0, 10**12)
WRITER = """
    import asyncio, sys
    from pathlib import Path
    from telemetry_store.rows import PointSeries, ReadingRow
    from telemetry_store.sqlite_store import SqliteStore

    async def main():
        store = SqliteStore(Path(sys.argv[1]))
        series = PointSeries("energy", "active_power_kw", sys.argv[2], "p", sys.argv[2], "steel", "east")
        for batch in range(int(sys.argv[3])):
            rows = [ReadingRow(series, batch * 1000 + n, float(n)) for n in range(50)]
            assert (await store.write_readings(rows)).accepted == 50
            print(batch, flush=True)

    asyncio.run(main())
"""


def start_writer(path: Path, name: str, batches: int) -> subprocess.Popen[bytes]:
    """Another process that writes batches of 50 readings and prints each batch's number once it is accepted."""
    command = [sys.executable, "-c", textwrap.dedent(WRITER), str(path), name, str(batches)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": os.getcwd()})


async def count_rows(store: SqliteStore) -> object:
    results = await store.select(COUNT)
    return results[0].rows[0][1] if results else 0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


async def test_a_locked_file_keeps_the_rows_and_takes_them_later(path: Path) -> None:
    store = SqliteStore(path, busy_timeout_seconds=0.05)
    await store.write_readings(ROWS[:1])
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    outcome = await store.write_readings(ROWS)
    assert (outcome.rejected, outcome.kept) == ((), tuple(range(20)))
    assert outcome.kept_detail == f"sqlite {path}: database is locked"
    other.execute("ROLLBACK")
    other.close()
    assert (await store.write_readings(ROWS)).accepted == 20
    await store.close()


async def test_a_locked_file_can_still_be_read(path: Path) -> None:
    store = SqliteStore(path, busy_timeout_seconds=0.05)
    await store.write_readings(ROWS)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert await count_rows(store) == 20
    other.close()
    await store.close()


async def test_series_of_a_rolled_back_write_are_not_remembered(path: Path) -> None:
    store = SqliteStore(path, busy_timeout_seconds=0.05)
    await store.write_records([RecordRow("findings", {"rule": "r"}, 0, {"x": 1.0})])
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("CREATE TRIGGER full BEFORE INSERT ON reading BEGIN SELECT raise(ABORT, 'disk is full'); END")
    outcome = await store.write_readings(ROWS)
    assert (len(outcome.kept), outcome.kept_detail) == (20, f"sqlite {path}: disk is full")
    other.execute("DROP TRIGGER full")
    other.close()
    assert (await store.write_readings(ROWS)).accepted == 20
    assert await count_rows(store) == 20
    await store.close()


async def test_a_missing_folder_keeps_rows_and_is_named(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "missing" / "store.db")
    outcome = await store.write_readings(ROWS)
    assert (len(outcome.kept), outcome.rejected) == (20, ())
    assert f"no such folder {tmp_path}/missing" in outcome.kept_detail
    for work in (store.check(), store.select(COUNT)):
        with pytest.raises(UnreachableError, match="no such folder"):
            await work
    (tmp_path / "missing").mkdir()
    assert (await store.write_readings(ROWS)).accepted == 20
    await store.close()


async def test_a_file_that_is_no_database_is_named_and_left_alone(path: Path) -> None:
    path.write_text("time;value\n" * 100)
    store = SqliteStore(path)
    with pytest.raises(UnreachableError, match=r"store\.db: file is not a database"):
        await store.check()
    assert len((await store.write_readings(ROWS)).kept) == 20
    assert path.read_text().startswith("time;value")
    await store.close()


async def test_a_file_of_a_newer_program_is_left_alone(path: Path) -> None:
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 99")
    database.close()
    store = SqliteStore(path)
    with pytest.raises(UnreachableError, match="schema 99 is newer"):
        await store.check()
    await store.close()


async def test_reading_makes_no_file(path: Path) -> None:
    store = SqliteStore(path)
    assert await store.select(COUNT) == []
    assert (await store.check()).detail.endswith("not written yet")
    assert not path.exists()
    await store.close()


async def test_several_processes_write_the_same_file(path: Path) -> None:
    writers = [start_writer(path, name, batches=20) for name in ("em-1", "em-2")]
    store = SqliteStore(path)
    findings = [RecordRow("findings", {"rule": "r"}, n, {"x": float(n)}) for n in range(50)]
    for finding in findings:
        assert (await store.write_records([finding])).accepted == 1
        await count_rows(store)
    for writer in writers:
        writer.communicate(timeout=60)
        assert writer.returncode == 0
    assert await count_rows(store) == 2 * 20 * 50
    await store.close()


async def test_what_was_accepted_survives_a_kill(path: Path) -> None:
    writer = start_writer(path, "em-1", batches=100_000)
    assert writer.stdout is not None
    last = 0
    while last < 20:
        last = int(writer.stdout.readline())
    writer.send_signal(signal.SIGKILL)
    rest = writer.communicate(timeout=60)[0].split()
    last = int(rest[-1]) if rest else last
    store = SqliteStore(path)
    count = await count_rows(store)
    assert count in ((last + 1) * 50, (last + 2) * 50)
    await store.close()


async def test_reads_and_writes_at_once(path: Path) -> None:
    store = SqliteStore(path)
    await store.write_readings(ROWS)
    outcomes = await asyncio.gather(
        *(store.write_readings(ROWS) for _ in range(5)), *(store.select(COUNT) for _ in range(5))
    )
    assert len(outcomes) == 10
    assert await count_rows(store) == 20
    await store.close()


async def test_a_store_can_be_closed_unused(path: Path) -> None:
    await SqliteStore(path).close()


async def test_a_file_deleted_under_us_is_not_written_to_any_more(path: Path) -> None:
    store = SqliteStore(path)
    await store.write_readings(ROWS[:5])
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()
    outcome = await store.write_readings(ROWS[5:7])
    assert outcome.accepted == 2
    await store.close()
    assert await count_rows(SqliteStore(path)) == 2


async def test_a_path_that_cannot_even_be_looked_at_is_named_and_keeps_rows(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / ("x" * 300) / "store.db")
    with pytest.raises(UnreachableError, match=r"store\.db: File name too long"):
        await store.check()
    outcome = await store.write_readings(ROWS[:1])
    assert outcome.kept == (0,)
    assert "File name too long" in outcome.kept_detail


async def test_several_programs_make_the_same_file_at_the_same_moment(tmp_path: Path) -> None:
    for attempt in range(5):
        stores = [SqliteStore(tmp_path / f"{attempt}.db") for _ in range(6)]
        rows = [[row] for row in ROWS[: len(stores)]]
        outcomes = await asyncio.gather(*(store.write_readings(one) for store, one in zip(stores, rows, strict=True)))
        assert [outcome.kept_detail for outcome in outcomes] == [""] * len(stores)
        for store in stores:
            await store.close()


async def test_a_file_restored_under_a_reader_is_the_one_that_is_read(tmp_path: Path) -> None:
    path, copy = tmp_path / "t.db", tmp_path / "copy.db"
    writer, reader = SqliteStore(path), SqliteStore(path)
    await writer.write_readings(ROWS[:10])
    assert [row[1] for result in await reader.select(COUNT) for row in result.rows] == [10]
    await writer.close()
    other = SqliteStore(copy)
    await other.write_readings(ROWS)
    await other.close()
    for rest in ("-wal", "-shm"):
        Path(f"{path}{rest}").unlink(missing_ok=True)
    copy.replace(path)
    assert [row[1] for result in await reader.select(COUNT) for row in result.rows] == [20]
    await reader.close()


async def test_a_file_that_was_broken_for_a_while_is_looked_at_anew(tmp_path: Path) -> None:
    path, good = tmp_path / "t.db", tmp_path / "good.db"
    store = SqliteStore(path)
    await store.write_readings(ROWS)
    await store.close()
    path.replace(good)
    path.write_bytes(b"no database" * 1000)
    store = SqliteStore(path)
    with pytest.raises(UnreachableError):
        await store.check()
    path.write_bytes(good.read_bytes())
    assert (await store.check()).detail.endswith("1 series")
    await store.close()


async def test_what_waits_for_its_turn_at_the_end_is_not_read_any_more(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "t.db")
    await store.write_readings([ReadingRow(SERIES, n, float(n)) for n in range(50_000)])
    every_row = SeriesQuery("energy", (Select("active_power_kw"),), 0, 10**12)
    asked = [asyncio.ensure_future(store.select(every_row)) for _ in range(20)]
    await asyncio.sleep(0)
    await store.close()
    ended = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(ended[-1], asyncio.CancelledError)
