"""Sends one outbox to the end: returns when the stored cursor has passed every batch in it."""

import asyncio
from collections.abc import Callable

from gateway.events import GatewayEvents
from gateway.outbox import Outbox
from gateway.outbox_thread import OutboxThread
from gateway.publisher import Publisher
from gateway.recall import Recall
from service_runtime.clock import Clock
from service_runtime.errors import OperatorError
from service_runtime.mqtt_session import IncomingMessage, MqttOptions, MqttSession
from telemetry_model.topics import Channel, topic_for

_LOOK_EVERY_SECONDS = 0.1


class OutboxDrain:
    """A gateway without devices: it has what it has, and makes sure the store gets it."""

    def __init__(
        self,
        outbox: Outbox,
        park: str,
        gateway: str,
        options: MqttOptions,
        clock: Clock,
        resend_after_seconds: float = 5.0,
    ) -> None:
        self._thread = OutboxThread(outbox)
        self._clock = clock
        self._session = MqttSession(options, self._on_message, on_connected=lambda _present: self._on_connected())
        self._resend_topic = topic_for(park, gateway, Channel.RESEND)
        self._session.subscribe(topic_for(park, gateway, Channel.STORED))
        self._session.subscribe(self._resend_topic)
        topic, events = topic_for(park, gateway, Channel.READINGS), GatewayEvents()
        self._publisher = Publisher(
            self._thread, self._session, topic, events, clock, resend_after_seconds=resend_after_seconds
        )
        # It ends with its last batch, so it keeps no status: ingest learns from what arrives.
        self._recall = Recall(self._thread, self._session, topic, events, say_status=lambda _since_ms: None)

    async def run(self, progress: Callable[[int], None], stall_seconds: float) -> None:
        """Send until nothing is unstored; ``progress`` gets the number of batches still to go.

        Raises ``UnreachableError`` when the broker is not there, ``OperatorError`` when no batch was stored for
        ``stall_seconds``: then no ingest service answers.
        """
        work = [
            asyncio.create_task(self._session.run(require_first_connect=True), name="mqtt"),
            asyncio.create_task(self._publisher.run(), name="publisher"),
            asyncio.create_task(self._recall.run(), name="recall"),
            asyncio.create_task(self._watch(progress, stall_seconds), name="watch"),
        ]
        try:
            done, _ = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
            await self._session.close()
            self._thread.close()

    async def _watch(self, progress: Callable[[int], None], stall_seconds: float) -> None:
        left, moved_at = -1, self._clock.monotonic()
        while True:
            counts = await self._thread.call(lambda outbox: outbox.counts())
            unstored = counts.pending + counts.sent
            progress(unstored)
            if unstored == 0:
                return
            if unstored != left:
                left, moved_at = unstored, self._clock.monotonic()
            elif self._clock.monotonic() - moved_at > stall_seconds:
                raise OperatorError(f"{unstored} batches were sent but none was stored for {stall_seconds:g} s: "
                                    "is an ingest service running for this park?")  # fmt: skip
            await asyncio.sleep(_LOOK_EVERY_SECONDS)

    def _on_connected(self) -> None:
        self._publisher.connected()

    def _on_message(self, message: IncomingMessage) -> None:
        if message.topic == self._resend_topic:
            self._recall.resend_message(message)
        else:
            self._publisher.stored_message(message)
