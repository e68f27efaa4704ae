"""A real SMTP server on loopback that keeps every message it accepted."""

import asyncio
import ssl
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import NamedTuple

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.servers.ports import free_port


class ReceivedMail(NamedTuple):
    """One accepted message; ``recipients`` are those of the envelope."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes

    @property
    def message(self) -> EmailMessage:
        """The parsed message."""
        return message_from_bytes(self.content, _class=EmailMessage, policy=policy.default)


class _Controller(Controller):
    """Knows its connections, so that stopping closes them instead of leaving them to the garbage collector."""

    def __init__(self, handler: object, hostname: str, port: int, tls: ssl.SSLContext | None) -> None:
        super().__init__(handler, hostname=hostname, port=port, tls_context=tls, require_starttls=tls is not None)
        self.connections: list[SMTP] = []

    def factory(self) -> SMTP:
        """One protocol for each connection."""
        connection: SMTP = super().factory()  # type: ignore[no-untyped-call]
        self.connections.append(connection)
        return connection

    def stop(self, no_assert: bool = False) -> None:
        """Break open connections, then stop listening."""
        asyncio.run_coroutine_threadsafe(self._break(), self.loop).result(timeout=10)
        super().stop(no_assert)

    async def _break(self) -> None:
        # A few turns of the loop each: for connections just being accepted, and for sockets to be closed.
        for _ in range(5):
            await asyncio.sleep(0)
        for connection in self.connections:
            if isinstance(connection.transport, asyncio.WriteTransport):
                connection.transport.abort()
        for _ in range(5):
            await asyncio.sleep(0)


class SmtpServer:
    """Accepts everything until :attr:`refusal` says otherwise (e.g. ``"451 try again later"``).

    With a TLS context only after STARTTLS.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self.host = "127.0.0.1"
        self.port = free_port()
        self.mails: list[ReceivedMail] = []
        self.refusal = ""
        self.refused = 0
        self._controller: _Controller | None = None

    def start(self) -> None:
        """Listen; returns when connections are accepted."""
        if self._controller is None:
            self._controller = _Controller(self, hostname=self.host, port=self.port, tls=self._tls)
            self._controller.start()

    def stop(self) -> None:
        """Stop listening; the mails stay."""
        controller, self._controller = self._controller, None
        if controller is not None:
            controller.stop()

    kill = stop
    """A server in this process has no state a kill could tear: the same as :meth:`stop`."""

    def restart(self) -> None:
        """On the same port."""
        self.stop()
        self.start()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep the message, or give the refusal."""
        if self.refusal:
            self.refused += 1
            return self.refusal
        content = envelope.content
        self.mails.append(
            ReceivedMail(
                sender=envelope.mail_from or "",
                recipients=tuple(envelope.rcpt_tos),
                content=content if isinstance(content, bytes) else (content or "").encode(),
            )
        )
        return "250 OK"
