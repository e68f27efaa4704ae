"""Hands out free TCP ports on loopback."""

import random
import socket

# Below Linux's ephemeral range: while a server is down, no outgoing connection can sit on its port.
_LOWEST, _HIGHEST = 15_000, 31_999
_given: set[int] = set()


def free_port() -> int:
    """A port nobody listens on, never the same twice in one test run."""
    while True:
        port = random.randint(_LOWEST, _HIGHEST)
        if port in _given:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given.add(port)
        return port
