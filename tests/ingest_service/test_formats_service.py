"""The running service between a real Mosquitto and senders of every kind: edge nodes, plain devices, HTTP."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from service_runtime.mqtt_session import IncomingMessage, MqttOptions, MqttSession
from telemetry_model.sparkplug.payload import DataType, Metric, Payload, decode_payload, encode_payload
from telemetry_store.open import open_store
from telemetry_store.query import Select, SeriesQuery
from tests.ingest_service.builders import FLOW, NOW_MS, POWER
from tests.ingest_service.ingest_process import IngestProcess
from tests.servers.mosquitto import MosquittoServer

pytestmark = pytest.mark.real_server
TOKEN = "token-of-the-flow-meter"


@pytest.fixture
async def process(tmp_path: Path, mosquitto: MosquittoServer) -> AsyncIterator[IngestProcess]:
    sources = tmp_path / "sources.toml"
    digest = hashlib.sha256(TOKEN.encode()).hexdigest()
    sources.write_text(f'[[sources]]\nname = "meter"\ntoken_sha256 = "{digest}"\npoints = ["{FLOW}"]\n')
    made = IngestProcess(tmp_path, mosquitto.url, http_sources_file=str(sources))
    made.start()
    await made.until_ready()
    yield made
    made.kill()


class EdgeNode:
    """A Sparkplug edge node that hears commands and STATE, and is born when it is told to."""

    def __init__(self, mqtt_url: str) -> None:
        self.states: list[bool] = []
        self.rebirths = 0
        self.told = asyncio.Event()
        self.session = MqttSession(MqttOptions(url=mqtt_url, client_id="edge"), self._hear)
        self.session.subscribe("spBv1.0/hall/NCMD/line-1", qos=1)
        self.session.subscribe("spBv1.0/STATE/ecopark", qos=1)

    async def publish(self, kind: str, seq: int, *metrics: Metric) -> None:
        payload = encode_payload(Payload(NOW_MS + seq * 1000, metrics, seq))
        assert await self.session.publish(f"spBv1.0/hall/{kind}/line-1", payload, qos=0)

    async def be_born(self) -> None:
        power = Metric("Power", 1, datatype=DataType.DOUBLE, value=1000.0)
        await self.publish("NBIRTH", 0, Metric("bdSeq", datatype=DataType.INT64, value=0), power)

    async def until_rebirth(self, number: int) -> None:
        async with asyncio.timeout(30):
            while self.rebirths < number:
                self.told.clear()
                await self.told.wait()

    async def until_states(self, *states: bool) -> None:
        async with asyncio.timeout(30):
            while tuple(self.states[-len(states) :]) != states:
                self.told.clear()
                await self.told.wait()

    def _hear(self, message: IncomingMessage) -> None:
        if message.topic.startswith("spBv1.0/STATE/"):
            self.states.append(json.loads(message.payload)["online"])
        else:
            [metric] = decode_payload(message.payload).metrics
            assert (metric.name, metric.value, message.qos) == ("Node Control/Rebirth", True, 0)
            self.rebirths += 1
        self.told.set()


@asynccontextmanager
async def an_edge_node(mqtt_url: str) -> AsyncIterator[EdgeNode]:
    edge = EdgeNode(mqtt_url)
    task = asyncio.create_task(edge.session.run())
    try:
        async with asyncio.timeout(10):
            while not edge.session.subscribed:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        yield edge
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await edge.session.close()


async def power_values(process: IngestProcess) -> dict[int, object]:
    store = open_store(process.settings.store_url)
    query = SeriesQuery("energy", (Select("active_power_kw"),), 0, 2 * NOW_MS, where=(("point", (POWER,)),))
    try:
        return {int(row[0]): row[1] for series in await store.select(query) for row in series.rows}  # type: ignore[arg-type]
    finally:
        await store.close()


async def test_a_late_join_asks_for_a_rebirth_and_then_understands_the_node(
    process: IngestProcess, mosquitto: MosquittoServer
) -> None:
    async with an_edge_node(mosquitto.url) as edge:
        await edge.publish("NDATA", 41, Metric(alias=1, value=1.0))
        await edge.until_rebirth(1)
        await edge.be_born()
        await edge.publish("NDATA", 1, Metric(alias=1, value=2000.0))
        status = await process.status_until(lambda s: s["readings"]["stored"] == 2)
    assert status["quarantine"]["by_reason"] == {"no_birth": 1}
    assert await power_values(process) == {NOW_MS: 1.0, NOW_MS + 1000: 2.0}


async def test_a_lost_message_keeps_the_values_and_asks_for_a_rebirth_once(
    process: IngestProcess, mosquitto: MosquittoServer
) -> None:
    async with an_edge_node(mosquitto.url) as edge:
        await edge.be_born()
        for seq in (1, 3, 5, 7):
            await edge.publish("NDATA", seq, Metric(alias=1, value=1000.0 * seq))
        await edge.until_rebirth(1)
        await process.status_until(lambda s: s["readings"]["stored"] == 5)
        assert edge.rebirths == 1, "the other two holes wait until the interval is over"
    values = await power_values(process)
    assert values == {NOW_MS: 1.0, **{NOW_MS + 1000 * seq: float(seq) for seq in (1, 3, 5, 7)}}


async def test_state_is_online_while_ingest_runs_and_offline_after_a_kill_or_a_goodbye(
    process: IngestProcess, mosquitto: MosquittoServer
) -> None:
    async with an_edge_node(mosquitto.url) as edge:
        await edge.until_states(True)
        await asyncio.to_thread(process.kill)
        await edge.until_states(True, False)
        await asyncio.to_thread(process.start)
        await edge.until_states(False, True)
        await asyncio.to_thread(process.stop)
        await edge.until_states(True, False)


async def test_an_old_will_that_comes_late_is_put_right(process: IngestProcess, mosquitto: MosquittoServer) -> None:
    async with an_edge_node(mosquitto.url) as edge:
        await edge.until_states(True)
        late = json.dumps({"online": False, "timestamp": 1}).encode()
        assert await edge.session.publish("spBv1.0/STATE/ecopark", late, qos=1, retain=True)
        await edge.until_states(False, True)


async def test_a_plain_device_and_http_beside_each_other(process: IngestProcess, mosquitto: MosquittoServer) -> None:
    async with an_edge_node(mosquitto.url) as device, httpx.AsyncClient() as http:
        assert await device.session.publish("shelly/7", b'{"meter": {"flow": 2}}', qos=1)
        answer = await http.post(
            f"http://127.0.0.1:{process.port}/api/v1/readings",
            content=f"time,point,value\n{NOW_MS},{FLOW},7.5\n",
            headers={"authorization": f"Bearer {TOKEN}", "content-type": "text/csv"},
        )
        assert (answer.status_code, answer.json()["stored"]) == (200, 1)
        status = await process.status_until(lambda s: s["readings"]["stored"] == 2)
    assert status["readings"]["quarantined"] == 0
