"""What no gateway of ours sends: it costs its sender a place in quarantine, and nobody else anything."""

import asyncio
import json

import pytest

from ingest_service.admission import Admitter, RefusalReason
from ingest_service.bindings import ParkBindings
from ingest_service.gateway_board import GatewayBoard
from telemetry_model.topics import Channel
from tests.ingest_service.builders import NOW_MS, a_delivery, a_park, numbered
from tests.ingest_service.conftest import Rig

HOSTILE = [
    b'[{"n":"\xff","v":1}]',
    b'[{"n":"x","t":1e306,"v":1}]',
    b'[{"n":"x","t":-1e306,"v":1}]',
    b"[" * 100_000,
    b'{"x":' + b"[" * 100_000,
    b'[{"bn":"\xc3\x28","n":"x","v":1}]',
    b'[{"v":1}]',
    b"\x00",
    b'[{"n":"em-1.active_power","v":1e400}]',
]


@pytest.mark.parametrize("payload", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("numbered", [True, False])
def test_no_payload_stops_admission_and_each_is_kept(payload: bytes, numbered: bool) -> None:
    admission = Admitter(ParkBindings(a_park())).admit("gw-1", payload, NOW_MS, numbered)
    assert admission.rows == []
    assert len(admission.refused) == 1


@pytest.mark.parametrize("payload", [b'{"state":"\xff"}', b'{"x":' + b"[" * 100_000, b"[]", b"\x00"], ids=range(4))
@pytest.mark.parametrize("channel", [Channel.STATUS, Channel.HEALTH])
def test_an_unreadable_status_changes_nothing(payload: bytes, channel: Channel) -> None:
    board = GatewayBoard()
    board.note("gw-1", channel, payload, False, NOW_MS)
    assert board.views["gw-1"].state not in ("online", "offline")


def test_a_long_base_name_is_not_copied_into_thousands_of_records() -> None:
    pack = json.dumps([{"bn": "x" * 300_000, "n": "a", "v": 1}, *({"n": "a", "v": 1} for _ in range(2_000))]).encode()
    admission = Admitter(ParkBindings(a_park())).admit("gw-1", pack, NOW_MS)
    assert [refused.reason for refused in admission.refused] == [RefusalReason.MALFORMED_PACK]


def test_a_gateways_clock_that_was_never_set_is_not_taken_for_a_relative_time() -> None:
    pack = json.dumps([{"n": "em-1.active_power", "t": 42, "v": 230}]).encode()
    admitter = Admitter(ParkBindings(a_park()))
    assert [r.reason for r in admitter.admit("gw-1", pack, NOW_MS, numbered=True).refused] == [
        RefusalReason.TIME_TOO_OLD
    ]
    by_hand = admitter.admit("gw-1", pack, NOW_MS, numbered=False)
    assert [row.time_ms for row in by_hand.rows] == [NOW_MS + 42_000]


async def test_a_retained_readings_message_is_not_a_new_measurement(rig: Rig) -> None:
    delivery = a_delivery(json.dumps([{"n": "em-1.active_power", "v": 5}]).encode())
    retained = delivery.message._replace(retain=True)
    await rig.take(delivery._replace(message=retained))
    assert [record.reason for record in rig.quarantine.records()] == [RefusalReason.RETAINED]


async def test_the_cursor_says_when_its_batch_was_committed(rig: Rig) -> None:
    pack = json.dumps([{"n": "em-1.active_power", "t": NOW_MS / 1000, "v": 5}]).encode()
    await rig.take(a_delivery(pack, numbered("r", 1, created_ms=NOW_MS - 3)))
    await rig.take(a_delivery(pack, numbered("r", 2, created_ms=NOW_MS - 2)))
    cursor = next(iter(rig.state.cursors.values()))
    assert (cursor.through, cursor.through_created_ms) == (2, NOW_MS - 2)


async def test_a_store_that_answers_but_takes_nothing_is_not_called_ready(rig: Rig) -> None:
    seen: list[bool | None] = []

    async def look() -> None:
        await rig.writer.check()
        seen.append(rig.writer.reachable)

    pack = json.dumps([{"n": "em-1.active_power", "t": NOW_MS / 1000, "v": 5}]).encode()
    checks: list[asyncio.Task[None]] = []
    rig.store.keep = lambda attempt, _row: attempt < 4
    rig.store.on_write = lambda: checks.append(asyncio.create_task(look())) if rig.store.attempts > 1 else None
    await rig.take(a_delivery(pack, numbered("r", 1)))
    await asyncio.gather(*checks)
    assert seen[0] is False
    assert rig.writer.reachable is True
