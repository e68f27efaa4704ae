"""The session against a real Mosquitto: the promises the gateway and the ingest build on."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from service_runtime.errors import OperatorError, SettingsError, UnreachableError
from service_runtime.mqtt_session import IncomingMessage, MqttOptions, MqttSession, Will, parse_broker_url
from tests.servers.mosquitto import MosquittoServer

pytestmark = pytest.mark.real_server


class Peer:
    """A session that notes what it hears."""

    def __init__(self, url: str, client_id: str, **options: Any) -> None:
        self.messages: list[IncomingMessage] = []
        self.connects: list[bool] = []
        self.losses: list[str] = []
        self.session = MqttSession(
            MqttOptions(url=url, client_id=client_id, **options),
            self.messages.append,
            self.connects.append,
            self.losses.append,
        )


async def until(condition: Callable[[], object], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - the condition is anything at all
            await asyncio.sleep(0.005)


@asynccontextmanager
async def running(peer: Peer) -> AsyncIterator[Peer]:
    task = asyncio.create_task(peer.session.run())
    try:
        await until(lambda: peer.session.connected)
        yield peer
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await peer.session.close()


async def test_a_message_arrives_with_its_properties(broker: MosquittoServer) -> None:
    async with running(Peer(broker.url, "a")) as sender, running(Peer(broker.url, "b")) as receiver:
        receiver.session.subscribe("t/+")
        taken = await sender.session.publish(
            "t/1", b"xyz", content_type="text/plain", properties={"run": "r", "seq": "7"}
        )
        await until(lambda: receiver.messages)
    message = receiver.messages[0]
    assert taken
    assert (message.topic, message.payload, message.content_type, message.qos) == ("t/1", b"xyz", "text/plain", 1)
    assert message.properties == {"run": "r", "seq": "7"}


async def test_a_retained_message_is_marked_and_delivered_on_subscribing(broker: MosquittoServer) -> None:
    async with running(Peer(broker.url, "a")) as sender, running(Peer(broker.url, "b")) as receiver:
        await sender.session.publish("status", b"online", retain=True)
        receiver.session.subscribe("status")
        await until(lambda: receiver.messages)
    assert receiver.messages[0].retain


async def test_large_payload_crosses_whole(broker: MosquittoServer) -> None:
    payload = bytes(range(256)) * 4_000
    async with running(Peer(broker.url, "a")) as peer:
        peer.session.subscribe("big")
        assert await peer.session.publish("big", payload)
        await until(lambda: peer.messages)
    assert peer.messages[0].payload == payload


async def test_publish_is_false_while_there_is_no_connection(broker: MosquittoServer) -> None:
    assert not await Peer(broker.url, "a").session.publish("t", b"x")


async def test_publish_is_false_when_the_broker_dies_before_its_answer(broker: MosquittoServer) -> None:
    async with running(Peer(broker.url, "a")) as peer:
        waiting = asyncio.create_task(peer.session.publish("t", b"x" * 900_000))
        await asyncio.sleep(0)
        broker.kill()
        assert await waiting is False


async def test_many_publishes_at_once_are_all_answered(broker: MosquittoServer) -> None:
    async with running(Peer(broker.url, "a")) as peer:
        answers = await asyncio.gather(*(peer.session.publish("t", b"%d" % n) for n in range(2_000)))
    assert answers == [True] * 2_000


async def test_unacknowledged_messages_come_again_after_a_reconnect_in_order(broker: MosquittoServer) -> None:
    lasting: dict[str, Any] = {"manual_ack": True, "clean_start": False, "session_expiry_seconds": 600}
    async with running(Peer(broker.url, "sender")) as sender:
        async with running(Peer(broker.url, "ingest", **lasting)) as first:
            first.session.subscribe("t")
            for number in range(5):
                await sender.session.publish("t", b"%d" % number)
            await until(lambda: len(first.messages) == 5)
            for message in first.messages[:2]:
                first.session.acknowledge(message)
            # The goodbye follows the acknowledgements on the same connection.
        second = Peer(broker.url, "ingest", **lasting)
        async with running(second):
            await until(lambda: len(second.messages) >= 3)
    assert second.connects == [True]
    assert [m.payload for m in second.messages] == [b"2", b"3", b"4"]


async def test_receive_maximum_bounds_what_is_in_flight(broker: MosquittoServer) -> None:
    async with (
        running(Peer(broker.url, "sender")) as sender,
        running(Peer(broker.url, "b", manual_ack=True, receive_maximum=3)) as receiver,
    ):
        receiver.session.subscribe("t")
        for number in range(8):
            await sender.session.publish("t", b"%d" % number)
        await until(lambda: len(receiver.messages) == 3)
        # Anything over the bound would have come before this answer.
        await receiver.session.publish("other", b"")
        assert len(receiver.messages) == 3
        for done in range(8):
            await until(lambda done=done: len(receiver.messages) > done)
            receiver.session.acknowledge(receiver.messages[done])


async def test_it_reconnects_and_subscribes_again_when_the_broker_returns(broker: MosquittoServer) -> None:
    peer = Peer(broker.url, "a")
    peer.session.subscribe("t")
    async with running(peer):
        broker.kill()
        await until(lambda: peer.losses)
        assert not peer.session.connected
        broker.start()
        await until(lambda: len(peer.connects) == 2)
        assert await peer.session.publish("t", b"again")
        await until(lambda: peer.messages)


async def test_acknowledging_a_message_of_an_old_connection_does_nothing(broker: MosquittoServer) -> None:
    lasting: dict[str, Any] = {"manual_ack": True, "clean_start": False, "session_expiry_seconds": 600}
    peer = Peer(broker.url, "a", **lasting)
    peer.session.subscribe("t")
    async with running(peer):
        await peer.session.publish("t", b"1")
        await until(lambda: peer.messages)
        old = peer.messages.pop()
        async with running(Peer(broker.url, "a", clean_start=False, session_expiry_seconds=600)):
            await until(lambda: peer.losses)
        await until(lambda: len(peer.connects) > 1 and peer.session.connected)
        peer.session.acknowledge(old)
        assert await peer.session.publish("t", b"2")


async def test_the_will_is_published_on_a_break_but_not_after_close(broker: MosquittoServer) -> None:
    async with running(Peer(broker.url, "watcher")) as watcher:
        watcher.session.subscribe("will/#")
        async with running(Peer(broker.url, "polite", will=Will("will/polite", b"offline"))):
            pass
        task = asyncio.create_task(
            (broken := Peer(broker.url, "broken", will=Will("will/broken", b"gone"))).session.run()
        )
        await until(lambda: broken.session.connected)
        task.cancel()
        connection = broken.session._connection
        assert connection is not None
        connection.abort()
        await until(lambda: watcher.messages)
    assert [m.topic for m in watcher.messages] == ["will/broken"]


async def test_ended_in_the_moment_of_its_acceptance_it_still_says_goodbye(broker: MosquittoServer) -> None:
    tasks: list[asyncio.Task[None]] = []
    hasty = MqttSession(
        MqttOptions(url=broker.url, client_id="hasty", will=Will("will/hasty", b"offline")),
        lambda _message: None,
        lambda _present: [task.cancel() for task in tasks] and None,
    )
    async with running(Peer(broker.url, "watcher")) as watcher:
        watcher.session.subscribe("will/#")
        tasks.append(asyncio.create_task(hasty.run()))
        await asyncio.wait(tasks)
        assert hasty.connected
        await hasty.close()
        # What the broker had to say about the other one comes before this.
        assert await watcher.session.publish("will/none", b"")
        await until(lambda: watcher.messages)
    assert [m.topic for m in watcher.messages] == ["will/none"]


async def test_require_first_connect_names_the_address(unused_tcp_port: int) -> None:
    session = Peer(f"mqtt://127.0.0.1:{unused_tcp_port}", "a").session
    with pytest.raises(UnreachableError, match=rf"broker mqtt://127.0.0.1:{unused_tcp_port}: connection refused"):
        await session.run(require_first_connect=True)


async def test_unknown_host_is_said(unused_tcp_port: int) -> None:
    session = Peer("mqtt://no-such-host.invalid:1883", "a").session
    with pytest.raises(UnreachableError, match=r"no-such-host\.invalid"):
        await session.run(require_first_connect=True)


async def test_wrong_password_is_said(guarded_broker: MosquittoServer) -> None:
    session = Peer(guarded_broker.url, "a", username="gw", password="falsch").session
    with pytest.raises(UnreachableError, match=r"not authorised|bad user name"):
        await session.run(require_first_connect=True)


async def test_right_password_is_accepted_and_a_forbidden_topic_is_not_published(
    guarded_broker: MosquittoServer,
) -> None:
    async with running(Peer(guarded_broker.url, "a", username="gw", password="geheim")) as peer:
        assert await peer.session.publish("mine/1", b"x")
        assert not await peer.session.publish("theirs/1", b"x")


async def test_tls_with_the_right_ca_works(tls_broker: tuple[MosquittoServer, Path]) -> None:
    server, certificate = tls_broker
    url = f"mqtts://localhost:{server.port}"
    async with running(Peer(url, "a", ca_file=str(certificate))) as peer:
        assert await peer.session.publish("t", b"x" * 300_000)


async def test_tls_without_it_is_refused_in_words(tls_broker: tuple[MosquittoServer, Path]) -> None:
    session = Peer(f"mqtts://localhost:{tls_broker[0].port}", "a").session
    with pytest.raises(UnreachableError, match="certificate not accepted"):
        await session.run(require_first_connect=True)


async def test_a_silent_broker_is_given_up_and_found_again(broker: MosquittoServer) -> None:
    peer = Peer(broker.url, "a", keepalive_seconds=1)
    async with running(peer):
        broker.pause()
        await until(lambda: peer.losses)
        broker.resume()
        await until(lambda: len(peer.connects) == 2)
    assert "no sign of life" in peer.losses[0]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("mqtt://h:1", ("h", 1, False)),
        ("mqtt://h", ("h", 1883, False)),
        ("mqtts://h", ("h", 8883, True)),
        ("mqtt://[::1]:99/", ("::1", 99, False)),
    ],
)
def test_broker_addresses(url: str, expected: tuple[str, int, bool]) -> None:
    assert tuple(parse_broker_url(url)) == expected


@pytest.mark.parametrize(
    "url", ["", "h:1883", "http://h", "mqtt://", "mqtt://h:port", "mqtt://u:p@h", "mqtt://h/topic"]
)
def test_nonsense_addresses_are_refused_without_repeating_a_password(url: str) -> None:
    with pytest.raises(OperatorError) as refusal:
        parse_broker_url(url)
    assert ":p@" not in str(refusal.value)


def test_a_password_over_an_open_network_is_refused() -> None:
    with pytest.raises(SettingsError, match="use mqtts://"):
        Peer("mqtt://broker.example:1883", "a", username="u", password="p")


def test_a_missing_ca_file_is_named() -> None:
    with pytest.raises(SettingsError, match=r"/nowhere/ca\.pem"):
        Peer("mqtts://broker.example", "a", ca_file="/nowhere/ca.pem")
