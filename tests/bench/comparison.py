"""Ingest and Telegraf on the same feed, broker and database; and the database alone, as the ceiling for both.

The feed is SenML without base fields, one complete record after the other, because Telegraf's JSON parser cannot carry
a base name or time on to the next record.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple

import msgspec

from deploy.local.child_process import ChildProcess
from telemetry_model.park_register import Park
from telemetry_model.reading import Reading
from telemetry_model.topics import Channel, topic_for
from telemetry_store.line_protocol import ReadingLines, body
from telemetry_store.rows import PointSeries, ReadingRow
from tests.bench.cpu import ProcessMeter, Spent
from tests.bench.figures import Figure, Target
from tests.bench.programs import IngestUnderTest, new_workdir
from tests.bench.publisher import PackPublisher, pack_publisher
from tests.bench.workload import DEMO_PARK, GATEWAY, PACK_READINGS, batches, demo_park, readings, units_of
from tests.servers.influxdb import InfluxDatabase, InfluxServer
from tests.servers.mosquitto import MosquittoServer
from tests.servers.process import require_binary, wait_until

PACKS = 1_000
SINGLES = 20_000
HOUR_MS = 3_600_000
CEILING_ROWS = 400_000
ROWS_PER_WRITE = 5_000
TELEGRAF_CLIENT = "telegraf-comparison"
CONFIGURATION = Path(__file__).parents[2] / "deploy" / "telegraf" / "comparison.conf"
PACKS_TARGET, SINGLES_TARGET = Target(2.0), Target(1.0)


class Feed(NamedTuple):
    """What to publish and how many readings that is."""

    payloads: list[bytes]
    readings: int


async def measure_ceiling(folder: Path) -> list[Figure]:
    """How fast the database takes ready-made lines over one and over two connections: nobody's pipe is faster."""
    lines = _lines(demo_park(), CEILING_ROWS)
    bodies = [body(lines[at : at + ROWS_PER_WRITE]) for at in range(0, len(lines), ROWS_PER_WRITE)]
    figures: list[Figure] = []
    for connections in (1, 2):
        server = InfluxServer(folder / f"influxdb-{connections}")
        try:
            server.start()
            InfluxDatabase(server, "bench")
            influxd, started = ProcessMeter(server.influxd.pid), time.perf_counter()
            shares = [bodies[number::connections] for number in range(connections)]
            await asyncio.gather(*(asyncio.to_thread(_post_all, server.influxd.port, share) for share in shares))
            wall_seconds = time.perf_counter() - started
            cpu_seconds = influxd.spent().cpu_seconds
        finally:
            server.kill()
        name = f"InfluxDB alone, ready-made lines, {connections} connection{'s' * (connections > 1)}"
        figures.append(Figure(name, CEILING_ROWS / wall_seconds, "rows/s"))
        figures.append(Figure(f"{name}: its own CPU", CEILING_ROWS / cpu_seconds, "rows/CPU s"))
    return figures


async def measure_telegraf(folder: Path) -> list[Figure]:
    """Readings per CPU second of each, packs and single records; the ratio is ours over Telegraf's."""
    require_binary("telegraf")
    park = demo_park()
    figures: list[Figure] = []
    for name, count, size, unit, target in (
        ("packs of 200", PACKS, PACK_READINGS, "readings/CPU s", PACKS_TARGET),
        ("one record a message", SINGLES, 1, "messages/CPU s", SINGLES_TARGET),
    ):
        feed = Feed(_complete_packs(park, count, size), count * size)
        ours = await _ingest(folder / f"ingest-{size}", park, feed)
        theirs = await _telegraf(folder / f"telegraf-{size}", park, feed)
        ratio = theirs.cpu_seconds / ours.cpu_seconds
        figures += [
            Figure(f"{name}: ingest", feed.readings / ours.cpu_seconds, unit),
            Figure(f"{name}: Telegraf", feed.readings / theirs.cpu_seconds, unit),
            Figure(f"{name}: ingest over Telegraf", ratio, "x", target),
        ]
    return figures


