"""The real service, a real Mosquitto and a real outbox: holes close by themselves, an old backup is filled again."""

import asyncio
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from service_runtime.clock import SystemClock, utc_from_ms
from telemetry_store.open import open_store
from tests.ingest_service.builders import stored_values
from tests.ingest_service.ingest_process import IngestProcess
from tests.ingest_service.log_gateway import LogGateway
from tests.servers.influxdb import InfluxDatabase
from tests.servers.mosquitto import MosquittoServer

pytestmark = pytest.mark.real_server
OF_THE_ONE = ("--gateway", "gw-1")
"""The register names other gateways that never run here."""


@pytest.fixture
async def process(tmp_path: Path, mosquitto: MosquittoServer) -> AsyncIterator[IngestProcess]:
    made = IngestProcess(tmp_path, mosquitto.url, resend_grace_seconds=0.2)
    made.start()
    await made.until_ready()
    yield made
    made.kill()


async def rows_in(process: IngestProcess) -> dict[int, object]:
    store = open_store(process.settings.store_url)
    try:
        return await stored_values(store)
    finally:
        await store.close()


async def get(process: IngestProcess, path: str) -> Any:
    async with httpx.AsyncClient() as http:
        return (await http.get(f"http://127.0.0.1:{process.port}{path}")).json()


def command(process: IngestProcess, *arguments: str) -> "subprocess.CompletedProcess[str]":
    settings_file = process.command[process.command.index("--settings") + 1]
    call = [sys.executable, "-m", "ecopark", "ingest", *arguments, "--settings", settings_file]
    return subprocess.run(call, capture_output=True, text=True, timeout=120, check=False)


