"""Ages of evidence records by the calendar."""

from datetime import date

import pytest

from analytics.evaluators.evidence_record import years_between


@pytest.mark.parametrize(
    ("start", "end", "years"),
    [
        (date(2020, 6, 30), date(2027, 6, 30), 7.0),
        (date(2020, 6, 30), date(2027, 7, 1), 7 + 1 / 366),
        (date(2026, 1, 1), date(2026, 1, 1), 0.0),
        (date(2024, 2, 29), date(2025, 2, 28), 1 - 1 / 366),
        (date(2024, 2, 29), date(2025, 3, 1), 1.0),
        (date(2024, 2, 29), date(2028, 2, 29), 4.0),
    ],
)
def test_an_anniversary_is_a_whole_number_of_years(start: date, end: date, years: float) -> None:
    assert years_between(start, end) == pytest.approx(years, abs=1e-9)
