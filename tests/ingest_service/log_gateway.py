"""A gateway without devices for tests of the whole way: a real outbox, publisher and recall."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from gateway.events import GatewayEvents
from gateway.heartbeat import Heartbeat
from gateway.outbox import Outbox
from gateway.outbox_thread import OutboxThread
from gateway.publisher import Publisher
from gateway.recall import Recall
from service_runtime.clock import SystemClock
from service_runtime.mqtt_session import IncomingMessage, MqttOptions, MqttSession
from telemetry_model.reading import Reading
from telemetry_model.topics import Channel, topic_for
from tests.ingest_service.builders import NOW_MS, POWER


class LogGateway:
    """Commits one reading per batch; ``committed`` is what the store must hold in the end."""

    def __init__(
        self,
        folder: Path,
        mqtt_url: str,
        gateway: str = "gw-1",
        resend_after_seconds: float = 30.0,
        park: str = "thu",
    ) -> None:
        clock = SystemClock()
        self.outbox = Outbox.open(folder / f"{gateway}.db", clock)
        self.sends_again_on_connect = True
        self.committed: dict[int, float] = {}
        self._thread = OutboxThread(self.outbox)
        self.events = GatewayEvents()
        self._topics = {channel: topic_for(park, gateway, channel) for channel in Channel}
        options = MqttOptions(url=mqtt_url, client_id=gateway)
        self.session = MqttSession(options, self._hear, on_connected=lambda _present: self._connected())
        for channel in (Channel.STORED, Channel.RESEND):
            self.session.subscribe(self._topics[channel])
        topic, thread = self._topics[Channel.READINGS], self._thread
        self._publisher = Publisher(
            thread, self.session, topic, self.events, clock, resend_after_seconds=resend_after_seconds
        )  # fmt: skip
        self._heartbeat = Heartbeat(
            thread, self.session, self.events, clock, self._topics[Channel.STATUS], self._topics[Channel.HEALTH], 1.0
        )
        self._recall = Recall(thread, self.session, topic, self.events, self._heartbeat.connected, 5000.0)

    async def commit(self, batches: int, believed_sent: Sequence[int] = ()) -> None:
        """``believed_sent``: sequences the broker is made to have taken and forgotten."""
        first = len(self.committed)
        values = {NOW_MS + 1000 * n: float(n % 400) for n in range(first, first + batches)}
        made = [[Reading(POWER, time_ms, value)] for time_ms, value in values.items()]
        self.committed |= values
        await self._thread.call(lambda outbox: (outbox.commit(made, {POWER: "kW"}), outbox.mark_sent(believed_sent)))
        self._publisher.committed()

    async def until_stored(self, seconds: float = 30.0) -> None:
        async with asyncio.timeout(seconds):
            while self.outbox.stored_through < self.outbox.next_seq - 1:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    def _connected(self) -> None:
        if self.sends_again_on_connect:
            self._publisher.connected()
        else:
            self._publisher.committed()
        self._heartbeat.connected()

    def _hear(self, message: IncomingMessage) -> None:
        if message.topic == self._topics[Channel.RESEND]:
            self._recall.resend_message(message)
        else:
            self._publisher.stored_message(message)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["LogGateway"]:
        parts = (self.session.run(), self._publisher.run(), self._recall.run(), self._heartbeat.run())
        tasks = [asyncio.create_task(part) for part in parts]
        try:
            yield self
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.session.close()
            self._thread.close()
            self.outbox.close()
