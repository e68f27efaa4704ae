"""A lasting MQTT 5 session inside the event loop: reconnects with back-off, resubscribes, acknowledges when told to.

Promises: ``publish`` is ``True`` only after the broker's PUBACK; with ``manual_ack`` a QoS 1 message is acknowledged
only by :meth:`MqttSession.acknowledge`, and not at all once its connection is gone (the broker sends it again).
"""

import asyncio
import logging
import os
import random
import re
import ssl
from collections.abc import Callable, Mapping
from typing import Any

from service_runtime.errors import UnreachableError
from service_runtime.logs import event
from service_runtime.mqtt_address import (
    BrokerAddress,
    MqttOptions,
    Will,
    check_credentials,
    parse_broker_url,
    tls_context,
)
from service_runtime.mqtt_connection import ConnectionEvents, MqttConnection
from service_runtime.mqtt_message import FAILED, ConnectAnswer, IncomingMessage, reason_phrase

__all__ = ["BrokerAddress", "IncomingMessage", "MqttOptions", "MqttSession", "Will", "parse_broker_url"]

CONNECT_TIMEOUT_SECONDS = 10.0
FIRST_RETRY_SECONDS = 0.2
LONGEST_RETRY_SECONDS = 5.0
GOODBYE_SECONDS = 2.0
_log = logging.getLogger(__name__)


class MqttSession:
    """Connects, and connects again, until :meth:`run` is cancelled; :meth:`close` says goodbye.

    Raises ``OperatorError``/``SettingsError`` at construction when address, credentials or CA file are unusable.
    Callbacks run in the event loop; ``on_connected(session_present)`` comes before the first message.
    """

    def __init__(
        self,
        options: MqttOptions,
        on_message: Callable[[IncomingMessage], None],
        on_connected: Callable[[bool], None] | None = None,
        on_disconnected: Callable[[str], None] | None = None,
    ) -> None:
        self._options = options
        self._on_message = on_message
        self._on_connected = on_connected
        self._on_disconnected = on_disconnected
        self._subscriptions: dict[str, int] = {}
        self._connection: MqttConnection | None = None
        self._number = 0
        self._retry_seconds = FIRST_RETRY_SECONDS
        self._logged_reason = ""
        self.address = check_credentials(options)
        self._tls = tls_context(self.address, options.ca_file)

    @property
    def connected(self) -> bool:
        """Whether the broker has accepted us and the connection stands."""
        return self._connection is not None and self._connection.accepted and not self._connection.ended.done()

    @property
    def subscribed(self) -> bool:
        """Whether we are connected and the broker has confirmed every subscription."""
        return self._connection is not None and self._connection.subscribed

    def subscribe(self, topic_filter: str, qos: int = 1) -> None:
        """Subscribe now if connected, and again at each connect."""
        self._subscriptions[topic_filter] = qos
        if self._connection is not None and self.connected:
            self._connection.subscribe(topic_filter, qos)

    async def run(self, require_first_connect: bool = False) -> None:
        """Keep a connection until cancelled. Cancelling leaves it open for last words: :meth:`close` ends it.

        With ``require_first_connect`` raises :class:`UnreachableError` when the very first attempt fails.
        """
        while True:
            try:
                await self._connect()
            except (OSError, ConnectionRefusal, TimeoutError) as error:
                reason = _explain(error)
                if require_first_connect and self._number <= 1:
                    raise UnreachableError(f"broker {self.address}: {reason}") from error
                self._log_once(f"broker not reachable, trying again: {reason}", reason)
            else:
                await self._stay()
            delay, self._retry_seconds = self._retry_seconds, min(self._retry_seconds * 2, LONGEST_RETRY_SECONDS)
            await asyncio.sleep(delay * random.uniform(0.5, 1.0))

    async def publish(
        self,
        topic: str,
        payload: bytes,
        qos: int = 1,
        retain: bool = False,
        content_type: str = "",
        properties: Mapping[str, str] | None = None,
    ) -> bool:
        """``True`` when the PUBACK came (QoS 0: when it was sent); ``False`` means the caller sends it again."""
        if self._connection is None or not self.connected:
            return False
        return await self._connection.publish(topic, payload, qos, retain, content_type, dict(properties or {}))

    def acknowledge(self, message: IncomingMessage) -> None:
        """Tell the broker it may forget the message; nothing happens when its connection is gone."""
        if self._options.manual_ack and message.qos and message.connection == self._number and self._connection:
            self._connection.acknowledge(message.mid)

    async def close(self) -> None:
        """A clean DISCONNECT: the broker does not publish the will."""
        connection = self._connection
        if connection is None:
            return
        connection.end("closed by us", goodbye=True)
        await asyncio.wait({connection.ended}, timeout=GOODBYE_SECONDS)
        connection.abort()

    async def _connect(self) -> None:
        """One attempt, up to the broker's yes; leaves nothing open when it fails."""
        self._number += 1
        events = ConnectionEvents(self._accepted, self._received)
        connection = MqttConnection(self._number, self._options, events)
        self._connection = connection
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_SECONDS):
                await connection.open(self.address, self._tls, CONNECT_TIMEOUT_SECONDS)
                first: set[asyncio.Future[Any]] = {connection.answer, connection.ended}
                await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
            if not connection.answer.done():
                raise ConnectionRefusal(connection.ended.result())
            answer = connection.answer.result()
            if answer.reason_code >= FAILED:
                raise ConnectionRefusal(reason_phrase(answer.reason_code, answer.reason_text))
        except BaseException as error:
            # Cancelled between the broker's yes and our hearing of it, we are connected: that is for close() to end.
            if not (connection.accepted and isinstance(error, asyncio.CancelledError)):
                connection.end("attempt given up", goodbye=connection.accepted)
            raise

    async def _stay(self) -> None:
        """Until the connection ends; a connection that lasted resets the back-off."""
        assert self._connection is not None
        started = asyncio.get_running_loop().time()
        await asyncio.wait({self._connection.ended})
        reason = self._connection.ended.result()
        if asyncio.get_running_loop().time() - started > LONGEST_RETRY_SECONDS:
            self._retry_seconds, self._logged_reason = FIRST_RETRY_SECONDS, ""
        self._log_once(f"broker connection ended: {reason}", reason)
        if self._on_disconnected is not None:
            self._on_disconnected(reason)

    def _accepted(self, answer: ConnectAnswer) -> None:
        assert self._connection is not None
        if self._logged_reason or self._number == 1:
            event(_log, logging.INFO, "broker connected", broker=self.address, session_present=answer.session_present)
        for topic_filter, qos in self._subscriptions.items():
            self._connection.subscribe(topic_filter, qos)
        if self._on_connected is not None:
            self._on_connected(answer.session_present)

    def _received(self, message: IncomingMessage) -> None:
        self._on_message(message)
        if message.qos and not self._options.manual_ack and self._connection is not None:
            self._connection.acknowledge(message.mid)

    def _log_once(self, sentence: str, reason: str) -> None:
        if reason != self._logged_reason:
            event(_log, logging.WARNING, sentence, broker=self.address)
        self._logged_reason = reason


class ConnectionRefusal(Exception):
    """The broker answered, but not with a yes."""


def _explain(error: BaseException) -> str:
    if isinstance(error, TimeoutError) and not error.args:
        return f"no answer within {CONNECT_TIMEOUT_SECONDS:.0f} s"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate not accepted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {error.reason or error}"
    number = re.search(r"\[Errno (-?\d+)\]", str(error))
    if number and int(number[1]) > 0:
        return os.strerror(int(number[1])).lower()
    return str(error.strerror or error).lower() if isinstance(error, OSError) else str(error)
