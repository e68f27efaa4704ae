"""The poll grid, the back-off, and readings for every tick, in hand-moved time."""

import asyncio
import itertools
from collections.abc import Sequence

import pytest

from gateway.events import GatewayEvents
from gateway.polling_schedule import CLOCK_BELIEVED_FROM_MS, DevicePoller, back_off_ms, next_tick_ms
from gateway.sources.source import Sample, SourceError
from service_runtime.clock import ManualClock
from telemetry_model.reading import InstrumentStatus, Reading, ReadingReason

T0 = 1_800_000_003_500


class ScriptedSource:
    """A device whose answers are given; it can take its time."""

    def __init__(
        self, clock: ManualClock, answers: Sequence[float | SourceError | None], takes_seconds: float = 0.0
    ) -> None:
        self._clock, self._answers, self._takes = clock, list(answers), takes_seconds
        self.closed = False

    @property
    def points(self) -> Sequence[str]:
        return ["em-1.voltage"]

    async def open(self) -> None:
        return

    async def read(self) -> list[Sample]:
        self._clock.advance(self._takes)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, SourceError):
            raise answer
        return [Sample("em-1.voltage", answer)]

    async def close(self) -> None:
        self.closed = True


async def play(source: ScriptedSource, clock: ManualClock, poll_seconds: float, ticks: int) -> list[Reading]:
    """Run a poller in virtual time until it has given so many readings."""
    readings: list[Reading] = []
    done = asyncio.Event()

    def take(found: Sequence[Reading]) -> None:
        readings.extend(found)
        if len(readings) >= ticks:
            done.set()

    async def sleep(seconds: float) -> None:
        clock.advance(seconds)
        await asyncio.sleep(0)

    poller = DevicePoller("em-1", source, poll_seconds, take, GatewayEvents(), clock, sleep)
    task = asyncio.create_task(poller.run())
    await done.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return readings[:ticks]


def refused() -> SourceError:
    return SourceError(ReadingReason.DEVICE_TIMEOUT, "silent")


async def test_measured_at_lies_on_the_grid() -> None:
    clock = ManualClock(T0)
    readings = await play(ScriptedSource(clock, [230.0]), clock, 10, 3)
    assert [reading.measured_at_ms for reading in readings] == [1_800_000_010_000, 1_800_000_020_000, 1_800_000_030_000]


async def test_a_slow_answer_keeps_the_time_of_its_tick_and_skips_ticks_that_passed() -> None:
    clock = ManualClock(T0)
    readings = await play(ScriptedSource(clock, [230.0], takes_seconds=12), clock, 5, 3)
    assert [reading.measured_at_ms - 1_800_000_000_000 for reading in readings] == [5_000, 20_000, 35_000]


async def test_a_failing_device_yields_readings_without_value_and_waits_longer_each_time() -> None:
    clock = ManualClock(T0)
    readings = await play(ScriptedSource(clock, [refused()]), clock, 10, 9)
    assert {(reading.value, reading.reason) for reading in readings} == {(None, ReadingReason.DEVICE_TIMEOUT)}
    times = [reading.measured_at_ms for reading in readings]
    gaps = [(later - earlier) // 1000 for earlier, later in itertools.pairwise(times)]
    assert gaps == [10, 20, 40, 80, 160, 300, 300, 300]
    assert all(time % 10_000 == 0 for time in times)


async def test_back_to_the_normal_interval_once_it_answers() -> None:
    clock = ManualClock(T0)
    readings = await play(ScriptedSource(clock, [refused(), refused(), refused(), 231.0]), clock, 10, 6)
    times = [reading.measured_at_ms for reading in readings]
    assert [(b - a) // 1000 for a, b in itertools.pairwise(times)] == [10, 20, 40, 10, 10]


async def test_a_sample_without_value_always_has_a_reason() -> None:
    clock = ManualClock(T0)
    [reading] = await play(ScriptedSource(clock, [None]), clock, 10, 1)
    assert reading.reason is ReadingReason.NOT_AVAILABLE
    assert reading.status is InstrumentStatus.MEASURING


async def test_the_source_is_closed_when_polling_ends() -> None:
    clock = ManualClock(T0)
    source = ScriptedSource(clock, [1.0])
    await play(source, clock, 10, 1)
    assert source.closed


async def test_a_cancellation_that_the_read_swallowed_still_ends_the_polling() -> None:
    clock = ManualClock(T0)

    class Swallowing(ScriptedSource):
        async def read(self) -> list[Sample]:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                return await super().read()
            raise AssertionError("was not cancelled")

    async def sleep(seconds: float) -> None:
        clock.advance(seconds)
        await asyncio.sleep(0)

    source, taken = Swallowing(clock, [1.0]), list[Reading]()
    poller = DevicePoller("em-1", source, 10, taken.extend, GatewayEvents(), clock, sleep)
    task = asyncio.create_task(poller.run())
    for _ in range(20):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task}, timeout=5)
    assert task.cancelled()
    assert source.closed
    assert len(taken) == 1, "what the last read brought is kept"


