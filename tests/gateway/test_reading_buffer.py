"""Readings are gathered by number or age, and held while the disk refuses them."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from gateway import reading_buffer
from gateway.events import GatewayEvents
from gateway.outbox import Outbox
from gateway.outbox_thread import OutboxThread
from gateway.reading_buffer import ReadingBuffer
from service_runtime.clock import SystemClock
from telemetry_model.reading import Reading, ReadingReason
from tests.gateway.waiting import until


class Desk:
    """A buffer in front of a real outbox."""

    def __init__(self, folder: Path, max_readings: int = 3, max_age_seconds: float = 60.0) -> None:
        self.path = folder / "out.db"
        self.outbox = Outbox.open(self.path, SystemClock())
        self.thread = OutboxThread(self.outbox)
        self.events = GatewayEvents()
        self.committed = 0
        self.buffer = ReadingBuffer(self.thread, {}, self.events, self._note, max_readings, max_age_seconds)

    def _note(self) -> None:
        self.committed += 1


def some(count: int) -> list[Reading]:
    return [Reading("em-1.voltage", i, 1.0) for i in range(count)]


async def test_a_full_batch_is_committed_at_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    task = asyncio.create_task(desk.buffer.run())
    desk.buffer.add(some(7))
    await until(lambda: desk.committed == 1, "the commit")
    task.cancel()
    assert [batch.readings for batch in desk.outbox.range(1, 9)] == [3, 3, 1]


async def test_a_lonely_reading_is_committed_by_age(tmp_path: Path) -> None:
    desk = Desk(tmp_path, max_readings=100, max_age_seconds=0.05)
    task = asyncio.create_task(desk.buffer.run())
    desk.buffer.add(some(1))
    await until(lambda: desk.committed == 1, "the commit")
    task.cancel()
    assert desk.outbox.readings_committed == 1


async def test_while_the_disk_refuses_readings_wait_in_memory(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk(tmp_path)
    other = sqlite3.connect(desk.path, isolation_level=None)
    other.execute("CREATE TRIGGER full BEFORE INSERT ON batches BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    desk.buffer.add(some(4))
    assert not await desk.buffer.flush()
    assert not await desk.buffer.flush()
    assert caplog.text.count("outbox cannot be written") == 1
    other.execute("DROP TRIGGER full")
    other.close()
    desk.buffer.add(some(1))
    assert await desk.buffer.flush()
    assert desk.outbox.readings_committed == 5


async def test_memory_is_bounded_and_what_is_lost_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_buffer, "MEMORY_MAX_READINGS", 5)
    desk = Desk(tmp_path)
    desk.buffer.add(some(8))
    await desk.buffer.flush()
    assert desk.events.lost_readings == 3
    assert desk.outbox.readings_committed == 5


async def test_readings_are_counted_by_reason(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.buffer.add([*some(2), Reading("em-1.voltage", 5, None, reason=ReadingReason.DEVICE_TIMEOUT)])
    assert desk.events.readings == 3
    assert desk.events.bad_readings == {ReadingReason.DEVICE_TIMEOUT: 1}
