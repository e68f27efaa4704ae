"""Numbers, units and periods as readers of both languages expect them."""

from zoneinfo import ZoneInfo

import pytest

from analytics import wording
from tests.analytics.alerting.conftest import DAY_MS, DAY_ONE_MS

VN = ZoneInfo("Asia/Ho_Chi_Minh")
HOUR_MS = 3_600_000


@pytest.mark.parametrize(
    ("value", "vi", "en"),
    [
        (78.43, "78,4", "78.4"), (0.8412, "0,841", "0.841"), (1234567.0, "1.234.567", "1,234,567"),
        (67.5, "67,5", "67.5"), (67.0, "67", "67"), (-2.25, "−2,25", "−2.25"), (0.0, "0", "0"),
    ],
)  # fmt: skip
def test_number(value: float, vi: str, en: str) -> None:
    assert (wording.number(value, "vi"), wording.number(value, "en")) == (vi, en)


def test_a_value_over_its_limit_never_reads_like_the_limit() -> None:
    assert wording.number_pair(67.503, 67.5, "en") == ("67.503", "67.5")


@pytest.mark.parametrize(("share", "text"), [(0.1617, "16.2%"), (1.5, "150%"), (0.00004, "0.004%"), (0.0, "0%")])
def test_percent_is_never_rounded_to_nothing(share: float, text: str) -> None:
    assert wording.percent(share, "en") == text


@pytest.mark.parametrize(("share", "text"), [(0.9999, "99.9%"), (1.0, "100%"), (0.8, "80%"), (0.0, "0%")])
def test_nearly_all_data_is_not_all_data(share: float, text: str) -> None:
    assert wording.share_percent(share, "en") == text


@pytest.mark.parametrize(
    ("start", "end", "vi", "en"),
    [
        (0, DAY_MS, "22/11/2026 (00:00–24:00, UTC+7)", "22 Nov 2026 (00:00–24:00, UTC+7)"),
        (HOUR_MS, 2 * HOUR_MS, "01:00–02:00, 22/11/2026 (UTC+7)", "01:00–02:00, 22 Nov 2026 (UTC+7)"),
        (0, 3 * DAY_MS, "22/11/2026 – 24/11/2026 (00:00–24:00, UTC+7)",
         "22 Nov 2026 – 24 Nov 2026 (00:00–24:00, UTC+7)"),
        (16 * HOUR_MS, DAY_MS, "16:00 22/11/2026 – 00:00 23/11/2026 (UTC+7)",
         "16:00 22 Nov 2026 – 00:00 23 Nov 2026 (UTC+7)"),
    ],
)  # fmt: skip
def test_period_is_in_local_time(start: int, end: int, vi: str, en: str) -> None:
    texts = [wording.period(DAY_ONE_MS + start, DAY_ONE_MS + end, VN, language) for language in ("vi", "en")]
    assert texts == [vi, en]


def test_units_are_printed_as_people_write_them() -> None:
    assert wording.with_unit("12", "ug/m3") == "12\N{NO-BREAK SPACE}µg/m³"
    assert wording.with_unit("0.85", "1") == "0.85"


def test_half_hour_zone() -> None:
    assert wording.period(DAY_ONE_MS, DAY_ONE_MS + HOUR_MS, ZoneInfo("Asia/Kolkata"), "en").endswith("(UTC+5:30)")


@pytest.mark.parametrize(
    ("value", "english", "vietnamese"),
    [
        (1345.8, "1,345.8", "1.345,8"),
        (1234567.891, "1,234,568", "1.234.568"),
        (0.000123456789, "0.000123457", "0,000123457"),
        (-62.5, "−62.5", "−62,5"),
        (0.0, "0", "0"),
        (100.0, "100", "100"),
    ],
)
def test_six_significant_digits_in_the_way_of_the_language(value: float, english: str, vietnamese: str) -> None:
    assert (wording.significant(value, "en"), wording.significant(value, "vi")) == (english, vietnamese)


def test_fewer_digits_may_be_asked_for_and_none_before_the_point_is_lost() -> None:
    assert wording.significant(0.0123, "vi", 2) == "0,012"
    assert wording.significant(12345.6, "vi", 2) == "12.346"
