"""Averaging windows: closed, gapless, and right on the days when clocks change."""

from datetime import date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.rulebook.rule import Averaging
from analytics.windows import (
    HOUR_MS,
    BillingDays,
    billing_windows,
    dated_billing_windows,
    day_window,
    day_windows,
    hour_windows,
    local_day,
    running_windows,
    start_of_day_ms,
    windows_of,
    year_windows,
)

ROME = ZoneInfo("Europe/Rome")
HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
KOLKATA = ZoneInfo("Asia/Kolkata")
ZONES = st.sampled_from([ROME, HANOI, KOLKATA, ZoneInfo("America/Sao_Paulo"), ZoneInfo("Australia/Lord_Howe")])
DAYS = st.dates(date(2005, 1, 2), date(2035, 12, 30))


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24)])
def test_a_day_in_rome_has_its_own_length(day: date, hours: int) -> None:
    window = day_window(day, ROME)
    assert (window.end_ms - window.start_ms) / HOUR_MS == hours
    assert len(hour_windows(ROME, window.start_ms, window.end_ms)) == hours


@pytest.mark.parametrize(("day", "starts"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24)])
def test_a_running_mean_begins_every_hour_of_a_day(day: date, starts: int) -> None:
    window = day_window(day, ROME)
    found = running_windows(ROME, window.start_ms, window.end_ms + 8 * HOUR_MS, window.start_ms)
    assert [w.start_ms for w in found if w.day == day] == list(range(window.start_ms, window.end_ms, HOUR_MS))
    assert sum(w.day == day for w in found) == starts
    assert {w.end_ms - w.start_ms for w in found} == {8 * HOUR_MS}


def test_a_running_mean_closes_in_the_range_and_begins_no_earlier_than_allowed() -> None:
    start = start_of_day_ms(date(2026, 6, 2), HANOI)
    stop = start + 2 * HOUR_MS
    assert running_windows(HANOI, start, stop, start) == []
    before = running_windows(HANOI, start, stop, start - 24 * HOUR_MS)
    assert [(w.start_ms - start) / HOUR_MS for w in before] == [-7, -6]
    assert {w.day for w in before} == {date(2026, 6, 1)}


def test_a_year_is_judged_when_it_ends_in_the_range_or_is_still_open() -> None:
    start, stop = start_of_day_ms(date(2025, 12, 31), HANOI), start_of_day_ms(date(2026, 1, 2), HANOI)
    years = year_windows(HANOI, start, stop)
    assert [w.day for w in years] == [date(2025, 1, 1), date(2026, 1, 1)]
    assert years[0].end_ms == years[1].start_ms == stop - 24 * HOUR_MS
    assert [w.day for w in year_windows(HANOI, years[1].start_ms, stop)] == [date(2026, 1, 1)]


def test_a_day_that_is_cut_is_no_window() -> None:
    day = day_window(date(2026, 6, 1), HANOI)
    assert day_windows(HANOI, day.start_ms + 1, day.end_ms) == []
    assert day_windows(HANOI, day.start_ms, day.end_ms - 1) == []


def test_a_month_is_judged_when_it_ends_in_the_range_or_is_still_open() -> None:
    start, stop = start_of_day_ms(date(2026, 1, 31), HANOI), start_of_day_ms(date(2026, 2, 2), HANOI)
    assert [w.day for w in billing_windows(HANOI, start, stop)] == [date(2026, 1, 1), date(2026, 2, 1)]


def test_a_month_that_ended_as_the_range_began_is_over() -> None:
    start = start_of_day_ms(date(2026, 2, 1), HANOI)
    assert [w.day for w in billing_windows(HANOI, start, start + HOUR_MS)] == [date(2026, 2, 1)]


@pytest.mark.parametrize(
    ("billing_day", "starts"),
    [(31, [date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)]),
     (15, [date(2026, 1, 15), date(2026, 2, 15), date(2026, 3, 15)])],
)  # fmt: skip
def test_a_billing_day_the_month_lacks_is_its_last_day(billing_day: int, starts: list[date]) -> None:
    windows = billing_windows(
        HANOI, start_of_day_ms(starts[0], HANOI), start_of_day_ms(date(2026, 4, 1), HANOI), billing_day
    )
    assert [w.day for w in windows] == starts


def _starts(days: str, billing_days: BillingDays) -> list[date]:
    first, last = (start_of_day_ms(date.fromisoformat(day), HANOI) for day in days.split(".."))
    return [window.day for window in windows_of(Averaging.BILLING_PERIOD, HANOI, first, last, billing_days)]


