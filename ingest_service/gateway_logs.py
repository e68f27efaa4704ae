"""Asks the gateways what their logs hold, because after the loss of its state ingest no longer knows what there was."""

import asyncio
from collections.abc import Collection
from typing import NamedTuple, Protocol

from ingest_service.batch_identity import is_run_name
from ingest_service.gateway_board import GatewayBoard
from ingest_service.state.refill import LogRange
from ingest_service.state.run_cursor import BEYOND_ANY_LOG, RunKey
from telemetry_model.control_messages import GatewayStatus, ResendRequest, encode_control
from telemetry_model.topics import Channel, topic_for

ANSWER_SECONDS = 3.0
"""A gateway that is there answers within this; one that does not is named."""
_LOOK_SECONDS = 0.02


class Publishing(Protocol):
    """What is needed of an MQTT session."""

    async def publish(self, topic: str, payload: bytes) -> bool:
        """``True`` after the PUBACK."""
        ...


class LogAnswers(NamedTuple):
    """What the gateways that answered hold since the time asked for, and the names of the others."""

    ranges: dict[RunKey, LogRange]
    unheard: list[str]


async def ask_for_logs(
    session: Publishing,
    park: str,
    board: GatewayBoard,
    gateways: Collection[str],
    since_ms: int,
    answer_seconds: float = ANSWER_SECONDS,
) -> LogAnswers:
    """Ask each gateway for a status of now. What was retained does not count: its log has grown since."""
    before = {name: status_of(board, name) for name in gateways}
    question = encode_control(ResendRequest("", 0, 0, since_ms=since_ms))
    asked = (session.publish(topic_for(park, name, Channel.RESEND), question) for name in gateways)
    if not any(await asyncio.gather(*asked)):
        return LogAnswers({}, sorted(gateways))
    found: dict[str, GatewayStatus] = {}
    deadline = asyncio.get_running_loop().time() + answer_seconds
    while True:
        for name, old in before.items():
            status = status_of(board, name)
            if status is not None and status is not old and status.state != "offline":
                found[name] = status
        waiting = [name for name, status in found.items() if status.since_ms != since_ms]
        silent = [name for name in before if name not in found and not _is_offline(board, name)]
        if (not waiting and not silent) or asyncio.get_running_loop().time() >= deadline:
            break
        await asyncio.sleep(_LOOK_SECONDS)
    ranges = {RunKey(name, status.run): _range(status, since_ms) for name, status in found.items() if _is_sound(status)}
    heard = {key.gateway for key in ranges}
    return LogAnswers(ranges, sorted(name for name in before if name not in heard))


def status_of(board: GatewayBoard, gateway: str) -> GatewayStatus | None:
    """The last status of a gateway."""
    view = board.views.get(gateway)
    return view.status if view is not None else None


def _is_offline(board: GatewayBoard, gateway: str) -> bool:
    view = board.views.get(gateway)
    return view is not None and view.state == "offline"


def _is_sound(status: GatewayStatus) -> bool:
    return is_run_name(status.run) and 1 <= status.next_seq <= BEYOND_ANY_LOG and status.oldest_seq >= 0


def _range(status: GatewayStatus, since_ms: int) -> LogRange:
    """A gateway too old to know the question offers all it holds."""
    first = status.since_seq if status.since_ms == since_ms else status.oldest_seq
    return LogRange(max(first, status.oldest_seq, 1), status.next_seq - 1)