async def test_a_clock_set_back_does_not_stop_the_polling() -> None:
    clock = ManualClock(T0)
    source = ScriptedSource(clock, [1.0])
    poller = DevicePoller("em-1", source, 10, lambda _readings: None, GatewayEvents(), clock)
    clock.advance(-3600)
    assert poller.tick_after(T0 // 10_000 * 10_000) == next_tick_ms(clock.now_ms(), 10_000)


async def test_a_clock_that_was_never_set_gives_no_readings_until_it_is(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    clock, events = ManualClock(3_500), GatewayEvents()
    source, taken, slept = ScriptedSource(clock, [1.0]), list[Reading](), itertools.count(1)
    enough = asyncio.Event()

    async def sleep(seconds: float) -> None:
        clock.advance(seconds)
        if next(slept) == 8:
            clock.advance((T0 - clock.now_ms()) / 1000)
        await asyncio.sleep(0)

    def take(found: Sequence[Reading]) -> None:
        taken.extend(found)
        if len(taken) == 2:
            enough.set()

    poller = DevicePoller("em-1", source, 10, take, events, clock, sleep)
    task = asyncio.create_task(poller.run())
    async with asyncio.timeout(10):
        await enough.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert [reading.measured_at_ms for reading in taken[:2]] == [1_800_000_010_000, 1_800_000_020_000]
    assert events.skipped_polls == 4
    assert [record.message for record in caplog.records] == [
        "the clock was never set: devices are not polled until it is", "the clock is set: polling begins"
    ]  # fmt: skip


async def test_the_first_instant_a_clock_is_believed_is_polled() -> None:
    clock = ManualClock(CLOCK_BELIEVED_FROM_MS - 15_000)
    [reading] = await play(ScriptedSource(clock, [1.0]), clock, 10, 1)
    assert reading.measured_at_ms == CLOCK_BELIEVED_FROM_MS


@pytest.mark.parametrize(("after", "expected"), [(0, 100), (99, 100), (100, 200), (101, 200)])
def test_next_tick_is_strictly_later(after: int, expected: int) -> None:
    assert next_tick_ms(after, 100) == expected


def test_back_off_never_falls_below_a_long_interval() -> None:
    assert back_off_ms(50, 900_000) == 900_000


def test_only_transitions_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    events = GatewayEvents()
    states = [
        None,
        ReadingReason.DEVICE_TIMEOUT,
        ReadingReason.DEVICE_TIMEOUT,
        ReadingReason.DEVICE_REFUSED,
        None,
        None,
    ]
    for state in states:
        events.device_polled("em-1", state)
    assert [record.message for record in caplog.records] == [
        "device gives no readings", "device gives no readings", "device answers again"
    ]  # fmt: skip
    assert (events.devices_online, events.devices_offline) == (1, 0)


def said(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    return [(record.levelname, record.message) for record in caplog.records]


def test_a_device_that_starts_with_the_gateway_is_waited_for_without_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    events = GatewayEvents()
    for reason in (ReadingReason.DEVICE_UNREACHABLE, ReadingReason.DEVICE_TIMEOUT, None, None):
        events.device_polled("em-1", reason, is_starting=True)
    assert said(caplog) == [("INFO", "device does not answer yet"), ("INFO", "device answers")]


def test_a_device_that_stays_silent_is_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    events = GatewayEvents()
    for is_starting in (True, True, False, False):
        events.device_polled("em-1", ReadingReason.DEVICE_UNREACHABLE, is_starting=is_starting)
    events.device_polled("em-1", None)
    assert said(caplog) == [
        ("INFO", "device does not answer yet"),
        ("WARNING", "device gives no readings"),
        ("INFO", "device answers again"),
    ]


@pytest.mark.parametrize("before", [None, ReadingReason.DEVICE_REFUSED])
def test_a_device_that_answered_or_refused_at_the_start_is_no_device_that_starts(
    caplog: pytest.LogCaptureFixture, before: ReadingReason | None
) -> None:
    events = GatewayEvents()
    events.device_polled("em-1", before, is_starting=True)
    caplog.clear()
    events.device_polled("em-1", ReadingReason.DEVICE_TIMEOUT, is_starting=True)
    assert said(caplog) == [("WARNING", "device gives no readings")]


@pytest.mark.parametrize(("poll_seconds", "levels"), [(5.0, ["INFO", "WARNING"]), (60.0, ["WARNING"])])
async def test_the_grace_is_half_a_minute_and_not_for_what_is_polled_seldom(
    caplog: pytest.LogCaptureFixture, poll_seconds: float, levels: list[str]
) -> None:
    caplog.set_level("INFO")
    clock = ManualClock(T0)
    source = ScriptedSource(clock, [SourceError(ReadingReason.DEVICE_UNREACHABLE, "refused")] * 4)
    poller = DevicePoller("em-1", source, poll_seconds, lambda _readings: None, GatewayEvents(), clock)
    for _ in range(4):
        await poller.poll(clock.now_ms())
        clock.advance(poll_seconds * 4)
    assert [record.levelname for record in caplog.records] == levels
