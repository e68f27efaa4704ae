"""What the gateway says of itself: a retained birth, a last will, and its health every few seconds."""

import asyncio
import sqlite3
from importlib.metadata import PackageNotFoundError, version

from gateway.events import GatewayEvents
from gateway.outbox import Outbox
from gateway.outbox_thread import OutboxThread
from gateway.publisher import Session
from service_runtime.clock import Clock
from telemetry_model.control_messages import GatewayHealth, GatewayStatus, encode_control

ONLINE, OFFLINE = "online", "offline"
_PRUNING, _REPORTING = "pruning", "reporting health"


def status_message(outbox: Outbox, state: str, at_ms: int, since_ms: int = 0) -> GatewayStatus:
    """Birth, will or farewell; also what a resend can still bring, and what of it was created since then."""
    since_seq = outbox.first_since(since_ms) if since_ms else 0
    oldest = outbox.oldest_kept()
    return GatewayStatus(state, at_ms, outbox.run, outbox.next_seq, oldest, _version(), since_ms, since_seq)


def health_message(outbox: Outbox, events: GatewayEvents, at_ms: int) -> GatewayHealth:
    """A snapshot; counts of readings are since the process started."""
    counts = outbox.counts()
    oldest_ms = outbox.oldest_unstored_created_ms()
    return GatewayHealth(
        at_ms=at_ms,
        run=outbox.run,
        readings=events.readings,
        bad_readings=events.bad_readings.total(),
        batches_pending=counts.pending,
        batches_sent=counts.sent,
        batches_stored=counts.stored,
        dropped_unstored_batches=counts.dropped_unstored,
        devices_online=events.devices_online,
        devices_offline=events.devices_offline,
        oldest_unstored_age_seconds=0.0 if oldest_ms is None else max(0, at_ms - oldest_ms) / 1000,
    )


class Heartbeat:
    """Publishes status on connecting and health at an interval."""

    def __init__(
        self,
        outbox: OutboxThread,
        session: Session,
        events: GatewayEvents,
        clock: Clock,
        status_topic: str,
        health_topic: str,
        interval_seconds: float,
    ) -> None:
        self._outbox = outbox
        self._session = session
        self._events = events
        self._clock = clock
        self._status_topic = status_topic
        self._health_topic = health_topic
        self._interval_seconds = interval_seconds
        self._connected = asyncio.Event()
        self._since_ms = 0

    def connected(self, since_ms: int = 0) -> None:
        """The broker accepted us, or somebody does not know what we hold (since then): announce ourselves."""
        self._since_ms = since_ms
        self._connected.set()

    async def run(self) -> None:
        """Announce at each connect, prune the log and report health at each interval, until cancelled."""
        while True:
            try:
                async with asyncio.timeout(self._interval_seconds):
                    await self._connected.wait()
                self._connected.clear()
                announcing = True
            except TimeoutError:
                announcing = False
                await self._prune()
            try:
                if announcing:
                    await self.say(ONLINE, self._since_ms)
                await self._say_health()
            except sqlite3.Error as error:
                self._events.outbox_failed(_REPORTING, error)
                if announcing:
                    self._connected.set()
                    await asyncio.sleep(self._interval_seconds)
            else:
                self._events.outbox_works(_REPORTING)

    async def say(self, state: str, since_ms: int = 0) -> bool:
        """Publish the retained status."""
        now = self._clock.now_ms()
        message = await self._outbox.call(lambda outbox: status_message(outbox, state, now, since_ms))
        return await self._session.publish(self._status_topic, encode_control(message), retain=True)

    async def _prune(self) -> None:
        now = self._clock.now_ms()
        try:
            await self._outbox.call(lambda outbox: outbox.prune(now))
        except sqlite3.Error as error:
            self._events.outbox_failed(_PRUNING, error)
        else:
            self._events.outbox_works(_PRUNING)

    async def _say_health(self) -> None:
        now = self._clock.now_ms()
        message = await self._outbox.call(lambda outbox: health_message(outbox, self._events, now))
        await self._session.publish(self._health_topic, encode_control(message))


def _version() -> str:
    try:
        return version("ecopark")
    except PackageNotFoundError:
        return ""
