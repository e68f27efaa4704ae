"""What a date or time means wherever someone types one: on the command line of every program, and in settings.

A time is an instant, local unless it carries an offset. A date is its whole local day: a range begins with it and ends
after it. So ``--from 2026-11-01 --to 2026-11-01`` is one day, and ``--to 2026-11-02T00:00`` the same one.
"""

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from service_runtime.clock import ms_from_datetime
from service_runtime.errors import OperatorError, SettingsError

YEARS = range(1970, 2200)
"""No other is meant: what lies outside is a slip of the keyboard."""
_DAY_FIRST = re.compile(r"\d{4}-\d{2}-\d{2}(?!\d)")
"""ISO 8601 knows weeks, too: ``2026-W45`` would be read as its Monday, which nobody expects."""


def instant_ms(text: str, zone: ZoneInfo, what: str) -> int:
    """UTC milliseconds of an ISO date (its begin) or time; raises ``SettingsError`` that begins with ``what``."""
    return _instant_ms(_moment(text, what), zone)


def end_ms(text: str, zone: ZoneInfo, what: str) -> int:
    """As :func:`instant_ms`, but a date means its end."""
    moment = _moment(text, what)
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        return _instant_ms(moment, zone)
    return _instant_ms(datetime.combine(day + timedelta(days=1), time()), zone)


def range_ms(from_text: str, to_text: str, zone: ZoneInfo) -> tuple[int, int]:
    """``[start, end)`` of ``--from`` and ``--to``; raises ``SettingsError``, or ``OperatorError`` if it is empty."""
    start, end = instant_ms(from_text, zone, "--from"), end_ms(to_text, zone, "--to")
    require_order(start, end, from_text, to_text)
    return start, end


def require_order(start_ms: int, stop_ms: int, from_text: str, to_text: str) -> None:
    """Raises ``OperatorError`` when a range that someone typed holds no moment."""
    if start_ms >= stop_ms:
        raise OperatorError(f"--from {from_text} is not before --to {to_text}: the range is empty")


def local_date(text: str, what: str) -> date:
    """``YYYY-MM-DD``; raises ``SettingsError`` that begins with ``what``."""
    try:
        if not _DAY_FIRST.match(text.strip()):
            raise ValueError("no day")
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise SettingsError(f"{what}: '{text}' is not a date (YYYY-MM-DD)") from error


def _moment(text: str, what: str) -> datetime:
    try:
        if not _DAY_FIRST.match(text.strip()):
            raise ValueError("no day")
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise SettingsError(f"{what}: '{text}' is not a date or time (2026-11-23 or 2026-11-23T06:00)") from error
    if moment.year not in YEARS:
        raise SettingsError(f"{what}: '{text}' is not between {YEARS[0]} and {YEARS[-1]}")
    return moment


def _instant_ms(moment: datetime, zone: ZoneInfo) -> int:
    return ms_from_datetime(moment if moment.tzinfo else moment.replace(tzinfo=zone))
