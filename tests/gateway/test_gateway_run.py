"""A whole gateway: real Modbus devices, a real broker, status, health, and a clean end."""

import asyncio
import struct
from pathlib import Path

import pytest

from gateway.bootstrap import run_gateway
from gateway.settings import GatewaySettings
from service_runtime.errors import OperatorError
from service_runtime.mqtt_session import IncomingMessage, MqttOptions, MqttSession
from telemetry_model.control_messages import ResendRequest, decode_health, decode_status, encode_control
from telemetry_model.senml_json import SenmlReading, decode_pack
from tests.gateway.modbus_device import ModbusDevice, running
from tests.gateway.stored_echo import StoredEcho
from tests.gateway.waiting import until
from tests.servers.mosquitto import MosquittoServer

TOPIC = "ecopark/1/p/gw-east/"


def a_park(folder: Path, live_port: int, dead_port: int, profile: str = "eastron-sdm630") -> Path:
    park = folder / "park"
    park.mkdir()
    files = {
        "park.toml": 'id = "p"\nname_vi = "P"\nname_en = "P"\ntimezone = "Asia/Ho_Chi_Minh"\n',
        "tenants.csv": "tenant,name,sector,zone\npark,Park,operator,z\n",
        "points.csv": "point,tenant,zone,medium,unit\n"
        "em-1.voltage,park,z,energy,V\nem-1.active_power,park,z,energy,kW\nem-2.voltage,park,z,energy,V\n",
        "contacts.csv": "tenant,name,email,language\n",
        "devices.csv": "device,gateway,profile,host,port,unit_id,poll_seconds\n"
        f"em-1,gw-east,{profile},127.0.0.1,{live_port},1,0.2\nem-2,gw-east,eastron-sdm630,127.0.0.1,{dead_port},1,0.2\n",
    }
    for name, text in files.items():
        (park / name).write_text(text, encoding="utf-8")
    return park


def settings_for(folder: Path, park: Path, url: str, gateway: str = "gw-east") -> GatewaySettings:
    return GatewaySettings(
        park_folder=str(park), gateway=gateway, mqtt_url=url, outbox_path=str(folder / "out.db"),
        batch_max_age_seconds=0.1, health_interval_seconds=0.2,
    )  # fmt: skip


def meter() -> ModbusDevice:
    words = {0: 230.0, 52: 41_200.0}
    return ModbusDevice({at: list(struct.unpack(">HH", struct.pack(">f", value))) for at, value in words.items()})


@pytest.mark.real_server
async def test_readings_status_and_health_reach_the_broker(mosquitto: MosquittoServer, tmp_path: Path) -> None:
    live, dead = meter(), meter()
    async with running(live, dead):
        dead.switch_off()
        settings = settings_for(tmp_path, a_park(tmp_path, live.port, dead.port), mosquitto.url)
        echo = StoredEcho(mosquitto.url, TOPIC + "readings", TOPIC + "stored")
        heard: list[IncomingMessage] = []
        listener = MqttSession(MqttOptions(url=mosquitto.url, client_id="listener"), heard.append)
        for channel in ("status", "health"):
            listener.subscribe(TOPIC + channel)
        tasks = [asyncio.create_task(session.run()) for session in (echo.session, listener)]
        await until(lambda: echo.session.connected and listener.connected, "both listeners")
        stop = asyncio.Event()
        gateway = asyncio.create_task(run_gateway(settings, stop=stop))
        await until(lambda: len(echo.payloads) >= 3, "three batches")
        request = ResendRequest(echo.properties[1]["run"], 1, 1)
        await listener.publish(TOPIC + "resend", encode_control(request))
        await until(lambda: echo.seen.count(1) == 2, "the first batch to come again when it is asked for")
        await until(lambda: any(m.topic.endswith("health") and decode_health(m.payload).batches_stored for m in heard),
                    "a health report that knows of stored batches")  # fmt: skip
        stop.set()
        await gateway
        await until(lambda: decode_status(_last(heard, "status")).state == "offline", "the farewell")
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await echo.session.close()
        await listener.close()
    records = [record for payload in echo.payloads.values() for record in decode_pack(payload, 0)]
    assert _seen(records, "em-1.active_power") == {(41.2, "kW", "")}
    assert _seen(records, "em-2.voltage") == {(None, "V", "device_unreachable")}
    assert all(record.time_ms % 200 == 0 for record in records)
    states = [decode_status(m.payload).state for m in heard if m.topic.endswith("status")]
    assert states == ["online", "offline"]
    health = decode_health(_last(heard, "health"))
    assert (health.devices_online, health.devices_offline) == (1, 1)
    assert 0 < health.bad_readings < health.readings


@pytest.mark.real_server
async def test_readings_are_kept_while_the_broker_is_away(mosquitto: MosquittoServer, tmp_path: Path) -> None:
    live = meter()
    async with running(live):
        mosquitto.kill()
        settings = settings_for(tmp_path, a_park(tmp_path, live.port, 1), mosquitto.url)
        stop = asyncio.Event()
        gateway = asyncio.create_task(run_gateway(settings, stop=stop))
        await until(lambda: len(live.asked) >= 4, "a few polls without any broker")
        await asyncio.to_thread(mosquitto.start)
        echo = StoredEcho(mosquitto.url, TOPIC + "readings", TOPIC + "stored")
        listening = asyncio.create_task(echo.session.run())
        await until(lambda: 1 in echo.payloads or len(echo.seen) >= 3, "batches after the return")
        stop.set()
        await gateway
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await echo.session.close()


async def test_a_gateway_without_devices_is_refused_by_name(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, a_park(tmp_path, 1, 1), "mqtt://127.0.0.1:1", gateway="gw-nowhere")
    with pytest.raises(OperatorError, match=r"gateway 'gw-nowhere' has no device \(gateways there: gw-east\)"):
        await run_gateway(settings, stop=asyncio.Event())


async def test_an_unknown_profile_is_refused_by_name(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, a_park(tmp_path, 1, 1, profile="no-such"), "mqtt://127.0.0.1:1")
    with pytest.raises(OperatorError, match=r"devices\.csv: em-1: unknown profile 'no-such' \(known: abb-b23"):
        await run_gateway(settings, stop=asyncio.Event())


async def test_a_quantity_the_profile_does_not_have_is_refused_by_name(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, a_park(tmp_path, 1, 1, profile="sungrow-sg"), "mqtt://127.0.0.1:1")
    with pytest.raises(OperatorError, match=r"points\.csv: em-1\.voltage: profile 'sungrow-sg' has no energy voltage"):
        await run_gateway(settings, stop=asyncio.Event())


def _last(heard: list[IncomingMessage], channel: str) -> bytes:
    return [message.payload for message in heard if message.topic.endswith(channel)][-1]


def _seen(records: list[SenmlReading], name: str) -> set[tuple[float | None, str, str]]:
    return {(record.value, record.unit, record.reason) for record in records if record.name == name}
