"""What an HTTP answer to a write means for the rows it carried: the one table, for InfluxDB 1.x, 2.x and 3.x."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from typing import NamedTuple

from telemetry_store.rows import RejectReason


class WriteAnswer(NamedTuple):
    """What came back; status 0 means that nothing did (no connection, time-out)."""

    status: int
    message: str = ""
    retry_after: str = ""


class Handling(Enum):
    """What to do with the rows of a request."""

    ACCEPTED = auto()
    ISOLATE = auto()
    """At least one row is bad: halve until it stands alone."""
    SPLIT = auto()
    """Too much at once: halve."""
    KEEP = auto()
    """The rows are not to blame: send them again later."""


_REQUEST_FAULTS = re.compile(
    r"\A\s*<|database is required|database not found|invalid precision|bucket|organi[sz]ation|policy not found",
    re.IGNORECASE,
)
_DROPPED = re.compile(r"\bdropped=(\d+)")
_FIELD = re.compile(r'input field "(.+?)" on measurement "')
_REASONS = (
    (
        re.compile(
            r"type conflict|invalid column type|\bexpected .+ got\b|new tag|tag set is immutable", re.IGNORECASE
        ),
        RejectReason.TYPE_CONFLICT,
    ),
    (re.compile(r"retention", re.IGNORECASE), RejectReason.OUT_OF_RETENTION),
    (re.compile(r"unable to parse|parse|invalid|missing|outside", re.IGNORECASE), RejectReason.MALFORMED),
)


def handling(answer: WriteAnswer) -> Handling:
    """The status table.

    ======================== ===========================================================================
    2xx                      accepted
    400, 422                 a row is bad, unless the message blames the request: then keep
    413                      split
    401, 403, 404, 429       keep: access, a missing database and rate limits are the operator's to mend
    5xx, none, anything else keep
    ======================== ===========================================================================
    """
    if 200 <= answer.status < 300:
        return Handling.ACCEPTED
    if answer.status == 413:
        return Handling.SPLIT
    if answer.status in (400, 422) and not _REQUEST_FAULTS.search(answer.message):
        return Handling.ISOLATE
    return Handling.KEEP


def reject_reason(message: str) -> RejectReason:
    """The reason in the closed list for a database's words."""
    return next((reason for pattern, reason in _REASONS if pattern.search(message)), RejectReason.OTHER)


def dropped_rows(message: str) -> int | None:
    """How many rows a *partial write* of InfluxDB 1.x did not take (``… dropped=2``), if it says so."""
    found = _DROPPED.search(message)
    return int(found[1]) if found and message.startswith("partial write") else None


def blamed_field(message: str) -> str:
    """The field whose type a *type conflict* of InfluxDB is about; empty when it names none."""
    found = _FIELD.search(message)
    return found[1] if found else ""


def retry_after_seconds(header: str, now: datetime | None = None) -> float | None:
    """The ``Retry-After`` header as seconds (RFC 9110 section 10.2.3: a number or a date); ``None`` without one."""
    if not header:
        return None
    if header.strip().isdigit():
        return float(header)
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())
