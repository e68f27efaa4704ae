"""The short way for PUBLISH packets says what paho says, or leaves the packet to it; nothing is left lying about."""

import asyncio
from typing import Any

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from service_runtime.mqtt_client import decode_publish
from service_runtime.mqtt_message import IncomingMessage
from service_runtime.mqtt_session import MqttOptions, MqttSession

PUBLISH_QOS_1 = 0x32
BOM = "\ufeff".encode()
CONNACK = bytes([0x20, 3, 0, 0, 0])
PINGRESP = bytes([0xD0, 0])


def publish_body(topic: bytes, mid: int, payload: bytes, **properties: Any) -> bytes:
    """What follows the fixed header of a QoS 1 PUBLISH, with the properties as paho writes them."""
    extra = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    for name, value in properties.items():
        setattr(extra, name, value)
    packed: bytes = extra.pack()  # type: ignore[no-untyped-call]
    return len(topic).to_bytes(2, "big") + topic + mid.to_bytes(2, "big") + packed + payload


def as_paho_reads(body: bytes) -> IncomingMessage:
    """Topic and number by their places, the properties through paho."""
    end = 2 + int.from_bytes(body[:2], "big")
    found, length = Properties(PacketTypes.PUBLISH).unpack(body[end + 2 :])  # type: ignore[no-untyped-call]
    user, content_type = dict(getattr(found, "UserProperty", ())), getattr(found, "ContentType", "")
    mid = int.from_bytes(body[end : end + 2], "big")
    return IncomingMessage(body[2:end].decode(), body[end + 2 + length :], user, content_type, 1, mid, False, 3)


@pytest.mark.parametrize(
    "properties",
    [
        {},
        {"ContentType": "application/senml+json"},
        {"UserProperty": [("run", "r"), ("seq", "7"), ("run", "later")]},
        {"ContentType": "a/b", "UserProperty": [("đo", "nước")], "PayloadFormatIndicator": 1},
        {"MessageExpiryInterval": 70_000, "UserProperty": [("long", "x" * 300)]},
    ],
    ids=["none", "content type", "a name twice", "vietnamese", "more than 127 bytes"],
)
def test_a_message_is_read_as_paho_reads_it(properties: dict[str, Any]) -> None:
    body = publish_body("park/nước".encode(), 513, b"[1]" * 500, **properties)
    assert decode_publish(PUBLISH_QOS_1, bytearray(body), 3) == as_paho_reads(body)


def test_qos_0_has_no_packet_number_and_retain_is_seen() -> None:
    message = decode_publish(0x31, b"\x00\x01t\x00xyz", 1)
    assert message == IncomingMessage("t", b"xyz", {}, "", 0, 0, True, 1)


@pytest.mark.parametrize(
    "body",
    [
        publish_body(b"t", 1, b"", TopicAlias=1),
        publish_body(b"t", 1, b"", UserProperty=[("a", "b")])[:-1],
        publish_body(b"t", 1, b"", UserProperty=[("a", "b")]).replace(b"\x00\x01b", b"\x00\x02b") + b"rest",
        publish_body(b"\xff\xfe", 1, b""),
        b"\x00\x01t\x00\x01\xff\xff\xff\xff\x01",
        b"\x00\x09t",
        b"",
    ],
    ids=["topic alias", "cut short", "string beyond the properties", "topic not utf-8", "endless length",
         "topic too long", "nothing"],
)  # fmt: skip
def test_anything_out_of_the_ordinary_is_left_to_paho(body: bytes) -> None:
    assert decode_publish(PUBLISH_QOS_1, body, 1) is None


@pytest.mark.parametrize(
    ("body", "properties", "content_type"),
    [
        (publish_body(b"t", 1, b"x", ResponseTopic="answer/here", CorrelationData=b"\x00\xff"), {}, ""),
        (publish_body(b"t", 1, b"x", SubscriptionIdentifier=[5, 300]), {}, ""),
        (b"\x00\x01t\x00\x01\x0c\x03\x00\x03a/b\x03\x00\x03c/dx", {}, "a/b"),
        (publish_body(b"t", 1, b"x", UserProperty=[("a", "___")]).replace(b"___", BOM), {"a": "\ufeff"}, ""),
        (publish_body(b"t", 1, b"x", UserProperty=[("___", "a")]).replace(b"___", BOM), {"\ufeff": "a"}, ""),
        (publish_body(b"t", 1, b"x", ContentType="___").replace(b"___", BOM), {}, "\ufeff"),
        (publish_body(b"t", 1, b"x", ResponseTopic="___").replace(b"___", BOM), {}, ""),
        (publish_body(b"t", 1, b"x", UserProperty=[("a", "b")]).replace(b"b", b"\x00"), {"a": "\ufffd"}, ""),
        (publish_body(b"t", 1, b"x", UserProperty=[("a", "b")]).replace(b"b", b"\xff"), {"a": "\ufffd"}, ""),
    ],
    ids=["response topic", "subscription id", "content type twice", "mark in a value", "mark in a name",
         "mark in the content type", "mark in the response topic", "null", "not utf-8"],
)  # fmt: skip
def test_what_a_broker_passes_on_is_taken_though_paho_would_end_the_connection(
    body: bytes, properties: dict[str, str], content_type: str
) -> None:
    assert decode_publish(PUBLISH_QOS_1, body, 1) == IncomingMessage(
        "t", b"x", properties, content_type, 1, 1, False, 1
    )


