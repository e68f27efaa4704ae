"""Two ingest replicas on a shared subscription, one killed over and over, while gateways with real outboxes publish."""

import asyncio
import random
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpx

from service_runtime.clock import SystemClock
from service_runtime.mqtt_session import MqttOptions, MqttSession
from telemetry_model.control_messages import StoredCursor, decode_stored
from telemetry_model.park_register import parse_park
from telemetry_model.reading import Reading
from telemetry_model.topics import Channel, subscription_for
from tests.acceptance.committed_set import Row, committed_rows, stored_rows
from tests.ingest_service.ingest_process import IngestProcess
from tests.ingest_service.log_gateway import LogGateway
from tests.servers.influxdb import InfluxDatabase

GATEWAYS = ("gw-1", "gw-2", "gw-3")
POINTS_EACH = 4
DRAIN_SECONDS = 150.0
COMMIT_EVERY_SECONDS = 0.1
_PARK = {
    "park.toml": 'id = "thu"\nname_vi = "Thử"\nname_en = "Test"\ntimezone = "Asia/Ho_Chi_Minh"\n',
    "tenants.csv": "tenant,name,sector,zone\npark,Operator,operator,zone-a\n",
    "contacts.csv": "tenant,name,email,language\n",
    "points.csv": "point,tenant,zone,medium,unit,range_low,range_high,gateway\n"
    + "".join(f"em-{g}-{n}.active_power,park,zone-a,energy,kW,,,{g}\n" for g in GATEWAYS for n in range(POINTS_EACH)),
}


class Restarted(Protocol):
    """A server that comes back with what it had on disk."""

    def kill(self) -> None:
        """SIGKILL."""
        ...

    def start(self) -> None:
        """On the same port and data."""
        ...


@dataclass(frozen=True)
class ReplicaRun:
    """What a run came to; batches and readings as the replicas' joint state counts them in the end."""

    kills: int
    batches: int
    committed: set[Row]
    stored: set[Row]
    counted_batches: int
    counted_stored: int
    counted_quarantined: int
    duplicates: int
    ledger: dict[str, dict[str, int]]
    ledger_in_store: dict[str, int]
    cursors_retained: dict[str, int]
    cursors_expected: dict[str, int]
    handled: dict[str, int]
    """Fresh batches by the replica that settled them, since it was last started."""


class Feed:
    """One gateway: its outbox, and readings committed as if it were polling."""

    def __init__(self, folder: Path, mqtt_url: str, name: str) -> None:
        self.name = name
        self.path = folder / f"{name}.db"
        self.log = LogGateway(folder, mqtt_url, name, resend_after_seconds=5.0)
        self.batches = 0
        self._points = [f"em-{name}-{n}.active_power" for n in range(POINTS_EACH)]
        self._first_ms = SystemClock().now_ms() - 60_000

    async def commit(self, batches: int) -> None:
        """Batches of one reading per point; no two have the same time."""
        numbers = range(self.batches, self.batches + batches)
        self.batches += batches
        made = [[Reading(point, self._first_ms + 10 * n, float(n)) for point in self._points] for n in numbers]
        await self.log._thread.call(lambda outbox: outbox.commit(made, dict.fromkeys(self._points, "kW")))
        self.log._publisher.committed()

    async def keep_committing(self) -> None:
        """One batch at a time, until cancelled."""
        while True:
            await self.commit(1)
            await asyncio.sleep(COMMIT_EVERY_SECONDS)


def replicas_of(folder: Path, mqtt_url: str, database: InfluxDatabase, state_url: str) -> list[IngestProcess]:
    """Two, not started."""
    park = folder / "shared-park"
    park.mkdir()
    for name, text in _PARK.items():
        (park / name).write_text(text, encoding="utf-8")
    found = []
    for name in ("one", "two"):
        (folder / name).mkdir()
        replica = IngestProcess(
            folder / name, mqtt_url, park_folder=str(park), store_url=database.url, state_path="", state_url=state_url,
            mqtt_share_group="ingest", mqtt_client_id=f"ingest-{name}", resend_grace_seconds=1.0,
        )  # fmt: skip
        found.append(replica)
    return found


