"""When a gateway is asked for batches again, for which, and when it is left in peace."""

from ingest_service.resend_asker import Hole, ResendAsker, aged, first_of
from telemetry_model.control_messages import GatewayStatus, ResendRequest, decode_resend, encode_control
from telemetry_model.topics import Channel, parse_topic
from tests.ingest_service.builders import NOW_MS, a_delivery, a_pack, numbered
from tests.ingest_service.conftest import Rig


class Wire:
    """Takes what is published."""

    def __init__(self) -> None:
        self.connected = True
        self.requests: list[ResendRequest] = []

    async def publish(self, topic: str, payload: bytes) -> bool:
        address = parse_topic(topic)
        assert address is not None
        assert address[:2] == ("thu", "gw-1")
        assert address.channel is Channel.RESEND
        self.requests.append(decode_resend(payload))
        return True

    def asked(self) -> list[tuple[int, int]]:
        """Since the last time somebody looked."""
        ranges = [(request.from_seq, request.to_seq) for request in self.requests]
        self.requests.clear()
        return ranges


def asker_of(rig: Rig) -> tuple[ResendAsker, Wire]:
    wire = Wire()
    return ResendAsker(wire, "thu", rig.state, rig.board, rig.clock, grace_seconds=5.0, answer_seconds=10.0), wire


async def take(rig: Rig, *seqs: int, oldest: int = 1, run: str = "r") -> None:
    await rig.take(*(a_delivery(a_pack(seq, start_ms=NOW_MS + seq), numbered(run, seq, oldest)) for seq in seqs))


async def test_a_hole_is_asked_for_after_the_grace_time(rig: Rig) -> None:
    asker, wire = asker_of(rig)
    await take(rig, 1, 2, 5, 6, 9)
    await asker.ask_once()
    rig.clock.advance(4.9)
    await asker.ask_once()
    assert wire.asked() == []
    rig.clock.advance(0.1)
    await asker.ask_once()
    assert wire.asked() == [(3, 4), (7, 8)]


async def test_a_hole_that_closes_in_time_is_never_asked_for(rig: Rig) -> None:
    asker, wire = asker_of(rig)
    await take(rig, 1, 3)
    await asker.ask_once()
    rig.clock.advance(4)
    await take(rig, 2)
    await asker.ask_once()
    await take(rig, 5)
    rig.clock.advance(4)
    await asker.ask_once()
    assert wire.asked() == []


async def test_it_waits_for_the_answer_and_then_twice_as_long_each_time(rig: Rig) -> None:
    asker, wire = asker_of(rig)
    await take(rig, 1, 3)
    await asker.ask_once()
    asked_at = []
    for second in range(80):
        rig.clock.advance(1)
        await asker.ask_once()
        if wire.asked():
            asked_at.append(second + 1)
    assert asked_at == [5, 15, 35, 75]


async def test_a_long_hole_is_asked_for_a_piece_at_a_time(rig: Rig) -> None:
    asker, wire = asker_of(rig)
    await take(rig, 1, 201)
    await asker.ask_once()
    rig.clock.advance(5)
    await asker.ask_once()
    assert wire.asked() == [(2, 65)]
    await take(rig, *range(2, 60))
    await asker.ask_once()
    assert wire.asked() == [], "six of the first piece are on their way"
    await take(rig, *range(60, 66))
    await asker.ask_once()
    assert wire.asked() == [(66, 129)], "the rest of an old hole is old"


async def test_what_was_given_up_as_missing_is_asked_for_too(rig: Rig) -> None:
    asker, wire = asker_of(rig)
    await take(rig, 1, 2)
    await take(rig, 9, oldest=9)
    assert rig.view.missing_batches() == 6
    await asker.ask_once()
    rig.clock.advance(5)
    await asker.ask_once()
    assert wire.asked() == [(3, 8)]
    await take(rig, *range(3, 9), oldest=10)
    assert rig.view.missing_batches() == 0


async def test_nobody_is_asked_for_what_the_gateway_no_longer_holds(rig: Rig) -> None:
    asker, wire = asker_of(rig)
    await take(rig, 1, 10)
    rig.board.note("gw-1", Channel.STATUS, encode_control(GatewayStatus("online", 0, "r", 11, 6)), True, NOW_MS)
    await asker.ask_once()
    rig.clock.advance(5)
    await asker.ask_once()
    assert wire.asked() == [(6, 9)]


async def test_neither_an_absent_gateway_nor_one_with_another_run_is_asked(rig: Rig) -> None:
    asker, wire = asker_of(rig)
    await take(rig, 1, 3)
    for status in (GatewayStatus("offline", 0, "r", 4, 1), GatewayStatus("online", 0, "newer", 4, 1)):
        rig.board.note("gw-1", Channel.STATUS, encode_control(status), True, NOW_MS)
        await asker.ask_once()
        rig.clock.advance(60)
        await asker.ask_once()
        assert wire.asked() == []


async def test_a_refill_is_asked_for_at_once_piece_by_piece(rig: Rig) -> None:
    asker, wire = asker_of(rig)
    await take(rig, *range(1, 101))
    await rig.state.begin_refills(0, [], NOW_MS)
    await asker.ask_once()
    assert wire.asked() == [(1, 64)]
    await take(rig, *range(1, 65))
    await asker.ask_once()
    assert wire.asked() == [(65, 100)]
    await take(rig, *range(65, 101))
    rig.clock.advance(1000)
    await asker.ask_once()
    assert wire.asked() == []


def test_a_part_of_a_hole_is_as_old_as_the_whole() -> None:
    assert aged([Hole(3, 9, 1.0), Hole(20, 30, 2.0)], [(5, 6), (8, 9), (25, 30), (40, 41)], 7.0) == [
        Hole(5, 6, 1.0), Hole(8, 9, 1.0), Hole(25, 30, 2.0), Hole(40, 41, 7.0),
    ]  # fmt: skip


def test_the_first_numbers_of_ranges() -> None:
    assert first_of([(1, 3), (7, 9), (12, 40)], 8) == [(1, 3), (7, 9), (12, 13)]
    assert first_of([(1, 3), (7, 9)], 3) == [(1, 3)]
