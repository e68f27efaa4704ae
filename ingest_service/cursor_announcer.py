"""Tells each gateway how far its run is stored: a retained message, soon after the last change, not too often."""

import asyncio
import contextlib
from collections.abc import Iterable

from ingest_service.state.ingest_state import IngestState
from ingest_service.state.run_cursor import RunKey
from service_runtime.clock import Clock
from service_runtime.errors import OperatorError
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

    def __init__(self, session: MqttSession, park: str, state: IngestState, clock: Clock) -> None:
        self._session = session
        self._park = park
        self._state = state
        self._clock = clock
        self._forgotten = False
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
            self._forgotten = True
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
        """Whether the broker took all of them.

        Replicas may publish in another order than they committed. So we look at the state again after the broker's
        answer, and whoever finds that its word was overtaken says the new one: the retained message is the last.
        """
        told: dict[RunKey, tuple[int, int]] = {}
        try:
            if self._forgotten:
                await self._state.begin_broker_session()
                self._forgotten = False
            await self._state.refresh()
            all_told = await self._tell(told)
            await self._state.refresh()
        except OperatorError:
            # The state says by itself what its problem is.
            return False
        for key, said in told.items():
            cursor = self._state.cursors.get(key)
            # What is told, not how far it is stored: a run that another replica found forked stands where it stood.
            if cursor is None or cursor.told == said:
                self._due.pop(key, None)
            else:
                self._changed.set()
        return all_told

    async def _tell(self, told: dict[RunKey, tuple[int, int]]) -> bool:
        for key in list(self._due):
            cursor = self._state.cursors.get(key)
            if cursor is None:
                del self._due[key]
                continue
            said = cursor.told
            through, created_ms = said
            news = StoredCursor(key.run, through, self._clock.now_ms(), self._state.broker_session, created_ms)
            message = encode_control(news)
            topic = topic_for(self._park, key.gateway, Channel.STORED)
            if not await self._session.publish(topic, message, retain=True):
                return False
            told[key] = said
        return True
