"""Cursors the disk will not take wait in memory, and none of hostile bytes ends the program."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.events import GatewayEvents
from gateway.held_cursors import HeldCursors
from gateway.outbox import CursorOutcome, Outbox
from gateway.outbox_thread import OutboxThread
from service_runtime.clock import ManualClock
from service_runtime.mqtt_session import IncomingMessage
from telemetry_model.control_messages import StoredCursor, encode_control
from telemetry_model.reading import Reading

TOPIC = "ecopark/1/p/gw-east/stored"


class Desk:
    """Three committed batches, and a disk that can refuse cursors."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock(1_800_000_000_000)
        self.outbox = Outbox.open(folder / "out.db", self.clock)
        self.outbox.commit([[Reading("em-1.voltage", i, 1.0)] for i in range(3)], {})
        self.thread = OutboxThread(self.outbox)
        self.cursors = HeldCursors(self.thread, GatewayEvents(), self.clock)
        self._other = sqlite3.connect(folder / "out.db", isolation_level=None)

    def refuse(self) -> None:
        self._other.execute("CREATE TRIGGER full BEFORE INSERT ON meta BEGIN SELECT RAISE(ABORT, 'disk full'); END")

    def accept(self) -> None:
        self._other.execute("DROP TRIGGER full")

    def tell(self, through: int, created_ms: int = 0) -> None:
        self.take(encode_control(StoredCursor(self.outbox.run, through, through_created_ms=created_ms)))

    def take(self, payload: bytes) -> None:
        self.cursors.take(IncomingMessage(TOPIC, payload, {}, "", 1, 1, True))

    def close(self) -> None:
        self.thread.close()
        self.outbox.close()
        self._other.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.close()


async def test_cursors_are_obeyed_in_order(desk: Desk) -> None:
    desk.tell(1)
    desk.tell(3)
    assert [(o.cursor.through, o.outcome) for o in await desk.cursors.obey()] == [(1, "moved"), (3, "moved")]
    assert await desk.cursors.obey() == []


async def test_the_instant_of_the_batch_reaches_the_outbox(desk: Desk) -> None:
    desk.tell(2, created_ms=desk.clock.now_ms() - 1)
    assert [o.outcome for o in await desk.cursors.obey()] == [CursorOutcome.BEYOND_LOG]


async def test_a_refused_cursor_waits_and_is_obeyed_once_the_disk_takes_it(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    desk.refuse()
    desk.tell(2)
    for _ in range(3):
        assert await desk.cursors.obey() == []
        desk.clock.advance(100)
    assert desk.cursors.refused
    desk.accept()
    assert [o.outcome for o in await desk.cursors.obey()] == [CursorOutcome.MOVED]
    assert not desk.cursors.refused
    assert desk.outbox.stored_through == 2
    told = [record.message for record in caplog.records]
    assert told == ["outbox refuses some work, it is tried again", "outbox does that work again"]


async def test_the_disk_is_asked_less_and_less_often(desk: Desk) -> None:
    desk.refuse()
    desk.tell(2)
    waits = []
    for _ in range(9):
        await desk.cursors.obey()
        waits.append(desk.cursors.seconds_to_retry())
        desk.clock.advance(waits[-1])
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


async def test_nothing_is_asked_before_the_retry_is_due(desk: Desk) -> None:
    desk.refuse()
    desk.tell(2)
    await desk.cursors.obey()
    desk.accept()
    assert await desk.cursors.obey() == []
    desk.clock.advance(1)
    assert len(await desk.cursors.obey()) == 1


@pytest.mark.parametrize(
    "payload",
    [
        b"{not json", b"[" * 200_000, b'{"run":"\xff\xfe","through":1}', b'{"run":"\xc3\x28","through":1}',
        b'{"run":1}', b'{"x":' * 100_000,
    ],
)  # fmt: skip
async def test_hostile_bytes_are_refused_and_nothing_more(
    desk: Desk, payload: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    desk.take(payload)
    assert "control message cannot be read" in caplog.text
    assert await desk.cursors.obey() == []


async def test_the_empty_message_that_clears_a_retained_cursor_is_no_mistake(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.take(b"")
    assert await desk.cursors.obey() == []
    assert not caplog.records
