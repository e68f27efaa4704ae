"""The twelve-month dashboard of the demo park from a year of rollups: time on the wall of a whole board, cold cache."""

import math
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dashboards.boards import park_year
from dashboards.console.answers import PanelReader, View
from service_runtime.clock import ManualClock
from telemetry_model.park_register import MeasuringPoint, Park
from telemetry_model.quantities import Kind
from telemetry_model.storage_schema import ROLLUP_COLUMNS, RollupPeriod, rollup_field, rollup_measurement
from telemetry_store.open import open_store
from telemetry_store.protocol import TelemetryStore
from telemetry_store.rows import PointSeries, ReadingRow
from tests.bench.figures import Figure, Target
from tests.bench.workload import demo_park
from tests.servers.influxdb import InfluxDatabase, InfluxServer

DAYS = 365
HOURS_PER_DAY = 24
ROWS_PER_WRITE = 20_000
REPEATS = 20
BOARD_TARGET = Target(1.0, at_most=True)


async def measure(folder: Path) -> list[Figure]:
    """The same year in SQLite and in InfluxDB."""
    figures = await _board_of(f"sqlite:///{folder}/year.db", "SQLite")
    server = InfluxServer(folder / "influxdb")
    try:
        server.start()
        figures += await _board_of(InfluxDatabase(server, "bench").url, "InfluxDB")
    finally:
        server.kill()
    return figures


async def _board_of(url: str, kind: str) -> list[Figure]:
    park, now = demo_park(), datetime.now(UTC)
    store = open_store(url)
    try:
        rows = await _fill(store, park, now)
        seconds, values = [], 0
        for _ in range(REPEATS):
            took, values = await _ask_once(store, park, round(now.timestamp() * 1000))
            seconds.append(took)
    finally:
        await store.close()
    return [
        Figure(f"{kind}: rollup rows in the store", rows, "rows"),
        Figure(f"{kind}: values on the board", values, "values"),
        Figure(f"{kind}: whole board, p50", percentile(seconds, 0.50), "s"),
        Figure(f"{kind}: whole board, p95", percentile(seconds, 0.95), "s", BOARD_TARGET),
    ]


async def _ask_once(store: TelemetryStore, park: Park, now_ms: int) -> tuple[float, int]:
    """Every panel, one after the other, with nothing kept from before."""
    board, reader = park_year(park), PanelReader(park, store, ManualClock(now_ms))
    view, values = View(DAYS * 86_400, "vi"), 0
    started = time.perf_counter()
    for panel in board.panels:
        answer = await reader.answer(panel, view)
        values += sum(value is not None for series in answer.series for _, value in series.samples)
    return time.perf_counter() - started, values


async def _fill(store: TelemetryStore, park: Park, now: datetime) -> int:
    rows: list[ReadingRow] = []
    total = 0
    for row in rollup_rows(park, now):
        rows.append(row)
        if len(rows) >= ROWS_PER_WRITE:
            await store.write_readings(rows)
            total, rows = total + len(rows), []
    await store.write_readings(rows)
    return total + len(rows)


def rollup_rows(park: Park, now: datetime) -> Iterator[ReadingRow]:
    """A year of daily and hourly rollups of every point, up to the park's last midnight."""
    midnight = now.astimezone(park.timezone).replace(hour=0, minute=0, second=0, microsecond=0)
    days = [round((midnight - timedelta(days=DAYS - n)).timestamp() * 1000) for n in range(DAYS)]
    hours = [day + hour * 3_600_000 for day in days for hour in range(HOURS_PER_DAY)]
    for point in park.points.values():
        yield from _of_point(park, point, RollupPeriod.DAILY, days)
        yield from _of_point(park, point, RollupPeriod.HOURLY, hours)


def _of_point(park: Park, point: MeasuringPoint, period: RollupPeriod, starts: list[int]) -> Iterator[ReadingRow]:
    kind, tags = point.quantity.kind, PointSeries.of(point, park.id).tags()
    for column in ROLLUP_COLUMNS[kind]:
        series = PointSeries(
            measurement=rollup_measurement(point.medium, period), field=rollup_field(point.field_name, column), **tags
        )
        for number, start_ms in enumerate(starts):
            # A counter only grows; anything else swings with the day.
            value = 10.0 * number if kind is Kind.COUNTER else 50.0 + 10.0 * math.sin(number)
            yield ReadingRow(series, start_ms, value, 0)


def percentile(seconds: list[float], share: float) -> float:
    """The nearest-rank percentile: the value that ``share`` of all do not exceed."""
    return sorted(seconds)[max(0, math.ceil(share * len(seconds)) - 1)]
