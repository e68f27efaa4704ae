"""Stored cursors between the broker and the outbox: kept in memory, in order, while the disk refuses to note them."""

import sqlite3
from collections import deque
from typing import NamedTuple

from gateway.events import GatewayEvents
from gateway.outbox import CursorOutcome
from gateway.outbox_thread import OutboxThread
from service_runtime.clock import Clock
from service_runtime.mqtt_session import IncomingMessage
from telemetry_model.control_messages import StoredCursor, decode_stored

RETRY_SECONDS = 1.0
RETRY_LIMIT_SECONDS = 60.0
"""While the disk refuses, each try waits twice as long as the one before, up to this."""
HELD_MAX = 1_000
"""More than a window of batches can bring; beyond it the oldest go, which the later ones contain."""
_NOTING = "noting what is stored"


class ObeyedCursor(NamedTuple):
    """A cursor the outbox has taken note of, and what it meant."""

    cursor: StoredCursor
    outcome: CursorOutcome


class HeldCursors:
    """A cursor is let go only when the outbox has it on disk, or needs no write for it."""

    def __init__(self, outbox: OutboxThread, events: GatewayEvents, clock: Clock) -> None:
        self._outbox = outbox
        self._events = events
        self._clock = clock
        self._held: deque[StoredCursor] = deque(maxlen=HELD_MAX)
        self._retry_seconds = RETRY_SECONDS
        self._not_before: float | None = None

    def take(self, message: IncomingMessage) -> None:
        """Decode and hold it; what cannot be read is noted and forgotten, whatever its bytes are."""
        if not message.payload:
            return
        try:
            self._held.append(decode_stored(message.payload))
        except (ValueError, RecursionError) as error:
            self._events.control_message_refused(message.topic, error)

    @property
    def refused(self) -> bool:
        """Whether cursors wait for the disk."""
        return self._not_before is not None

    def seconds_to_retry(self) -> float:
        """Until the disk is asked again; only while :attr:`refused`."""
        return 0.0 if self._not_before is None else self._not_before - self._clock.monotonic()

    async def obey(self) -> list[ObeyedCursor]:
        """Hand over what is held, oldest first, as far as the disk takes it; nothing before a retry is due."""
        obeyed: list[ObeyedCursor] = []
        if self.seconds_to_retry() > 0:
            return obeyed
        while self._held:
            cursor = self._held[0]
            try:
                outcome = await self._outbox.call(
                    lambda outbox, told=cursor: outbox.mark_stored_through(  # type: ignore[misc]
                        told.run, told.through, told.through_created_ms
                    )
                )
            except sqlite3.Error as error:
                self._events.outbox_failed(_NOTING, error)
                self._not_before = self._clock.monotonic() + self._retry_seconds
                self._retry_seconds = min(self._retry_seconds * 2, RETRY_LIMIT_SECONDS)
                return obeyed
            if self._held and self._held[0] is cursor:
                self._held.popleft()
            obeyed.append(ObeyedCursor(cursor, outcome))
        if self._not_before is not None:
            self._events.outbox_works(_NOTING)
            self._not_before, self._retry_seconds = None, RETRY_SECONDS
        return obeyed
