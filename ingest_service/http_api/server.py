"""Runs the application inside the program's own event loop, as one task among its others."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from fastapi import FastAPI

from service_runtime.errors import OperatorError

GOODBYE_SECONDS = 2
BACKLOG = 128


class _TaskServer(uvicorn.Server):
    """Signals belong to the program, not to its HTTP server."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def bind_http(host: str, port: int) -> socket.socket:
    """A listening socket, taken before anything else starts; raises :class:`OperatorError` naming the address."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise OperatorError(f"http_host {host}: {error.strerror}") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        reason = (error.strerror or str(error)).lower()
        raise OperatorError(f"http://{host}:{port}: {reason} (http_host, http_port)") from error
    listener.setblocking(False)
    return listener


async def serve_http(app: FastAPI, listener: socket.socket) -> None:
    """Until cancelled; requests under way get a moment to finish."""
    config = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=GOODBYE_SECONDS
    )
    server = _TaskServer(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]), name="uvicorn")
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.should_exit = True
        await serving
        raise
