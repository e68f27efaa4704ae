"""Finds TCP ports on loopback and waits until something answers there."""

import socket
import time

from service_runtime.errors import UnreachableError

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """A TCP port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def free_port_block(count: int, start: int = 15_020) -> int:
    """The first port of ``count`` neighbouring free ones."""
    first = start
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


def wait_for_port(port: int, what: str, timeout_seconds: float = 30) -> None:
    """Return as soon as ``what`` answers; raises ``UnreachableError`` after the timeout."""
    deadline = time.monotonic() + timeout_seconds
    while not answers(port):
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
