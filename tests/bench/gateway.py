"""A gateway's outbox (CPU and disk per reading) and a whole gateway process that polls 500 points every second."""

import asyncio
import sqlite3
import sys
import time
from pathlib import Path

from deploy.local.child_process import ChildProcess
from deploy.local.ports import wait_for_port
from deploy.local.workdir import Workdir
from gateway.outbox import Outbox
from service_runtime.clock import SystemClock
from telemetry_model.reading import Reading
from tests.bench.cpu import ProcessMeter, spent_by
from tests.bench.figures import Figure, Target
from tests.bench.programs import GatewayUnderTest, IngestUnderTest, new_workdir
from tests.bench.workload import METER_GATEWAY, METER_QUANTITIES, batches, readings, units_of, write_meter_park
from tests.servers.mosquitto import MosquittoServer
from tests.servers.ports import free_port_block

METERS = 50
POINTS = METERS * len(METER_QUANTITIES)
POLLS = 400
FULL_LOG_READINGS = 60 * 24 * 60 * 500
"""60 days of 500 points a minute."""
WARM_UP_SECONDS = 4
POLLED_SECONDS = 15
IDLE_SECONDS = 10
NEVER_SECONDS = 86_400.0
LOG_TARGET = Target(4.0, at_most=True)
RSS_TARGET = Target(60, at_most=True)
CPU_TARGET = Target(40, at_most=True)
IDLE_TARGET = Target(2.0, at_most=True)


async def measure(folder: Path) -> list[Figure]:
    """The log by itself, then the process idle, then polling."""
    figures = await _outbox(new_workdir(folder / "outbox"))
    idle = new_workdir(folder / "idle")
    figures += await asyncio.to_thread(_idle, idle)
    return figures + await asyncio.to_thread(_polling, new_workdir(folder / "polling"))


async def _outbox(workdir: Workdir) -> list[Figure]:
    """One poll of 500 points a commit, in batches of 200: what a gateway does each minute."""
    park = write_meter_park(workdir.park, METERS, 1024, 60.0)
    flow = readings(park, POLLS * POINTS, time.time_ns() // 1_000_000, METER_GATEWAY, 60_000)
    outbox = Outbox.open(workdir.outbox(METER_GATEWAY), SystemClock())
    units = units_of(park)
    polls: list[list[Reading]] = [list(poll) for poll in batches(flow, POINTS)]

    async def commit_all() -> None:
        for poll in polls:
            outbox.commit(list(batches(poll)), units)

    try:
        spent = await spent_by(commit_all)
        bytes_per_reading = outbox.bytes_used() / len(flow)
    finally:
        outbox.close()
    return [
        Figure("outbox commit, 500 at a time", len(flow) / spent.cpu_seconds, "readings/CPU s"),
        Figure("outbox on disk", bytes_per_reading, "bytes/reading"),
        Figure("outbox, 60 days x 500 points x 1 min", bytes_per_reading * FULL_LOG_READINGS / 1e9, "GB", LOG_TARGET),
    ]


def _idle(workdir: Workdir) -> list[Figure]:
    """Connected, with nothing to poll for a day."""
    write_meter_park(workdir.park, METERS, free_port_block(METERS), NEVER_SECONDS)
    broker = MosquittoServer(workdir.root / "mosquitto")
    try:
        broker.start()
        gateway = GatewayUnderTest(workdir, workdir.park, METER_GATEWAY, broker.url)
        with gateway.running() as meter:
            time.sleep(WARM_UP_SECONDS)
            meter.reset()
            time.sleep(IDLE_SECONDS)
            spent = meter.spent()
            rss_mb = meter.rss_mb()
    finally:
        broker.kill()
    return [
        Figure("idle", 100 * spent.cpu_seconds / spent.wall_seconds, "% of a core", IDLE_TARGET),
        Figure("idle, RSS", rss_mb, "MB", RSS_TARGET),
    ]


def _polling(workdir: Workdir) -> list[Figure]:
    """The whole chain runs, so that batches are stored and leave the window."""
    first_port = free_port_block(METERS)
    write_meter_park(workdir.park, METERS, first_port, 1.0)
    broker = MosquittoServer(workdir.root / "mosquitto")
    bank = meter_bank(workdir, first_port, METERS)
    try:
        broker.start()
        bank.start()
        wait_for_port(first_port + METERS - 1, "the meters")
        ingest = IngestUnderTest(workdir, workdir.park, broker.url, workdir.store_url)
        gateway = GatewayUnderTest(workdir, workdir.park, METER_GATEWAY, broker.url)
        with ingest.running(), gateway.running() as meter:
            return _measure_polling(ingest, gateway, meter)
    finally:
        bank.stop()
        broker.kill()


def _measure_polling(ingest: IngestUnderTest, gateway: GatewayUnderTest, meter: ProcessMeter) -> list[Figure]:
    gateway.wait_for(lambda: ingest.settled() > 0, "the first stored readings")
    time.sleep(WARM_UP_SECONDS)
    before = committed_readings(gateway.outbox_path)
    meter.reset()
    time.sleep(POLLED_SECONDS)
    spent, rss_mb = meter.spent(), meter.rss_mb()
    taken = committed_readings(gateway.outbox_path) - before
    status = ingest.status()
    return [
        Figure("500 points at 1 s, taken", taken / spent.wall_seconds, "readings/s"),
        Figure("500 points at 1 s, CPU", spent.cpu_seconds / taken * 1e6, "us/reading", CPU_TARGET),
        Figure("500 points at 1 s, load", 100 * spent.cpu_seconds / spent.wall_seconds, "% of a core"),
        Figure("500 points at 1 s, RSS", rss_mb, "MB", RSS_TARGET),
        Figure("500 points at 1 s, committed to stored, p99", status.p99_ms or 0.0, "ms"),
    ]


def meter_bank(workdir: Workdir, first_port: int, count: int) -> ChildProcess:
    """The simulated meters in a process of their own, not yet started."""
    command = [sys.executable, "-m", "tests.bench.meter_bank", str(first_port), str(count)]
    return ChildProcess("meters", command, workdir.logs / "meters.log")


def committed_readings(outbox_path: Path) -> int:
    """Readings ever committed, with and without a value."""
    with sqlite3.connect(f"file:{outbox_path}?mode=ro", uri=True) as connection:
        (value,) = connection.execute("SELECT value FROM meta WHERE key = 'readings_committed'").fetchone()
    connection.close()
    return int(value)
