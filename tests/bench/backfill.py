"""After an outage: a full outbox drained by a real gateway through Mosquitto and ingest into SQLite.

Gateway and ingest wait for a broker that is away, long enough for their back-off to be at its longest; the clock starts
when the broker is back. Meanwhile the gateway polls its meters every second and its new readings queue behind the old.
A broker that was stopped knows ingest's subscription when it comes back. One that was killed has forgotten it; the
worst order of events then is that the gateway is back before ingest, so that is the one measured.
"""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from deploy.local.ports import wait_for_port
from deploy.local.workdir import Workdir
from gateway.outbox import Outbox
from service_runtime.clock import ManualClock
from telemetry_model.quantities import Medium
from telemetry_store.open import open_store
from telemetry_store.query import Select, SeriesQuery
from tests.bench.cpu import ProcessMeter
from tests.bench.figures import Figure, Target
from tests.bench.gateway import meter_bank
from tests.bench.programs import GatewayUnderTest, IngestUnderTest, new_workdir
from tests.bench.workload import METER_GATEWAY, batches, readings, units_of, write_meter_park
from tests.servers.mosquitto import MosquittoServer
from tests.servers.ports import free_port_block

READINGS = 200_000
METERS = 20
OUTAGE_SECONDS = 8
INGEST_LATER_SECONDS = 6
"""Longer than the gateway's longest back-off."""
HOUR_MS = 3_600_000
DRAIN_SECONDS = 120.0
START_TARGET = Target(5.0, at_most=True)
PACE_TARGET = Target(20_000)
LIVE_TARGET = Target(2.0, at_most=True)


class Outage:
    """The three programs and the meters, in one folder."""

    def __init__(self, folder: Path) -> None:
        self.workdir = new_workdir(folder)
        self.first_port = free_port_block(METERS)
        fill_outbox(self.workdir, self.first_port)
        self.broker = MosquittoServer(folder / "mosquitto")
        park_folder = self.workdir.park
        self.ingest = IngestUnderTest(self.workdir, park_folder, self.broker.url, self.workdir.store_url)
        self.gateway = GatewayUnderTest(self.workdir, park_folder, METER_GATEWAY, self.broker.url)
        self.meters = meter_bank(self.workdir, self.first_port, METERS)

    def run(self, end_broker: Callable[[], None], ingest_later_seconds: float = 0.0) -> list[Figure]:
        """Ingest subscribes, the broker goes, the gateway starts, the broker comes back, then ingest does."""
        try:
            self.broker.start()
            self.meters.start()
            wait_for_port(self.first_port + METERS - 1, "the meters")
            with self.ingest.running() as of_ingest:
                self.ingest.wait_until_ready()
                end_broker()
                with self.gateway.running() as of_gateway:
                    time.sleep(OUTAGE_SECONDS)
                    with of_ingest.suspended():
                        self.broker.start()
                        time.sleep(ingest_later_seconds)
                    return self._backfill(of_ingest, of_gateway)
        finally:
            self.meters.stop()
            self.broker.kill()

    def _backfill(self, of_ingest: ProcessMeter, of_gateway: ProcessMeter) -> list[Figure]:
        back, back_ms = time.perf_counter(), time.time_ns() // 1_000_000
        self.ingest.wait_for(lambda: self.ingest.settled() > 0, "the first stored readings")
        first_seconds = time.perf_counter() - back
        of_ingest.reset()
        of_gateway.reset()
        already = self.ingest.settled()
        self.ingest.wait_until_settled(READINGS, DRAIN_SECONDS)
        spent, of_gateway_spent = of_ingest.spent(), of_gateway.spent()
        done = max(1, self.ingest.settled() - already)
        self.ingest.wait_for(lambda: stored_since(self.workdir.store_url, back_ms), "a live reading", DRAIN_SECONDS)
        live_seconds = time.perf_counter() - back
        return [
            Figure("broker back to first stored", first_seconds, "s", START_TARGET),
            Figure("outbox to SQLite", done / spent.wall_seconds, "readings/s", PACE_TARGET),
            Figure("gateway", of_gateway_spent.cpu_seconds / done * 1e6, "CPU s/million"),
            Figure("ingest", spent.cpu_seconds / done * 1e6, "CPU s/million"),
            Figure("broker back to first live reading stored", live_seconds, "s", LIVE_TARGET),
        ]


async def measure(folder: Path) -> list[Figure]:
    """The broker was stopped and wrote its state."""
    outage = Outage(folder)
    return await asyncio.to_thread(outage.run, outage.broker.stop)


async def measure_after_kill(folder: Path) -> list[Figure]:
    """The broker was killed and has forgotten its sessions."""
    outage = Outage(folder)
    figures = await asyncio.to_thread(outage.run, outage.broker.kill, INGEST_LATER_SECONDS)
    return [figures[0]._replace(name="broker and ingest back to first stored"), figures[1]]


def fill_outbox(workdir: Workdir, first_port: int) -> None:
    """As if committed half a day ago."""
    park = write_meter_park(workdir.park, METERS, first_port, 1.0)
    then_ms = time.time_ns() // 1_000_000 - 12 * HOUR_MS
    flow = readings(park, READINGS, then_ms, METER_GATEWAY)
    outbox = Outbox.open(workdir.outbox(METER_GATEWAY), ManualClock(then_ms))
    outbox.commit(list(batches(flow)), units_of(park))
    outbox.close()


def stored_since(store_url: str, since_ms: int) -> bool:
    """Whether a reading measured since then is in the store."""
    return asyncio.run(_stored_since(store_url, since_ms))


async def _stored_since(store_url: str, since_ms: int) -> bool:
    store = open_store(store_url)
    query = SeriesQuery(Medium.ENERGY.value, (Select("voltage_v"),), since_ms, since_ms + 24 * HOUR_MS, limit=1)
    try:
        return any(answer.rows for answer in await store.select(query))
    finally:
        await store.close()
