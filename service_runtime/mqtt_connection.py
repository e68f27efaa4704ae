"""One connection to a broker through paho-mqtt, driven by the event loop, from CONNECT to its end; never reused."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from typing import Any, NamedTuple

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from service_runtime.mqtt_address import BrokerAddress, MqttOptions
from service_runtime.mqtt_client import BrokerClient
from service_runtime.mqtt_message import FAILED, ConnectAnswer, IncomingMessage, reason_phrase

MAX_UNANSWERED_PUBLISHES = 1_000
MAX_PACKETS_PER_TURN = 200
"""How many packets are handled before other tasks of the loop get their turn."""
MISC_EVERY_SECONDS = 1.0
DEFAULT_RECEIVE_MAXIMUM = 65_535
_log = logging.getLogger(__name__)


class ConnectionEvents(NamedTuple):
    """What the owner wants to hear; all called in the event loop, in the order things happened on the wire."""

    on_accepted: Callable[[ConnectAnswer], None]
    on_message: Callable[[IncomingMessage], None]


class MqttConnection:
    """Speaks MQTT 5. ``answer`` resolves with the broker's CONNACK, ``ended`` with the reason when it is over.

    paho's own network thread is not used: its socket is watched by the loop, so that every callback runs there and a
    message is acknowledged by nobody but :meth:`acknowledge`.
    """

    def __init__(self, number: int, options: MqttOptions, events: ConnectionEvents) -> None:
        self._loop = asyncio.get_running_loop()
        self._number = number
        self._options = options
        self._events = events
        self._socket: socket.socket | None = None
        self._unanswered: dict[int, asyncio.Future[bool]] = {}
        self._subscribing: dict[int, str] = {}
        self._window = asyncio.Semaphore(1)
        self._unacknowledged: list[int] = []
        self._closing_reason = ""
        self._timer: asyncio.TimerHandle | None = None
        self._handled = 0
        self.accepted = False
        self.answer: asyncio.Future[ConnectAnswer] = self._loop.create_future()
        self.ended: asyncio.Future[str] = self._loop.create_future()
        self._client = self._make_client()

    async def open(self, address: BrokerAddress, tls: ssl.SSLContext | None, timeout_seconds: float) -> None:
        """Connect and say CONNECT; raises ``OSError``. Name look-up, TCP and TLS happen in a thread, they block."""
        if tls is not None:
            self._client.tls_set_context(tls)
        self._client.connect_timeout = timeout_seconds
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = self._options.session_expiry_seconds
        properties.ReceiveMaximum = self._options.receive_maximum

        def connect() -> None:
            self._client.connect(
                address.host,
                address.port,
                keepalive=self._options.keepalive_seconds,
                clean_start=self._options.clean_start,
                properties=properties,
            )

        opening = self._loop.run_in_executor(None, connect)
        try:
            await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(lambda done: None if done.exception() else self.abort())
            raise
        self._watch_socket()

    @property
    def subscribed(self) -> bool:
        """Whether the broker has confirmed every filter asked for."""
        return self.accepted and not self._subscribing and not self.ended.done()

    def subscribe(self, topic_filter: str, qos: int) -> None:
        """Ask for a filter; a refusal ends the connection."""
        _, mid = self._client.subscribe(topic_filter, qos)
        if mid is not None:
            self._subscribing[mid] = topic_filter

    async def publish(
        self, topic: str, payload: bytes, qos: int, retain: bool, content_type: str, properties: dict[str, str]
    ) -> bool:
        """Whether the broker took it; ``False`` when the connection ended first or the broker refused."""
        extra = _publish_properties(content_type, properties)
        if qos == 0:
            return self._client.publish(topic, payload, 0, retain, extra).rc == MQTTErrorCode.MQTT_ERR_SUCCESS
        async with self._window:
            if self.ended.done():
                return False
            sent = self._client.publish(topic, payload, qos, retain, extra)
            if sent.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
                return False
            answer = self._unanswered[sent.mid] = self._loop.create_future()
            try:
                return bool(await answer)
            finally:
                self._unanswered.pop(sent.mid, None)

    def acknowledge(self, mid: int) -> None:
        """PUBACK, in one write with all others of this turn of the loop."""
        if not self._unacknowledged:
            self._loop.call_soon(self._send_acknowledgements)
        self._unacknowledged.append(mid)

    def _send_acknowledgements(self) -> None:
        mids, self._unacknowledged = self._unacknowledged, []
        if mids and not self.ended.done():
            self._client.acknowledge(mids)

    def end(self, reason: str, goodbye: bool = False) -> None:
        """Close; with ``goodbye`` a clean DISCONNECT goes out first, and the broker keeps the will to itself."""
        if self.ended.done():
            return
        self._closing_reason = self._closing_reason or reason
        if goodbye and self._socket is not None:
            self._send_acknowledgements()
            self._client.disconnect()
            self._write()
        else:
            self.abort()

    def abort(self) -> None:
        """Close at once, whatever is still unsent."""
        opened = self._socket or self._client.socket()
        self._on_socket_close()
        if opened is not None:
            opened.close()
        self._finish("connection given up")

    def _make_client(self) -> BrokerClient:
        options = self._options
        client = BrokerClient(
            self._deliver,
            self._number,
            callback_api_version=CallbackAPIVersion.VERSION2,
            client_id=options.client_id,
            protocol=mqtt.MQTTv5,
            reconnect_on_failure=False,
        )
        client.max_inflight_messages_set(MAX_UNANSWERED_PUBLISHES)
        if options.username:
            client.username_pw_set(options.username, options.password or None)
        if options.will is not None:
            client.will_set(options.will.topic, options.will.payload, options.will.qos, options.will.retain)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
        return client

    def _watch_socket(self) -> None:
        opened = self._client.socket()
        if opened is None:
            raise ConnectionError("connection lost while connecting")
        self._socket = opened  # type: ignore[assignment]
        self._loop.add_reader(opened, self._read)
        self._client.on_socket_register_write = self._on_register_write
        self._client.on_socket_unregister_write = self._on_unregister_write
        self._client.on_socket_close = self._on_socket_close
        if self._client.want_write():
            self._loop.add_writer(opened, self._write)
        self._timer = self._loop.call_later(MISC_EVERY_SECONDS, self._misc)

    def _on_register_write(self, *_: Any) -> None:
        if self._socket is not None:
            self._loop.add_writer(self._socket, self._write)

    def _on_unregister_write(self, *_: Any) -> None:
        if self._socket is not None:
            self._loop.remove_writer(self._socket)

    def _on_socket_close(self, *_: Any) -> None:
        """Before the descriptor is closed: the next connection may get the same number."""
        if self._socket is not None:
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
        self._socket = None

    def _read(self) -> None:
        """Handle what has arrived; client and TLS may hold more than the socket shows: read on while there is any."""
        for _ in range(MAX_PACKETS_PER_TURN):
            before = self._handled
            self._client.loop_read()
            if self.ended.done() or (self._handled == before and not self._client.holds_bytes):
                return
        # What has left the socket does not wake the loop again by itself.
        self._loop.call_soon(self._read)

    def _write(self) -> None:
        self._client.loop_write()

    def _misc(self) -> None:
        """Keep-alive: ping when idle, give up on a silent broker."""
        if not self.ended.done():
            self._client.loop_misc()
            self._timer = self._loop.call_later(MISC_EVERY_SECONDS, self._misc)

    def _on_connect(
        self, _client: mqtt.Client, _data: Any, flags: mqtt.ConnectFlags, code: ReasonCode, found: Properties | None
    ) -> None:
        self._handled += 1
        given = getattr(found, "ReceiveMaximum", DEFAULT_RECEIVE_MAXIMUM)
        answer = ConnectAnswer(flags.session_present, code.value, getattr(found, "ReasonString", ""), given)
        if self.answer.done():
            return
        self.answer.set_result(answer)
        if code.value < FAILED:
            self.accepted = True
            for _ in range(min(given, MAX_UNANSWERED_PUBLISHES) - 1):
                self._window.release()
            self._events.on_accepted(answer)

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        found = message.properties
        self._deliver(
            IncomingMessage(
                message.topic,
                bytes(message.payload),
                dict(getattr(found, "UserProperty", ())),
                getattr(found, "ContentType", ""),
                message.qos,
                message.mid,
                bool(message.retain),
                self._number,
            )
        )

    def _deliver(self, message: IncomingMessage) -> None:
        """Hand it over. A receiver that fails ends the connection in the open: inside paho, the same packet would be
        handled again for ever, and nobody would know.
        """
        self._handled += 1
        try:
            self._events.on_message(message)
        except (ValueError, LookupError, TypeError, ArithmeticError, RecursionError) as error:
            _log.exception("a message could not be handled", extra={"fields": {"topic": message.topic}})
            self.end(f"a message on {message.topic} could not be handled: {error!r}")

    def _on_publish(self, _client: mqtt.Client, _data: Any, mid: int, code: ReasonCode, _found: Properties) -> None:
        self._handled += 1
        answer = self._unanswered.get(mid)
        if answer is not None and not answer.done():
            answer.set_result(code.value < FAILED)

    def _on_subscribe(
        self, _client: mqtt.Client, _data: Any, mid: int, codes: list[ReasonCode], _found: Properties | None
    ) -> None:
        self._handled += 1
        topic_filter = self._subscribing.pop(mid, "")
        if codes and codes[0].value >= FAILED:
            self.end(f"subscription to {topic_filter} refused: {reason_phrase(codes[0].value)}")

    def _on_disconnect(
        self,
        _client: mqtt.Client,
        _data: Any,
        flags: mqtt.DisconnectFlags,
        code: ReasonCode,
        found: Properties | None,
    ) -> None:
        if flags.is_disconnect_packet_from_server:
            self._finish(reason_phrase(code.value, getattr(found, "ReasonString", "")))
        elif code.getName() == "Keep alive timeout":
            self._finish(f"no sign of life from the broker for {self._options.keepalive_seconds} s")
        else:
            self._finish("connection closed by the broker")

    def _finish(self, reason: str) -> None:
        """Nothing is answered any more."""
        if self._timer is not None:
            self._timer.cancel()
        if not self.ended.done():
            self.ended.set_result(self._closing_reason or reason)
        for answer in list(self._unanswered.values()):
            if not answer.done():
                answer.set_result(False)


def _publish_properties(content_type: str, properties: dict[str, str]) -> Properties | None:
    if not content_type and not properties:
        return None
    extra = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    if content_type:
        extra.ContentType = content_type
    if properties:
        extra.UserProperty = list(properties.items())
    return extra
