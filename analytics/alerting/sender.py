"""Hands one e-mail to an SMTP server and says what came of it: sent, later, never, or not known."""

import asyncio
import ipaddress
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import parseaddr
from enum import StrEnum
from typing import Protocol

import aiosmtplib

from analytics.alerting.mail_policy import MAIL_POLICY
from analytics.alerting.notification import FailureReason
from service_runtime.errors import SettingsError

IMPLICIT_TLS_PORT = 465
CONNECT_TIMEOUT_SECONDS = 20.0
ANSWER_TIMEOUT_SECONDS = 600.0
"""RFC 5321, 4.5.3.2.6: a server may take ten minutes to answer a text; who gives up earlier doubles mails."""


class Outcome(StrEnum):
    """What is known after an attempt."""

    SENT = "sent"
    TEMPORARY = "temporary"
    PERMANENT = "permanent"
    UNKNOWN = "unknown"
    """The text left and no answer came."""


@dataclass(frozen=True, slots=True)
class SendResult:
    """The outcome, with the reason and the server's own words when it is not ``sent``."""

    outcome: Outcome
    reason: FailureReason | None = None
    detail: str = ""


class MailSender(Protocol):
    """What the delivery needs of a sender."""

    async def send(self, message: EmailMessage, before_text_leaves: Callable[[], None]) -> SendResult:
        """Try once. ``before_text_leaves`` runs when the server has accepted sender and recipient."""
        ...


@dataclass(frozen=True, slots=True)
class SmtpAddress:
    """Where the server is and how to speak to it; raises :class:`SettingsError` for a password in the clear.

    ``ca_file`` is the PEM file of the authority that vouches for the server, e.g. a park's own.
    """

    host: str
    port: int = 587
    username: str = ""
    password: str = ""
    starttls: bool = True
    ca_file: str = ""

    def __post_init__(self) -> None:
        if self.username and not self.encrypted and not is_loopback(self.host):
            raise SettingsError(
                f"smtp_username: refusing to send a password to {self.host}:{self.port} without TLS; "
                "set smtp_starttls = true"
            )
        if self.ca_file:
            self._check_ca_file()

    def _check_ca_file(self) -> None:
        """Now, and not at each letter: there it would look as if the server could not be reached."""
        if not self.encrypted:
            raise SettingsError("smtp_ca_file: of no use without TLS; set smtp_starttls = true, or smtp_port = 465")
        try:
            ssl.create_default_context(cafile=self.ca_file)
        except OSError as error:
            reason = "holds no certificate" if isinstance(error, ssl.SSLError) else error.strerror
            raise SettingsError(f"smtp_ca_file: {self.ca_file}: {reason}") from error

    @property
    def implicit_tls(self) -> bool:
        """Port 465 speaks TLS from the first byte (RFC 8314)."""
        return self.port == IMPLICIT_TLS_PORT

    @property
    def encrypted(self) -> bool:
        """Whether nothing crosses the net in the clear."""
        return self.starttls or self.implicit_tls


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, without asking a name server."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class SmtpSender:
    """Sends through one SMTP server; a connection for each message, because alerts are few."""

    def __init__(self, address: SmtpAddress, answer_timeout_seconds: float = ANSWER_TIMEOUT_SECONDS) -> None:
        self._address = address
        self._answer_timeout_seconds = answer_timeout_seconds

    async def send(self, message: EmailMessage, before_text_leaves: Callable[[], None]) -> SendResult:
        """Try once; never raises for what a server or a network does."""
        sender, recipient = parseaddr(str(message["From"]))[1], parseaddr(str(message["To"]))[1]
        client = self._client(sender.rpartition("@")[2])
        try:
            refusal = await self._open(client, sender, recipient)
            if refusal is not None:
                return refusal
            before_text_leaves()
            return await self._hand_over(client, message)
        finally:
            client.close()

    def _client(self, local_hostname: str) -> aiosmtplib.SMTP:
        address = self._address
        return aiosmtplib.SMTP(
            hostname=address.host,
            port=address.port,
            username=address.username or None,
            password=address.password or None,
            timeout=CONNECT_TIMEOUT_SECONDS,
            use_tls=address.implicit_tls,
            start_tls=address.starttls and not address.implicit_tls,
            cert_bundle=address.ca_file or None,
            # The machine's own name would be looked up, which can take long, and says less.
            local_hostname=local_hostname or "localhost",
        )

    async def _open(self, client: aiosmtplib.SMTP, sender: str, recipient: str) -> SendResult | None:
        """Everything before the text; ``None`` when the server is ready for it."""
        try:
            await client.connect()
            await client.ehlo()
            await client.mail(sender)
            await client.rcpt(recipient)
        except (aiosmtplib.SMTPException, ssl.SSLError, OSError) as error:
            return _refusal(error)
        return None

    async def _hand_over(self, client: aiosmtplib.SMTP, message: EmailMessage) -> SendResult:
        try:
            await client.data(message.as_bytes(policy=MAIL_POLICY), timeout=self._answer_timeout_seconds)
        except aiosmtplib.SMTPResponseException as error:
            return _refusal(error)
        except (aiosmtplib.SMTPException, OSError) as error:
            return SendResult(Outcome.UNKNOWN, FailureReason.NO_ANSWER, _one_line(error))
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_SECONDS):
                await client.quit()
        except (aiosmtplib.SMTPException, OSError):
            pass  # The yes stands; a server that does not say goodbye changes nothing.
        return SendResult(Outcome.SENT)


def _refusal(error: Exception) -> SendResult:
    """What an error before or instead of the yes means (RFC 5321, 4.2.1: 4xx come back later, 5xx do not).

    A refused log-in is temporary too: the operator mends a password, and an alert must not be lost for one.
    """
    detail = _one_line(error)
    if not isinstance(error, aiosmtplib.SMTPResponseException):
        return SendResult(Outcome.TEMPORARY, _reason_without_code(error, detail), detail)
    if error.code < 500 or isinstance(error, aiosmtplib.SMTPConnectResponseError | aiosmtplib.SMTPHeloError):
        return SendResult(Outcome.TEMPORARY, FailureReason.SERVER_ERROR, detail)
    if error.code in (530, 534, 535, 538) or isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return SendResult(Outcome.TEMPORARY, FailureReason.AUTH, detail)
    for kind, reason in (
        (aiosmtplib.SMTPSenderRefused, FailureReason.REJECTED_SENDER),
        (aiosmtplib.SMTPRecipientRefused, FailureReason.REJECTED_RECIPIENT),
    ):
        if isinstance(error, kind):
            return SendResult(Outcome.PERMANENT, reason, detail)
    return SendResult(Outcome.PERMANENT, FailureReason.REJECTED_MESSAGE, detail)


def _reason_without_code(error: Exception, detail: str) -> FailureReason:
    if isinstance(error, ssl.SSLError) or "TLS" in detail:
        return FailureReason.TLS
    # aiosmtplib tells a server without any log-in we know only by its words.
    return FailureReason.AUTH if "uthenticat" in detail or "AUTH" in detail else FailureReason.UNREACHABLE


def _one_line(error: Exception) -> str:
    code = f"{error.code} " if isinstance(error, aiosmtplib.SMTPResponseException) else ""
    text = getattr(error, "message", None) or error.args[-1] if error.args else type(error).__name__
    return " ".join(f"{code}{text}".split())[:300]
