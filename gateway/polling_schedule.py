"""When each device is read: on a grid shared by all, in UTC; a failing device waits longer and holds up nobody."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from gateway.events import GatewayEvents
from gateway.sources.source import Source, SourceError
from service_runtime.clock import Clock
from telemetry_model.reading import Reading, ReadingReason

BACK_OFF_LIMIT_SECONDS = 300.0
START_UP_GRACE_SECONDS = 30.0
"""After a power cut devices and gateway start together: who is silent for so long is not reported as missing yet."""
_LONGEST_SLEEP_SECONDS = 5.0
"""Sleeps are cut up, so that a clock that is set right meanwhile is noticed."""

CLOCK_BELIEVED_FROM_MS = 1_735_689_600_000
"""2025-01-01 UTC, before any release of this program: an earlier clock was never set (no battery, no network yet)."""

ReadingSink = Callable[[Sequence[Reading]], None]
Sleep = Callable[[float], Awaitable[None]]


def next_tick_ms(after_ms: int, interval_ms: int) -> int:
    """The first instant of the grid (multiples of the interval since 1970, UTC) that is later than ``after_ms``."""
    return (after_ms // interval_ms + 1) * interval_ms


def back_off_ms(failures: int, interval_ms: int) -> int:
    """How long to wait after so many failures in a row: the interval doubled each time, at most five minutes."""
    if failures <= 1:
        return interval_ms
    longest = max(interval_ms, round(BACK_OFF_LIMIT_SECONDS * 1000))
    return min(interval_ms << min(failures - 1, 30), longest)


class DevicePoller:
    """Reads one device for ever; every tick that is not skipped yields a reading for each of its points."""

    def __init__(
        self,
        device: str,
        source: Source,
        poll_seconds: float,
        sink: ReadingSink,
        events: GatewayEvents,
        clock: Clock,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._device = device
        self._source = source
        self._interval_ms = max(1, round(poll_seconds * 1000))
        self._sink = sink
        self._events = events
        self._clock = clock
        self._sleep = sleep
        self._failures = 0
        self._first_polled: float | None = None

    async def run(self) -> None:
        """Poll until cancelled; the source is closed then."""
        try:
            tick = next_tick_ms(self._clock.now_ms(), self._interval_ms)
            while True:
                tick = await self._wait_for(tick)
                if tick < CLOCK_BELIEVED_FROM_MS:
                    # The tick decides, not the clock: set right meanwhile, it would still be a tick of the wrong time.
                    self._events.poll_without_clock(tick)
                    tick = next_tick_ms(self._clock.now_ms(), self._interval_ms)
                    continue
                self._events.clock_is_set()
                await self.poll(tick)
                _end_if_cancelled()
                tick = self.tick_after(tick)
        finally:
            await self._source.close()

    async def poll(self, tick_ms: int) -> None:
        """Read once; the readings are measured at ``tick_ms`` however long the device took."""
        try:
            await self._source.open()
            samples = await self._source.read()
        except SourceError as error:
            self._failures += 1
            self._events.device_polled(self._device, error.reason, str(error), self._is_starting())
            self._sink([Reading(point, tick_ms, None, reason=error.reason) for point in self._source.points])
            return
        self._failures = 0
        self._events.device_polled(self._device, None)
        self._sink([Reading(s.point, tick_ms, s.value, s.status, _reason(s.value, s.reason)) for s in samples])

    def _is_starting(self) -> bool:
        """Whether a silent device may still be starting; one polled seldom would be missed for too long."""
        now = self._clock.monotonic()
        self._first_polled = now if self._first_polled is None else self._first_polled
        is_polled_often = self._interval_ms < START_UP_GRACE_SECONDS * 1000
        return is_polled_often and now - self._first_polled < START_UP_GRACE_SECONDS

    def tick_after(self, tick_ms: int) -> int:
        """The next tick that is still to come, later when the device keeps failing; never the same tick twice."""
        now_ms = self._clock.now_ms()
        wait_ms = back_off_ms(self._failures, self._interval_ms)
        clock_went_back = now_ms < tick_ms - self._interval_ms
        not_before = now_ms if clock_went_back else max(now_ms, tick_ms + wait_ms - self._interval_ms)
        following = next_tick_ms(not_before, self._interval_ms)
        skipped = (following - tick_ms) // self._interval_ms - 1
        if skipped > 0 and self._failures == 0:
            self._events.poll_skipped(self._device, skipped)
        return following

    async def _wait_for(self, tick_ms: int) -> int:
        """Sleep until the tick; another tick when the clock was set back so far that this one would never come."""
        longest_ms = back_off_ms(64, self._interval_ms)
        while (left_ms := tick_ms - self._clock.now_ms()) > 0:
            if left_ms > longest_ms + self._interval_ms:
                tick_ms = next_tick_ms(self._clock.now_ms(), self._interval_ms)
                continue
            await self._sleep(min(left_ms / 1000, _LONGEST_SLEEP_SECONDS))
        return tick_ms


def _end_if_cancelled() -> None:
    """Python 3.11: ``wait_for``, which Modbus reads use, forgets a cancellation that comes together with the answer."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _reason(value: float | None, reason: ReadingReason | None) -> ReadingReason | None:
    return ReadingReason.NOT_AVAILABLE if value is None and reason is None else reason
