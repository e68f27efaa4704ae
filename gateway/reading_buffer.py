"""Gathers readings into batches by number or age and commits them to the outbox, several batches per transaction."""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence

from gateway.events import GatewayEvents
from gateway.outbox_thread import OutboxThread
from telemetry_model.reading import Reading

MEMORY_MAX_READINGS = 200_000
"""Held while the disk refuses; beyond this the oldest go, counted."""


class ReadingBuffer:
    """Readings are ours to deliver once :meth:`run` or :meth:`flush` has committed them."""

    def __init__(
        self,
        outbox: OutboxThread,
        units: Mapping[str, str],
        events: GatewayEvents,
        on_committed: Callable[[], None],
        max_readings: int = 200,
        max_age_seconds: float = 1.0,
    ) -> None:
        self._outbox = outbox
        self._units = units
        self._events = events
        self._on_committed = on_committed
        self._max_readings = max_readings
        self._max_age_seconds = max_age_seconds
        self._held: list[Reading] = []
        self._full = asyncio.Event()
        self._some = asyncio.Event()

    def add(self, readings: Sequence[Reading]) -> None:
        """Take readings in; never blocks."""
        self._events.readings_taken([reading.reason for reading in readings])
        self._held.extend(readings)
        excess = len(self._held) - MEMORY_MAX_READINGS
        if excess > 0:
            del self._held[:excess]
            self._events.readings_lost(excess)
        self._some.set()
        if len(self._held) >= self._max_readings:
            self._full.set()

    async def run(self) -> None:
        """Commit until cancelled."""
        while True:
            await self._some.wait()
            try:
                async with asyncio.timeout(self._max_age_seconds):
                    await self._full.wait()
            except TimeoutError:
                pass
            if not await self.flush():
                await asyncio.sleep(self._max_age_seconds)

    async def flush(self) -> bool:
        """Commit what is held; ``False`` when the disk refuses, and then it is still held."""
        readings, self._held = self._held, []
        self._some.clear()
        self._full.clear()
        batches = [readings[i : i + self._max_readings] for i in range(0, len(readings), self._max_readings)]
        try:
            seqs = await self._outbox.call(lambda outbox: outbox.commit(batches, self._units))
        except sqlite3.Error as error:
            self._held[:0] = readings
            self._some.set()
            self._events.outbox_refused(error, len(self._held))
            return False
        self._events.outbox_accepted()
        if seqs:
            self._on_committed()
        return True
