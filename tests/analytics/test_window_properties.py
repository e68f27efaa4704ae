"""Windows in every kind of zone: half-hour shifts, midnights that are missing or come twice, a day that was skipped."""

from datetime import date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from analytics.rulebook.rule import Averaging
from analytics.slots.data_capture import expected_slots
from analytics.windows import (
    HOUR_MS,
    Window,
    billing_windows,
    day_windows,
    hour_windows,
    local_day,
    running_windows,
    start_of_day_ms,
    windows_of,
    year_windows,
)

NAMES = (
    "Asia/Ho_Chi_Minh", "Europe/Berlin", "Europe/London", "America/New_York", "America/St_Johns", "America/Sao_Paulo",
    "America/Havana", "America/Asuncion", "Africa/Cairo", "Africa/Casablanca", "Asia/Beirut", "Asia/Tehran",
    "Asia/Kathmandu", "Asia/Amman", "Atlantic/Azores", "Australia/Lord_Howe", "Pacific/Chatham", "Pacific/Apia",
    "Antarctica/Troll",
)  # fmt: skip
ZONES = st.sampled_from([ZoneInfo(name) for name in NAMES])
DAYS = st.dates(date(2005, 1, 2), date(2035, 12, 1))


def instant(zone: ZoneInfo, day: date, minutes: int) -> int:
    return start_of_day_ms(day, zone) + minutes * 60_000


def tile(windows: list[Window]) -> bool:
    return all(one.end_ms == other.start_ms for one, other in pairwise(windows))


@given(zone=ZONES, day=DAYS, days=st.integers(1, 9))
def test_days_tile_and_none_is_empty(zone: ZoneInfo, day: date, days: int) -> None:
    start, stop = start_of_day_ms(day, zone), start_of_day_ms(day + timedelta(days=days), zone)
    windows = day_windows(zone, start, stop)
    assert tile(windows)
    assert not windows or (windows[0].start_ms, windows[-1].end_ms) == (start, stop)
    assert all(22 * HOUR_MS <= window.end_ms - window.start_ms <= 26 * HOUR_MS for window in windows)
    assert all(local_day(window.start_ms, zone) == window.day for window in windows)
    assert all(local_day(window.end_ms - 1, zone) == window.day for window in windows)


def test_a_day_that_never_was_has_no_window() -> None:
    """Samoa went from 29 to 31 December 2011."""
    zone = ZoneInfo("Pacific/Apia")
    start, stop = start_of_day_ms(date(2011, 12, 28), zone), start_of_day_ms(date(2012, 1, 2), zone)
    assert [window.day.day for window in day_windows(zone, start, stop)] == [28, 29, 31, 1]
    assert {window.day.day for window in hour_windows(zone, start, stop)} == {28, 29, 31, 1}


@given(zone=ZONES, day=DAYS, days=st.integers(1, 3))
def test_hours_tile_and_are_no_longer_than_an_hour(zone: ZoneInfo, day: date, days: int) -> None:
    start, stop = start_of_day_ms(day, zone), start_of_day_ms(day + timedelta(days=days), zone)
    windows = hour_windows(zone, start, stop)
    assert tile(windows)
    assert all(0 < window.end_ms - window.start_ms <= HOUR_MS for window in windows)
    assert sum(window.end_ms - window.start_ms for window in windows) == stop - start


@given(zone=ZONES, day=DAYS, minutes=st.integers(0, 3000), length=st.integers(1, 5000))
def test_windows_of_a_range_lie_in_it_or_end_in_it(zone: ZoneInfo, day: date, minutes: int, length: int) -> None:
    start = instant(zone, day, minutes)
    stop = start + length * 60_000
    for window in (*hour_windows(zone, start, stop), *day_windows(zone, start, stop)):
        assert start <= window.start_ms < window.end_ms <= stop
    for window in running_windows(zone, start, stop, start):
        assert window.end_ms - window.start_ms == 8 * HOUR_MS
        assert start <= window.start_ms
        assert window.end_ms <= stop
    for averaging in (Averaging.MONTH, Averaging.BILLING_PERIOD, Averaging.YEAR):
        windows = windows_of(averaging, zone, start, stop)
        assert tile(windows)
        assert windows[0].end_ms > start
        assert windows[-1].start_ms < stop <= windows[-1].end_ms


@given(zone=ZONES, day=DAYS, minutes=st.integers(0, 3000), cuts=st.lists(st.integers(1, 9000), min_size=1, max_size=4))
def test_a_range_in_pieces_has_each_closed_window_once(
    zone: ZoneInfo, day: date, minutes: int, cuts: list[int]
) -> None:
    first = instant(zone, day, minutes)
    edges = sorted({first, *(first + cut * 60_000 for cut in cuts)})
    whole = [w for w in billing_windows(zone, edges[0], edges[-1], 10) if w.end_ms <= edges[-1]]
    pieces = [w for one, other in pairwise(edges) for w in billing_windows(zone, one, other, 10) if w.end_ms <= other]
    assert pieces == whole
    running = [w for one, other in pairwise(edges) for w in running_windows(zone, one, other, first)]
    assert running == running_windows(zone, edges[0], edges[-1], first)


@given(zone=ZONES, year=st.integers(2006, 2034))
def test_a_year_is_its_days(zone: ZoneInfo, year: int) -> None:
    start, stop = start_of_day_ms(date(year, 1, 1), zone), start_of_day_ms(date(year + 1, 1, 1), zone)
    assert [window for window in year_windows(zone, start, stop) if window.end_ms <= stop] == [
        Window(start, stop, date(year, 1, 1))
    ]
    months = billing_windows(zone, start, stop)
    assert tile(months)
    assert (months[0].start_ms, months[-1].end_ms, len(months)) == (start, stop, 12)


@given(start=st.integers(0, 10**12), length=st.integers(1, 10**10), slot=st.integers(60_000, 86_400_000))
def test_a_window_expects_at_least_one_slot_and_no_more_than_fit(start: int, length: int, slot: int) -> None:
    expected = expected_slots(start, start + length, slot)
    assert expected >= 1
    assert expected <= max(1, length / slot + 0.5)
