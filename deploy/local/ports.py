"""Finds TCP ports on loopback and waits until something answers there."""

import random
import socket
import time
from collections.abc import Callable
from typing import Self

from service_runtime.errors import OperatorError, UnreachableError

LOOPBACK = "127.0.0.1"
BLOCKS_FROM, BLOCKS_TO = 20_000, 25_000
"""Blocks begin here."""
SINGLE_FROM, SINGLE_TO = 25_100, 32_700
"""Single ports lie here. Both are below the ports that systems give to outgoing connections: while a broker is killed
and started again, no client's own end can sit on its port."""
_given: set[int] = set()


def free_port() -> int:
    """A TCP port nobody listens on at this moment, sought from a random one on; never the same twice."""
    while (port := free_port_block(1, random.randrange(SINGLE_FROM, SINGLE_TO))) in _given:
        pass
    _given.add(port)
    return port


class HeldPorts:
    """Neighbouring ports that others see as taken until they are let go for the servers they are meant for.

    A demo looks for its devices' ports long before the devices listen there: another one must not find the same free.
    A context manager: at its end they are let go in any case.
    """

    def __init__(self, count: int) -> None:
        self._sockets: list[socket.socket] = []
        while not self._sockets:
            self.first = free_port_block(count)
            self._hold(count)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.let_go()

    def _hold(self, count: int) -> None:
        for port in range(self.first, self.first + count):
            held = socket.socket()
            self._sockets.append(held)
            try:
                held.bind((LOOPBACK, port))
            except OSError:
                self.let_go()
                return

    def let_go(self) -> None:
        """Free them; from now on their servers can listen."""
        while self._sockets:
            self._sockets.pop().close()


def free_port_block(count: int, start: int | None = None) -> int:
    """The first port of ``count`` neighbouring free ones, sought from a random one on.

    Random, because a block may be used only later: two chains started at once would find the same one free.
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
