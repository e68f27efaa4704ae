"""Tells each gateway how far its run is stored: a retained message, soon after the last change, not too often."""

import asyncio
import contextlib
import uuid
from collections.abc import Iterable

from ingest_service.state.run_cursor import RunKey
from ingest_service.state.state_file import StateFile
from service_runtime.clock import Clock
from service_runtime.mqtt_session import MqttSession
from telemetry_model.control_messages import StoredCursor, encode_control
from telemetry_model.topics import Channel, topic_for

MIN_INTERVAL_SECONDS = 0.2
EARLIEST_SECONDS = 0.05
"""A run that goes ahead fast is told sooner, because its gateway's window is full until it hears; never before this."""
FAST_BATCHES = 16
"""That many batches since the last announcement: a quarter of a gateway's window."""
_CHECK_SECONDS = 1.0


class CursorAnnouncer:
    """Announces only what the state file has committed."""

    def __init__(self, session: MqttSession, park: str, state: StateFile, clock: Clock) -> None:
        self._session = session
        self._park = park
        self._state = state
        self._clock = clock
        self._broker_session = uuid.uuid4().hex
        self._due: dict[RunKey, None] = {}
        self._changed = asyncio.Event()
        self._through_before: dict[RunKey, int] = {}
        self._fast = asyncio.Event()

    def note(self, runs: Iterable[RunKey]) -> None:
        """These runs have news, or their gateway missed the last one; the run noted last is the one that remains."""
        for key in runs:
            self._due.pop(key, None)
            self._due[key] = None
            cursor = self._state.cursors.get(key)
            if cursor and cursor.through - self._through_before.setdefault(key, cursor.through) >= FAST_BATCHES:
                self._fast.set()
        self._changed.set()

    def connected(self, session_present: bool) -> None:
        """A broker that forgot us lost its retained messages too, and perhaps what gateways sent meanwhile: say so."""
        if not session_present:
            self._broker_session = uuid.uuid4().hex
        self.note(self._state.latest_runs().values())

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            if not await self._announce_due():
                await asyncio.sleep(_CHECK_SECONDS)
                self._changed.set()
            await self._rest()

    async def _rest(self) -> None:
        self._through_before.clear()
        self._fast.clear()
        await asyncio.sleep(EARLIEST_SECONDS)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(MIN_INTERVAL_SECONDS - EARLIEST_SECONDS):
                await self._fast.wait()

    async def _announce_due(self) -> bool:
        """Whether the broker took all of them."""
        for key in list(self._due):
            cursor = self._state.cursors.get(key)
            if cursor is None:
                del self._due[key]
                continue
            told, created_ms = cursor.told
            news = StoredCursor(key.run, told, self._clock.now_ms(), self._broker_session, created_ms)
            message = encode_control(news)
            through = cursor.through
            topic = topic_for(self._park, key.gateway, Channel.STORED)
            if not await self._session.publish(topic, message, retain=True):
                return False
            if self._state.cursors[key].through == through:
                self._due.pop(key, None)
        return True
