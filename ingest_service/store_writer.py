"""Rows -> store, until every row is accepted or refused for good: kept rows are tried again for ever, with back-off."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from service_runtime.clock import Clock
from service_runtime.errors import UnreachableError
from service_runtime.logs import event
from telemetry_store.protocol import StoreDescription, TelemetryStore
from telemetry_store.rows import ReadingRow, RecordRow, Rejection, WriteOutcome

FIRST_RETRY_SECONDS = 0.5
LONGEST_RETRY_SECONDS = 30.0
CHECK_INTERVAL_SECONDS = 5.0
_log = logging.getLogger(__name__)
_Row = TypeVar("_Row", ReadingRow, RecordRow)


class StoreWriter:
    """Knows whether the store answers; logs only when that changes."""

    def __init__(self, store: TelemetryStore, clock: Clock, first_retry_seconds: float = FIRST_RETRY_SECONDS) -> None:
        self._store = store
        self._clock = clock
        self._first_retry_seconds = first_retry_seconds
        self._last_success = float("-inf")
        self.reachable: bool | None = None
        """``None`` until the store was first asked."""
        self.description = StoreDescription("", "")
        self.problem = ""
        self.retries = 0
        self._described_after_write = False
        self._write_is_failing = False

    async def write(self, rows: Sequence[ReadingRow]) -> list[Rejection]:
        """Write all rows; returns those refused for good, by their index in ``rows``."""
        return await self._write(rows, self._store.write_readings)

    async def write_marks(self, rows: Sequence[RecordRow]) -> None:
        """Write all marks (late stretches, flags); one that is refused for good is only logged."""
        for rejection in await self._write(rows, self._store.write_records):
            event(_log, logging.ERROR, "store refused a mark", detail=rejection.detail)

    async def _write(
        self, rows: Sequence[_Row], write: Callable[[Sequence[_Row]], Awaitable[WriteOutcome]]
    ) -> list[Rejection]:
        rejections: list[Rejection] = []
        indexes: Sequence[int] = range(len(rows))
        delay = self._first_retry_seconds
        while indexes:
            pending = rows if len(indexes) == len(rows) else [rows[index] for index in indexes]
            outcome = await write(pending)
            for rejection in outcome.rejected:
                rejections.append(Rejection(indexes[rejection.index], rejection.reason, rejection.detail))
            indexes = [indexes[index] for index in outcome.kept]
            if not indexes:
                break
            self._write_is_failing = True
            self._note_failure(outcome.kept_detail)
            self.retries += 1
            await asyncio.sleep(max(self._hint(outcome), delay))
            delay = min(delay * 2, LONGEST_RETRY_SECONDS)
        self._write_is_failing = False
        if rows:
            self._note_success()
            if not self._described_after_write:
                # A store says more about itself once it holds something.
                self._described_after_write = True
                await self.check()
        return rejections

    async def watch(self) -> None:
        """Ask the store from time to time, unless writes have just shown that it answers."""
        while True:
            idle_seconds = self._clock.monotonic() - self._last_success
            if not self.description.kind or self.reachable is not True or idle_seconds >= CHECK_INTERVAL_SECONDS:
                await self.check()
            await asyncio.sleep(CHECK_INTERVAL_SECONDS if self.reachable else 1.0)

    async def check(self) -> None:
        """Ask the store what it is; a store that does not answer is noted, not raised.

        While a write is being tried again, only that write can say that the store takes readings.
        """
        try:
            self.description = await self._store.check()
        except UnreachableError as error:
            self._note_failure(str(error))
        else:
            if not self._write_is_failing:
                self._note_success()

    @staticmethod
    def _hint(outcome: WriteOutcome) -> float:
        return min(outcome.retry_after_seconds or 0.0, LONGEST_RETRY_SECONDS)

    def _note_failure(self, detail: str) -> None:
        if self.reachable is not False or detail != self.problem:
            event(_log, logging.WARNING, "store does not take readings, trying again", detail=detail)
        self.reachable, self.problem = False, detail

    def _note_success(self) -> None:
        if self.reachable is not True:
            event(_log, logging.INFO, "store takes readings")
        self.reachable, self.problem = True, ""
        self._last_success = self._clock.monotonic()
