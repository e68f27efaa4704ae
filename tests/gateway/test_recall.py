"""What ingest asks for by number goes again, whatever became of it, and live sending does not notice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.outbox import OutboxLimits
from gateway.recall import Recall
from service_runtime.mqtt_session import IncomingMessage
from telemetry_model.control_messages import ResendRequest, encode_control
from telemetry_model.topics import Channel, topic_for
from tests.gateway.stored_echo import StoredEcho
from tests.gateway.test_publisher import READINGS, STORED, Sender, all_stored, at_work
from tests.gateway.waiting import until
from tests.servers.mosquitto import MosquittoServer

RESEND = topic_for("bach-dang", "gw-east", Channel.RESEND)
pytestmark = pytest.mark.real_server


class RecallingSender(Sender):
    """A sender that also hears ``…/resend``."""

    def __init__(self, folder: Path, url: str, window: int = 64, batches_per_second: float = 2000.0) -> None:
        super().__init__(folder, url, window)
        self.statuses_said = 0
        self.asked_since: list[int] = []
        self.session.subscribe(RESEND)
        self.recall = Recall(
            self.thread, self.session, READINGS, self.events, self._say_status, batches_per_second, window
        )

    def _say_status(self, since_ms: int) -> None:
        self.statuses_said += 1
        self.asked_since.append(since_ms)

    def _on_message(self, message: IncomingMessage) -> None:
        if message.topic == RESEND:
            self.recall.resend_message(message)
        else:
            super()._on_message(message)


@asynccontextmanager
async def recalling(sender: RecallingSender, echo: StoredEcho) -> AsyncIterator[None]:
    async with at_work(sender, echo):
        task = asyncio.create_task(sender.recall.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def ask(echo: StoredEcho, run: str, from_seq: int, to_seq: int) -> None:
    assert await echo.session.publish(RESEND, encode_control(ResendRequest(run, from_seq, to_seq, 0)))


async def test_stored_batches_go_again_with_the_same_bytes(mosquitto: MosquittoServer, tmp_path: Path) -> None:
    sender, echo = RecallingSender(tmp_path, mosquitto.url), StoredEcho(mosquitto.url, READINGS, STORED)
    await sender.commit(40)
    async with recalling(sender, echo):
        await until(lambda: all_stored(sender), "everything stored")
        before = dict(echo.payloads)
        echo.payloads.clear()
        await ask(echo, sender.outbox.run, 5, 30)
        await until(lambda: len(echo.seen) >= 66 and sender.events.recalled_batches == 26, "the recalled ones")
        assert echo.payloads == {seq: before[seq] for seq in range(5, 31)}
        assert echo.properties[30]["oldest"] == "41"


async def test_a_lost_batch_goes_again_before_the_gateways_own_patience_ends(
    mosquitto: MosquittoServer, tmp_path: Path
) -> None:
    sender, echo = RecallingSender(tmp_path, mosquitto.url), StoredEcho(mosquitto.url, READINGS, STORED)
    echo.loses = lambda seq, times: seq == 4 and times == 1
    await sender.commit(10)
    async with recalling(sender, echo):
        await until(lambda: sender.outbox.sent == 7, "the cursor to stand before the hole")
        await ask(echo, sender.outbox.run, 4, 4)
        await until(lambda: all_stored(sender), "the hole to close")
        assert echo.seen.count(5) == 1


async def test_pending_batches_are_left_to_live_sending(mosquitto: MosquittoServer, tmp_path: Path) -> None:
    sender, echo = RecallingSender(tmp_path, mosquitto.url, window=5), StoredEcho(mosquitto.url, READINGS, STORED)
    echo.tells_cursor = False
    await sender.commit(30)
    async with recalling(sender, echo):
        await until(lambda: sender.outbox.sent == 5, "the window to fill")
        await ask(echo, sender.outbox.run, 1, 30)
        await until(lambda: sender.events.recalled_batches == 5, "the five of the window to go again")
        assert sorted(echo.payloads) == [1, 2, 3, 4, 5]


async def test_live_batches_pass_a_long_recall(mosquitto: MosquittoServer, tmp_path: Path) -> None:
    sender = RecallingSender(tmp_path, mosquitto.url, batches_per_second=20.0)
    echo = StoredEcho(mosquitto.url, READINGS, STORED)
    await sender.commit(300)
    async with recalling(sender, echo):
        await until(lambda: all_stored(sender), "everything stored")
        await ask(echo, sender.outbox.run, 1, 300)
        await until(lambda: len(echo.seen) > 300, "the recall to begin")
        await sender.commit(50)
        await until(lambda: all_stored(sender), "the live batches to be stored")
        assert echo.seen.count(300) == 1, "the recall is still under way"


async def test_what_the_log_lost_is_answered_with_the_status(mosquitto: MosquittoServer, tmp_path: Path) -> None:
    sender, echo = RecallingSender(tmp_path, mosquitto.url), StoredEcho(mosquitto.url, READINGS, STORED)
    await sender.commit(20)
    async with recalling(sender, echo):
        await until(lambda: all_stored(sender), "everything stored")
        sender.outbox._limits = OutboxLimits(max_age_days=0)
        await sender.thread.call(lambda outbox: outbox.prune(4_000_000_000_000))
        await sender.commit(1)
        await ask(echo, sender.outbox.run, 3, 21)
        await ask(echo, "another-run", 1, 5)
        await until(lambda: sender.statuses_said == 2, "both to be answered")
        await until(lambda: all_stored(sender), "the last one stored")
        assert set(echo.seen) == set(range(1, 22))
        assert echo.seen.count(3) == 1


async def test_a_request_that_cannot_be_read_is_said_once(
    mosquitto: MosquittoServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sender, echo = RecallingSender(tmp_path, mosquitto.url), StoredEcho(mosquitto.url, READINGS, STORED)
    await sender.commit(1)
    async with recalling(sender, echo):
        await until(lambda: all_stored(sender), "the batch stored")
        for nonsense in (b"{", b'{"run":"r"}', b'{"run":1,"from_seq":"a","to_seq":2}', b'{"run":"\xff"}', b"[" * 9_999):
            await echo.session.publish(RESEND, nonsense)
        await ask(echo, sender.outbox.run, 1, 1)
        await until(lambda: len(echo.seen) == 2, "the good request to be obeyed")
    assert caplog.text.count("control message cannot be read") == 1


async def test_who_asks_what_the_log_holds_since_then_hears_it_and_gets_no_batch(
    mosquitto: MosquittoServer, tmp_path: Path
) -> None:
    sender, echo = RecallingSender(tmp_path, mosquitto.url), StoredEcho(mosquitto.url, READINGS, STORED)
    await sender.commit(3)
    async with recalling(sender, echo):
        await until(lambda: all_stored(sender), "everything stored")
        question = encode_control(ResendRequest("", 0, 0, since_ms=1234))
        assert await echo.session.publish(RESEND, question)
        await until(lambda: sender.asked_since, "the question to be heard")
    assert (sender.asked_since, sender.events.recalled_batches) == ([1234], 0)
