"""How long a reading takes from its publishing until a reader of the store sees it."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

from telemetry_model.park_register import MeasuringPoint, Park
from telemetry_model.reading import Reading
from telemetry_model.senml_json import encode_pack
from telemetry_store.open import open_store
from telemetry_store.query import Select, SeriesQuery
from tests.bench.publisher import PackPublisher
from tests.bench.workload import GATEWAY, units_of
from tests.servers.victoria_metrics import VictoriaMetricsServer

EVERY_SECONDS = 0.1
LOOK_EVERY_SECONDS = 0.01
GIVE_UP_SECONDS = 30.0
IsReadable = Callable[[MeasuringPoint, int], Awaitable[bool]]


class Delays(NamedTuple):
    """Percentiles over all probes, in milliseconds."""

    p50_ms: float
    p99_ms: float
    probes: int


async def measure_delays(publisher: PackPublisher, park: Park, is_readable: IsReadable, seconds: float) -> Delays:
    """Publish one reading after the other beside whatever else goes on, and look for each until it is there."""
    point = probe_point(park)
    probes: list[asyncio.Task[float]] = []
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        probes.append(asyncio.create_task(_probe(publisher, park, point, is_readable)))
        await asyncio.sleep(EVERY_SECONDS)
    delays = sorted(await asyncio.gather(*probes))
    return Delays(delays[len(delays) // 2], delays[min(len(delays) - 1, len(delays) * 99 // 100)], len(delays))


def probe_point(park: Park) -> MeasuringPoint:
    """A point of the benchmark's gateway; its probes are the only readings of today."""
    return next(point for point in park.points.values() if point.gateway == GATEWAY)


async def _probe(publisher: PackPublisher, park: Park, point: MeasuringPoint, is_readable: IsReadable) -> float:
    time_ms = time.time_ns() // 1_000_000
    pack = encode_pack([Reading(point.id, time_ms, max(point.low, 0.0))], units_of(park))
    started = time.monotonic()
    await publisher.publish(pack, numbered=False)
    while not await is_readable(point, time_ms):
        if time.monotonic() - started > GIVE_UP_SECONDS:
            raise TimeoutError(f"{point.id} at {time_ms} did not become readable in {GIVE_UP_SECONDS:g} s")
        await asyncio.sleep(LOOK_EVERY_SECONDS)
    return (time.monotonic() - started) * 1000


@asynccontextmanager
async def readable_by_query(store_url: str) -> AsyncIterator[IsReadable]:
    """Asks the store as boards and rules do."""
    store = open_store(store_url)

    async def is_readable(point: MeasuringPoint, time_ms: int) -> bool:
        answers = await store.select(
            SeriesQuery(
                point.medium.value,
                (Select(point.field_name),),
                time_ms,
                time_ms + 1,
                where=(("point", (point.id,)),),
            )
        )
        return any(answer.rows for answer in answers)

    try:
        yield is_readable
    finally:
        await store.close()


def readable_by_export(server: VictoriaMetricsServer) -> IsReadable:
    """Asks VictoriaMetrics in its own way."""

    async def is_readable(point: MeasuringPoint, time_ms: int) -> bool:
        return await asyncio.to_thread(server.has_value, point.id, time_ms)

    return is_readable
