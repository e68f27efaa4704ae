"""The heartbeat goes on when the log cannot be pruned."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from gateway.events import GatewayEvents
from gateway.heartbeat import Heartbeat
from gateway.outbox import Outbox, OutboxLimits
from gateway.outbox_thread import OutboxThread
from service_runtime.clock import ManualClock
from telemetry_model.control_messages import decode_health, decode_status
from telemetry_model.reading import Reading
from tests.gateway.waiting import until


class Broker:
    """Takes everything and remembers it by topic."""

    connected = True

    def __init__(self) -> None:
        self.taken: list[tuple[str, bytes]] = []

    async def publish(
        self,
        topic: str,
        payload: bytes,
        qos: int = 1,
        retain: bool = False,
        content_type: str = "",
        properties: dict[str, str] | None = None,
    ) -> bool:
        self.taken.append((topic, payload))
        return True


async def test_a_log_that_cannot_be_pruned_is_told_once_and_health_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock, broker = ManualClock(1_800_000_000_000), Broker()
    outbox = Outbox.open(tmp_path / "out.db", clock, OutboxLimits(max_age_days=1))
    outbox.commit([[Reading("em-1.voltage", 1, 1.0)]], {})
    outbox.mark_stored_through(outbox.run, 1)
    clock.advance(2 * 86_400)
    other = sqlite3.connect(tmp_path / "out.db", isolation_level=None)
    other.execute("CREATE TRIGGER full BEFORE DELETE ON batches BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    thread = OutboxThread(outbox)
    beating = asyncio.create_task(Heartbeat(thread, broker, GatewayEvents(), clock, "status", "health", 0.01).run())
    await until(lambda: len(broker.taken) >= 3 or beating.done(), "three reports")
    assert {decode_health(payload).batches_stored for _, payload in broker.taken} == {1}
    assert caplog.text.count("outbox refuses some work") == 1
    other.execute("DROP TRIGGER full")
    await until(lambda: decode_health(broker.taken[-1][1]).batches_stored == 0, "the log to be pruned")
    beating.cancel()
    await asyncio.gather(beating, return_exceptions=True)
    thread.close()
    outbox.close()
    other.close()


async def test_who_asks_is_told_what_the_log_holds_since_then(tmp_path: Path) -> None:
    clock, broker = ManualClock(1_800_000_000_000), Broker()
    outbox = Outbox.open(tmp_path / "out.db", clock)
    for _ in range(3):
        outbox.commit([[Reading("em-1.voltage", 1, 1.0)]], {})
        clock.advance(10)
    thread = OutboxThread(outbox)
    heartbeat = Heartbeat(thread, broker, GatewayEvents(), clock, "status", "health", 60.0)
    beating = asyncio.create_task(heartbeat.run())
    heartbeat.connected(1_800_000_000_000 + 5_000)
    await until(lambda: "status" in dict(broker.taken), "the status")
    status = decode_status(dict(broker.taken)["status"])
    assert (status.oldest_seq, status.next_seq, status.since_ms, status.since_seq) == (1, 4, 1_800_000_005_000, 2)
    beating.cancel()
    await asyncio.gather(beating, return_exceptions=True)
    thread.close()
    outbox.close()