@pytest.mark.parametrize(
    ("changed", "starts"),
    [
        ("2026-03-01", ["2026-02-01", "2026-03-01", "2026-03-15", "2026-04-15"]),
        ("2026-03-10", ["2026-02-01", "2026-03-01", "2026-04-01", "2026-04-15"]),
        ("2026-03-15", ["2026-02-01", "2026-03-01", "2026-04-01", "2026-04-15"]),
    ],
)
def test_a_period_keeps_the_billing_day_it_began_with(changed: str, starts: list[str]) -> None:
    billing_days = ((date.min, 1), (date.fromisoformat(changed), 15))
    assert _starts("2026-02-01..2026-05-01", billing_days) == [date.fromisoformat(start) for start in starts]


def test_a_billing_day_can_change_back() -> None:
    billing_days = ((date.min, 1), (date(2026, 3, 10), 15), (date(2026, 6, 1), 1))
    days = [f"{window:%m-%d}" for window in _starts("2026-03-01..2026-08-01", billing_days)]
    assert days == ["03-01", "04-01", "04-15", "05-15", "06-15", "07-01"]


@given(zone=ZONES, day=DAYS, dues=st.tuples(st.integers(1, 31), st.integers(1, 31)), after=st.integers(-90, 260))
def test_periods_cover_the_range_whenever_the_billing_day_changes(
    zone: ZoneInfo, day: date, dues: tuple[int, int], after: int
) -> None:
    billing_days = ((date.min, dues[0]), (day + timedelta(days=after), dues[1]))
    edges = [start_of_day_ms(day + timedelta(days=days), zone) for days in (0, 100, 200)]
    windows = dated_billing_windows(zone, edges[0], edges[2], billing_days)
    assert windows[0].start_ms <= edges[0] < windows[0].end_ms
    assert windows[-1].start_ms < edges[2] <= windows[-1].end_ms
    assert all(one.end_ms == other.start_ms for one, other in pairwise(windows))
    pieces = [w for one, other in pairwise(edges) for w in dated_billing_windows(zone, one, other, billing_days)]
    assert set(pieces) == set(windows)


def test_a_month_ignores_the_billing_day() -> None:
    start, stop = start_of_day_ms(date(2026, 1, 1), HANOI), start_of_day_ms(date(2026, 2, 1), HANOI)
    assert [w.day for w in windows_of(Averaging.MONTH, HANOI, start, stop, ((date.min, 15),))] == [date(2026, 1, 1)]


@given(zone=ZONES, day=DAYS, days=st.integers(1, 9))
def test_days_follow_one_another_without_gap(zone: ZoneInfo, day: date, days: int) -> None:
    start, stop = start_of_day_ms(day, zone), start_of_day_ms(day + timedelta(days=days), zone)
    windows = day_windows(zone, start, stop)
    assert [w.day for w in windows] == [day + timedelta(days=n) for n in range(days)]
    assert (windows[0].start_ms, windows[-1].end_ms) == (start, stop)
    assert all(one.end_ms == other.start_ms for one, other in pairwise(windows))


@given(zone=ZONES, day=DAYS)
def test_hours_fill_the_day(zone: ZoneInfo, day: date) -> None:
    window = day_window(day, zone)
    pieces = hour_windows(zone, window.start_ms, window.end_ms)
    assert (pieces[0].start_ms, pieces[-1].end_ms) == (window.start_ms, window.end_ms)
    assert all(one.end_ms == other.start_ms for one, other in pairwise(pieces))
    assert {piece.day for piece in pieces} == {day}


@given(zone=ZONES, day=DAYS, days=st.integers(2, 6), cut=st.integers(1, 5))
def test_pieces_of_a_range_have_each_running_mean_once(zone: ZoneInfo, day: date, days: int, cut: int) -> None:
    edges = [start_of_day_ms(day + timedelta(days=n), zone) for n in (0, min(cut, days), days)]
    whole = running_windows(zone, edges[0], edges[2], edges[0])
    assert [w for one, other in pairwise(edges) for w in running_windows(zone, one, other, edges[0])] == whole


@given(zone=ZONES, day=DAYS, billing_day=st.integers(1, 31), days=st.integers(1, 200))
def test_billing_periods_cover_the_range(zone: ZoneInfo, day: date, billing_day: int, days: int) -> None:
    start, stop = start_of_day_ms(day, zone), start_of_day_ms(day + timedelta(days=days), zone)
    windows = billing_windows(zone, start, stop, billing_day)
    assert windows[0].start_ms <= start < windows[0].end_ms
    assert windows[-1].start_ms < stop <= windows[-1].end_ms
    assert all(one.end_ms == other.start_ms for one, other in pairwise(windows))


@given(zone=ZONES, day=DAYS)
def test_an_instant_lies_in_its_own_day(zone: ZoneInfo, day: date) -> None:
    window = day_window(day, zone)
    assert local_day(window.start_ms, zone) == day
    assert local_day(window.end_ms - 1, zone) == day