async def run_replica_kills(
    folder: Path, mqtt_url: str, database: InfluxDatabase, state_url: str, kills: int, seed: int,
    servers: Sequence[Restarted] = (),
) -> ReplicaRun:  # fmt: skip
    """Publish steadily, kill -9 the first replica ``kills`` times and start it again, then let everything arrive.

    ``servers`` are killed and started too, one after the other, while the replica is away.
    """
    chance = random.Random(seed)
    replicas = replicas_of(folder, mqtt_url, database, state_url)
    feeds = [Feed(folder, mqtt_url, name) for name in GATEWAYS]
    async with AsyncExitStack() as running:
        for replica in replicas:
            running.callback(replica.kill)
            await asyncio.to_thread(replica.start)
            await replica.until_ready(60)
        for feed in feeds:
            await running.enter_async_context(feed.log.running())
        committing = [asyncio.create_task(feed.keep_committing()) for feed in feeds]
        try:
            for number in range(kills):
                await asyncio.sleep(chance.uniform(0.5, 1.5))
                await asyncio.gather(*(feed.commit(chance.randint(1, 40)) for feed in feeds))
                await asyncio.to_thread(replicas[0].kill)
                if servers:
                    await asyncio.to_thread(servers[number % len(servers)].kill)
                await asyncio.sleep(chance.uniform(0.0, 1.0))
                if servers:
                    await asyncio.to_thread(servers[number % len(servers)].start)
                await asyncio.to_thread(replicas[0].start)
                await replicas[0].until_ready(60)
            await asyncio.sleep(1.0)
        finally:
            for task in committing:
                task.cancel()
            await asyncio.gather(*committing, return_exceptions=True)
        return await _when_settled(kills, replicas, feeds, mqtt_url, database, folder / "shared-park")


async def _when_settled(
    kills: int, replicas: Sequence[IngestProcess], feeds: Sequence[Feed], mqtt_url: str, database: InfluxDatabase,
    park_folder: Path,
) -> ReplicaRun:  # fmt: skip
    for feed in feeds:
        await feed.log.until_stored(DRAIN_SECONDS)
    batches = sum(feed.batches for feed in feeds)
    status = await replicas[1].status_until(lambda s: s["batches"]["stored"] >= batches)
    handled = {
        name: (await replica.status())["latency_ms"]["count"] for name, replica in zip("12", replicas, strict=True)
    }
    async with httpx.AsyncClient() as http:
        ledger = (await http.get(f"http://127.0.0.1:{replicas[0].port}/api/v1/ledger")).json()["totals"]
    expected = {feed.name: feed.log.outbox.next_seq - 1 for feed in feeds}
    retained = await _retained_cursors(mqtt_url, expected)
    for replica in replicas:
        # The one that leads writes the ledger a last time.
        await asyncio.to_thread(replica.stop)
    park = parse_park({path.name: path.read_text(encoding="utf-8") for path in park_folder.iterdir()})
    committed = await asyncio.to_thread(committed_rows, [feed.path for feed in feeds])
    stored = await asyncio.to_thread(stored_rows, database.url, park)
    return ReplicaRun(
        kills, batches, committed, stored, status["batches"]["stored"], status["readings"]["stored"],
        status["readings"]["quarantined"], status["batches"]["duplicate"], ledger,
        await asyncio.to_thread(_ledger_in_store, database), retained, expected, handled,
    )  # fmt: skip


async def _retained_cursors(mqtt_url: str, expected: dict[str, int]) -> dict[str, int]:
    """What a gateway that connects now is told; waits for the last word."""
    heard: dict[str, StoredCursor] = {}
    options = MqttOptions(url=mqtt_url, client_id="late-comer")
    session = MqttSession(options, lambda m: heard.update({m.topic.split("/")[3]: decode_stored(m.payload)}))
    session.subscribe(subscription_for("thu", Channel.STORED))
    task = asyncio.create_task(session.run())
    try:
        async with asyncio.timeout(20):
            while {name: cursor.through for name, cursor in heard.items()} != expected:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    except TimeoutError:
        pass
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await session.close()
    return {name: cursor.through for name, cursor in heard.items()}


def _ledger_in_store(database: InfluxDatabase) -> dict[str, int]:
    """Sums over all lines the replicas wrote to the store."""
    answer = database.query("SELECT sum(batches), sum(stored), sum(quarantined), sum(missing) FROM ledger")
    [series] = answer["results"][0]["series"]
    return dict(zip(("batches", "stored", "quarantined", "missing"), map(int, series["values"][0][1:]), strict=True))


def faults_of(run: ReplicaRun) -> list[str]:
    """What went wrong, in words; empty when rows and counts are those of a chain that never failed."""
    readings = len(run.committed)
    found = {
        "lost rows": len(run.committed - run.stored),
        "rows from nowhere": len(run.stored - run.committed),
        "batches counted twice or not at all": run.counted_batches - run.batches,
        "readings counted twice or not at all": run.counted_stored + run.counted_quarantined - readings,
        "batches the ledger does not have": run.ledger["batches"]["received"] - run.batches,
        "batches the ledger misses": run.ledger["batches"]["missing"],
        "readings the ledger does not have": run.ledger["readings"]["stored"] - readings,
        "ledger lines in the store that differ": int(
            run.ledger_in_store != {"batches": run.batches, "stored": readings, "quarantined": 0, "missing": 0}
        ),
        "cursors that do not reach the end": int(run.cursors_retained != run.cursors_expected),
        "replicas that did nothing": sum(not number for number in run.handled.values()),
    }
    return [f"{what}: {number}" for what, number in found.items() if number]