def test_qos_2_is_left_to_paho() -> None:
    assert decode_publish(0x34, publish_body(b"t", 1, b"x"), 1) is None


class ScriptedBroker:
    """Accepts one connection, says what it is told to in one piece, and keeps what it hears."""

    def __init__(self, words: bytes) -> None:
        self._words = words
        self.heard = bytearray()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(CONNACK)
        await writer.drain()
        writer.write(self._words)
        while data := await reader.read(1000):
            self.heard += data
        writer.close()


def packet(body: bytes) -> bytes:
    assert len(body) < 128
    return bytes([PUBLISH_QOS_1, len(body)]) + body


async def test_messages_that_came_with_other_packets_in_one_piece_are_all_handled_and_acknowledged() -> None:
    bodies = [publish_body(b"t", mid, b"x") for mid in (1, 2)]
    long_way = publish_body(b"t", 3, b"x", TopicAlias=1)
    broker = ScriptedBroker(PINGRESP + PINGRESP + packet(bodies[0]) + PINGRESP + packet(long_way) + packet(bodies[1]))
    server = await asyncio.start_server(broker.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    messages: list[IncomingMessage] = []
    session = MqttSession(MqttOptions(url=f"mqtt://127.0.0.1:{port}", client_id="c"), messages.append)
    running = asyncio.create_task(session.run())
    try:
        async with asyncio.timeout(10):
            while len(broker.heard) < 12:  # noqa: ASYNC110 - bytes at another socket
                await asyncio.sleep(0.005)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await session.close()
        server.close()
    assert [message.mid for message in messages] == [1, 3, 2]
    assert bytes(broker.heard[:12]) == b"\x40\x02\x00\x01" + b"\x40\x02\x00\x03" + b"\x40\x02\x00\x02"


class DrippingBroker(ScriptedBroker):
    """Says it byte by byte."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        for byte in CONNACK + self._words:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0)
        while data := await reader.read(1000):
            self.heard += data
        writer.close()


async def test_packets_cut_at_every_byte_are_put_together() -> None:
    long_body = publish_body(b"t", 2, b"y" * 300, UserProperty=[("seq", "2")])
    long_packet = bytes([PUBLISH_QOS_1, len(long_body) % 128 | 128, len(long_body) // 128]) + long_body
    words = [packet(publish_body(b"t", 1, b"x")), PINGRESP, long_packet,
             packet(publish_body(b"t", 3, b"", ResponseTopic="elsewhere"))]  # fmt: skip
    broker = DrippingBroker(b"".join(words))
    server = await asyncio.start_server(broker.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    messages: list[IncomingMessage] = []
    session = MqttSession(MqttOptions(url=f"mqtt://127.0.0.1:{port}", client_id="c"), messages.append)
    running = asyncio.create_task(session.run())
    try:
        async with asyncio.timeout(10):
            while len(broker.heard) < 12:  # noqa: ASYNC110 - bytes at another socket
                await asyncio.sleep(0.005)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await session.close()
        server.close()
    assert [(message.mid, len(message.payload)) for message in messages] == [(1, 1), (2, 300), (3, 0)]


class CutBroker(ScriptedBroker):
    """Says it in two pieces."""

    def __init__(self, words: bytes, cut: int) -> None:
        super().__init__(words)
        self._cut = cut

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        for piece in (CONNACK, self._words[: self._cut], self._words[self._cut :]):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.01)
        while data := await reader.read(1000):
            self.heard += data
        writer.close()


async def test_messages_cut_in_two_among_whole_ones_are_put_together() -> None:
    body = publish_body(b"t", 2, b"y" * 300, UserProperty=[("seq", "2")])
    long_packet = bytes([PUBLISH_QOS_1, len(body) % 128 | 128, len(body) // 128]) + body
    short = [packet(publish_body(b"t", mid, b"x")) for mid in (1, 3)]
    words = short[0] + long_packet + PINGRESP + short[1]

    async def received(cut: int) -> list[tuple[int, int]]:
        broker = CutBroker(words, cut)
        server = await asyncio.start_server(broker.serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        messages: list[IncomingMessage] = []
        session = MqttSession(MqttOptions(url=f"mqtt://127.0.0.1:{port}", client_id="c"), messages.append)
        running = asyncio.create_task(session.run())
        try:
            async with asyncio.timeout(10):
                while len(broker.heard) < 12:  # noqa: ASYNC110 - bytes at another socket
                    await asyncio.sleep(0.005)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await session.close()
            server.close()
        return [(message.mid, len(message.payload)) for message in messages]

    cuts = [*range(len(short[0]) + 20), *range(len(words) - 20, len(words))]
    found = await asyncio.gather(*(received(cut) for cut in cuts))
    assert found == [[(1, 1), (2, 300), (3, 1)]] * len(cuts)
