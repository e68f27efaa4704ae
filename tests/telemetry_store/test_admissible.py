"""Which rows no database can take, with the reason a person can act on."""

import pytest

from telemetry_store.admissible import MAX_TIME_MS, record_problem, refused_readings, series_problem
from telemetry_store.rows import FieldValue, PointSeries, ReadingRow, RecordRow

GOOD = PointSeries("energy", "active_power_kw", "em-1", "p", "em-1.x", "steel", "east")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"measurement": ""}, "a name is empty"),
        ({"measurement": "#energy"}, "starts with a blank or #"),
        ({"field": "\tx"}, "starts with a blank or #"),
        ({"field": 'a"b'}, "quote or backslash"),
        ({"tenant": "a\nb"}, "line break"),
        ({"zone": "east\\"}, "ends with a backslash"),
        ({"device": "a\0b"}, "NUL"),
        ({"point": "\ud800"}, "not valid Unicode"),
    ],
)
def test_a_bad_series_says_what_is_wrong(changed: dict[str, str], words: str) -> None:
    parts = {name: getattr(GOOD, name) for name in PointSeries.__slots__} | changed
    assert words in series_problem(PointSeries(**parts))


def test_a_good_series_has_no_problem() -> None:
    assert series_problem(GOOD) == ""


def test_a_refused_reading_names_its_point_value_and_time() -> None:
    (rejection,) = refused_readings([ReadingRow(GOOD, 5, float("nan"))], ())
    assert rejection.detail == "em-1.x: value nan at 5 ms"


@pytest.mark.parametrize("time_ms", [MAX_TIME_MS, -MAX_TIME_MS])
def test_a_time_that_does_not_exist_is_refused_and_its_neighbours_are_not(time_ms: int) -> None:
    rows = [ReadingRow(GOOD, 5, 1.0), ReadingRow(GOOD, time_ms, 1.0), ReadingRow(GOOD, 5, None)]
    assert [rejection.index for rejection in refused_readings(rows, ())] == [1]


def test_values_whose_sum_is_beyond_all_numbers_are_taken() -> None:
    assert refused_readings([ReadingRow(GOOD, 5, 1.7e308), ReadingRow(GOOD, 6, 1.7e308)], ()) == []


def test_infinities_that_would_cancel_are_refused() -> None:
    rows = [ReadingRow(GOOD, 5, float("inf")), ReadingRow(GOOD, 6, float("-inf"))]
    assert len(refused_readings(rows, ())) == 2


def test_a_reading_that_is_bad_twice_is_refused_once() -> None:
    rows = [ReadingRow(GOOD, 5, float("nan")), ReadingRow(GOOD, 5, 1.0)]
    assert [rejection.index for rejection in refused_readings(rows, {GOOD})] == [0, 1]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "at least one field"),
        ({"": 1.0}, "a name is empty"),
        ({"x": float("inf")}, "not finite"),
        ({"x": -(2**63) - 1}, "64 bits"),
        ({"x": "\udfff"}, "not valid Unicode"),
    ],
)
def test_a_bad_record_says_what_is_wrong(fields: dict[str, FieldValue], words: str) -> None:
    assert words in record_problem(RecordRow("findings", {}, 0, fields))


def test_text_fields_may_have_line_breaks_quotes_and_backslashes() -> None:
    assert record_problem(RecordRow("findings", {}, 0, {"evidence": 'é\n"\\'})) == ""
