"""How soon a gateway hears how far it is stored: seldom as a rule, at once when it goes ahead fast."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from ingest_service import cursor_announcer
from ingest_service.cursor_announcer import FAST_BATCHES, CursorAnnouncer
from ingest_service.state.run_cursor import RunKey
from telemetry_model.control_messages import StoredCursor, decode_stored
from tests.ingest_service.builders import NOW_MS, a_delivery, a_pack, numbered
from tests.ingest_service.conftest import Rig

KEY = RunKey("gw-1", "r")


class Wire:
    """Takes what is published."""

    def __init__(self) -> None:
        self.told: list[StoredCursor] = []

    async def publish(self, _topic: str, payload: bytes, retain: bool) -> bool:
        assert retain
        self.told.append(decode_stored(payload))
        return True

    async def until_told(self, times: int) -> None:
        async with asyncio.timeout(10):
            while len(self.told) < times:  # noqa: ASYNC110 - a list has no event
                await asyncio.sleep(0.005)


class Announcing:
    """An announcer at work, whose ordinary interval no test can wait for."""

    def __init__(self, rig: Rig) -> None:
        self.wire = Wire()
        self.announcer = CursorAnnouncer(self.wire, "thu", rig.state, rig.clock)  # type: ignore[arg-type]
        self._rig = rig
        self._through = 0

    async def store(self, batches: int) -> None:
        """So many more, in one round."""
        seqs = range(self._through + 1, self._through + batches + 1)
        self._through += batches
        await self._rig.take(*(a_delivery(a_pack(1.0, start_ms=NOW_MS + seq), numbered("r", seq)) for seq in seqs))
        self.announcer.note([KEY])


@pytest.fixture
async def announcing(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Announcing]:
    monkeypatch.setattr(cursor_announcer, "MIN_INTERVAL_SECONDS", 3600.0)
    made = Announcing(rig)
    running = asyncio.create_task(made.announcer.run())
    await made.store(1)
    await made.wire.until_told(1)
    yield made
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_run_that_goes_ahead_fast_is_told_before_the_interval_is_over(announcing: Announcing) -> None:
    await announcing.store(1)
    await announcing.store(FAST_BATCHES)
    await announcing.wire.until_told(2)
    assert [cursor.through for cursor in announcing.wire.told] == [1, 2 + FAST_BATCHES]


async def test_a_slow_run_waits_for_its_turn(announcing: Announcing) -> None:
    await announcing.store(1)
    await announcing.store(FAST_BATCHES - 1)
    await asyncio.sleep(3 * cursor_announcer.EARLIEST_SECONDS)
    assert [cursor.through for cursor in announcing.wire.told] == [1]
