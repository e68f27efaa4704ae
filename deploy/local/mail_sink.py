"""A mail server for one machine: takes every e-mail on loopback and keeps it as a file, each Message-ID once.

Run as ``python -m deploy.local.mail_sink --port N --folder DIR``; ends with 0 on SIGTERM.
"""

import asyncio
import hashlib
import logging
import os
from email.parser import BytesHeaderParser
from email.policy import default as default_policy
from pathlib import Path

import click
from aiosmtpd.smtp import SMTP, Envelope, Session

from service_runtime.errors import OperatorError
from service_runtime.logs import configure_logging, event
from service_runtime.supervision import stop_on_signals

MAX_MESSAGE_BYTES = 20_000_000
LOOPBACK = "127.0.0.1"
_log = logging.getLogger(__name__)


class FolderMailbox:
    """Writes each message as ``<hash of its Message-ID>.eml``; when :meth:`keep` returns, the disk has it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OperatorError(f"{folder}: cannot keep mail here ({error.strerror})") from error

    def path_of(self, content: bytes) -> Path:
        """Where a message belongs; one without Message-ID is named by its content."""
        message_id = str(BytesHeaderParser(policy=default_policy).parsebytes(content).get("Message-ID", "")).strip()
        digest = hashlib.sha256(message_id.encode() if message_id else content).hexdigest()[:32]
        return self._folder / f"{digest}.eml"

    def keep(self, content: bytes) -> bool:
        """Store durably; ``False`` when a message with this Message-ID is there already."""
        path = self.path_of(content)
        if path.exists():
            return False
        partial = path.with_suffix(".part")
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        directory = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
        return True


class MailboxHandler:
    """Says yes only after the mailbox has the message (RFC 5321, 6.1)."""

    def __init__(self, mailbox: FolderMailbox) -> None:
        self._mailbox = mailbox

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002
        """Called by the server when a whole message has arrived."""
        content = envelope.original_content or b""
        try:
            new = self._mailbox.keep(content)
        except OSError as error:
            event(_log, logging.ERROR, "mail could not be kept", error=error)
            return "451 4.3.0 cannot keep the message now"
        event(_log, logging.INFO, "mail kept" if new else "mail known already", to=",".join(envelope.rcpt_tos))
        return "250 2.0.0 kept"


async def start_mail_sink(folder: Path, port: int, host: str = LOOPBACK) -> asyncio.Server:
    """Listen; port 0 picks a free one. Raises :class:`OperatorError` naming the address when it is taken."""
    loop = asyncio.get_running_loop()
    handler = MailboxHandler(FolderMailbox(folder))
    try:
        return await loop.create_server(
            lambda: SMTP(
                handler, hostname="localhost", loop=loop, data_size_limit=MAX_MESSAGE_BYTES, enable_SMTPUTF8=True
            ),
            host,
            port,
        )
    except OSError as error:
        raise OperatorError(f"mail sink: cannot listen on {host}:{port} ({error.strerror})") from error


async def serve_mail_sink(folder: Path, port: int) -> None:
    """Run until SIGTERM or SIGINT."""
    stop = stop_on_signals()
    server = await start_mail_sink(folder, port)
    address = server.sockets[0].getsockname()
    event(_log, logging.INFO, "mail sink listens", host=address[0], port=address[1], folder=folder)
    await stop.wait()
    server.close()


@click.command()
@click.option("--port", type=click.IntRange(0, 65_535), required=True, help="Port on 127.0.0.1; 0 picks a free one.")
@click.option("--folder", type=click.Path(path_type=Path), required=True, help="Where .eml files are kept.")
def mail_sink(port: int, folder: Path) -> None:
    """Keep every e-mail sent to this machine's port as a file."""
    configure_logging()
    logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd writes every line of every conversation there.
    try:
        asyncio.run(serve_mail_sink(folder, port))
    except OperatorError as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    mail_sink()
