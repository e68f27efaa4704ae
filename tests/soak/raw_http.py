"""A client of HTTP/1.1 that sends whatever it is told to, also what no library would."""

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

ANSWER_SECONDS = 60.0


class RawAnswer(NamedTuple):
    """Status code, content type and body."""

    status: int
    content_type: str
    body: bytes


class RawHttp:
    """One connection, opened again whenever the server has closed it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> RawAnswer:
        """Raises ``OSError`` or ``EOFError`` when the server gives no answer, on a fresh connection."""
        head = {"Host": "127.0.0.1", "Content-Length": str(len(body)), **headers}
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        request = f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode() + body
        kept_alive = self._streams is not None
        try:
            return await self._exchange(request)
        except (OSError, EOFError):
            self.close()
            if not kept_alive:
                raise
            return await self._exchange(request)

    def close(self) -> None:
        """Let the connection go."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _exchange(self, request: bytes) -> RawAnswer:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(request)
        async with asyncio.timeout(ANSWER_SECONDS):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            fields = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:])}
            length = fields.get("content-length")
            body = await reader.readexactly(int(length)) if length else await reader.read()
        if length is None or fields.get("connection", "").lower() == "close":
            self.close()
        return RawAnswer(int(head[0].split()[1]), fields.get("content-type", ""), body)
