"""Publishes packs as a gateway does: MQTT 5, QoS 1, run and sequence in the properties, many in flight."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from service_runtime.mqtt_session import MqttOptions, MqttSession
from telemetry_model.control_messages import (
    CONTENT_TYPE_SENML_JSON,
    PROPERTY_CREATED,
    PROPERTY_OLDEST,
    PROPERTY_RUN,
    PROPERTY_SEQ,
)
from telemetry_model.topics import Channel, topic_for

IN_FLIGHT = 300
_TICK_SECONDS = 0.02


class PackPublisher:
    """One run of one gateway; sequences grow over all calls."""

    def __init__(self, session: MqttSession, park: str, gateway: str) -> None:
        self._session = session
        self._topic = topic_for(park, gateway, Channel.READINGS)
        self._run = uuid.uuid4().hex
        self._seq = 0

    async def publish_all(self, payloads: Sequence[bytes], numbered: bool = True) -> None:
        """As fast as the broker takes them; not ``numbered``: as a plain device would, without run and sequence."""
        waiting = iter(payloads)

        async def work() -> None:
            for payload in waiting:
                await self.publish(payload, numbered)

        await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))

    async def publish_at(self, payloads: Sequence[bytes], per_second: float) -> None:
        """At a steady pace, whatever the broker's answers take."""
        loop = asyncio.get_running_loop()
        started, sent = loop.time(), 0
        flying: list[asyncio.Task[None]] = []
        while sent < len(payloads):
            due = min(len(payloads), int((loop.time() - started) * per_second) + 1)
            flying += [asyncio.create_task(self.publish(payload)) for payload in payloads[sent:due]]
            sent = due
            await asyncio.sleep(_TICK_SECONDS)
        await asyncio.gather(*flying)

    async def publish(self, payload: bytes, numbered: bool = True) -> None:
        """One message; returns when the broker has it."""
        taken = await self._session.publish(
            self._topic,
            payload,
            content_type=CONTENT_TYPE_SENML_JSON if numbered else "",
            properties=self._properties() if numbered else None,
        )
        if not taken:
            raise RuntimeError("the broker did not take a pack")

    def _properties(self) -> dict[str, str]:
        self._seq += 1
        created_ms = time.time_ns() // 1_000_000
        return {
            PROPERTY_RUN: self._run,
            PROPERTY_SEQ: str(self._seq),
            PROPERTY_CREATED: str(created_ms),
            PROPERTY_OLDEST: "1",
        }


@asynccontextmanager
async def pack_publisher(mqtt_url: str, park: str, gateway: str) -> AsyncIterator[PackPublisher]:
    """Connected for as long as the block lasts."""
    connected = asyncio.Event()
    options = MqttOptions(url=mqtt_url, client_id=f"bench-{gateway}")
    session = MqttSession(options, lambda _message: None, on_connected=lambda _present: connected.set())
    running = asyncio.create_task(session.run(require_first_connect=True))
    try:
        async with asyncio.timeout(30):
            await connected.wait()
        yield PackPublisher(session, park, gateway)
    finally:
        await session.close()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
