"""Replicas as processes on a real broker with its rules: who hears what, and what happens when one stays away."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.ingest_service.builders import NOW_MS, a_pack
from tests.ingest_service.ingest_process import IngestProcess, a_sender
from tests.ingest_service.log_gateway import LogGateway
from tests.servers.influxdb import InfluxDatabase
from tests.servers.mosquitto import MosquittoServer

pytestmark = [pytest.mark.real_server, pytest.mark.slow]
# What docs/how-to/run-two-ingest-replicas.md asks for, and the other users of deploy/mosquitto/acl.
_RIGHTS = """\
user {name}
topic read ecopark/1/+/+/readings
topic read ecopark/1/+/+/status
topic read ecopark/1/+/+/health
topic write ecopark/1/+/+/stored
topic write ecopark/1/+/+/resend
topic read lab/ph
topic read shelly/7
"""
MakeReplica = Callable[[str], IngestProcess]


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[MosquittoServer]:
    """Gives rights by user name; gateways come without one."""
    rules = "".join(_RIGHTS.format(name=f"ecopark-ingest-{n}") for n in (1, 2))
    (tmp_path / "acl").write_text("topic readwrite ecopark/#\n" + rules)
    server = MosquittoServer(tmp_path / "mosquitto", [f"acl_file {tmp_path}/acl"])
    server.start()
    yield server
    server.kill()


@pytest.fixture
async def make(
    tmp_path: Path, broker: MosquittoServer, influxdb: InfluxDatabase, postgres_url: str
) -> AsyncIterator[MakeReplica]:
    made: list[IngestProcess] = []

    def make(name: str) -> IngestProcess:
        folder = tmp_path / f"replica-{name}"
        folder.mkdir()
        replica = IngestProcess(
            folder, broker.url, store_url=influxdb.url, state_path="", state_url=postgres_url,
            mqtt_share_group="ingest", mqtt_client_id=f"ecopark-ingest-{name}", mqtt_username=f"ecopark-ingest-{name}",
            mqtt_share_expiry_seconds=2, resend_grace_seconds=0.5,
        )  # fmt: skip
        (folder / "park" / "sparkplug.csv").unlink()
        made.append(replica)
        return replica

    yield make
    for replica in made:
        replica.kill()


async def start(*replicas: IngestProcess) -> None:
    for replica in replicas:
        await asyncio.to_thread(replica.start)
        await replica.until_ready(60)


async def test_when_one_stays_away_the_other_gets_everything(
    make: MakeReplica, broker: MosquittoServer, tmp_path: Path
) -> None:
    one, two = make("1"), make("2")
    await start(one, two)
    gateway = LogGateway(tmp_path, broker.url, resend_after_seconds=3.0)
    async with gateway.running():
        await gateway.commit(60)
        await gateway.until_stored()
        await asyncio.to_thread(one.kill)
        await gateway.commit(100)
        await gateway.until_stored(90)
        status = await two.status_until(lambda s: s["batches"]["stored"] == 160)
    assert status["gateways"]["gw-1"]["missing"] == 0
    assert status["readings"]["stored"] == 160


async def test_every_replica_knows_every_gateway_and_what_has_no_number_comes_once(
    make: MakeReplica, broker: MosquittoServer, tmp_path: Path
) -> None:
    one, two = make("1"), make("2")
    gateway = LogGateway(tmp_path, broker.url)
    async with gateway.running(), a_sender(broker.url, "gw-9") as sender:
        await start(one, two)
        for replica in (one, two):
            await replica.status_until(lambda s: s["gateways"].get("gw-1", {}).get("state") == "online")
        for n in range(10):
            await sender.send(a_pack(n, point="em-9.active_power", start_ms=NOW_MS + n))
        status = await two.status_until(lambda s: s["readings"]["quarantined"] == 10)
    assert (status["batches"]["received"], status["quarantine"]["records"]) == (10, 10)
