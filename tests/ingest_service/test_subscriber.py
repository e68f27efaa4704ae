"""What waits in memory: bounded at QoS 0, and kept over a reconnect where nobody would send it again."""

from pathlib import Path

import pytest

from ingest_service import subscriber as subscriber_module
from ingest_service.gateway_board import GatewayBoard
from ingest_service.subscriber import Subscriber
from service_runtime.mqtt_session import IncomingMessage
from tests.ingest_service.builders import a_pack, numbered, settings_for
from tests.ingest_service.conftest import Rig


def message(payload: bytes, qos: int, topic: str = "lab/ph", numbered_as: int = 0) -> IncomingMessage:
    properties = numbered("r", numbered_as) if numbered_as else {}
    return IncomingMessage(topic, payload, properties, "", qos, 1, False, 1)


async def test_messages_at_qos_0_are_held_up_to_a_limit_and_counted_beyond_it(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriber_module, "MAX_UNPROMISED_BYTES", 5_000)
    for _ in range(10):
        rig.subscriber.receive(message(b'{"value": 7}', qos=0))
    rig.subscriber.receive(message(b'{"value": 7}', qos=1))
    assert (rig.subscriber.waiting, rig.subscriber.unpromised_dropped) == (5, 6)
    while rig.subscriber.waiting:
        await rig.subscriber.next()
    rig.subscriber.receive(message(b'{"value": 7}', qos=0))
    assert rig.subscriber.waiting == 1


@pytest.mark.parametrize(("session_present", "kept"), [(True, ["lab/ph"]), (False, ["lab/ph", "by/hand"])])
def test_after_a_reconnect_only_what_would_not_come_again_still_waits(
    rig: Rig, session_present: bool, kept: list[str]
) -> None:
    rig.subscriber.receive(message(b'{"value": 7}', qos=0))
    rig.subscriber.receive(message(b"[]", qos=1, topic="by/hand"))
    rig.subscriber.receive(message(a_pack(1), qos=1, topic="ecopark/1/thu/gw-1/readings", numbered_as=1))
    rig.subscriber._connected(session_present)
    assert [delivery.message.topic for delivery in rig.subscriber._waiting] == kept


def test_a_topic_that_is_heard_directly_is_no_delivery(rig: Rig) -> None:
    heard: list[bytes] = []
    rig.subscriber.hear("spBv1.0/STATE/ecopark", heard.append)
    rig.subscriber.receive(message(b"{}", qos=0, topic="spBv1.0/STATE/ecopark"))
    assert (heard, rig.subscriber.waiting) == ([b"{}"], 0)


@pytest.mark.parametrize("gateway", ["g" * 201, "gw\u200b1", "gw\n1"])
def test_a_name_that_cannot_be_a_key_is_no_gateways(rig: Rig, gateway: str) -> None:
    rig.subscriber.receive(message(a_pack(1), qos=1, topic=f"ecopark/1/thu/{gateway}/readings", numbered_as=1))
    assert [delivery.gateway for delivery in rig.subscriber._waiting] == [""]


async def test_a_share_group_shares_readings_and_nothing_else(tmp_path: Path, rig: Rig) -> None:
    settings = settings_for(
        tmp_path, state_path="", state_url="postgresql://h/d", store_url="influxdb://h/b", mqtt_share_group="ingest",
        mqtt_client_id="one",
    )  # fmt: skip
    subscriber = Subscriber(settings, "thu", GatewayBoard(), rig.clock, rig.reception)
    filters = set(subscriber.session._subscriptions)
    assert {"$share/ingest/ecopark/1/thu/+/readings", "$share/ingest/shelly/7", "$share/ingest/lab/ph"} <= filters
    assert {"ecopark/1/thu/+/status", "ecopark/1/thu/+/health"} <= filters
    assert subscriber.session._options.session_expiry_seconds == settings.mqtt_share_expiry_seconds
