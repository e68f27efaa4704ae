"""The whole service between a real Mosquitto and the embedded store: killed, starved, fed nonsense."""

import asyncio
import random
import sqlite3
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from service_runtime.clock import SystemClock
from telemetry_store.open import open_store
from tests.ingest_service.builders import NOW_MS, a_pack, numbered, stored_values
from tests.ingest_service.ingest_process import IngestProcess, a_sender
from tests.servers.mosquitto import MosquittoServer
from tests.servers.ports import free_port
from tests.servers.process import require_binary

pytestmark = pytest.mark.real_server


@pytest.fixture
async def process(tmp_path: Path, mosquitto: MosquittoServer) -> AsyncIterator[IngestProcess]:
    made = IngestProcess(tmp_path, mosquitto.url, receive_maximum=20)
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


def pack_number(seq: int, readings: int = 5) -> tuple[bytes, dict[int, object]]:
    """A batch and the rows it must become."""
    start_ms = NOW_MS + seq * readings * 1000
    values = [float(seq % 400) + n / 10 for n in range(readings)]
    return a_pack(*values, start_ms=start_ms), {start_ms + 1000 * n: value for n, value in enumerate(values)}


async def test_what_is_published_through_many_kills_is_stored_exactly(
    process: IngestProcess, mosquitto: MosquittoServer
) -> None:
    batches, expected = 400, {}
    async with a_sender(mosquitto.url) as sender:

        async def publish_all() -> None:
            for seq in range(1, batches + 1):
                payload, rows = pack_number(seq)
                expected.update(rows)
                await sender.send(payload, numbered("run-a", seq))
                if seq % 10 == 0:
                    await asyncio.sleep(0.05)

        publishing = asyncio.create_task(publish_all())
        chance = random.Random(7)
        for _ in range(3):
            await asyncio.sleep(chance.uniform(0.05, 0.4))
            await asyncio.to_thread(process.kill)
            await asyncio.to_thread(process.start)
        await publishing
        await sender.cursor_until("run-a", batches)
    status = await process.status()
    assert await rows_in(process) == expected
    assert status["readings"]["stored"] == status["readings"]["received"] == len(expected)
    assert status["batches"]["stored"] == batches
    assert (status["gateways"]["gw-1"]["through"], status["gateways"]["gw-1"]["missing"]) == (batches, 0)


async def test_resending_everything_changes_no_row_and_no_count_but_the_duplicates(
    process: IngestProcess, mosquitto: MosquittoServer
) -> None:
    async with a_sender(mosquitto.url) as sender:
        for _ in range(2):
            for seq in random.Random(3).sample(range(1, 31), 30):
                await sender.send(pack_number(seq)[0], numbered("run-a", seq))
        status = await process.status_until(lambda s: s["batches"]["received"] == 60)
    assert status["batches"] == {"received": 60, "stored": 30, "duplicate": 30, "refilled": 0}
    assert status["readings"]["stored"] == 150 == len(await rows_in(process))


async def test_one_malformed_message_among_a_thousand(process: IngestProcess, mosquitto: MosquittoServer) -> None:
    async with a_sender(mosquitto.url) as sender:
        for seq in range(1, 1001):
            payload = b'[{"n": "em-1.active' if seq == 500 else pack_number(seq, 1)[0]
            await sender.send(payload, numbered("run-a", seq))
        await sender.cursor_until("run-a", 1000)
    status = await process.status()
    assert len(await rows_in(process)) == status["readings"]["stored"] == 999
    assert status["quarantine"] == {"records": 1, "by_reason": {"malformed_pack": 1}}


async def test_a_single_record_by_hand_is_stored(process: IngestProcess, mosquitto: MosquittoServer) -> None:
    before_ms = SystemClock().now_ms()
    command = [require_binary("mosquitto_pub"), "-p", str(mosquitto.port), "-q", "1"]
    command += ["-t", "ecopark/1/thu/by-hand/readings", "-m", '[{"n":"wm-1.flow","u":"l/s","v":2}]']
    await asyncio.to_thread(subprocess.run, command, check=True, timeout=30)
    await process.status_until(lambda s: s["readings"]["stored"] == 1)
    store = open_store(process.settings.store_url)
    from telemetry_store.query import Select, SeriesQuery

    [series] = await store.select(SeriesQuery("water", (Select("flow_m3_h"),), before_ms, before_ms + 60_000))
    await store.close()
    assert [row[1] for row in series.rows] == [pytest.approx(7.2)]


