"""Hands out free TCP ports on loopback, to test processes that run side by side too."""

import random
import socket

# Below Linux's ephemeral range: while a server is down, no outgoing connection can sit on its port. And below the
# ports that `deploy.local` picks: a chain that a test starts cannot take one of these before its server listens.
_LOWEST, _HIGHEST = 10_000, 19_999
_BLOCK = 100
_claims: list[socket.socket] = []
_left: list[int] = []


def free_port() -> int:
    """A port nobody listens on, never the same twice in one test run, nor in another one at the same time."""
    while True:
        if not _left:
            _left.extend(_claim_block())
        port = _left.pop()
        if _is_free(port):
            return port


def free_port_block(count: int) -> int:
    """The first of ``count`` neighbouring ports, at most 99; all of them are free and given to nobody else."""
    if count >= _BLOCK:
        raise ValueError(f"at most {_BLOCK - 1} ports, not {count}")
    while True:
        ports = _claim_block()
        if all(_is_free(port) for port in ports[:count]):
            _left.extend(ports[count:])
            return ports[0]


def _claim_block() -> range:
    """The ports after one that is bound as long as this process lives, which makes them its own."""
    starts = list(range(_LOWEST, _HIGHEST, _BLOCK))
    random.shuffle(starts)
    for start in starts:
        claim = socket.socket()
        try:
            claim.bind(("127.0.0.1", start))
        except OSError:
            claim.close()
            continue
        _claims.append(claim)
        return range(start + 1, start + _BLOCK)
    raise RuntimeError(f"no free block of ports from {_LOWEST} to {_HIGHEST}")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
