"""A day of a park with many tenants under all rules: what judging costs, and what the store's own queries are of it."""

import functools
import gc
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

from analytics.findings.store import write_findings, write_indicators
from analytics.judging.evaluate import Judgement, judge
from analytics.rulebook import load_rulebook
from telemetry_model.park_register import Park
from telemetry_store.open import open_store
from telemetry_store.protocol import TelemetryStore
from tests.bench.cpu import ProcessMeter, Spent, meter_of_child, spent_by
from tests.bench.figures import Figure, Target
from tests.bench.tenant_park import day_of_readings, tenant_park, whole_day
from tests.bench.verdicts import RecordingStore
from tests.servers.influxdb import InfluxDatabase, InfluxServer

TENANTS = 1000
STORES = ("sqlite", "influx")
GROWTH = (16, 4, 1)
"""Evaluated at a sixteenth, a quarter and the whole of the tenants."""
REPEATS = {"sqlite": 2, "influx": 1}
"""InfluxDB takes most of a minute a time, and what it takes is its own CPU: one go is enough."""
RATIO_TARGET = Target(1.5, at_most=True)
LINEAR_TARGET = Target(1.25, at_most=True)
"""CPU seconds a tenant at 16 times the tenants over those at one: more would be more than linear."""


class Measured(NamedTuple):
    """One park size in one store; CPU seconds are of this process and the database's together."""

    tenants: int
    points: int
    readings: int
    findings: int
    queries: int
    judging: Spent
    asking: Spent
    writing: Spent


class Meter:
    """CPU of this process, and of the database where it is a process of its own."""

    def __init__(self, repeats: int, database: ProcessMeter | None = None) -> None:
        self._repeats = repeats
        self._database = database

    async def least(self, work: Callable[[], Awaitable[object]]) -> Spent:
        """The repeat that took the least CPU: the one least disturbed."""
        return min([await self.once(work) for _ in range(self._repeats)])

    async def once(self, work: Callable[[], Awaitable[object]]) -> Spent:
        """CPU and wall time of one go."""
        gc.collect()
        if self._database is None:
            return await spent_by(work)
        self._database.reset()
        own = await spent_by(work)
        return Spent(own.cpu_seconds + self._database.spent().cpu_seconds, own.wall_seconds)


async def measure(folder: Path, tenants: int = TENANTS, store: str = "") -> list[Figure]:
    """Both stores, or the one named."""
    figures: list[Figure] = []
    for kind in (store,) if store else STORES:
        measured = await (_in_influxdb if kind == "influx" else _in_sqlite)(folder, tenants)
        figures += figures_of(measured, "InfluxDB" if kind == "influx" else "SQLite")
    return figures


def figures_of(measured: list[Measured], store: str) -> list[Figure]:
    """The largest park in detail, the smaller ones for the growth."""
    largest, smallest = measured[-1], measured[0]
    judging, asking = largest.judging, largest.asking
    a_tenant = [seen.judging.cpu_seconds / seen.tenants for seen in (smallest, largest)]
    figures = [
        Figure("tenants", largest.tenants, "tenants"),
        Figure("points", largest.points, "points"),
        Figure("readings in the store", largest.readings, "readings"),
        Figure("findings of a day", largest.findings, "findings"),
        Figure("queries of a day", largest.queries, "queries"),
        Figure("judging the day", judging.cpu_seconds, "CPU s"),
        Figure("the store's own queries", asking.cpu_seconds, "CPU s"),
        Figure("judging / the store's own queries", judging.cpu_seconds / asking.cpu_seconds, "x CPU", RATIO_TARGET),
        Figure("judging the day", judging.wall_seconds, "s"),
        Figure("the store's own queries", asking.wall_seconds, "s"),
        Figure("judging / the store's own queries", judging.wall_seconds / asking.wall_seconds, "x time", RATIO_TARGET),
        Figure("writing the findings, all new", largest.writing.cpu_seconds, "CPU s"),
    ]
    figures += [Figure(f"judging {seen.tenants} tenants", seen.judging.cpu_seconds, "CPU s") for seen in measured]
    figures.append(Figure("CPU a tenant, largest / smallest park", a_tenant[1] / a_tenant[0], "x", LINEAR_TARGET))
    return [figure._replace(name=f"{store}: {figure.name}") for figure in figures]


def sizes(tenants: int) -> list[int]:
    """A sixteenth, a quarter and all of them, at least one."""
    return [max(1, tenants // share) for share in GROWTH]


async def _in_sqlite(folder: Path, tenants: int) -> list[Measured]:
    found: list[Measured] = []
    for size in sizes(tenants):
        path = folder / f"tenants-{size}.db"
        found.append(await _of_size(f"sqlite:///{path}", size, Meter(REPEATS["sqlite"])))
        for file in folder.glob(f"{path.name}*"):
            file.unlink()
    return found


async def _in_influxdb(folder: Path, tenants: int) -> list[Measured]:
    server = InfluxServer(folder / "influxdb")
    found: list[Measured] = []
    try:
        server.start()
        meter = Meter(REPEATS["influx"], meter_of_child("influxd"))
        for size in sizes(tenants):
            database = InfluxDatabase(server, f"tenants_{size}")
            found.append(await _of_size(database.url, size, meter))
            database.drop()
    finally:
        server.kill()
    return found


async def _of_size(url: str, tenants: int, meter: Meter) -> Measured:
    park = tenant_park(tenants)
    store = RecordingStore(open_store(url))
    try:
        readings = await load_day(store, park)
        return await _judged(store, park, readings, meter, tenants)
    finally:
        await store.close()


async def load_day(store: TelemetryStore, park: Park) -> int:
    """The day of all points, as ingest would have written it; how many readings."""
    total = 0
    for rows in day_of_readings(park):
        outcome = await store.write_readings(rows)
        if outcome.accepted != len(rows):
            raise RuntimeError(f"not every row was accepted: {outcome.kept_detail}")
        total += len(rows)
    return total


async def _judged(store: RecordingStore, park: Park, readings: int, meter: Meter, tenants: int) -> Measured:
    rules, span = load_rulebook(), whole_day(park)
    found = Judgement([], [])

    async def judge_day() -> None:
        nonlocal found
        found = Judgement([], [])
        store.queries.clear()
        found = await judge(store, park, rules, span, span.to_ms)

    judging = await meter.least(judge_day)
    asking = await meter.least(store.ask_again)
    queries = len(store.queries)
    writing = await meter.once(functools.partial(_write, store, found))
    return Measured(
        tenants, len(park.points), readings, len(found.findings), queries, judging, asking, writing
    )  # fmt: skip


async def _write(store: TelemetryStore, found: Judgement) -> None:
    await write_findings(store, found.findings)
    await write_indicators(store, found.indicators)
