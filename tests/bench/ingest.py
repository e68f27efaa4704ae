"""The real ingest process between a real Mosquitto and a real store: CPU per reading, pace, delays, memory.

The feed is published while the process is stopped (SIGSTOP), so that its rounds are full and the publisher does not
compete for the processor; then it runs until everything is stored.
"""

import asyncio
import time
from pathlib import Path
from typing import NamedTuple

from telemetry_model.park_register import Park
from tests.bench.cpu import ProcessMeter, Spent, meter_of_child
from tests.bench.figures import Figure, Target
from tests.bench.programs import IngestUnderTest, new_workdir
from tests.bench.publisher import PackPublisher, pack_publisher
from tests.bench.readable import IsReadable, measure_delays, readable_by_export, readable_by_query
from tests.bench.workload import DEMO_PARK, GATEWAY, PACK_READINGS, demo_park, packs
from tests.servers.influxdb import InfluxDatabase, InfluxServer
from tests.servers.mosquitto import MosquittoServer
from tests.servers.victoria_metrics import VictoriaMetricsServer

PACKS = 2_000
SINGLES = 30_000
PACED_SECONDS = 10
REPEATS = 2
"""Of the packs; the drain that took the least CPU counts."""
HOUR_MS = 3_600_000
PACKS_TARGET = Target(400_000)
SINGLES_TARGET = Target(12_000)
LATENCY_TARGET = Target(250, at_most=True)


class Load(NamedTuple):
    """One feed: what to publish and how many readings that is."""

    payloads: list[bytes]
    readings: int
    numbered: bool


class StoreUnderTest(NamedTuple):
    """Where ingest writes; ``of_database`` meters a database that is a process of its own."""

    name: str
    url: str
    is_readable: IsReadable
    of_database: ProcessMeter | None = None


async def measure(folder: Path) -> list[Figure]:
    """The same with InfluxDB and with SQLite."""
    influx = InfluxServer(folder / "influxdb")
    try:
        influx.start()
        url = InfluxDatabase(influx, "bench").url
        async with readable_by_query(url) as is_readable:
            under_test = StoreUnderTest("InfluxDB", url, is_readable, meter_of_child("influxd"))
            figures = await _with_store(folder / "with-influxdb", under_test)
    finally:
        influx.kill()
    embedded = folder / "with-sqlite"
    url = f"sqlite:///{embedded}/store.db"
    async with readable_by_query(url) as is_readable:
        return figures + await _with_store(embedded, StoreUnderTest("SQLite", url, is_readable))


async def measure_with_victoria_metrics(folder: Path) -> list[Figure]:
    """The same with VictoriaMetrics, which takes the rows but cannot answer our queries."""
    server = VictoriaMetricsServer(folder / "victoria-metrics")
    try:
        server.start()
        is_readable = readable_by_export(server)
        under_test = StoreUnderTest("VictoriaMetrics", server.store_url, is_readable, ProcessMeter(server.pid))
        return await _with_store(folder / "with-victoria-metrics", under_test)
    finally:
        server.kill()


async def _with_store(folder: Path, store: StoreUnderTest) -> list[Figure]:
    workdir = new_workdir(folder)
    park = demo_park()
    broker = MosquittoServer(folder / "mosquitto")
    try:
        broker.start()
        ingest = IngestUnderTest(workdir, DEMO_PARK, broker.url, store.url)
        async with pack_publisher(broker.url, park.id, GATEWAY) as publisher:
            figures, readings_per_second = await _saturated(ingest, publisher, park, store.of_database)
            figures += await _paced(ingest, publisher, park, readings_per_second / 2, store.is_readable)
    finally:
        broker.kill()
    return [figure._replace(name=f"{store.name}: {figure.name}") for figure in figures]


class Drain(NamedTuple):
    """What storing one load took of ingest, and of the database beside it."""

    spent: Spent
    database_cpu_seconds: float


