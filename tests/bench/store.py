"""Rows into the stores, without broker and ingest: SQLite, the text of line protocol, and a real InfluxDB."""

import time
from collections.abc import Sequence
from pathlib import Path

from ingest_service.admission import Admitter
from ingest_service.bindings import ParkBindings
from telemetry_store.line_protocol import ReadingLines, body
from telemetry_store.open import open_store
from telemetry_store.rows import ReadingRow
from tests.bench.cpu import Spent, collector_as_in_ingest, cpu_seconds_of, meter_of_child, spent_by
from tests.bench.figures import Figure
from tests.bench.workload import GATEWAY, PACK_READINGS, demo_park, packs
from tests.servers.influxdb import InfluxDatabase, InfluxServer

ROWS = 400_000
ROWS_PER_WRITE = 5_000


async def measure(folder: Path) -> list[Figure]:
    """The same rows into each."""
    rows = admitted_rows(ROWS)
    text = ReadingLines()
    lines = cpu_seconds_of(lambda chunk: body(text.lines(chunk)), _chunks(rows), repeats=3)
    sqlite = await _write(f"sqlite:///{folder}/store.db", rows)
    figures = [
        Figure("line protocol", ROWS / lines, "rows/CPU s"),
        Figure("SQLite, writes of 5,000", ROWS / sqlite.cpu_seconds, "rows/CPU s"),
        Figure("SQLite file", (folder / "store.db").stat().st_size / ROWS, "bytes/row"),
    ]
    return figures + await _influxdb(folder / "influxdb", rows)


def admitted_rows(count: int) -> list[ReadingRow]:
    """Rows as admission gives them."""
    park, now_ms = demo_park(), time.time_ns() // 1_000_000
    admitter = Admitter(ParkBindings(park))
    payloads = packs(park, count // PACK_READINGS, PACK_READINGS, now_ms - 12 * 3_600_000)
    return [row for payload in payloads for row in admitter.admit(GATEWAY, payload, now_ms).rows]


async def _influxdb(folder: Path, rows: Sequence[ReadingRow]) -> list[Figure]:
    server = InfluxServer(folder)
    try:
        server.start()
        url = InfluxDatabase(server, "bench").url
        influxd = meter_of_child("influxd")
        client = await _write(url, rows)
        database = influxd.spent()
    finally:
        server.kill()
    return [
        Figure("InfluxDB, writes of 5,000", ROWS / client.wall_seconds, "rows/s"),
        Figure("InfluxDB, our side", ROWS / client.cpu_seconds, "rows/CPU s"),
        Figure("InfluxDB, the database's side", ROWS / database.cpu_seconds, "rows/CPU s"),
    ]


async def _write(url: str, rows: Sequence[ReadingRow]) -> Spent:
    store = open_store(url)

    async def write_all() -> None:
        for chunk in _chunks(rows):
            outcome = await store.write_readings(chunk)
            if outcome.accepted != len(chunk):
                raise RuntimeError(f"{url}: not every row was accepted: {outcome.kept_detail}")

    try:
        with collector_as_in_ingest():
            return await spent_by(write_all)
    finally:
        await store.close()


def _chunks(rows: Sequence[ReadingRow]) -> list[Sequence[ReadingRow]]:
    return [rows[at : at + ROWS_PER_WRITE] for at in range(0, len(rows), ROWS_PER_WRITE)]
