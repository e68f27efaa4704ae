"""Time stamps of recordings: from text to UTC milliseconds, through time zones, clock changes and a known quirk."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

from service_runtime.errors import OperatorError

EPOCH_FORMATS = {"epoch": 1000.0, "epoch_ms": 1.0}
ISO_FORMAT = "iso"
_DATES = ("%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%Y", "%Y/%m/%d", "%d/%m/%y", "%m/%d/%y")
_TIMES = (" %H:%M", " %H:%M:%S", "")
_JOINED = ("%Y %m %d %H %M", "%Y %m %d %H", "%Y %m %d")
"""Year, month, day and hour in columns of their own, joined by spaces."""
COMMON_FORMATS = (*(date + time for date, time in product(_DATES, _TIMES)), *_JOINED)
_STEP = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|min|h|d)\Z")
_STEP_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400}


def parse_step(text: str) -> float:
    """Seconds of ``30s``, ``15m``, ``1h`` or ``1d``; raises ``OperatorError``."""
    match = _STEP.match(text.strip())
    if not match or float(match[1]) <= 0:
        raise OperatorError(f"--step: '{text}' is not a duration like 30s, 15m, 1h or 1d")
    return float(match[1]) * _STEP_SECONDS[match[2]]


def parse_start(text: str, zone: ZoneInfo) -> int:
    """UTC milliseconds of an ISO time (local when it has no offset) or of seconds since 1970."""
    try:
        return round(float(text) * 1000)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise OperatorError(f"--start: '{text}' is neither an ISO time nor seconds since 1970") from error
    return _utc_ms(moment if moment.tzinfo else moment.replace(tzinfo=zone))


def interval_end_ms(start_ms: int, interval_seconds: int, zone: ZoneInfo) -> int:
    """When an interval that begins at ``start_ms`` ends; whole days by the calendar of ``zone`` (23 to 25 hours)."""
    if interval_seconds % _STEP_SECONDS["d"]:
        return start_ms + interval_seconds * 1000
    local = datetime.fromtimestamp(start_ms / 1000, tz=UTC).astimezone(zone)
    return _utc_ms(local + timedelta(seconds=interval_seconds))


class FormatFinder:
    """Finds the one form that every stamp of a file fits; two that differ are not guessed between."""

    def __init__(self) -> None:
        self._candidates = [ISO_FORMAT, *COMMON_FORMATS]
        self._seen = 0

    def look_at(self, text: str) -> None:
        """Strike out the forms this stamp does not fit."""
        self._seen += 1
        if len(self._candidates) > 1 or self._seen < 3:
            self._candidates = [form for form in self._candidates if _fits(text, form)]

    def result(self, column: str) -> str:
        """The form; raises ``OperatorError`` asking for ``--time-format`` when none or several remain."""
        if not self._seen:
            raise OperatorError(f"column '{column}' has no time stamp at all")
        if not self._candidates:
            raise OperatorError(f"column '{column}': times are of no known form; give --time-format")
        if len(self._candidates) > 1 and self._candidates[0] != ISO_FORMAT:
            raise OperatorError(
                f"column '{column}': times could be {' or '.join(self._candidates)}; give --time-format"
            )
        return self._candidates[0]


@dataclass
class TimeOddities:
    """What was met on the way, for the report."""

    shifted_midnights: int = 0
    """Stamps of 00:00 that ended their day and were moved to the next."""
    repeated_hour: int = 0
    """Stamps in the second pass through the hour that a clock change repeats."""
    nonexistent: int = 0
    """Stamps in the hour that a clock change leaves out; taken as if the clock had not been changed."""


class StampReader:
    """Turns one file's stamps into UTC, in file order: the order decides what a single stamp cannot say."""

    def __init__(self, form: str, zone: ZoneInfo) -> None:
        self.oddities = TimeOddities()
        self._form = form
        self._zone = zone
        self._previous: datetime | None = None
        self._step: timedelta | None = None
        self._second_pass = False

    def utc_ms(self, text: str) -> int:
        """UTC milliseconds; raises ``ValueError`` when the stamp is not of the file's form."""
        if self._form in EPOCH_FORMATS:
            return round(float(text) * EPOCH_FORMATS[self._form])
        moment = parse_moment(text, self._form)
        if moment.tzinfo is not None:
            return _utc_ms(moment)
        local = self._without_midnight_quirk(moment)
        aware = self._localised(local)
        if self._previous is not None and local > self._previous:
            self._step = local - self._previous
        self._previous = local
        return _utc_ms(aware)

    def _without_midnight_quirk(self, local: datetime) -> datetime:
        """A day's last interval stamped 00:00 of the same date belongs a day later."""
        before = self._previous
        if before is None or local >= before or local.date() != before.date() or local.time() != datetime.min.time():
            return local
        moved = local + timedelta(days=1)
        if self._step is not None and moved - before > 2 * self._step:
            return local
        self.oddities.shifted_midnights += 1
        return moved

    def _localised(self, local: datetime) -> datetime:
        early, late = local.replace(tzinfo=self._zone, fold=0), local.replace(tzinfo=self._zone, fold=1)
        if early.utcoffset() == late.utcoffset():
            self._second_pass = False
            return early
        if early.astimezone(UTC).astimezone(self._zone).replace(tzinfo=None) != local:
            self.oddities.nonexistent += 1
            return early
        if self._previous is not None and local <= self._previous:
            self._second_pass = True
        if self._second_pass:
            self.oddities.repeated_hour += 1
            return late
        return early


def parse_moment(text: str, form: str) -> datetime:
    """Raises ``ValueError``; naive when the text has no offset."""
    if form == ISO_FORMAT:
        return datetime.fromisoformat(text)
    return datetime.strptime(text, form)  # noqa: DTZ007 - the zone is the file's, added later


def _fits(text: str, form: str) -> bool:
    try:
        parse_moment(text, form)
    except ValueError:
        return False
    return True


def _utc_ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
