"""Finds TCP ports on loopback and waits until something answers there."""

import random
import socket
import time
from collections.abc import Callable

from service_runtime.errors import OperatorError, UnreachableError

LOOPBACK = "127.0.0.1"
BLOCKS_FROM, BLOCKS_TO = 15_020, 32_000
"""Blocks begin here, below the ports that systems give to outgoing connections."""


def free_port() -> int:
    """A TCP port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def free_port_block(count: int, start: int | None = None) -> int:
    """The first port of ``count`` neighbouring free ones, sought from a random one on.

    Random, because a block is used only later: two chains started at once would find the same one free.
    """
    first = random.randrange(BLOCKS_FROM, max(BLOCKS_TO - count, BLOCKS_FROM + 1)) if start is None else start
    while first + count < 60_000:
        taken = next((port for port in range(first, first + count) if _is_taken(port)), None)
        if taken is None:
            return first
        first = taken + 1
    raise UnreachableError(f"no {count} neighbouring free ports on {LOOPBACK}")


def answers(port: int) -> bool:
    """Whether something accepts connections on the port now."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1):
            return True
    except OSError:
        return False


def require_free(port: int, option: str) -> None:
    """Raises ``OperatorError`` naming the option when nothing could listen on its port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise OperatorError(f"{option} {port}: cannot listen on {LOOPBACK}:{port} ({error.strerror})") from error


def wait_for_port(
    port: int, what: str, timeout_seconds: float = 30, check_running: Callable[[], None] = lambda: None
) -> None:
    """Return as soon as ``what`` answers; raises ``UnreachableError`` after the timeout.

    ``check_running`` is asked all the while and raises when waiting has become useless.
    """
    deadline = time.monotonic() + timeout_seconds
    while True:
        check_running()
        if answers(port):
            return
        if time.monotonic() > deadline:
            raise UnreachableError(f"{what} did not start listening on {LOOPBACK}:{port}")
        time.sleep(0.05)


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return True
        return False
