"""What dates and times mean where someone types them: a date is its whole local day, a time an instant."""

from zoneinfo import ZoneInfo

import pytest

from service_runtime.errors import OperatorError, SettingsError
from service_runtime.local_times import end_ms, instant_ms, local_date, range_ms, require_order

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
BERLIN = ZoneInfo("Europe/Berlin")
DAY_MS = 86_400_000
MIDNIGHT_MS = 1_793_466_000_000
"""2026-11-01T00:00 in Hanoi, 2026-10-31T17:00 UTC."""


@pytest.mark.parametrize("text", ["2026-11-01", "2026-11-01T00:00", "2026-11-01T00:00:00+07:00", "2026-10-31T17:00Z"])
def test_a_moment_is_local_unless_it_says_otherwise(text: str) -> None:
    assert instant_ms(text, HANOI, "--from") == MIDNIGHT_MS


def test_a_date_ends_after_its_day_and_a_moment_where_it_is() -> None:
    assert end_ms("2026-11-01", HANOI, "--to") == MIDNIGHT_MS + DAY_MS
    assert end_ms("2026-11-02T00:00", HANOI, "--to") == MIDNIGHT_MS + DAY_MS
    assert range_ms("2026-11-01", "2026-11-01", HANOI) == (MIDNIGHT_MS, MIDNIGHT_MS + DAY_MS)


def test_a_day_of_25_hours_is_included_whole() -> None:
    start, end = range_ms("2026-10-25", "2026-10-25", BERLIN)
    assert end - start == 25 * 3_600_000


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "2026-11-01T25:00", "2026-W45", "20261101"])
def test_nonsense_is_named_with_its_option(text: str) -> None:
    with pytest.raises(SettingsError, match=r"--to: .* is not a date or time"):
        end_ms(text, HANOI, "--to")


@pytest.mark.parametrize("text", ["0226-11-01", "9999-12-31"])
def test_a_year_that_nobody_means_is_named(text: str) -> None:
    with pytest.raises(SettingsError, match=f"--to: '{text}' is not between 1970 and 2199"):
        end_ms(text, HANOI, "--to")


def test_an_empty_range_is_named_as_it_was_typed() -> None:
    with pytest.raises(OperatorError, match=r"--from 2026-11-02 is not before --to 2026-11-01: the range is empty"):
        range_ms("2026-11-02", "2026-11-01", HANOI)
    with pytest.raises(OperatorError):
        require_order(1, 1, "a", "a")


def test_a_date_is_nothing_but_a_date() -> None:
    assert local_date("2026-11-01", "--law-of").isoformat() == "2026-11-01"
    with pytest.raises(SettingsError, match=r"--law-of: '2026-11-01T00:00' is not a date \(YYYY-MM-DD\)"):
        local_date("2026-11-01T00:00", "--law-of")
