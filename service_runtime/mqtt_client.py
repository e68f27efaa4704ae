"""paho's client with a short way for what comes by the thousands: PUBLISH in, PUBACK out; all else is left to paho.

paho looks each property's name up in lists, three times for every property, and makes a lock for every message: with
one content type and four user properties that was a fifth of all the CPU an ingest spent. It also reads a packet byte
by byte and sends each acknowledgement by itself. The methods overridden here are paho's own seams of 2.1 and 2.2.
"""

import struct
from collections.abc import Callable, Iterable
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import MQTTErrorCode

from service_runtime.mqtt_message import IncomingMessage

RECEIVE_BYTES = 65_536
_PUBLISH, _PUBACK = 0x30, 0x40
_PAYLOAD_FORMAT, _MESSAGE_EXPIRY, _CONTENT_TYPE, _SUBSCRIPTION, _USER_PROPERTY = 1, 2, 3, 11, 38
_RESPONSE_TOPIC, _CORRELATION_DATA = 8, 9
"""Property identifiers (MQTT 5 section 2.2.2.2)."""


class BrokerClient(mqtt.Client):
    """Give it ``deliver``; messages that take the long way come to ``on_message`` as ever. ``manual_ack`` only."""

    def __init__(self, deliver: Callable[[IncomingMessage], None], connection: int, **options: Any) -> None:
        super().__init__(manual_ack=True, **options)
        self._deliver = deliver
        self._connection = connection
        self._received = b""
        self._received_at = 0

    @property
    def holds_bytes(self) -> bool:
        """Whether something has left the socket and is still to be read: the socket will not tell."""
        return self._received_at < len(self._received)

    def acknowledge(self, mids: Iterable[int]) -> None:
        """PUBACK for each, in one write; nothing happens when the connection is gone."""
        packets = b"".join([struct.pack("!BBH", _PUBACK, 2, mid) for mid in mids])
        self._packet_queue(_PUBACK, packets, 0, 1)

    def _packet_read(self) -> MQTTErrorCode:
        """A PUBLISH that lies here whole is taken as it is. What comes first from the socket goes paho's way: it
        notes when it last heard from the broker."""
        message = None if self._in_packet["command"] else self._whole_publish()
        if message is None:
            return super()._packet_read()
        self._deliver(message)
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def _whole_publish(self) -> IncomingMessage | None:
        held, at = self._received, self._received_at
        if at >= len(held) or held[at] & 0xF0 != _PUBLISH:
            return None
        try:
            length, start = _variable_integer(held, at + 1)
        except IndexError:
            return None
        end = start + length
        message = decode_publish(held[at], held[start:end], self._connection) if end <= len(held) else None
        if message is not None:
            self._received_at = end
        return message

    def _handle_publish(self) -> MQTTErrorCode:
        packet = self._in_packet
        message = decode_publish(packet["command"], packet["packet"], self._connection)
        if message is None:
            return super()._handle_publish()
        self._deliver(message)
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def _sock_recv(self, bufsize: int) -> bytes:
        """From what has arrived already; the socket is asked only when that is used up."""
        at, end = self._received_at, self._received_at + bufsize
        if at >= len(self._received):
            at, end = 0, bufsize
            self._received = super()._sock_recv(max(bufsize, RECEIVE_BYTES))
        self._received_at = end
        return self._received[at:end]


def decode_publish(header: int, packet: bytes | bytearray, connection: int) -> IncomingMessage | None:
    """The message of a PUBLISH (MQTT 5 section 3.3); ``None`` for one with anything out of the ordinary in it."""
    qos = header >> 1 & 3
    try:
        at = 2 + (packet[0] << 8 | packet[1])
        topic, mid = packet[2:at].decode(), 0
        if qos:
            mid, at = packet[at] << 8 | packet[at + 1], at + 2
        length, at = _variable_integer(packet, at)
        properties = _properties(packet, at, at + length)
    except (IndexError, UnicodeDecodeError):
        return None
    if properties is None or qos > 1 or at + length > len(packet):
        return None
    payload = bytes(memoryview(packet)[at + length :])
    return IncomingMessage(topic, payload, properties[0], properties[1], qos, mid, bool(header & 1), connection)


def _properties(packet: bytes | bytearray, at: int, end: int) -> tuple[dict[str, str], str] | None:
    """User properties and content type; of a name that comes twice the last one holds.

    Nothing that a broker may pass on is refused here: paho would end the connection over it (over U+FEFF, which MQTT
    5 section 1.5.4 allows), the broker would send it again, and whatever waits behind it would never come.
    """
    user: dict[str, str] = {}
    content_type = ""
    while at < end:
        identifier, at = packet[at], at + 1
        if identifier == _USER_PROPERTY:
            name, at = _text(packet, at)
            user[name], at = _text(packet, at)
        elif identifier == _CONTENT_TYPE:
            found, at = _text(packet, at)
            content_type = content_type or found
        elif identifier in (_RESPONSE_TOPIC, _CORRELATION_DATA):
            _, at = _text(packet, at)
        elif identifier == _SUBSCRIPTION:
            _, at = _variable_integer(packet, at)
        elif identifier == _PAYLOAD_FORMAT:
            at += 1
        elif identifier == _MESSAGE_EXPIRY:
            at += 4
        else:
            return None
    return (user, content_type) if at == end else None


def _text(packet: bytes | bytearray, at: int) -> tuple[str, int]:
    """A string with its length in front, and where it ends; what is no UTF-8 or NUL stands as U+FFFD.

    Raises ``IndexError`` when it ends beyond the packet.
    """
    start = at + 2
    end = start + (packet[at] << 8 | packet[at + 1])
    if end > len(packet):
        raise IndexError("string ends beyond the packet")
    return packet[start:end].decode(errors="replace").replace("\x00", "\ufffd"), end


def _variable_integer(packet: bytes | bytearray, at: int) -> tuple[int, int]:
    """A length (MQTT 5 section 1.5.5) and where it ends."""
    value = shift = 0
    while shift < 28:
        digit, at = packet[at], at + 1
        value |= (digit & 127) << shift
        if digit < 128:
            return value, at
        shift += 7
    raise IndexError("length of more than four bytes")
