"""Both local brokers speak MQTT 5 as the chain needs it, and end when told."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from queue import Queue

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from deploy.local.broker import BrokerKind, LocalBroker
from deploy.local.ports import answers
from tests.servers.process import require_binary

KINDS = [BrokerKind.EMBEDDED, BrokerKind.MOSQUITTO]


@pytest.fixture(params=KINDS)
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LocalBroker]:
    if request.param is BrokerKind.MOSQUITTO:
        require_binary("mosquitto")
    local = LocalBroker(request.param, tmp_path)
    try:
        local.start()
        yield local
    finally:
        local.child.stop()


def session(broker: LocalBroker, name: str, received: "Queue[mqtt.MQTTMessage] | None" = None) -> mqtt.Client:
    """A connected session that keeps what it receives and acknowledges by hand."""
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, name, protocol=mqtt.MQTTv5, manual_ack=True)
    ready: Queue[bool] = Queue()
    client.on_connect = lambda *_: ready.put(True)
    client.on_subscribe = lambda *_: ready.put(True)
    if received is not None:
        client.on_message = lambda _client, _data, message: received.put(message)
    properties = Properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = 600
    client.connect("127.0.0.1", broker.port, clean_start=False, properties=properties)
    client.loop_start()
    ready.get(timeout=10)
    if received is not None:
        client.subscribe("t/+/readings", 1)
        ready.get(timeout=10)
    return client


def drop(client: mqtt.Client) -> None:
    """Vanish without a DISCONNECT, and stay away."""
    client.loop_stop()
    sock = client.socket()
    assert sock is not None
    sock.close()


def publish(client: mqtt.Client, number: int) -> None:
    properties = Properties(PacketTypes.PUBLISH)
    properties.UserProperty = ("seq", str(number))
    properties.ContentType = "application/senml+json"
    client.publish("t/gw/readings", f"m{number}", qos=1, properties=properties).wait_for_publish(10)


def test_properties_arrive_unchanged(broker: LocalBroker) -> None:
    received: Queue[mqtt.MQTTMessage] = Queue()
    reader, writer = session(broker, "reader", received), session(broker, "writer")
    publish(writer, 7)
    message = received.get(timeout=10)
    assert message.properties is not None
    assert message.properties.UserProperty == [("seq", "7")]
    assert message.properties.ContentType == "application/senml+json"
    for client in (reader, writer):
        client.disconnect()
        client.loop_stop()


def test_what_was_not_acknowledged_comes_again(broker: LocalBroker) -> None:
    received: Queue[mqtt.MQTTMessage] = Queue()
    reader, writer = session(broker, "reader", received), session(broker, "writer")
    for number in range(10):
        publish(writer, number)
    for _ in range(4):
        message = received.get(timeout=10)
        reader.ack(message.mid, message.qos)
    reader.publish("t/flush", "", qos=1).wait_for_publish(10)
    drop(reader)
    again: Queue[mqtt.MQTTMessage] = Queue()
    returned = session(broker, "reader", again)
    assert [again.get(timeout=10).payload for _ in range(6)] == [b"m%d" % number for number in range(4, 10)]
    for client in (returned, writer):
        client.disconnect()
        client.loop_stop()


def test_it_comes_back_on_the_same_port_after_a_kill(broker: LocalBroker) -> None:
    broker.child.kill()
    assert not answers(broker.port)
    broker.start()
    assert answers(broker.port)


def test_it_ends_cleanly(broker: LocalBroker) -> None:
    broker.child.stop()
    assert broker.child.exit_code == 0


def test_a_taken_port_is_one_sentence(broker: LocalBroker) -> None:
    command = [sys.executable, "-m", "deploy.local.embedded_broker", "--port", str(broker.port)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert f"embedded broker: port {broker.port} is taken" in done.stderr