async def _saturated(
    ingest: IngestUnderTest, publisher: PackPublisher, park: Park, of_database: ProcessMeter | None
) -> tuple[list[Figure], float]:
    now_ms = time.time_ns() // 1_000_000
    large = [_load_of_packs(park, now_ms - turn * 6 * HOUR_MS) for turn in range(1, REPEATS + 1)]
    single = Load(packs(park, SINGLES, 1, now_ms - 24 * HOUR_MS), SINGLES, False)
    with ingest.running() as meter:
        await asyncio.to_thread(ingest.wait_until_ready)
        idle_mb = meter.rss_mb()
        drains = [await drain(ingest, meter, publisher, load, of_database) for load in large]
        of_packs, database_cpu_seconds = min(drains)
        packs_mb = meter.rss_mb()
        of_singles = (await drain(ingest, meter, publisher, single)).spent
        singles_mb = meter.rss_mb()
    total = PACKS * PACK_READINGS
    database = [Figure("packs of 200, the database beside it", database_cpu_seconds / total * 1e6, "CPU s/million")]
    return [
        Figure("packs of 200", total / of_packs.cpu_seconds, "readings/CPU s", PACKS_TARGET),
        Figure("packs of 200", of_packs.cpu_seconds / total * 1e6, "CPU s/million"),
        *(database if of_database is not None else []),
        Figure("packs of 200, pace", total / of_packs.wall_seconds, "readings/s"),
        Figure("one record a message", single.readings / of_singles.cpu_seconds, "messages/CPU s", SINGLES_TARGET),
        Figure("one record a message, pace", single.readings / of_singles.wall_seconds, "messages/s"),
        Figure("RSS at start", idle_mb, "MB"),
        Figure("RSS after packs", packs_mb, "MB"),
        Figure("RSS after single records", singles_mb, "MB"),
    ], total / of_packs.wall_seconds


def _load_of_packs(park: Park, start_ms: int) -> Load:
    return Load(packs(park, PACKS, PACK_READINGS, start_ms), PACKS * PACK_READINGS, True)


async def drain(
    ingest: IngestUnderTest,
    meter: ProcessMeter,
    publisher: PackPublisher,
    load: Load,
    of_database: ProcessMeter | None = None,
) -> Drain:
    """Queue the whole load at the broker, then let ingest store it."""
    before = ingest.settled()
    with meter.suspended():
        await publisher.publish_all(load.payloads, load.numbered)
        meter.reset()
        if of_database is not None:
            of_database.reset()
    await asyncio.to_thread(ingest.wait_until_settled, before + load.readings)
    return Drain(meter.spent(), of_database.spent().cpu_seconds if of_database is not None else 0.0)


async def _paced(
    ingest: IngestUnderTest,
    publisher: PackPublisher,
    park: Park,
    readings_per_second: float,
    is_readable: IsReadable,
) -> list[Figure]:
    """Latency at half load, in a fresh process: the percentiles are over its last few thousand batches."""
    packs_per_second = readings_per_second / PACK_READINGS
    count = int(PACED_SECONDS * packs_per_second)
    now_ms = time.time_ns() // 1_000_000
    payloads = packs(park, count, PACK_READINGS, now_ms - 3 * HOUR_MS)
    with ingest.running():
        await asyncio.to_thread(ingest.wait_until_ready)
        before = ingest.settled()
        delays, _ = await asyncio.gather(
            measure_delays(publisher, park, is_readable, PACED_SECONDS - 1),
            publisher.publish_at(payloads, packs_per_second),
        )
        await asyncio.to_thread(ingest.wait_until_settled, before + count * PACK_READINGS)
        status = ingest.status()
    return [
        Figure("half load", readings_per_second, "readings/s"),
        Figure("committed to stored at half load, p50", status.p50_ms or 0.0, "ms"),
        Figure("committed to stored at half load, p99", status.p99_ms or 0.0, "ms", LATENCY_TARGET),
        Figure("published to readable at half load, p50", delays.p50_ms, "ms"),
        Figure("published to readable at half load, p99", delays.p99_ms, "ms", LATENCY_TARGET),
    ]
