"""Ingest at 1, 4 and 16 times the readings, and at 1, 4 and 16 times the tenants: its CPU a reading, its memory.

The real ingest process between a real Mosquitto and SQLite. More readings are more packs of one park; more tenants are
a larger register behind as many packs: what it costs to know a thousand tenants shows apart from what readings cost.
"""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from deploy.local.workdir import Workdir
from service_runtime.text_folder import read_text_folder
from telemetry_model.park_register import Park, parse_park
from telemetry_model.reading import Reading
from telemetry_model.senml_json import encode_pack
from tests.bench.figures import Figure, Target
from tests.bench.ingest import Load, drain
from tests.bench.programs import IngestUnderTest, new_workdir
from tests.bench.publisher import pack_publisher
from tests.bench.tenant_park import register_texts
from tests.bench.workload import PACK_READINGS, batches, units_of
from tests.servers.mosquitto import MosquittoServer

TIMES = (1, 4, 16)
TENANTS = 60
PACKS = 250
GATEWAY = "gw-1"
BACK_MS = 48 * 3_600_000
LINEAR_TARGET = Target(1.25, at_most=True)
"""CPU a reading at 16 times over the same at one: more would be more than linear."""


class Grown(NamedTuple):
    """One size: what ingest took for it and what memory it had at the end."""

    times: int
    cpu_seconds_a_million: float
    rss_mb: float


async def measure(folder: Path) -> list[Figure]:
    """Readings first, then tenants."""
    of_readings = [await _ingested(folder / f"readings-{n}", TENANTS, PACKS * n, n) for n in TIMES]
    of_tenants = [await _ingested(folder / f"tenants-{n}", TENANTS * n, PACKS * 4, n) for n in TIMES]
    return [*figures_of_growth("readings", of_readings), *figures_of_growth("tenants", of_tenants)]


def figures_of_growth(what: str, grown: list[Grown]) -> Iterator[Figure]:
    """CPU a reading and memory at each size, and how the first grew."""
    for seen in grown:
        yield Figure(f"{seen.times} x {what}", seen.cpu_seconds_a_million, "CPU s/million")
        yield Figure(f"{seen.times} x {what}, RSS", seen.rss_mb, "MB")
    least, most = grown[0].cpu_seconds_a_million, grown[-1].cpu_seconds_a_million
    yield Figure(f"CPU a reading, {TIMES[-1]} x {what} / 1 x", most / least, "x", LINEAR_TARGET)


async def _ingested(folder: Path, tenants: int, packs: int, times: int) -> Grown:
    workdir = new_workdir(folder)
    park = write_register(workdir, tenants)
    broker = MosquittoServer(folder / "mosquitto")
    try:
        broker.start()
        ingest = IngestUnderTest(workdir, workdir.park, broker.url, f"sqlite:///{folder}/store.db")
        async with pack_publisher(broker.url, park.id, GATEWAY) as publisher:
            with ingest.running() as meter:
                await asyncio.to_thread(ingest.wait_until_ready)
                await drain(ingest, meter, publisher, _load(park, PACKS, 0))
                spent = (await drain(ingest, meter, publisher, _load(park, packs, PACKS))).spent
                rss_mb = meter.rss_mb()
    finally:
        broker.kill()
        (folder / "store.db").unlink(missing_ok=True)
    return Grown(times, spent.cpu_seconds / (packs * PACK_READINGS) * 1e6, rss_mb)


def write_register(workdir: Workdir, tenants: int) -> Park:
    """The park of the part ``tenants`` as a folder."""
    workdir.park.mkdir(parents=True, exist_ok=True)
    for name, text in register_texts(tenants).items():
        (workdir.park / name).write_text(text, encoding="utf-8")
    return parse_park(read_text_folder(workdir.park))


def _load(park: Park, packs: int, first: int) -> Load:
    """Packs over all points in turn, a minute a turn; ``first`` packs of the same flow went before."""
    start_ms = time.time_ns() // 60_000_000_000 * 60_000 - BACK_MS
    points = list(park.points.values())
    numbers = range(first * PACK_READINGS, (first + packs) * PACK_READINGS)
    turns = (divmod(number, len(points)) for number in numbers)
    flow = [Reading(points[place].id, start_ms + turn * 60_000, float(turn % 7 + 1)) for turn, place in turns]
    units = units_of(park)
    return Load([encode_pack(batch, units) for batch in batches(flow)], len(flow), True)
