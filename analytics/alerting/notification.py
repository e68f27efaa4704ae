"""One e-mail to one person about one step of one incident, and where it is on its way."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from analytics.alerting.alert import Step


class DeliveryState(StrEnum):
    """How far an e-mail is; the promise behind it stands in :mod:`analytics.alerting.incident_store`."""

    QUEUED = "queued"
    """Not with the server; tried again until the server says yes."""
    SENDING = "sending"
    """The text is about to leave, or has left, and the server's answer is not on disk yet."""
    SENT = "sent"
    FAILED = "failed"
    """The server said no for good."""
    UNCONFIRMED = "unconfirmed"
    """The text left, the answer was never heard: the server may have it, so it is not sent again."""


class FailureReason(StrEnum):
    """Why an e-mail is not with the server. A closed list."""

    UNREACHABLE = "unreachable"
    TLS = "tls"
    """No STARTTLS, or a certificate we do not trust; nothing was sent in the clear."""
    AUTH = "auth"
    """The server does not take our log-in; the operator's to mend, so nothing is given up for it."""
    REJECTED_SENDER = "rejected_sender"
    REJECTED_RECIPIENT = "rejected_recipient"
    REJECTED_MESSAGE = "rejected_message"
    SERVER_ERROR = "server_error"
    """The server asks to come back later (4xx)."""
    NO_ANSWER = "no_answer"
    """The connection broke after the text had left."""


@dataclass(frozen=True, slots=True)
class Notification:
    """One row of the notification log; ``person`` is the e-mail address in lower case."""

    incident: str
    step: Step
    person: str
    name: str
    language: str
    message_id: str
    state: DeliveryState = DeliveryState.QUEUED
    queued_ms: int = 0
    attempts: int = 0
    next_attempt_ms: int = 0
    sent_ms: int | None = None
    reason: FailureReason | None = None
    detail: str = ""


def message_id_of(park: str, incident: str, step: Step, person: str, domain: str) -> str:
    """The ``Message-ID`` (RFC 5322, 3.6.4), the same on every attempt and after every restart."""
    digest = hashlib.sha256("\n".join((park, incident, step, person)).encode()).hexdigest()[:32]
    return f"<{digest}@{domain}>"
