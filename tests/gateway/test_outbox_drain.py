"""A gateway without devices empties its outbox; a stopped gateway leaves nothing behind that could be stored."""

import asyncio
from pathlib import Path

import pytest

from deploy.local.ports import free_port
from gateway.bootstrap import open_outbox, run_gateway
from gateway.outbox import Outbox
from gateway.outbox_drain import OutboxDrain
from service_runtime.clock import SystemClock
from service_runtime.errors import OperatorError, UnreachableError
from service_runtime.mqtt_session import MqttOptions
from telemetry_model.reading import Reading
from tests.gateway.modbus_device import running
from tests.gateway.stored_echo import StoredEcho
from tests.gateway.test_gateway_run import TOPIC, a_park, meter, settings_for
from tests.gateway.waiting import until
from tests.servers.mosquitto import MosquittoServer

NOW_MS = 1_790_000_000_000


def an_outbox(folder: Path, batches: int) -> Outbox:
    outbox = Outbox.open(folder / "out.db", SystemClock())
    outbox.commit([[Reading("em-1.voltage", NOW_MS + n * 1000, 230.0)] for n in range(batches)], {})
    return outbox


def drain_of(outbox: Outbox, url: str) -> OutboxDrain:
    return OutboxDrain(outbox, "p", "gw-east", MqttOptions(url=url, client_id="drain"), SystemClock(), 0.3)


@pytest.mark.real_server
async def test_it_ends_when_the_cursor_has_passed_everything(mosquitto: MosquittoServer, tmp_path: Path) -> None:
    outbox = an_outbox(tmp_path, 150)
    echo = StoredEcho(mosquitto.url, TOPIC + "readings", TOPIC + "stored")
    echo.loses = lambda seq, times: seq % 10 == 0 and times == 1
    listening = asyncio.create_task(echo.session.run())
    await until(lambda: echo.session.subscribed, "the echo")
    left: list[int] = []
    await drain_of(outbox, mosquitto.url).run(left.append, stall_seconds=20)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await echo.session.close()
    assert sorted(echo.payloads) == list(range(1, 151))
    assert left[0] > left[-1] == 0
    outbox.close()


@pytest.mark.real_server
async def test_without_an_ingest_service_it_says_so(mosquitto: MosquittoServer, tmp_path: Path) -> None:
    outbox = an_outbox(tmp_path, 3)
    with pytest.raises(OperatorError, match=r"3 batches were sent but none was stored for 0\.5 s: is an ingest"):
        await drain_of(outbox, mosquitto.url).run(lambda _left: None, stall_seconds=0.5)
    assert outbox.oldest_unstored() == 1
    outbox.close()


async def test_an_absent_broker_is_named(tmp_path: Path) -> None:
    outbox = an_outbox(tmp_path, 1)
    url = f"mqtt://127.0.0.1:{free_port()}"
    with pytest.raises(UnreachableError, match=f"broker {url}: connection refused"):
        await drain_of(outbox, url).run(lambda _left: None, stall_seconds=5)
    outbox.close()


@pytest.mark.real_server
async def test_a_stopped_gateway_waits_until_its_last_readings_are_stored(
    mosquitto: MosquittoServer, tmp_path: Path
) -> None:
    live = meter()
    async with running(live):
        settings = settings_for(tmp_path, a_park(tmp_path, live.port, 1), mosquitto.url)
        echo = StoredEcho(mosquitto.url, TOPIC + "readings", TOPIC + "stored")
        listening = asyncio.create_task(echo.session.run())
        await until(lambda: echo.session.subscribed, "the echo")
        stop = asyncio.Event()
        gateway = asyncio.create_task(run_gateway(settings, stop=stop))
        await until(lambda: len(echo.payloads) >= 2, "two batches")
        stop.set()
        await gateway
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await echo.session.close()
    outbox = open_outbox(settings, SystemClock())
    assert outbox.readings_committed == echo.records
    assert outbox.counts().pending == 0
    outbox.close()
