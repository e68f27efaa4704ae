"""Asks gateways for batches again: for holes that stay open while later batches are stored, and for refills.

It looks at the committed cursors from time to time, so the hot path knows nothing of it.
"""

import asyncio
import logging
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple, Protocol

from ingest_service.gateway_board import GatewayBoard
from ingest_service.state.ingest_state import IngestState
from ingest_service.state.run_cursor import RunKey
from service_runtime.clock import Clock
from service_runtime.logs import event
from telemetry_model.control_messages import ResendRequest, encode_control
from telemetry_model.topics import Channel, topic_for

BATCHES_AT_A_TIME = 64
"""Asked for at one time of one run; the next come when these are here: the back-pressure of a refill."""
MAX_RANGES = 16
ANSWER_SECONDS = 5.0
"""An answer may take this long; then the rest is asked for again, twice as patiently each time nothing came."""
LONGEST_PATIENCE_SECONDS = 600.0
_IDLE_SECONDS = 1.0
_BUSY_SECONDS = 0.1
_log = logging.getLogger(__name__)


class Publishing(Protocol):
    """What the asker needs of an MQTT session."""

    @property
    def connected(self) -> bool:
        """Whether the broker has accepted us."""
        ...

    async def publish(self, topic: str, payload: bytes) -> bool:
        """``True`` after the PUBACK."""
        ...


class Hole(NamedTuple):
    """A range that is not stored, and since when (monotonic seconds) we know of it."""

    low: int
    high: int
    since: float


class _Asked:
    """What was asked of one run, and how patiently we wait for it."""

    def __init__(self, ranges: Sequence[tuple[int, int]], at: float, patience_seconds: float) -> None:
        self.ranges = ranges
        self.at = at
        self.patience_seconds = patience_seconds

    def left(self, wanted: Sequence[tuple[int, int]]) -> int:
        """How many of the batches asked for are still wanted."""
        pairs = ((max(low, lo), min(high, hi)) for low, high in self.ranges for lo, hi in wanted)
        return sum(high - low + 1 for low, high in pairs if low <= high)


class ResendAsker:
    """Run :meth:`run` as a task."""

    def __init__(
        self,
        session: Publishing,
        park: str,
        state: IngestState,
        board: GatewayBoard,
        clock: Clock,
        grace_seconds: float,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._session = session
        self._park = park
        self._state = state
        self._board = board
        self._clock = clock
        self._grace_seconds = grace_seconds
        self._answer_seconds = answer_seconds
        self._holes: dict[RunKey, list[Hole]] = {}
        self._asked: dict[RunKey, _Asked] = {}
        self.requests = 0
        """Messages sent since the start."""

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(_BUSY_SECONDS if self._asked else min(_IDLE_SECONDS, self._grace_seconds))
            if self._session.connected and self._state.leads:
                await self.ask_once()

    async def ask_once(self) -> None:
        """Ask for whatever is due now."""
        runs = {*self._state.latest_runs().values(), *self._state.refills}
        for key in (self._holes.keys() | self._asked.keys()) - runs:
            self._holes.pop(key, None)
            self._asked.pop(key, None)
        for key in runs:
            wanted = self._wanted(key)
            if not wanted:
                self._asked.pop(key, None)
            elif self._is_due(key, wanted):
                await self._ask(key, first_of(wanted, BATCHES_AT_A_TIME))

    def oldest_held(self, key: RunKey) -> int | None:
        """The lowest sequence the gateway says it holds of this run; ``None`` when it has begun another run."""
        view = self._board.views.get(key.gateway)
        if view is None or view.status is None or not view.status.run:
            return 0
        return view.status.oldest_seq if view.status.run == key.run else None

    def _wanted(self, key: RunKey) -> list[tuple[int, int]]:
        oldest = self.oldest_held(key)
        view = self._board.views.get(key.gateway)
        cursor = self._state.cursors.get(key)
        refill = self._state.refills.get(key)
        if oldest is None or (cursor is None and refill is None) or (view is not None and view.state == "offline"):
            self._holes.pop(key, None)
            return []
        now = self._clock.monotonic()
        # Of a run that the state has forgotten only the refill knows.
        open_holes = list(islice(cursor.holes(), MAX_RANGES)) if cursor is not None else []
        holes = self._holes[key] = aged(self._holes.get(key, []), open_holes, now)
        ripe = [(max(h.low, oldest), h.high) for h in holes if now - h.since >= self._grace_seconds]
        wanted = [(low, high) for low, high in ripe if low <= high]
        if not wanted and refill is not None:
            wanted = list(islice(refill.outstanding(oldest), MAX_RANGES))
        return wanted

    def _is_due(self, key: RunKey, wanted: Sequence[tuple[int, int]]) -> bool:
        asked = self._asked.get(key)
        return asked is None or not asked.left(wanted) or self._clock.monotonic() - asked.at >= asked.patience_seconds

    async def _ask(self, key: RunKey, ranges: Sequence[tuple[int, int]]) -> None:
        before = self._asked.get(key)
        nothing_came = before is not None and list(before.ranges) == list(ranges)
        if before is None:
            event(_log, logging.INFO, "asking a gateway for batches again", gateway=key.gateway, run=key.run,
                  first=ranges[0][0])  # fmt: skip
        patience = before.patience_seconds * 2 if before is not None and nothing_came else self._answer_seconds
        self._asked[key] = _Asked(ranges, self._clock.monotonic(), min(patience, LONGEST_PATIENCE_SECONDS))
        topic = topic_for(self._park, key.gateway, Channel.RESEND)
        for low, high in ranges:
            request = ResendRequest(key.run, low, high, self._clock.now_ms())
            if not await self._session.publish(topic, encode_control(request)):
                return
            self.requests += 1


def aged(before: Sequence[Hole], ranges: Sequence[tuple[int, int]], now: float) -> list[Hole]:
    """The holes of now with their age: a part of an older hole is as old as that one."""
    holes: list[Hole] = []
    for low, high in ranges:
        known = [hole.since for hole in before if hole.low <= high and hole.high >= low]
        holes.append(Hole(low, high, min(known, default=now)))
    return holes


def first_of(ranges: Sequence[tuple[int, int]], limit: int) -> list[tuple[int, int]]:
    """The first ``limit`` numbers of sorted ranges."""
    chosen: list[tuple[int, int]] = []
    for low, high in ranges:
        if limit <= 0:
            break
        chosen.append((low, min(high, low + limit - 1)))
        limit -= high - low + 1
    return chosen
