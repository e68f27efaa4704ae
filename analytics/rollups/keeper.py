"""Keeps rollups up to date: rolls up what has closed, and again what late readings touched.

How far it came stands in the store itself, written last: after a crash, or when the database was restored from an
older backup, the same periods are rolled up again and become the same rows.
"""

import asyncio
import logging
from collections.abc import Iterable
from typing import NamedTuple

from analytics.judging.deleted_time import NOTHING_DELETED, deleted_before
from analytics.rollups.roll import HOUR_MS, Stretch, merged, roll_up
from analytics.slots.readings_query import FAR_AHEAD_MS, LONG_AGO_MS, data_range
from analytics.windows import Window, day_window, day_windows, local_day
from service_runtime.clock import Clock
from service_runtime.errors import UnreachableError
from service_runtime.logs import event
from telemetry_model.park_register import Park
from telemetry_model.storage_schema import LATE_ARRIVALS, ROLLUP_PROGRESS, RollupPeriod
from telemetry_store.protocol import TelemetryStore
from telemetry_store.query import Select, SeriesQuery
from telemetry_store.rows import RecordRow

_log = logging.getLogger(__name__)
DAY_MS = 24 * HOUR_MS
SETTLE_MS = 900_000
"""An hour is rolled up when it has been over for so long; what comes later than that carries a late mark."""
MARKS_OVERLAP_MS = 300_000
"""Clocks of two ingest replicas differ: marks this much older than the newest one read are read again.

Beyond our own time no mark counts as read: one of a clock that is ahead must not hide the others."""


class Progress(NamedTuple):
    """Hours that ended by ``hours_through_ms`` are rolled up; marks up to ``marks_through_ms`` are worked off."""

    hours_through_ms: int
    marks_through_ms: int


class Work(NamedTuple):
    """What one turn did: rows written for closed and for touched periods."""

    rows: int = 0
    again: int = 0


