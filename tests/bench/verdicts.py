"""One evaluation of the demo park over 72 hours in SQLite: its CPU time, and what the store's own queries are of it."""

import gc
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from analytics.bootstrap import AnalyticsService
from analytics.finding import Finding
from analytics.settings import AnalyticsSettings
from deploy.local.workdir import Workdir
from service_runtime.clock import ManualClock
from simulators.backlog import backlog
from simulators.scenario import PlacedScenario, load_scenario
from telemetry_model.park_register import Park
from telemetry_store.open import open_store
from telemetry_store.protocol import StoreDescription, TelemetryStore
from telemetry_store.query import SeriesQuery, SeriesResult
from telemetry_store.rows import PointSeries, ReadingRow, RecordRow, WriteOutcome
from tests.bench.cpu import spent_by
from tests.bench.figures import Figure, Target
from tests.bench.programs import new_workdir
from tests.bench.workload import DEMO_PARK

BACKLOG_HOURS = 72
HOUR_MS = 3_600_000
ROWS_PER_WRITE = 20_000
REPEATS = 3
RATIO_TARGET = Target(1.5, at_most=True)
CYCLE_TARGET = Target(1.0, at_most=True)


class RecordingStore:
    """Passes everything on and remembers the queries, so that they can be asked again by themselves."""

    def __init__(self, store: TelemetryStore) -> None:
        self._store = store
        self.queries: list[SeriesQuery] = []

    async def write_readings(self, rows: Sequence[ReadingRow]) -> WriteOutcome:
        """As the store."""
        return await self._store.write_readings(rows)

    async def write_records(self, rows: Sequence[RecordRow]) -> WriteOutcome:
        """As the store."""
        return await self._store.write_records(rows)

    async def select(self, query: SeriesQuery) -> list[SeriesResult]:
        """As the store, remembered."""
        self.queries.append(query)
        return await self._store.select(query)

    async def check(self) -> StoreDescription:
        """As the store."""
        return await self._store.check()

    async def close(self) -> None:
        """As the store."""
        await self._store.close()

    async def ask_again(self) -> None:
        """All remembered queries, one after the other."""
        for query in self.queries:
            await self._store.select(query)


class NoAlerts:
    """Takes findings and writes to nobody: letters are not what is measured."""

    async def process(self, findings: Sequence[Finding], _: object = None, /) -> object:
        """Nothing."""
        return len(findings)

    async def close(self) -> None:
        """Nothing."""


async def measure(folder: Path) -> list[Figure]:
    """Fill the store, judge as at the start of the service, judge again as every few minutes."""
    workdir = new_workdir(folder)
    now_ms = time.time_ns() // 60_000_000_000 * 60_000
    park = workdir.adopt_park(DEMO_PARK)
    since = datetime.fromtimestamp((now_ms - BACKLOG_HOURS * HOUR_MS) / 1000, tz=park.timezone)
    placed = load_scenario("bach-dang-demo").on(
        datetime.fromtimestamp(now_ms / 1000, tz=park.timezone).date(), park.timezone
    )
    store = RecordingStore(open_store(workdir.store_url))
    try:
        rows = await _fill(store, park, placed, now_ms)
        service = AnalyticsService(_settings(workdir, since), park, store, NoAlerts(), ManualClock(now_ms))
        return [Figure("readings in the store", rows, "readings"), *await _judge(service, store)]
    finally:
        await store.close()


async def _judge(service: AnalyticsService, store: RecordingStore) -> list[Figure]:
    first = await spent_by(service.evaluate_once)
    cycle_seconds = queries_seconds = float("inf")
    findings = 0

    async def again() -> None:
        nonlocal findings
        findings = len((await service.evaluate_once()).findings)

    for _ in range(REPEATS):
        store.queries.clear()
        gc.collect()
        cycle_seconds = min(cycle_seconds, (await spent_by(again)).cpu_seconds)
        queries_seconds = min(queries_seconds, (await spent_by(store.ask_again)).cpu_seconds)
    return [
        Figure("first evaluation after the start", first.cpu_seconds, "CPU s"),
        Figure("every following evaluation", cycle_seconds, "CPU s", CYCLE_TARGET),
        Figure("findings of an evaluation", findings, "findings"),
        Figure("queries of an evaluation", len(store.queries), "queries"),
        Figure("share of the store's own queries", 100 * queries_seconds / cycle_seconds, "%"),
        Figure("evaluation / its queries alone", cycle_seconds / queries_seconds, "x CPU", RATIO_TARGET),
    ]


async def _fill(store: TelemetryStore, park: Park, placed: PlacedScenario, now_ms: int) -> int:
    """The backlog of all gateways, as ingest would have written it."""
    series = {point.id: PointSeries.of(point, park.id) for point in park.points.values()}
    rows: list[ReadingRow] = []
    total = 0
    for _, _, taken in backlog(park, placed, now_ms - BACKLOG_HOURS * HOUR_MS, now_ms):
        rows += [ReadingRow(series[r.point], r.measured_at_ms, r.value, int(r.status), r.reason) for r in taken]
        total += len(taken)
        if len(rows) >= ROWS_PER_WRITE:
            await store.write_readings(rows)
            rows = []
    await store.write_readings(rows)
    return total


def _settings(workdir: Workdir, since: datetime) -> AnalyticsSettings:
    return AnalyticsSettings(
        park_folder=str(workdir.park),
        store_url=workdir.store_url,
        state_path=str(workdir.analytics_state),
        smtp_host="127.0.0.1",
        mail_from="ecopark@example.org",
        evaluate_from=since.isoformat(),
    )
