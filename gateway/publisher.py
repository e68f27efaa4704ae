"""Outbox -> broker: several batches in flight, a bounded number sent but not stored, and again what was not stored.

Oldest first. While a long backlog is being sent, readings of now wait behind it in the log.
"""

import asyncio
import contextlib
import sqlite3
from typing import Protocol

from gateway.events import GatewayEvents
from gateway.held_cursors import HeldCursors, ObeyedCursor
from gateway.outbox import CursorOutcome, Outbox, OutboxBatch
from gateway.outbox_thread import OutboxThread
from service_runtime.clock import Clock
from service_runtime.mqtt_session import IncomingMessage
from telemetry_model.control_messages import (
    CONTENT_TYPE_SENML_JSON,
    PROPERTY_CREATED,
    PROPERTY_OLDEST,
    PROPERTY_RUN,
    PROPERTY_SEQ,
)

REFUSED_PAUSE_SECONDS = 1.0
"""How long a batch rests that the broker refused although we are connected."""
RESEND_LIMIT_SECONDS = 600.0
"""While the cursor stands still, each resend waits twice as long as the one before, up to this."""
_READING = "reading what is to be sent"


class Session(Protocol):
    """What the publisher needs of an MQTT session."""

    @property
    def connected(self) -> bool:
        """Whether the broker has accepted us."""
        ...

    async def publish(
        self,
        topic: str,
        payload: bytes,
        qos: int = 1,
        retain: bool = False,
        content_type: str = "",
        properties: dict[str, str] | None = None,
    ) -> bool:
        """``True`` after the PUBACK."""
        ...


async def publish_batch(session: Session, topic: str, batch: OutboxBatch, run: str, oldest: int) -> bool:
    """Publish one batch under its number; ``oldest`` is the lowest sequence not seen stored. ``True``: PUBACK came."""
    properties = {
        PROPERTY_RUN: run,
        PROPERTY_SEQ: str(batch.seq),
        PROPERTY_CREATED: str(batch.created_ms),
        PROPERTY_OLDEST: str(oldest),
    }
    return await session.publish(topic, batch.payload, content_type=CONTENT_TYPE_SENML_JSON, properties=properties)


class Publisher:
    """Run :meth:`run` as a task; tell it of connections, cursors and commits."""

    def __init__(
        self,
        outbox: OutboxThread,
        session: Session,
        topic: str,
        events: GatewayEvents,
        clock: Clock,
        window_batches: int = 64,
        resend_after_seconds: float = 5.0,
    ) -> None:
        self._outbox = outbox
        self._session = session
        self._topic = topic
        self._events = events
        self._clock = clock
        self._window = window_batches
        self._first_resend_seconds = resend_after_seconds
        self._resend_seconds = resend_after_seconds
        self._quiet_since = clock.monotonic()
        self._flying: dict[int, asyncio.Task[None]] = {}
        self._acknowledged: list[tuple[str, int]] = []
        self._cursors = HeldCursors(outbox, events, clock)
        self._reconnected = False
        self._ingest_session = ""
        self._wake = asyncio.Event()

    def committed(self) -> None:
        """There is something new in the outbox."""
        self._wake.set()

    def connected(self) -> None:
        """The broker accepted us: it may have forgotten what it acknowledged before."""
        self._reconnected = True
        self._wake.set()

    def stored_message(self, message: IncomingMessage) -> None:
        """A message on our ``…/stored`` topic."""
        self._cursors.take(message)
        self._wake.set()

    async def run(self) -> None:
        """Send until cancelled."""
        try:
            while True:
                self._wake.clear()
                await self._take_note()
                if self._session.connected:
                    await self._send_some()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._patience()):
                        await self._wake.wait()
        finally:
            for task in self._flying.values():
                task.cancel()
            await asyncio.gather(*self._flying.values(), return_exceptions=True)

    async def _take_note(self) -> None:
        """PUBACKs, cursors, reconnection and standstill, in this order."""
        acknowledged, self._acknowledged = self._acknowledged, []
        if acknowledged:
            # What went under the number of a run that has ended meanwhile is still to go under that of the new one.
            await self._outbox.call(
                lambda outbox: outbox.mark_sent([seq for run, seq in acknowledged if run == outbox.run])
            )
        for obeyed in await self._cursors.obey():
            await self._react(obeyed)
        if self._reconnected:
            self._reconnected = False
            self._resend_seconds = self._first_resend_seconds
            await self._resend("reconnected")
        elif self._cursors.refused or await self._outbox.call(lambda outbox: outbox.sent) == 0:
            # Ingest has spoken when our own disk will not note it: sending again would not move anything.
            self._quiet_since = self._clock.monotonic()
        elif self._clock.monotonic() - self._quiet_since >= self._resend_seconds:
            self._resend_seconds = min(self._resend_seconds * 2, RESEND_LIMIT_SECONDS)
            await self._resend("stored cursor stands still")

    async def _react(self, obeyed: ObeyedCursor) -> None:
        cursor, outcome = obeyed
        if outcome is CursorOutcome.UNKNOWN_RUN:
            self._events.cursor_ignored(cursor.run)
            return
        # Any word from ingest ends the long waits of its absence; only progress starts the wait anew.
        self._resend_seconds = self._first_resend_seconds
        if outcome is not CursorOutcome.UNCHANGED:
            self._quiet_since = self._clock.monotonic()
        if cursor.session != self._ingest_session:
            is_first_word, self._ingest_session = not self._ingest_session, cursor.session
            # Stored progress as the first word: ingest was there when that batch passed, so what followed it waits in
            # the broker. Sending the window again would only double a new gateway's first batches.
            if not (is_first_word and outcome is CursorOutcome.MOVED):
                await self._resend("the broker had forgotten ingest")

    async def _resend(self, why: str) -> None:
        self._quiet_since = self._clock.monotonic()
        self._events.batches_resent(await self._outbox.call(lambda outbox: outbox.reset_sent()), why)

    async def _send_some(self) -> None:
        """Fill the window: in flight and sent-not-stored together never exceed it."""
        flying = frozenset(self._flying) | frozenset(seq for _, seq in self._acknowledged)

        def pick(outbox: Outbox) -> tuple[list[OutboxBatch], str, int]:
            room = self._window - outbox.sent - len(flying)
            batches = outbox.next_to_send(room, flying) if room > 0 else []
            return batches, outbox.run, outbox.oldest_unstored()

        try:
            batches, run, oldest = await self._outbox.call(pick)
        except sqlite3.Error as error:
            self._events.outbox_failed(_READING, error)
            return
        self._events.outbox_works(_READING)
        for batch in batches:
            self._flying[batch.seq] = asyncio.create_task(self._send(batch, run, oldest), name=f"batch {batch.seq}")

    async def _send(self, batch: OutboxBatch, run: str, oldest: int) -> None:
        try:
            acknowledged = await publish_batch(self._session, self._topic, batch, run, oldest)
            if not acknowledged:
                self._events.publish_failures += 1
                await asyncio.sleep(REFUSED_PAUSE_SECONDS if self._session.connected else 0)
        finally:
            self._flying.pop(batch.seq, None)
        if acknowledged:
            self._acknowledged.append((run, batch.seq))
        self._wake.set()

    def _patience(self) -> float:
        """Seconds until a standstill must be looked at."""
        left = self._quiet_since + self._resend_seconds - self._clock.monotonic()
        if self._cursors.refused:
            left = min(left, self._cursors.seconds_to_retry())
        return max(0.05, min(left, self._resend_seconds))
