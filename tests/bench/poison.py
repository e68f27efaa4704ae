"""What one per cent of bad readings costs the good ones: CPU time of the real ingest process for the same good feed."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from telemetry_model.park_register import Park
from tests.bench.cpu import ProcessMeter
from tests.bench.figures import Figure, Target
from tests.bench.programs import IngestUnderTest, new_workdir
from tests.bench.publisher import PackPublisher, pack_publisher
from tests.bench.workload import DEMO_PARK, GATEWAY, PACK_READINGS, demo_park, packs
from tests.servers.influxdb import InfluxDatabase, InfluxServer
from tests.servers.mosquitto import MosquittoServer

PACKS = 600
TURNS = 3
"""Clean and poisoned feeds take turns, so that a slow moment of the machine hits all of them; the least counts."""
SHARE = 100
HOUR_MS = 3_600_000
COST_TARGET = Target(1.05, at_most=True)
Spoil = Callable[[list[bytes], int], list[bytes]]


def clean(payloads: list[bytes], turn: int) -> list[bytes]:
    """As they are."""
    return payloads


def unknown_points(payloads: list[bytes], turn: int) -> list[bytes]:
    """Beside the good records of each pack one per cent for points that no register has."""
    return [_with(payload, [f'{{"n":"em-x{turn}.v{number}","v":{at}}}' for at in range(PACK_READINGS // SHARE)])
            for number, payload in enumerate(payloads)]  # fmt: skip


def bad_records(payloads: list[bytes], turn: int) -> list[bytes]:
    """Beside the good records of each pack one per cent that are no SenML: a text for a value."""
    return [_with(payload, [f'{{"n":"em-x{turn}.v{number}","v":"{at}"}}' for at in range(PACK_READINGS // SHARE)])
            for number, payload in enumerate(payloads)]  # fmt: skip


def bad_packs(payloads: list[bytes], turn: int) -> list[bytes]:
    """After each hundred good packs one that is cut off."""
    spoilt: list[bytes] = []
    for number, payload in enumerate(payloads):
        spoilt.append(payload)
        if number % SHARE == 0:
            spoilt.append(payload[:-20] + b"%d" % turn)
    return spoilt


FEEDS: dict[str, Spoil] = {
    "clean": clean,
    "unknown points": unknown_points,
    "bad records": bad_records,
    "bad packs": bad_packs,
}


async def measure(folder: Path) -> list[Figure]:
    """With InfluxDB behind it."""
    influx, broker = InfluxServer(folder / "influxdb"), MosquittoServer(folder / "mosquitto")
    try:
        influx.start()
        broker.start()
        ingest = IngestUnderTest(new_workdir(folder), DEMO_PARK, broker.url, InfluxDatabase(influx, "bench").url)
        park = demo_park()
        async with pack_publisher(broker.url, park.id, GATEWAY) as publisher:
            with ingest.running() as meter:
                await asyncio.to_thread(ingest.wait_until_ready)
                spent = await _all_turns(ingest, meter, publisher, park)
    finally:
        broker.kill()
        influx.kill()
    usual = spent["clean"]
    good = PACKS * PACK_READINGS
    figures = [Figure("good readings, nothing else", good / usual, "readings/CPU s")]
    for name, seconds in spent.items():
        if name != "clean":
            figures.append(Figure(f"with 1 % {name}", seconds / usual, "x the CPU time", COST_TARGET))
    return figures


async def _all_turns(
    ingest: IngestUnderTest, meter: ProcessMeter, publisher: PackPublisher, park: Park
) -> dict[str, float]:
    spent = dict.fromkeys(FEEDS, float("inf"))
    now_ms = time.time_ns() // 1_000_000
    for turn in range(TURNS + 1):
        for place, (name, spoil) in enumerate(FEEDS.items()):
            start_ms = now_ms - (turn * len(FEEDS) + place + 1) * HOUR_MS
            seconds = await _drain(ingest, meter, publisher, spoil(packs(park, PACKS, PACK_READINGS, start_ms), turn))
            if turn:
                spent[name] = min(spent[name], seconds)
    return spent


async def _drain(
    ingest: IngestUnderTest, meter: ProcessMeter, publisher: PackPublisher, payloads: list[bytes]
) -> float:
    """CPU seconds until all of them have come."""
    before = _batches(ingest)
    with meter.suspended():
        await publisher.publish_all(payloads)
        meter.reset()
    await asyncio.to_thread(
        ingest.wait_for, lambda: _batches(ingest) >= before + len(payloads), f"{len(payloads)} packs"
    )
    return meter.spent().cpu_seconds


def _batches(ingest: IngestUnderTest) -> int:
    return int(ingest.status().raw["batches"]["received"])


def _with(payload: bytes, records: list[str]) -> bytes:
    return payload[:-1] + b"," + ",".join(records).encode() + b"]"
