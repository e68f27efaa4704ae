"""Broker -> deliveries: a lasting subscription whose messages wait here, unacknowledged, until they are settled.

The broker sends at most ``receive_maximum`` messages that are not acknowledged, so this queue is bounded by the
protocol and never drops. Acknowledging is the only thing that makes the broker send more: that is the back-pressure.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from ingest_service.batch_identity import BatchIdentity, identity_of, is_name
from ingest_service.gateway_board import GatewayBoard
from ingest_service.outcome import DeliveryOutcome
from ingest_service.reception import UNKNOWN_SOURCE, Reception
from ingest_service.settings import IngestSettings
from service_runtime.clock import Clock
from service_runtime.mqtt_session import IncomingMessage, MqttOptions, MqttSession, Will
from telemetry_model.topics import Channel, parse_topic, subscription_for

SESSION_EXPIRY_SECONDS = 7 * 86_400
"""How long the broker keeps messages for an ingest that is away."""
MAX_GATEWAY_CHARACTERS = 200
"""A topic with a longer name in the gateway's place is nobody's."""
MAX_UNPROMISED_BYTES = 64_000_000
"""Messages at QoS 0 know no back-pressure: what waits of them beyond this is dropped, and counted."""
_UNPROMISED_OVERHEAD_BYTES = 1_000


class Delivery(NamedTuple):
    """One message with readings, not yet acknowledged. ``gateway`` is empty when the topic is not a gateway's;
    then ``source`` says what the ledger calls its sender. ``answer`` is set for a sender that waits to hear."""

    message: IncomingMessage
    gateway: str
    identity: BatchIdentity | None
    received_at_ms: int
    source: str = ""
    answer: asyncio.Future[DeliveryOutcome] | None = None


class Subscriber:
    """Owns the session; hands out deliveries in the order they came, and acknowledges them."""

    def __init__(
        self,
        settings: IngestSettings,
        park: str,
        board: GatewayBoard,
        clock: Clock,
        reception: Reception | None = None,
        will: Will | None = None,
    ) -> None:
        group = settings.mqtt_share_group
        options = MqttOptions(
            url=settings.mqtt_url,
            client_id=settings.mqtt_client_id,
            username=settings.mqtt_username,
            password=settings.mqtt_password,
            ca_file=settings.mqtt_ca_file,
            session_expiry_seconds=settings.mqtt_share_expiry_seconds if group else SESSION_EXPIRY_SECONDS,
            clean_start=False,
            receive_maximum=settings.receive_maximum,
            manual_ack=True,
            will=will,
        )
        self.reception = reception
        self._park = park
        self._board = board
        self._clock = clock
        self._waiting: deque[Delivery] = deque()
        self._arrived = asyncio.Event()
        self._on_connected: list[Callable[[bool], None]] = []
        self._direct: dict[str, Callable[[bytes], None]] = {}
        self._unpromised_bytes = 0
        self.unpromised_dropped = 0
        """Messages at QoS 0 that found no room."""
        self.window = settings.receive_maximum
        self.session = MqttSession(options, self.receive, self._connected)
        readings = (subscription_for(park, Channel.READINGS), *(reception.filters() if reception else ()))
        for topic in readings:
            self.session.subscribe(shared(group, topic) if group else topic, qos=1)
        # QoS 0: acknowledgements must go out in the order of receipt [MQTT-4.6.0-2], and these need none. Status is
        # retained and health is repeated, so one that is lost is made good. Never shared: every replica must know them,
        # and a shared subscription brings nothing retained (MQTT 5 section 4.8.2).
        self.session.subscribe(subscription_for(park, Channel.STATUS), qos=0)
        self.session.subscribe(subscription_for(park, Channel.HEALTH), qos=0)

    @property
    def waiting(self) -> int:
        """Deliveries that were received and not handed out yet."""
        return len(self._waiting)

    def when_connected(self, act: Callable[[bool], None]) -> None:
        """Call this at each connect, with whether the broker still knew us."""
        self._on_connected.append(act)

    def hear(self, topic: str, act: Callable[[bytes], None]) -> None:
        """Messages of this topic are not deliveries but for ``act``; QoS 0, see above."""
        self._direct[topic] = act
        self.session.subscribe(topic, qos=0)

    def enter(self, delivery: Delivery) -> None:
        """A delivery that came another way than by MQTT; its sender waits for ``answer``."""
        self._unpromised_bytes += _weight(delivery.message)
        self._waiting.append(delivery)
        self._arrived.set()

    async def next(self, timeout_seconds: float | None = None) -> Delivery | None:
        """The next delivery, or ``None`` when none came in time; for ever without a time-out."""
        if not self._waiting:
            self._arrived.clear()
            try:
                async with asyncio.timeout(timeout_seconds):
                    await self._arrived.wait()
            except TimeoutError:
                return None
        if not self._waiting:
            return None
        delivery = self._waiting.popleft()
        if delivery.message.qos == 0:
            self._unpromised_bytes -= _weight(delivery.message)
        return delivery

    def acknowledge(self, delivery: Delivery) -> None:
        """The broker may forget it; call in the order of receipt."""
        if delivery.answer is None:
            self.session.acknowledge(delivery.message)

    def _connected(self, session_present: bool) -> None:
        """The broker sends again what was not acknowledged, so the old copies must not pile up beside the new ones.

        A broker that lost our session does not: then packs that no gateway would send again are kept. At QoS 0, and
        over HTTP, nothing comes again.
        """
        for act in self._on_connected:
            act(session_present)
        if session_present:
            self._waiting = deque(d for d in self._waiting if d.message.qos == 0)
        else:
            self._waiting = deque(d for d in self._waiting if d.identity is None or d.message.qos == 0)

    def receive(self, message: IncomingMessage) -> None:
        """Called by the session for each message."""
        if message.topic in self._direct:
            self._direct[message.topic](message.payload)
            return
        address = parse_topic(message.topic)
        now_ms = self._clock.now_ms()
        if address is not None and address.park == self._park and address.channel is not Channel.READINGS:
            self._board.note(address.gateway, address.channel, message.payload, message.retain, now_ms)
            return
        gateway = address.gateway if address is not None and address.park == self._park else ""
        if not is_name(gateway, MAX_GATEWAY_CHARACTERS):
            gateway = ""
        source = ""
        if not gateway:
            source = self.reception.source_of(message.topic) if self.reception else UNKNOWN_SOURCE
        if message.qos == 0:
            if self._unpromised_bytes + _weight(message) > MAX_UNPROMISED_BYTES:
                self.unpromised_dropped += 1
                return
            self._unpromised_bytes += _weight(message)
        self._waiting.append(Delivery(message, gateway, identity_of(message.properties), now_ms, source))
        self._arrived.set()


def shared(group: str, topic_filter: str) -> str:
    """The filter by which one member of the group gets each message (MQTT 5 section 4.8.2)."""
    return f"$share/{group}/{topic_filter}"


def _weight(message: IncomingMessage) -> int:
    return len(message.payload) + _UNPROMISED_OVERHEAD_BYTES
