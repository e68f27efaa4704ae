"""Property: whatever the broker loses in either direction, in the end the store holds exactly what was committed."""

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from gateway.events import GatewayEvents
from gateway.outbox import Outbox
from gateway.outbox_thread import OutboxThread
from gateway.publisher import Publisher
from gateway.recall import Recall
from ingest_service.cursor_announcer import CursorAnnouncer
from ingest_service.resend_asker import ResendAsker
from service_runtime.clock import SystemClock
from service_runtime.mqtt_session import IncomingMessage
from telemetry_model.reading import Reading
from telemetry_model.topics import Channel, topic_for
from tests.ingest_service.builders import NOW_MS, POWER, settings_for, stored_values
from tests.ingest_service.conftest import Rig

BATCHES = 40
READINGS = topic_for("thu", "gw-1", Channel.READINGS)


class LossyWire:
    """One direction of a broker that acknowledges everything and forgets what the plan says, message by message."""

    def __init__(self, plan: list[bool], deliver: Callable[[IncomingMessage], None]) -> None:
        self._plan = iter(plan)
        self._deliver = deliver
        self.connected = True

    async def publish(
        self,
        topic: str,
        payload: bytes,
        qos: int = 1,
        retain: bool = False,
        content_type: str = "",
        properties: dict[str, str] | None = None,
    ) -> bool:
        await asyncio.sleep(0)
        if not next(self._plan, False):
            self._deliver(IncomingMessage(topic, payload, properties or {}, content_type, 0, 0, retain, 1))
        return True


class Both:
    """A gateway and an ingest with nothing but the lossy wires between them."""

    def __init__(self, folder: Path, lost_up: list[bool], lost_down: list[bool]) -> None:
        clock = SystemClock()
        self.rig = Rig(settings_for(folder))
        self.outbox = Outbox.open(folder / "out.db", clock)
        self.thread = OutboxThread(self.outbox)
        up, down = LossyWire(lost_up, self.rig.subscriber.receive), LossyWire(lost_down, self._hear)
        events = GatewayEvents()
        self.publisher = Publisher(self.thread, up, READINGS, events, clock, 8, resend_after_seconds=0.05)
        self.recall = Recall(self.thread, up, READINGS, events, lambda _since_ms: None, 5000.0)
        state = self.rig.state
        announcer = CursorAnnouncer(down, "thu", state, clock)  # type: ignore[arg-type]
        self.rig.pipeline._announcer = announcer
        asker = ResendAsker(down, "thu", state, self.rig.board, clock, grace_seconds=0.03, answer_seconds=0.05)
        self.parts = (self.publisher.run, self.recall.run, self.rig.pipeline.run, announcer.run, asker.run)

    def _hear(self, message: IncomingMessage) -> None:
        if message.topic.endswith(Channel.RESEND):
            self.recall.resend_message(message)
        else:
            self.publisher.stored_message(message)

    async def until_all_is_stored(self) -> None:
        self.committed = {NOW_MS + n: float(n) for n in range(BATCHES)}
        made = [[Reading(POWER, time_ms, value)] for time_ms, value in self.committed.items()]
        await self.thread.call(lambda outbox: outbox.commit(made, {POWER: "kW"}))
        tasks = [asyncio.create_task(part()) for part in self.parts]
        try:
            async with asyncio.timeout(20):
                while self.outbox.stored_through < BATCHES:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self.thread.close()
            self.outbox.close()


losses = st.lists(st.booleans(), max_size=40)


@settings(max_examples=8, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(lost_up=losses, lost_down=st.lists(st.booleans(), max_size=12))
def test_random_loss_ends_with_exactly_the_committed_set(lost_up: list[bool], lost_down: list[bool]) -> None:
    async def play(folder: Path) -> None:
        both = Both(folder, lost_up, lost_down)
        try:
            await both.until_all_is_stored()
            assert await stored_values(both.rig.store) == both.committed
            assert both.rig.view.missing_batches() == 0
            lines = both.rig.book.lines(0, 4_000_000_000_000)
            assert [line.missing for line in lines] == [()] * len(lines)
            assert sum(line.expected for line in lines) == sum(line.batches for line in lines) == BATCHES
        finally:
            await both.rig.close()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(play(Path(folder)))
