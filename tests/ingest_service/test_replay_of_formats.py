"""What was refused on a foreign topic comes back from the quarantine as the row it would have been."""

import pytest

from ingest_service.quarantine_replay import ReplayResult, replay_quarantine
from ingest_service.subscriber import Delivery
from service_runtime.clock import SystemClock
from service_runtime.mqtt_session import IncomingMessage
from telemetry_model.senml import MAX_PACK_BYTES
from telemetry_model.sparkplug.payload import Metric, Payload, encode_payload
from telemetry_store.query import Select, SeriesQuery
from tests.ingest_service.builders import NOW_MS, a_pack
from tests.ingest_service.conftest import Rig

BIRTH = encode_payload(Payload(None, (Metric("Flow", value=2.0),), 0))


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("shelly/7", b'{"meter": {"flow": 2}, "unit": "ignored beside a path"}'),
        ("spBv1.0/hall/DBIRTH/line-1/pump", BIRTH),
    ],
)
async def test_a_row_the_store_refused_is_replayed(rig: Rig, topic: str, payload: bytes) -> None:
    now_ms = SystemClock().now_ms()
    rig.clock.advance((now_ms - rig.clock.now_ms()) / 1000)
    rig.store.reject = lambda row: True
    await rig.take(Delivery(IncomingMessage(topic, payload, {}, "", 1, 1, False), "", None, now_ms))
    assert [record.topic for record in rig.quarantine.records()] == [topic]
    assert await replay_quarantine(rig.settings, None) == ReplayResult(readings=1, released=1, still_refused=0)
    query = SeriesQuery("water", (Select("flow_m3_h"),), now_ms - 60_000, now_ms + 60_000)
    [series] = await rig.store.select(query)
    assert [row[1] for row in series.rows] == [pytest.approx(7.2 if topic == "shelly/7" else 2.0)]


def a_retained_message(topic: str, payload: bytes, content_type: str, gateway: str, now_ms: int) -> Delivery:
    return Delivery(IncomingMessage(topic, payload, {}, content_type, 1, 1, True), gateway, None, now_ms)


async def test_a_retained_value_without_a_time_becomes_no_reading_of_the_replay(rig: Rig) -> None:
    await rig.take(a_retained_message("shelly/7", b'{"meter": {"flow": 2}}', "", "", rig.clock.now_ms()))
    assert await replay_quarantine(rig.settings, None) == ReplayResult(readings=0, released=0, still_refused=1)
    assert len(rig.quarantine.records()) == 1


async def test_a_long_pack_is_replayed_whole(rig: Rig) -> None:
    pack = a_pack(*[41.0] * 9_000, start_ms=NOW_MS - 10_000_000)
    wide = pack + b" " * (MAX_PACK_BYTES - len(pack))
    topic = "ecopark/1/thu/gw-1/readings"
    await rig.take(a_retained_message(topic, wide, "application/senml+json", "gw-1", NOW_MS))
    assert await replay_quarantine(rig.settings, None) == ReplayResult(readings=9_000, released=1, still_refused=0)