class RollupKeeper:
    """The rollups of one park."""

    def __init__(self, store: TelemetryStore, park: Park, clock: Clock) -> None:
        self._store = store
        self._park = park
        self._clock = clock
        self._seen: set[tuple[str, str, int]] = set()
        self._trouble = ""

    async def run(self, interval_seconds: float) -> None:
        """A turn at each interval until cancelled; a store that does not answer is said once."""
        while True:
            try:
                work = await self.turn()
            except UnreachableError as error:
                if str(error) != self._trouble:
                    event(_log, logging.WARNING, "cannot roll up, will try again", error=error)
                self._trouble = str(error)
            else:
                self._trouble = ""
                if work.again:
                    event(_log, logging.INFO, "rolled up again after late readings", rows=work.again)
            await asyncio.sleep(interval_seconds)

    async def turn(self) -> Work:
        """Roll up what closed since the last turn, then what late readings touched; raises ``UnreachableError``."""
        begun_ms = self._clock.now_ms()
        progress = await self._progress(begun_ms)
        if progress is None:
            return Work()
        end_ms = (begun_ms - SETTLE_MS) // HOUR_MS * HOUR_MS
        rows = 0
        through = progress.hours_through_ms
        while through < end_ms:
            stop = min(through - through % DAY_MS + DAY_MS, end_ms)
            rows += await self.roll(through, stop)
            through = stop
            await self._keep(Progress(through, progress.marks_through_ms))
        again, marks_through = await self._work_off(min(progress.marks_through_ms, begun_ms), through, begun_ms)
        if marks_through != progress.marks_through_ms:
            await self._keep(Progress(through, marks_through))
        return Work(rows, again)

    async def roll(self, start_ms: int, stop_ms: int, devices: tuple[str, ...] = (), again: bool = False) -> int:
        """Roll up the whole hours of ``[start_ms, stop_ms)`` and the local days that end in it (or, ``again``, that
        it touches and that have ended by ``stop_ms``'s day); returns how many rows were written.
        """
        rows = await self._roll(Stretch(RollupPeriod.HOURLY, start_ms, stop_ms, devices), again)
        for day in self._days(start_ms, stop_ms, again):
            rows += await self._roll(Stretch(RollupPeriod.DAILY, day.start_ms, day.end_ms, devices), again)
        return rows

    async def _roll(self, stretch: Stretch, again: bool) -> int:
        deleted = await deleted_before(self._store, self._park.id) if again else NOTHING_DELETED
        return await roll_up(self._store, self._park, stretch, again, deleted)

    def _days(self, start_ms: int, stop_ms: int, again: bool) -> Iterable[Window]:
        zone = self._park.timezone
        if again:
            first = day_window(local_day(start_ms, zone), zone).start_ms
            last = day_window(local_day(stop_ms - 1, zone), zone).end_ms
            return day_windows(zone, first, last)
        first = day_window(local_day(start_ms - 1, zone), zone).start_ms
        return (day for day in day_windows(zone, first, stop_ms) if day.end_ms > start_ms)

    async def _work_off(self, marks_through_ms: int, hours_through_ms: int, now_ms: int) -> tuple[int, int]:
        """Roll up again what the marks touch; returns rows written and the newest mark's time, at most ``now_ms``."""
        newest, spans, seen = marks_through_ms, [], set(self._seen)
        for result in await self._store.select(self._marks_question(marks_through_ms)):
            for at_ms, oldest_ms, newest_ms in result.rows:
                key = (result.tags["device"], result.tags["replica"], int(at_ms or 0))
                newest = max(newest, min(key[2], now_ms))
                if key not in seen:
                    seen.add(key)
                    start = int(oldest_ms or 0) // HOUR_MS * HOUR_MS
                    spans.append(
                        (key[0], start, min(int(newest_ms or 0) // HOUR_MS * HOUR_MS + HOUR_MS, hours_through_ms))
                    )
        rows = 0
        for (start, stop), devices in merged(span for span in spans if span[1] < span[2]).items():
            for part in range(start, stop, DAY_MS):
                rows += await self._roll_touched(part, min(part + DAY_MS, stop), devices, hours_through_ms)
        self._seen = {key for key in seen if key[2] >= newest - MARKS_OVERLAP_MS}
        return rows, newest

    async def _roll_touched(self, start_ms: int, stop_ms: int, devices: tuple[str, ...], through_ms: int) -> int:
        rows = await self._roll(Stretch(RollupPeriod.HOURLY, start_ms, stop_ms, devices), True)
        for day in self._days(start_ms, stop_ms, again=True):
            if day.end_ms <= through_ms:
                rows += await self._roll(Stretch(RollupPeriod.DAILY, day.start_ms, day.end_ms, devices), True)
        return rows

    def _marks_question(self, marks_through_ms: int) -> SeriesQuery:
        return SeriesQuery(
            LATE_ARRIVALS, (Select("oldest_ms"), Select("newest_ms")),
            marks_through_ms - MARKS_OVERLAP_MS, FAR_AHEAD_MS,
            where=(("park", (self._park.id,)),), group_by=("device", "replica"),
        )  # fmt: skip

    async def _progress(self, now_ms: int) -> Progress | None:
        """What stands in the store; at first the hour of the first reading; ``None`` while there is none."""
        query = SeriesQuery(
            ROLLUP_PROGRESS, (Select("marks_through_ms"),), LONG_AGO_MS, FAR_AHEAD_MS,
            where=(("park", (self._park.id,)),), descending=True, limit=1,
        )  # fmt: skip
        for result in await self._store.select(query):
            for at_ms, marks_through_ms in result.rows:
                return Progress(int(at_ms or 0), int(marks_through_ms or 0))
        span = await data_range(self._store, self._park)
        return Progress(span.first_ms // HOUR_MS * HOUR_MS, now_ms) if span else None

    async def _keep(self, progress: Progress) -> None:
        row = RecordRow(
            ROLLUP_PROGRESS,
            {"park": self._park.id},
            progress.hours_through_ms,
            {"marks_through_ms": progress.marks_through_ms},
        )
        outcome = await self._store.write_records([row])
        if outcome.kept:
            raise UnreachableError(f"rollups: {outcome.kept_detail}")
