"""What the gateways say of their logs: only what they say now counts, and who says nothing is named."""

from ingest_service.gateway_board import GatewayBoard
from ingest_service.gateway_logs import ask_for_logs
from ingest_service.state.refill import LogRange
from ingest_service.state.run_cursor import RunKey
from telemetry_model.control_messages import GatewayStatus, decode_resend, encode_control
from telemetry_model.topics import Channel, parse_topic

SINCE_MS = 1_750_000_000_000


class Gateways:
    """Each answers the question as told, or not at all."""

    def __init__(self, board: GatewayBoard, **answers: GatewayStatus) -> None:
        self.board = board
        self.answers = answers
        self.reached = True

    async def publish(self, topic: str, payload: bytes) -> bool:
        address = parse_topic(topic)
        assert address is not None
        assert (decode_resend(payload).run, decode_resend(payload).since_ms) == ("", SINCE_MS)
        if self.reached and address.gateway in self.answers:
            say(self.board, address.gateway, self.answers[address.gateway], retained=False)
        return self.reached


def say(board: GatewayBoard, gateway: str, status: GatewayStatus, retained: bool = True) -> None:
    board.note(gateway, Channel.STATUS, encode_control(status), retained, SINCE_MS)


async def ask(gateways: Gateways, *names: str) -> tuple[dict[RunKey, LogRange], list[str]]:
    return await ask_for_logs(gateways, "thu", gateways.board, names, SINCE_MS, answer_seconds=0.05)


async def test_the_answer_is_what_the_log_holds_since_then() -> None:
    gateways = Gateways(GatewayBoard(), a=GatewayStatus("online", 0, "r", 21, 4, "", SINCE_MS, 15))
    assert await ask(gateways, "a") == ({RunKey("a", "r"): LogRange(15, 20)}, [])


async def test_a_gateway_that_does_not_know_the_question_offers_all_it_holds() -> None:
    gateways = Gateways(GatewayBoard(), a=GatewayStatus("online", 0, "r", 21, 4))
    assert await ask(gateways, "a") == ({RunKey("a", "r"): LogRange(4, 20)}, [])


async def test_what_was_said_before_does_not_count_and_the_silent_are_named() -> None:
    board = GatewayBoard()
    say(board, "b", GatewayStatus("online", 0, "r", 21, 4, "", SINCE_MS, 15))
    say(board, "c", GatewayStatus("offline", 0, "r", 21, 4))
    assert await ask(Gateways(board), "c", "b", "a") == ({}, ["a", "b", "c"])


async def test_nonsense_is_no_answer() -> None:
    gateways = Gateways(
        GatewayBoard(),
        a=GatewayStatus("online", 0, "unnumbered", 21, 4),
        b=GatewayStatus("online", 0, "r", 2**60, 4),
        c=GatewayStatus("online", 0, "r" * 99, 2, 1),
    )
    assert await ask(gateways, "a", "b", "c") == ({}, ["a", "b", "c"])


async def test_nobody_is_waited_for_when_nobody_can_be_asked() -> None:
    gateways = Gateways(GatewayBoard(), a=GatewayStatus("online", 0, "r", 21, 4))
    gateways.reached = False
    assert await ask(gateways, "a") == ({}, ["a"])
