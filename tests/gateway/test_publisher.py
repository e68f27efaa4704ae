"""Outbox to a real Mosquitto: window, cursor, resends, and a broker that is killed without warning."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.events import GatewayEvents
from gateway.outbox import Outbox
from gateway.outbox_thread import OutboxThread
from gateway.publisher import Publisher
from service_runtime.clock import Clock, ManualClock, SystemClock
from service_runtime.mqtt_session import IncomingMessage, MqttOptions, MqttSession
from telemetry_model.control_messages import CONTENT_TYPE_SENML_JSON, StoredCursor, encode_control
from telemetry_model.reading import Reading
from telemetry_model.topics import Channel, topic_for
from tests.gateway.stored_echo import StoredEcho
from tests.gateway.waiting import until
from tests.servers.mosquitto import MosquittoServer

READINGS = topic_for("bach-dang", "gw-east", Channel.READINGS)
STORED = topic_for("bach-dang", "gw-east", Channel.STORED)
pytestmark = pytest.mark.real_server


class Sender:
    """Outbox, publisher and session of one gateway."""

    def __init__(
        self, folder: Path, url: str, window: int = 64, resend_after: float = 30.0, clock: Clock | None = None
    ) -> None:
        self.outbox = Outbox.open(folder / "out.db", SystemClock())
        self.thread = OutboxThread(self.outbox)
        self.events = GatewayEvents()
        self.heard = 0
        self.session = MqttSession(
            MqttOptions(url=url, client_id="gw-east"),
            self._on_message,
            on_connected=lambda _present: self.publisher.connected(),
        )
        self.session.subscribe(STORED)
        self.publisher = Publisher(
            self.thread, self.session, READINGS, self.events, clock or SystemClock(), window, resend_after
        )

    def _on_message(self, message: IncomingMessage) -> None:
        self.heard += 1
        self.publisher.stored_message(message)

    async def commit(self, batches: int, size: int = 5) -> None:
        first = self.outbox.next_seq
        made = [
            [Reading("em-1.voltage", 1_000_000 * (first + b) + i, 1.0) for i in range(size)] for b in range(batches)
        ]
        await self.thread.call(lambda outbox: outbox.commit(made, {}))
        self.publisher.committed()

    def close(self) -> None:
        self.thread.close()
        self.outbox.close()


@asynccontextmanager
async def at_work(sender: Sender, echo: StoredEcho | None) -> AsyncIterator[None]:
    """Sender and ingest running; the ingest subscribes before the sender sends."""
    tasks = []
    if echo is not None:
        tasks.append(asyncio.create_task(echo.session.run()))
        await until(lambda: echo.session.connected, "ingest to connect")
    tasks += [asyncio.create_task(sender.session.run()), asyncio.create_task(sender.publisher.run())]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await sender.session.close()
        if echo is not None:
            await echo.session.close()
        sender.close()


def all_stored(sender: Sender) -> bool:
    return sender.outbox.stored_through == sender.outbox.next_seq - 1


async def test_everything_committed_is_stored_once_and_in_order(mosquitto: MosquittoServer, tmp_path: Path) -> None:
    sender, echo = Sender(tmp_path, mosquitto.url), StoredEcho(mosquitto.url, READINGS, STORED)
    await sender.commit(300)
    async with at_work(sender, echo):
        await until(lambda: all_stored(sender), "all batches stored")
        assert sorted(echo.payloads) == list(range(1, 301))
        assert echo.seen == sorted(echo.seen)
        assert echo.records == 1500
        assert sender.outbox.sent == 0


async def test_a_batch_says_run_seq_created_and_oldest(mosquitto: MosquittoServer, tmp_path: Path) -> None:
    sender, echo = Sender(tmp_path, mosquitto.url), StoredEcho(mosquitto.url, READINGS, STORED)
    await sender.commit(2)
    [first, _] = list(sender.outbox.range(1, 2))
    async with at_work(sender, echo):
        await until(lambda: all_stored(sender), "both stored")
        run = sender.outbox.run
    assert echo.properties[1] == {"run": run, "seq": "1", "created": str(first.created_ms), "oldest": "1"}
    assert echo.content_types == {CONTENT_TYPE_SENML_JSON}


async def test_no_more_than_the_window_is_sent_and_not_stored(mosquitto: MosquittoServer, tmp_path: Path) -> None:
    sender, echo = Sender(tmp_path, mosquitto.url, window=7), StoredEcho(mosquitto.url, READINGS, STORED)
    echo.tells_cursor = False
    await sender.commit(50)
    async with at_work(sender, echo):
        await until(lambda: sender.outbox.sent == 7, "the window to fill")
        await asyncio.sleep(0.1)
        assert sorted(echo.payloads) == list(range(1, 8))
        echo.tells_cursor = True
        echo.tell(sender.outbox.run)
        await until(lambda: all_stored(sender), "the rest to follow")


async def test_what_is_not_stored_goes_again_when_the_cursor_stands_still(
    mosquitto: MosquittoServer, tmp_path: Path
) -> None:
    sender = Sender(tmp_path, mosquitto.url, resend_after=0.3)
    echo = StoredEcho(mosquitto.url, READINGS, STORED)
    echo.loses = lambda seq, times: seq == 4 and times == 1
    await sender.commit(10)
    async with at_work(sender, echo):
        before = [batch.payload for batch in sender.outbox.range(4, 4)]
        await until(lambda: all_stored(sender), "the hole to close")
        assert [echo.payloads[4]] == before, "same bytes under the same number"
        assert sender.events.resent_batches >= 1


async def test_a_word_from_ingest_ends_the_long_waits_of_its_absence(
    mosquitto: MosquittoServer, tmp_path: Path
) -> None:
    clock = ManualClock(1_790_000_000_000)
    sender = Sender(tmp_path, mosquitto.url, resend_after=5.0, clock=clock)
    echo = StoredEcho(mosquitto.url, READINGS, STORED)
    echo.loses = lambda _seq, _times: True
    await sender.commit(1)
    async with at_work(sender, echo):
        for waited in (5, 10, 20, 40):
            times = echo.seen.count(1)
            await until(lambda: sender.outbox.sent == 1, "the batch to be sent")
            clock.advance(waited)
            sender.publisher.committed()
            await until(lambda now=times: echo.seen.count(1) > now, f"the resend after {waited} s")  # type: ignore[misc]
        await until(lambda: sender.outbox.sent == 1, "the batch to be sent")
        times = echo.seen.count(1)
        echo.loses = lambda _seq, _times: False
        echo.tell(sender.outbox.run)
        await until(lambda: sender.heard >= 1, "the cursor, unchanged")
        clock.advance(5)
        sender.publisher.committed()
        await until(lambda: all_stored(sender), "the batch stored without waiting 80 s")


async def test_a_first_word_that_tells_of_progress_doubles_nothing(mosquitto: MosquittoServer, tmp_path: Path) -> None:
    sender, echo = Sender(tmp_path, mosquitto.url, resend_after=600.0), StoredEcho(mosquitto.url, READINGS, STORED)
    echo.tells_cursor = False
    async with at_work(sender, echo):
        await sender.commit(20)
        await until(lambda: len(echo.seen) == 20, "all of them to arrive")
        echo.tell_of(sender.outbox.run, 5, session="first")
        await until(lambda: sender.outbox.stored_through == 5, "the word to be heard")
        echo.tell(sender.outbox.run)
        await until(lambda: all_stored(sender), "the rest")
    assert sender.events.resent_batches == 0


async def test_a_new_session_of_ingest_brings_everything_unstored_again_at_once(
    mosquitto: MosquittoServer, tmp_path: Path
) -> None:
    sender, echo = Sender(tmp_path, mosquitto.url, resend_after=600.0), StoredEcho(mosquitto.url, READINGS, STORED)
    echo.loses = lambda _seq, times: times == 1
    await sender.commit(20)
    async with at_work(sender, echo):
        await until(lambda: sender.outbox.sent == 20, "all batches sent, none stored")
        echo.tell(sender.outbox.run, session="the broker forgot me")
        await until(lambda: all_stored(sender), "all batches stored long before the timer")
        assert sender.events.resent_batches == 20


async def test_a_cursor_of_an_unknown_run_and_a_spoilt_one_are_ignored(
    mosquitto: MosquittoServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    sender, echo = Sender(tmp_path, mosquitto.url), StoredEcho(mosquitto.url, READINGS, STORED)
    echo.tells_cursor = False
    await sender.commit(3)
    async with at_work(sender, echo):
        await until(lambda: sender.outbox.sent == 3, "three sent")
        await echo.session.publish(STORED, encode_control(StoredCursor("somebody-else", 3)))
        await echo.session.publish(STORED, b'{"run":"\xff","through":3}')
        await until(lambda: "cannot be read" in caplog.text and "another run" in caplog.text, "both to be noticed")
        assert sender.outbox.stored_through == 0


async def test_killing_the_broker_loses_nothing(mosquitto: MosquittoServer, tmp_path: Path) -> None:
    sender = Sender(tmp_path, mosquitto.url, resend_after=0.5)
    echo = StoredEcho(mosquitto.url, READINGS, STORED)
    async with at_work(sender, echo):
        for round_number in range(3):
            await sender.commit(150)
            some = 180 * round_number + 20
            await until(lambda some=some: len(echo.payloads) > some, "some to arrive")  # type: ignore[misc]
            await asyncio.to_thread(mosquitto.kill)
            await sender.commit(30)
            await asyncio.to_thread(mosquitto.start)
        await until(lambda: all_stored(sender), "everything stored after three kills", seconds=60)
        assert sorted(echo.payloads) == list(range(1, 541))
        assert echo.records == 2700


async def test_what_the_broker_acknowledged_and_forgot_is_sent_again(
    mosquitto: MosquittoServer, tmp_path: Path
) -> None:
    sender = Sender(tmp_path, mosquitto.url)
    await sender.commit(20)
    async with at_work(sender, None):
        await until(lambda: sender.outbox.sent == 20, "all acknowledged by the broker, nobody listening")
        await asyncio.to_thread(mosquitto.kill)
        await asyncio.to_thread(mosquitto.start)
        await until(lambda: sender.events.resent_batches == 20, "all to be sent again after the reconnect")


async def test_a_restarted_gateway_goes_on_with_the_same_run(mosquitto: MosquittoServer, tmp_path: Path) -> None:
    first = Sender(tmp_path, mosquitto.url)
    await first.commit(10)
    async with at_work(first, None):
        await until(lambda: first.outbox.sent == 10, "ten sent")
        run = first.outbox.run
    second, echo = Sender(tmp_path, mosquitto.url), StoredEcho(mosquitto.url, READINGS, STORED)
    async with at_work(second, echo):
        await until(lambda: all_stored(second), "the ten sent again and stored")
        assert second.outbox.run == run
        assert {properties["run"] for properties in echo.properties.values()} == {run}


class SlowBroker:
    """A session whose PUBACKs come when they are let."""

    connected = True

    def __init__(self) -> None:
        self.taken: list[tuple[str, str]] = []
        self.answering = asyncio.Event()

    async def publish(
        self,
        topic: str,
        payload: bytes,
        qos: int = 1,
        retain: bool = False,
        content_type: str = "",
        properties: dict[str, str] | None = None,
    ) -> bool:
        said = properties or {}
        self.taken.append((said["run"], said["seq"]))
        await self.answering.wait()
        return True


async def test_what_the_broker_took_for_a_run_that_has_ended_goes_again_at_once(tmp_path: Path) -> None:
    sender, broker = Sender(tmp_path, "mqtt://127.0.0.1:1"), SlowBroker()
    publisher = Publisher(sender.thread, broker, READINGS, sender.events, ManualClock(0))
    await sender.commit(3)
    running = asyncio.create_task(publisher.run())
    await until(lambda: len(broker.taken) == 3, "the window to be sent")
    old = sender.outbox.run
    told = encode_control(StoredCursor(old, 99))
    publisher.stored_message(IncomingMessage(STORED, told, {}, "", 1, 1, True))
    await until(lambda: sender.outbox.run != old, "a new run")
    broker.answering.set()
    await until(lambda: len(broker.taken) == 6, "all of it under the new run")
    assert broker.taken[3:] == [(sender.outbox.run, seq) for seq in ("1", "2", "3")]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    sender.close()