async def refill(process: IngestProcess, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return await asyncio.to_thread(command, process, "refill", *arguments)


def copy_database(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy)


def put_back(backup: Path, database: Path) -> None:
    for suffix in ("-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    shutil.copy(backup, database)


async def test_a_store_from_an_older_backup_is_filled_again_from_the_gateways_log(
    process: IngestProcess, mosquitto: MosquittoServer, tmp_path: Path
) -> None:
    backup = tmp_path / "backup.db"
    gateway = LogGateway(tmp_path, mosquitto.url)
    async with gateway.running():
        await gateway.commit(120)
        await gateway.until_stored()
        since = utc_from_ms(SystemClock().now_ms()).isoformat()
        copy_database(tmp_path / "store.db", backup)
        await gateway.commit(300)
        await gateway.until_stored()
        before = await process.status()
        await asyncio.to_thread(process.stop)
        put_back(backup, tmp_path / "store.db")
        assert len(await rows_in(process)) == 120
        await asyncio.to_thread(process.start)
        await process.until_ready()
        await gateway.commit(10)
        done = await refill(process, "--since", since, *OF_THE_ONE)
        await gateway.until_stored()
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert (summary["complete"], summary["outstanding"], summary["gone"]) == (True, 0, 0)
    assert summary["refilled"] == summary["batches"] >= 300
    assert "refilled" in done.stderr
    assert await rows_in(process) == gateway.committed
    after = await process.status_until(lambda s: s["batches"]["stored"] == 430)
    assert after["readings"]["stored"] == before["readings"]["stored"] + 10
    assert after["batches"]["refilled"] == summary["refilled"]
    # A batch may come twice by itself when ingest restarts: then it is a duplicate, and no refilled one.
    counts = after["batches"]
    assert counts["received"] == counts["stored"] + counts["refilled"] + counts["duplicate"]
    totals = (await get(process, "/api/v1/ledger"))["totals"]["batches"]
    del totals["duplicate"]
    assert totals == {"expected": 430, "received": 430, "missing": 0, "refilled": summary["refilled"]}


async def test_a_dropped_time_range_of_influxdb_is_filled_again(
    tmp_path: Path, mosquitto: MosquittoServer, influxdb: InfluxDatabase
) -> None:
    process = IngestProcess(tmp_path, mosquitto.url, store_url=influxdb.url)
    process.start()
    gateway = LogGateway(tmp_path, mosquitto.url)
    try:
        await process.until_ready()
        async with gateway.running():
            await gateway.commit(200)
            await gateway.until_stored()
            dropped = sorted(gateway.committed)[80]
            influxdb.query(f"DELETE FROM energy WHERE time >= {dropped}000000")
            assert len(await rows_in(process)) == 80
            done = await refill(process, "--since", "2020-01-01", *OF_THE_ONE)
        assert json.loads(done.stdout)["complete"]
        assert await rows_in(process) == gateway.committed
    finally:
        process.kill()


async def test_a_refill_survives_the_services_death(
    process: IngestProcess, mosquitto: MosquittoServer, tmp_path: Path
) -> None:
    gateway = LogGateway(tmp_path, mosquitto.url)
    async with gateway.running():
        await gateway.commit(400)
        await gateway.until_stored()
        await refill(process, "--since", "2020-01-01", *OF_THE_ONE, "--stall-seconds", "0")
        await asyncio.to_thread(process.kill)
        await asyncio.to_thread(process.start)
        await process.status_until(lambda s: s["batches"]["refilled"] == 400)
        assert (await get(process, "/api/v1/refills"))["refills"][0]["outstanding"] == 0
    assert await rows_in(process) == gateway.committed


async def test_what_no_log_holds_any_more_is_named(
    process: IngestProcess, mosquitto: MosquittoServer, tmp_path: Path
) -> None:
    gateway = LogGateway(tmp_path, mosquitto.url)
    async with gateway.running():
        await gateway.commit(50)
        await gateway.until_stored()
        gateway.outbox._db.execute("DELETE FROM batches WHERE seq <= 20")
        done = await refill(process, "--since", "2020-01-01", *OF_THE_ONE)
    summary = json.loads(done.stdout)
    assert (summary["batches"], summary["refilled"], summary["gone"], summary["complete"]) == (50, 30, 20, True)


async def test_a_batch_the_broker_forgot_is_asked_for_and_the_hole_closes(
    process: IngestProcess, mosquitto: MosquittoServer, tmp_path: Path
) -> None:
    gateway = LogGateway(tmp_path, mosquitto.url, resend_after_seconds=600.0)
    async with gateway.running():
        await gateway.commit(1)
        await gateway.until_stored()
        # The broker had them once, and forgot: the gateway believes they were sent.
        await gateway.commit(30, believed_sent=[7, 8, 21])
        await gateway.until_stored()
        # Asked for once, and again only when the answer takes long.
        assert gateway.events.recalled_batches % 3 == 0
        assert gateway.events.recalled_batches > 0
    assert (await process.status())["gateways"]["gw-1"]["missing"] == 0
    assert await rows_in(process) == gateway.committed


async def test_a_regressed_cursor_is_healed_from_the_log(
    process: IngestProcess, mosquitto: MosquittoServer, tmp_path: Path
) -> None:
    gateway = LogGateway(tmp_path, mosquitto.url)
    backup = tmp_path / "backup-state.db"
    async with gateway.running():
        await gateway.commit(20)
        await gateway.until_stored()
        copy_database(tmp_path / "state.db", backup)
        await gateway.commit(60)
        await gateway.until_stored()
        await asyncio.to_thread(process.stop)
        put_back(backup, tmp_path / "state.db")
        await asyncio.to_thread(process.start)
        await process.until_ready()
        await gateway.commit(1)
        await process.status_until(lambda s: s["batches"]["stored"] == 81 and not s["gateways"]["gw-1"]["missing"])
    assert await rows_in(process) == gateway.committed


def forget(database: Path) -> None:
    """As if the file had never been."""
    for suffix in ("", "-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)


@pytest.mark.parametrize("more", [0, 5], ids=["a gateway that is quiet", "one that goes on"])
async def test_a_lost_state_and_a_lost_store_are_filled_again_from_the_gateways_log(
    process: IngestProcess, mosquitto: MosquittoServer, tmp_path: Path, more: int
) -> None:
    gateway = LogGateway(tmp_path, mosquitto.url)
    async with gateway.running():
        await gateway.commit(150)
        await gateway.until_stored()
        await asyncio.to_thread(process.stop)
        for name in ("state.db", "store.db"):
            forget(tmp_path / name)
        await asyncio.to_thread(process.start)
        await process.until_ready()
        await gateway.commit(more)
        await gateway.until_stored()
        done = await refill(process, "--since", "2020-01-01", *OF_THE_ONE)
    summary = json.loads(done.stdout)
    assert (summary["complete"], summary["batches"], summary["refilled"]) == (True, 150 + more, 150 + more), done.stderr
    assert await rows_in(process) == gateway.committed
    status = await process.status_until(lambda s: s["batches"]["stored"] == 150 + more)
    assert (status["gateways"]["gw-1"]["missing"], status["gateways"]["gw-1"]["through"]) == (0, 150 + more)
    totals = (await get(process, "/api/v1/ledger"))["totals"]["batches"]
    assert (totals["expected"], totals["received"], totals["missing"]) == (150 + more, 150 + more, 0)


async def test_with_a_lost_state_a_gateway_that_is_away_is_named_and_nothing_is_complete(
    process: IngestProcess, mosquitto: MosquittoServer, tmp_path: Path
) -> None:
    gateway = LogGateway(tmp_path, mosquitto.url)
    async with gateway.running():
        await gateway.commit(20)
        await gateway.until_stored()
    await asyncio.to_thread(process.stop)
    for name in ("state.db", "store.db"):
        forget(tmp_path / name)
    await asyncio.to_thread(process.start)
    await process.until_ready()
    done = await refill(process, "--since", "2020-01-01")
    summary = json.loads(done.stdout)
    assert (done.returncode, summary["complete"], summary["batches"]) == (1, False, 0)
    assert summary["unheard"] == ["dev", "gw-1", "gw-2"]
    assert "not heard, so not known what they hold: dev, gw-1, gw-2" in done.stderr


async def test_an_unknown_gateway_and_an_absent_service_are_named(process: IngestProcess) -> None:
    refused = await refill(process, "--since", "2020-01-01", "--gateway", "gw-nowhere")
    assert refused.stderr.strip().endswith("gateway 'gw-nowhere' is not registered and has never sent a numbered batch")
    await asyncio.to_thread(process.stop)
    absent = await refill(process, "--since", "2020-01-01")
    assert f"ingest service http://127.0.0.1:{process.port}/api/v1/refills:" in absent.stderr
    assert "refused" in absent.stderr
    assert "Traceback" not in absent.stderr + refused.stderr