async def _ingest(folder: Path, park: Park, feed: Feed) -> Spent:
    async with AsyncExitStack() as stack:
        broker, _, url = _servers(folder, stack)
        ingest = IngestUnderTest(new_workdir(folder / "work"), DEMO_PARK, broker.url, url)
        meter = stack.enter_context(ingest.running())
        await asyncio.to_thread(ingest.wait_until_ready)
        publisher = await stack.enter_async_context(pack_publisher(broker.url, park.id, GATEWAY))
        await _queue(publisher, meter, feed)
        await asyncio.to_thread(ingest.wait_until_settled, feed.readings)
        return meter.spent()


async def _telegraf(folder: Path, park: Park, feed: Feed) -> Spent:
    async with AsyncExitStack() as stack:
        broker, influx, _ = _servers(folder, stack)
        environment = {
            "ECOPARK_COMPARISON_BROKER": f"tcp://127.0.0.1:{broker.port}",
            "ECOPARK_COMPARISON_TOPIC": topic_for(park.id, GATEWAY, Channel.READINGS),
            "ECOPARK_COMPARISON_INFLUXDB": influx.base_url,
            "ECOPARK_COMPARISON_DATABASE": "bench",
        }
        command = [require_binary("telegraf"), "--config", str(CONFIGURATION)]
        telegraf = ChildProcess("telegraf", command, folder / "telegraf.log", environment)
        telegraf.start()
        stack.callback(telegraf.stop)
        await asyncio.to_thread(wait_until, lambda: _has_subscribed(broker), "Telegraf to subscribe")
        publisher = await stack.enter_async_context(pack_publisher(broker.url, park.id, GATEWAY))
        meter = ProcessMeter(telegraf.pid)
        await _queue(publisher, meter, feed)
        await asyncio.to_thread(wait_until, lambda: _stored(influx) >= feed.readings, "Telegraf's rows", 300.0)
        return meter.spent()


def _servers(folder: Path, stack: AsyncExitStack) -> tuple[MosquittoServer, InfluxServer, str]:
    broker, influx = MosquittoServer(folder / "mosquitto", ["log_type subscribe"]), InfluxServer(folder / "influxdb")
    broker.start()
    stack.callback(broker.kill)
    influx.start()
    stack.callback(influx.kill)
    return broker, influx, InfluxDatabase(influx, "bench").url


async def _queue(publisher: PackPublisher, meter: ProcessMeter, feed: Feed) -> None:
    """The broker holds all of it before the program may go on."""
    with meter.suspended():
        await publisher.publish_all(feed.payloads, numbered=False)
        meter.reset()


def _has_subscribed(broker: MosquittoServer) -> bool:
    return TELEGRAF_CLIENT in (broker.folder / "mosquitto.log").read_text(errors="replace")


def _stored(influx: InfluxServer) -> int:
    answer = influx.query("SELECT count(v) FROM readings", "bench")
    series = answer["results"][0].get("series")
    return int(series[0]["values"][0][1]) if series else 0


def _flow(park: Park, count: int, hours_ago: int) -> list[Reading]:
    return readings(park, count, time.time_ns() // 1_000_000 - hours_ago * HOUR_MS)


def _complete_packs(park: Park, count: int, size: int) -> list[bytes]:
    units = units_of(park)
    return [_complete_pack(batch, units) for batch in batches(_flow(park, count * size, 24), size)]


def _complete_pack(batch: Sequence[Reading], units: Mapping[str, str]) -> bytes:
    return msgspec.json.encode(
        [{"n": one.point, "u": units[one.point], "v": one.value, "t": one.measured_at_ms / 1000} for one in batch]
    )


def _lines(park: Park, count: int) -> list[str]:
    text = ReadingLines()
    rows = [
        ReadingRow(PointSeries.of(park.points[one.point], park.id), one.measured_at_ms, one.value)
        for one in _flow(park, count, 24)
    ]
    return text.lines(rows)


def _post_all(port: int, bodies: Sequence[bytes]) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    for text in bodies:
        connection.request("POST", "/write?db=bench&precision=ms", text)
        answer = connection.getresponse()
        if answer.read() or answer.status != 204:
            raise RuntimeError(f"InfluxDB did not take the lines: {answer.status}")
    connection.close()
