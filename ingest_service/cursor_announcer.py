"""Tells each gateway how far its run is stored: a retained message, soon after the last change, not too often."""

import asyncio
from collections.abc import Iterable

from ingest_service.state.ingest_state import IngestState
from ingest_service.state.run_cursor import RunKey
from service_runtime.clock import Clock
from service_runtime.errors import OperatorError
from service_runtime.mqtt_session import MqttSession
from telemetry_model.control_messages import StoredCursor, encode_control
from telemetry_model.topics import Channel, topic_for

MIN_INTERVAL_SECONDS = 0.2
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

    def note(self, runs: Iterable[RunKey]) -> None:
        """These runs have news, or their gateway missed the last one; the run noted last is the one that remains."""
        for key in runs:
            self._due.pop(key, None)
            self._due[key] = None
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
            await asyncio.sleep(MIN_INTERVAL_SECONDS)

    async def _announce_due(self) -> bool:
        """Whether the broker took all of them.

        Replicas may publish in another order than they committed. So we look at the state again after the broker's
        answer, and whoever finds that its word was overtaken says the new one: the retained message is the last.
        """
        told: dict[RunKey, int] = {}
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
        for key, through in told.items():
            cursor = self._state.cursors.get(key)
            if cursor is None or cursor.through == through:
                self._due.pop(key, None)
            else:
                self._changed.set()
        return all_told

    async def _tell(self, told: dict[RunKey, int]) -> bool:
        for key in list(self._due):
            cursor = self._state.cursors.get(key)
            if cursor is None:
                del self._due[key]
                continue
            news = StoredCursor(
                key.run, cursor.through, self._clock.now_ms(), self._state.broker_session, cursor.through_created_ms
            )
            message = encode_control(news)
            through = cursor.through
            topic = topic_for(self._park, key.gateway, Channel.STORED)
            if not await self._session.publish(topic, message, retain=True):
                return False
            told[key] = through
        return True
