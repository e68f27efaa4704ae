"""Noise repeats, stays in bounds and never rests; moments are local time."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.plant_models.calendar import ParkCalendar, local_midnight_ms
from simulators.plant_models.noise import Wander, WhiteNoise

MINUTES = st.integers(29_000_000, 31_000_000)


@given(MINUTES)
def test_the_same_minute_gives_the_same_noise_to_everybody(minute: int) -> None:
    early = Wander(1, "a")
    early.at(minute - 5000)
    assert early.at(minute) == Wander(1, "a").at(minute)


@given(MINUTES)
def test_noise_stays_within_one(minute: int) -> None:
    assert -1 <= Wander(3, "b", 20, 0.5).at(minute) <= 1
    assert -1 <= WhiteNoise(3, "b").at(minute) <= 1


def test_seed_and_name_both_matter() -> None:
    values = {Wander(seed, name).at(29_500_000) for seed in (1, 2) for name in ("a", "b")}
    assert len(values) == 4


def test_the_drift_has_no_jump_at_midnight() -> None:
    slow = Wander(1, "a", 60, 0.0)
    midnight = 1440 * 20_500
    assert abs(slow.at(midnight) - slow.at(midnight - 1)) < 0.01


def test_jitter_keeps_neighbours_apart() -> None:
    noise = Wander(1, "a", 720, 0.05)
    values = [noise.at(29_500_000 + minute) for minute in range(360)]
    assert len(set(values)) == 360


def test_a_period_must_divide_the_day() -> None:
    with pytest.raises(ValueError, match="does not divide"):
        Wander(1, "a", 50)


def test_a_moment_is_local_wall_time() -> None:
    minute = int(datetime(2026, 11, 22, 18, 30, tzinfo=UTC).timestamp()) // 60
    moment = ParkCalendar(ZoneInfo("Asia/Ho_Chi_Minh")).moment(minute)
    assert (moment.hour, moment.weekday, moment.utc_hour) == (1.5, 0, 18.5)


def test_a_moment_follows_summer_time() -> None:
    calendar = ParkCalendar(ZoneInfo("Europe/Berlin"))
    before = int(datetime(2026, 3, 29, 0, 59, tzinfo=UTC).timestamp()) // 60
    assert (calendar.moment(before).hour, calendar.moment(before + 1).hour) == (pytest.approx(1 + 59 / 60), 3.0)


def test_local_midnight_is_seven_hours_before_utc_midnight() -> None:
    at = local_midnight_ms(date(2026, 11, 23), ZoneInfo("Asia/Ho_Chi_Minh"))
    assert datetime.fromtimestamp(at / 1000, tz=UTC) == datetime(2026, 11, 22, 17, tzinfo=UTC)