async def test_messages_sent_while_ingest_is_away_wait_for_it(
    process: IngestProcess, mosquitto: MosquittoServer
) -> None:
    await asyncio.to_thread(process.stop)
    async with a_sender(mosquitto.url) as sender:
        await sender.send(a_pack(1, 2, 3))
        await asyncio.to_thread(process.start)
        await process.status_until(lambda s: s["readings"]["stored"] == 3)


async def test_it_starts_without_a_broker_and_takes_up_work_when_one_comes(
    process: IngestProcess, mosquitto: MosquittoServer
) -> None:
    await asyncio.to_thread(process.stop)
    mosquitto.kill()
    await asyncio.to_thread(process.start)
    await process.status_until(lambda s: s["store"]["reachable"])
    assert await process.ready() == 503
    mosquitto.start()
    await process.until_ready()
    async with a_sender(mosquitto.url) as sender:
        await sender.send(a_pack(1), numbered("r", 1))
        await sender.cursor_until("r", 1)
    assert await process.ready() == 200
    assert process.log.read_text().count("broker not reachable") == 1


async def test_a_database_that_does_not_answer_is_awaited_with_one_line(
    tmp_path: Path, mosquitto: MosquittoServer
) -> None:
    (tmp_path / "park").mkdir()
    process = IngestProcess(tmp_path, mosquitto.url, store_url=f"influxdb://127.0.0.1:{free_port()}/readings")
    process.start()
    try:
        status = await process.status_until(lambda s: s["store"]["detail"] and s["gateways"] == {})
        assert not status["store"]["reachable"]
        async with a_sender(mosquitto.url) as sender:
            await sender.send(a_pack(1), numbered("r", 1))
        assert await process.ready() == 503
        assert process.running
        assert process.log.read_text().count("store does not take readings") <= 2
    finally:
        process.kill()


async def test_a_broker_that_lost_its_memory_gets_the_cursor_again(
    process: IngestProcess, mosquitto: MosquittoServer
) -> None:
    async with a_sender(mosquitto.url) as sender:
        await sender.send(a_pack(1), numbered("r", 1))
        await sender.cursor_until("r", 1)
        mosquitto.kill()
        sender.cursors.clear()
        mosquitto.start()
        await sender.cursor_until("r", 1)


async def test_a_term_signal_ends_it_with_zero_and_the_ledger_written(
    process: IngestProcess, mosquitto: MosquittoServer
) -> None:
    async with a_sender(mosquitto.url) as sender:
        await sender.send(a_pack(1), numbered("r", 1))
        await sender.cursor_until("r", 1)
    running = process.process
    await asyncio.to_thread(process.stop)
    assert running.returncode == 0
    assert "Traceback" not in process.log.read_text()
    store = open_store(process.settings.store_url)
    from telemetry_store.query import Select, SeriesQuery

    ledger = await store.select(SeriesQuery("ledger", (Select("stored"),), 0, 2 * NOW_MS))
    await store.close()
    assert [row[1] for series in ledger for row in series.rows] == [1]


async def test_a_port_in_use_is_one_line(process: IngestProcess, tmp_path: Path) -> None:
    (tmp_path / "second").mkdir()
    second = IngestProcess(tmp_path / "second", process.settings.mqtt_url)
    command = [*second.command, "--http-port", str(process.port)]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith(f"ecopark: http://127.0.0.1:{process.port}: address already in use")
    assert "Traceback" not in done.stderr


async def test_a_write_that_does_not_move_makes_the_service_not_ready_until_it_moves(
    tmp_path: Path, mosquitto: MosquittoServer
) -> None:
    process = IngestProcess(tmp_path, mosquitto.url, stuck_after_seconds=0.5)
    process.start()
    database = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    try:
        await process.until_ready()
        async with a_sender(mosquitto.url) as sender, httpx.AsyncClient() as http:
            payload, rows = pack_number(1)
            await sender.send(payload, numbered("run-a", 1))
            await sender.cursor_until("run-a", 1)
            database.execute("BEGIN EXCLUSIVE")
            more, more_rows = pack_number(2)
            await sender.send(more, numbered("run-a", 2))
            checks: dict[str, str] = {}
            async with asyncio.timeout(30):
                while "pipeline" not in checks:
                    answer = await http.get(f"http://127.0.0.1:{process.port}/health/ready")
                    checks = answer.json().get("checks", {})
            assert answer.status_code == 503
            assert checks["pipeline"].startswith("one round has taken")
            database.execute("COMMIT")
            await sender.cursor_until("run-a", 2)
            await process.until_ready()
        assert await rows_in(process) == rows | more_rows
    finally:
        database.close()
        process.kill()
