"""Averaging windows in the park's local time over UTC data: 23-hour and 25-hour days come out right by themselves."""

import bisect
import calendar
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from analytics.rulebook.rule import Averaging

HOUR_MS = 3_600_000
BillingDays = tuple[tuple[date, int], ...]
"""The day of the month on which billing periods begin, by the first local day on which the register says so."""
FIRST_OF_MONTH: BillingDays = ((date.min, 1),)
_REMEMBERED = 4096
"""Thousands of subjects share the same few instants: each is put into local time once."""


class Window(NamedTuple):
    """``[start_ms, end_ms)`` UTC and the local day on which it starts: the day whose law applies."""

    start_ms: int
    end_ms: int
    day: date


@lru_cache(maxsize=_REMEMBERED)
def local_day(time_ms: int, zone: ZoneInfo) -> date:
    """The local calendar day of an instant."""
    return datetime.fromtimestamp(time_ms / 1000, tz=UTC).astimezone(zone).date()


@lru_cache(maxsize=_REMEMBERED)
def local_text(time_ms: int, zone: ZoneInfo) -> str:
    """An instant in local time, to the minute, for people."""
    return datetime.fromtimestamp(time_ms / 1000, tz=UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M")


@lru_cache(maxsize=_REMEMBERED)
def start_of_day_ms(day: date, zone: ZoneInfo, hour: int = 0) -> int:
    """When a local day (or an hour of it) begins, UTC milliseconds."""
    return round(datetime.combine(day, time(hour), tzinfo=zone).timestamp()) * 1000


def day_window(day: date, zone: ZoneInfo) -> Window:
    """One local calendar day: 23, 24 or 25 hours."""
    return Window(start_of_day_ms(day, zone), start_of_day_ms(day + timedelta(days=1), zone), day)


def day_windows(zone: ZoneInfo, from_ms: int, to_ms: int) -> list[Window]:
    """Local days that lie wholly in ``[from_ms, to_ms)``."""
    return [w for w in _days_touching(zone, from_ms, to_ms) if w.start_ms >= from_ms and w.end_ms <= to_ms]


def hour_windows(zone: ZoneInfo, from_ms: int, to_ms: int) -> list[Window]:
    """Hours that lie wholly in the range, counted from local midnight in elapsed time: 23 to 25 of them a day."""
    found: list[Window] = []
    for day in _days_touching(zone, from_ms, to_ms):
        for start in range(day.start_ms, day.end_ms, HOUR_MS):
            end = min(start + HOUR_MS, day.end_ms)
            if start >= from_ms and end <= to_ms:
                found.append(Window(start, end, day.day))
    return found


def running_windows(zone: ZoneInfo, from_ms: int, to_ms: int, first_ms: int, hours: int = 8) -> list[Window]:
    """Running means that close in ``(from_ms, to_ms]`` and do not begin before ``first_ms``: one begins every hour.

    Hours are counted from local midnight in elapsed time: 23 to 25 windows begin on a local day.
    """
    length_ms = hours * HOUR_MS
    return [
        Window(start, start + length_ms, day.day)
        for day in _days_touching(zone, from_ms - length_ms, to_ms)
        for start in range(day.start_ms, day.end_ms, HOUR_MS)
        if start >= first_ms and from_ms < start + length_ms <= to_ms
    ]


def year_windows(zone: ZoneInfo, from_ms: int, to_ms: int) -> list[Window]:
    """Local calendar years that end in ``(from_ms, to_ms]``, and the one still open then."""
    years = range(local_day(from_ms - 1, zone).year, local_day(to_ms - 1, zone).year + 1)
    edges = [(date(year, 1, 1), date(year + 1, 1, 1)) for year in years]
    found = [Window(start_of_day_ms(start, zone), start_of_day_ms(end, zone), start) for start, end in edges]
    return [window for window in found if window.end_ms > from_ms]


def billing_windows(zone: ZoneInfo, from_ms: int, to_ms: int, billing_day: int = 1) -> list[Window]:
    """Monthly periods from ``billing_day`` on: those that end in ``(from_ms, to_ms]``, and the one still open then.

    A ``billing_day`` that a month does not have means the month's last day.
    """
    found: list[Window] = []
    first = local_day(from_ms, zone)
    start = _period_start(first.year, first.month, billing_day)
    if start > first:
        start = _previous_start(start, billing_day)
    while start_of_day_ms(start, zone) < to_ms:
        end = _next_start(start, billing_day)
        window = Window(start_of_day_ms(start, zone), start_of_day_ms(end, zone), start)
        if window.end_ms > from_ms:
            found.append(window)
        start = end
    return found


def dated_billing_windows(zone: ZoneInfo, from_ms: int, to_ms: int, billing_days: BillingDays) -> list[Window]:
    """As :func:`billing_windows`, for a billing day that changes.

    A period goes by the billing day in force on its first day: a new one holds from the end of the period that was
    running. The first period after it is shorter.
    """
    dues = [day for _, day in billing_days]
    days = [first_day for first_day, _ in billing_days]
    before = min(local_day(from_ms, zone), days[1] - timedelta(days=1))
    start = _period_start(before.year, before.month, dues[0])
    if start > before:
        start = _previous_start(start, dues[0])
    found: list[Window] = []
    while start_of_day_ms(start, zone) < to_ms:
        due = dues[bisect.bisect_right(days, start) - 1]
        end = _period_start(start.year, start.month, due)
        end = end if end > start else _next_start(start, due)
        window = Window(start_of_day_ms(start, zone), start_of_day_ms(end, zone), start)
        if window.end_ms > from_ms:
            found.append(window)
        start = end
    return found


def windows_of(
    averaging: Averaging,
    zone: ZoneInfo,
    from_ms: int,
    to_ms: int,
    billing_days: BillingDays = FIRST_OF_MONTH,
    first_ms: int | None = None,
) -> list[Window]:
    """The windows of an averaging period; only months, billing periods and years may still be open at ``to_ms``.

    ``first_ms`` is the earliest start of a running mean, where that is before ``from_ms``.
    """
    return list(_windows_of(averaging, zone, from_ms, to_ms, billing_days, from_ms if first_ms is None else first_ms))


@lru_cache(maxsize=256)
def _windows_of(
    averaging: Averaging, zone: ZoneInfo, from_ms: int, to_ms: int, billing_days: BillingDays, first_ms: int
) -> tuple[Window, ...]:
    """Thousands of subjects ask for the windows of the same range: a calendar is reckoned out once."""
    if averaging is Averaging.HOUR:
        return tuple(hour_windows(zone, from_ms, to_ms))
    if averaging is Averaging.EIGHT_HOURS:
        return tuple(running_windows(zone, from_ms, to_ms, first_ms))
    if averaging is Averaging.DAY:
        return tuple(day_windows(zone, from_ms, to_ms))
    if averaging is Averaging.YEAR:
        return tuple(year_windows(zone, from_ms, to_ms))
    if averaging is Averaging.BILLING_PERIOD and len(billing_days) > 1:
        return tuple(dated_billing_windows(zone, from_ms, to_ms, billing_days))
    billing_day = billing_days[0][1] if averaging is Averaging.BILLING_PERIOD else 1
    return tuple(billing_windows(zone, from_ms, to_ms, billing_day))


def _days_touching(zone: ZoneInfo, from_ms: int, to_ms: int) -> list[Window]:
    day, found = local_day(from_ms, zone), []
    window = day_window(day, zone)
    while window.start_ms < to_ms:
        # A zone that changed its side of the date line skipped a day: it has no length and is no window.
        if window.end_ms > window.start_ms:
            found.append(window)
        day += timedelta(days=1)
        window = day_window(day, zone)
    return found


def _period_start(year: int, month: int, billing_day: int) -> date:
    return date(year, month, min(max(billing_day, 1), calendar.monthrange(year, month)[1]))


def _next_start(start: date, billing_day: int) -> date:
    year, month = (start.year + 1, 1) if start.month == 12 else (start.year, start.month + 1)
    return _period_start(year, month, billing_day)


def _previous_start(start: date, billing_day: int) -> date:
    year, month = (start.year - 1, 12) if start.month == 1 else (start.year, start.month - 1)
    return _period_start(year, month, billing_day)
