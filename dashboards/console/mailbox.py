"""Reads the park's mail sink: a folder of ``.eml`` files. Nothing is ever written, and no path from outside is used."""

import base64
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import NamedTuple

from service_runtime.clock import ms_from_datetime
from service_runtime.errors import OperatorError

MAX_LISTED = 300
MAX_MAIL_BYTES = 10_000_000
_NO_OUTSIDE = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; '
    'style-src \'unsafe-inline\'"><base target="_blank">'
)
"""A mail may bring its own pictures and colours; it can load nothing and run nothing."""


class MailboxError(OperatorError):
    """The folder or a mail in it cannot be read; the message names it."""


class MailLine(NamedTuple):
    """One mail in the list; ``date_ms`` is ``None`` when the mail has no readable date."""

    name: str
    subject: str
    sender: str
    to: str
    date_ms: int | None


@dataclass(frozen=True, slots=True)
class Mail:
    """A whole mail: ``html`` stands alone (its pictures are inside it) and is for a sandboxed frame only."""

    line: MailLine
    html: str
    text: str


def list_mails(folder: Path) -> list[MailLine]:
    """The newest mails first, at most ``MAX_LISTED``; raises :class:`MailboxError` when there is no such folder."""
    try:
        files = [path for path in folder.iterdir() if path.suffix == ".eml" and path.is_file()]
        files.sort(key=lambda path: (path.stat().st_mtime, path.name), reverse=True)
    except OSError as error:
        raise MailboxError(f"{folder}: cannot be read ({error.strerror})") from error
    lines = [_line(path.name, _parse(path, headers_only=True)) for path in files[:MAX_LISTED]]
    return sorted(lines, key=lambda line: line.date_ms or 0, reverse=True)


def open_mail(folder: Path, name: str) -> Mail | None:
    """The mail of this file name, or ``None`` when the folder lists no such file."""
    path = folder / name
    if name not in {entry.name for entry in folder.glob("*.eml")}:
        return None
    message = _parse(path, headers_only=False)
    return Mail(_line(name, message), _standalone_html(message), _plain_text(message))


def _parse(path: Path, *, headers_only: bool) -> EmailMessage:
    try:
        if path.stat().st_size > MAX_MAIL_BYTES:
            raise MailboxError(f"{path}: larger than {MAX_MAIL_BYTES // 1_000_000} MB")
        raw = path.read_bytes()
    except OSError as error:
        raise MailboxError(f"{path}: cannot be read ({error.strerror})") from error
    return BytesParser(EmailMessage, policy=policy.default).parsebytes(raw, headersonly=headers_only)


def _line(name: str, message: EmailMessage) -> MailLine:
    return MailLine(
        name, str(message["Subject"] or ""), str(message["From"] or ""), str(message["To"] or ""), _date_ms(message)
    )


def _date_ms(message: EmailMessage) -> int | None:
    try:
        return ms_from_datetime(parsedate_to_datetime(str(message["Date"] or "")))
    except ValueError:
        return None


def _standalone_html(message: EmailMessage) -> str:
    body = message.get_body(("html",))
    if not isinstance(body, EmailMessage):
        return ""
    html = _content(body)
    for part in message.walk():
        content_id = str(part.get("Content-ID", "")).strip("<> ")
        payload = part.get_payload(decode=True)
        if content_id and part.get_content_maintype() == "image" and isinstance(payload, bytes):
            encoded = base64.b64encode(payload).decode("ascii")
            html = html.replace(f"cid:{content_id}", f"data:{part.get_content_type()};base64,{encoded}")
    return _NO_OUTSIDE + html


def _plain_text(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    return _content(body) if isinstance(body, EmailMessage) else ""


def _content(part: EmailMessage) -> str:
    try:
        return str(part.get_content())
    except (LookupError, UnicodeDecodeError) as error:
        raise MailboxError(f"mail part of type {part.get_content_type()}: {error}") from error
