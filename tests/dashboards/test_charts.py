"""ECharts options: gaps, limit lines, the park's clock, units, words beside colours."""

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from analytics.finding import Confidence
from analytics.rulebook.doubt import Doubt, Part
from dashboards.console.charts import (
    AMBER,
    NO_STATUS_CODE,
    RED,
    ChartFrame,
    ChartSeries,
    bar_option,
    status_option,
    timeseries_option,
    wall_clock_ms,
    with_gaps,
)
from dashboards.limits import Bound, LimitLine

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
START_MS = 1_795_219_200_000  # 2026-11-21T00:00Z, 07:00 in Hanoi


def a_frame(language: str = "en", unit: str = "mg/l", bucket_seconds: int = 60) -> ChartFrame:
    return ChartFrame(START_MS, START_MS + HOUR_MS, bucket_seconds, HANOI, unit, language)


def a_limit(value: float, bound: Bound = Bound.UPPER, confidence: Confidence = Confidence.SOURCE) -> LimitLine:
    return LimitLine(value, bound, "mg/l", confidence, "a text")


def a_series(*values: float | None, name: str = "COD") -> ChartSeries:
    return ChartSeries(name, [(START_MS + index * MINUTE_MS, value) for index, value in enumerate(values)])


def test_a_hole_breaks_the_line() -> None:
    samples = [(0, 1.0), (60_000, 2.0), (240_000, 3.0)]
    assert with_gaps(samples, 60) == [(0, 1.0), (60_000, 2.0), (120_000, None), (240_000, 3.0)]


def test_neighbouring_buckets_stay_joined() -> None:
    samples = [(0, 1.0), (60_000, 2.0)]
    assert with_gaps(samples, 60) == samples


def test_the_chart_never_joins_over_missing_values() -> None:
    option = timeseries_option([a_series(1.0, None, 2.0)], a_frame())
    assert option["series"][0]["connectNulls"] is False
    assert [value for _, value in option["series"][0]["data"]] == [1.0, None, 2.0]


def test_the_time_axis_shows_the_parks_clock() -> None:
    option = timeseries_option([a_series(1.0)], a_frame())
    assert option["useUTC"] is True
    assert option["xAxis"]["min"] == START_MS + 7 * HOUR_MS
    assert option["series"][0]["data"][0][0] == START_MS + 7 * HOUR_MS


def test_the_clock_follows_summer_time() -> None:
    chicago = ZoneInfo("America/Chicago")
    winter, summer = 1_768_478_400_000, 1_784_116_800_000
    assert [wall_clock_ms(at, chicago) - at for at in (winter, summer)] == [-6 * HOUR_MS, -5 * HOUR_MS]


def test_the_value_axis_carries_the_unit_as_people_write_it() -> None:
    assert timeseries_option([a_series(1.0)], a_frame(unit="ug/m3"))["yAxis"]["name"] == "µg/m³"


@pytest.mark.parametrize(
    ("confidence", "label", "colour"),
    [
        (Confidence.SOURCE, "giới hạn 67,5", RED),
        (Confidence.PERMIT, "giới hạn 67,5 (giấy phép/hợp đồng)", RED),
        (Confidence.SETTING, "giới hạn 67,5 (cần xác nhận)", AMBER),
    ],
)
def test_a_limit_line_says_how_sure_we_are(confidence: Confidence, label: str, colour: str) -> None:
    option = timeseries_option([a_series(1.0)], a_frame("vi"), [a_limit(67.5, confidence=confidence)])
    (line,) = option["series"][0]["markLine"]["data"]
    assert (line["yAxis"], line["label"]["formatter"], line["lineStyle"]["color"]) == (67.5, label, colour)


@pytest.mark.parametrize(
    ("confidence", "label"),
    [
        (Confidence.SOURCE, "limit 120 (partly to be confirmed)"),
        (Confidence.PERMIT, "limit 120 (permit/contract; partly to be confirmed)"),
        (Confidence.SETTING, "limit 120 (to be confirmed)"),
    ],
)
def test_however_much_is_doubtful_the_line_s_words_stay_short(confidence: Confidence, label: str) -> None:
    doubts = tuple(
        Doubt(name=part, part=part, vi="một vế", en="a clause")
        for part in (Part.AVERAGING, Part.FORMULA, Part.VALIDITY)
    )
    limit = replace(a_limit(120.0, confidence=confidence), to_confirm=doubts)
    (line,) = timeseries_option([a_series(1.0)], a_frame(), [limit])["series"][0]["markLine"]["data"]
    assert line["label"]["formatter"] == label


@pytest.mark.parametrize(
    ("minutes", "position"), [(None, "insideStartTop"), (5, "insideStartTop"), (50, "insideEndTop")]
)
def test_the_words_of_a_limit_that_begins_late_end_where_the_chart_ends(minutes: int | None, position: str) -> None:
    start_ms = None if minutes is None else START_MS + minutes * MINUTE_MS
    limit = replace(a_limit(120.0), start_ms=start_ms)
    (line,) = timeseries_option([a_series(1.0)], a_frame(), [limit])["series"][0]["markLine"]["data"]
    looks = line if minutes is None else line[0]
    assert looks["label"]["position"] == position


def test_the_axis_reaches_beyond_a_limit_far_above_the_values() -> None:
    axis = timeseries_option([a_series(3.0, 4.0)], a_frame(), [a_limit(67.5)])["yAxis"]
    assert axis["min"] == 0
    assert axis["max"] > 67.5
    assert (axis["max"] / axis["interval"]) == pytest.approx(round(axis["max"] / axis["interval"]))


def test_a_lower_limit_lets_the_axis_begin_above_zero() -> None:
    axis = timeseries_option([a_series(0.97, 0.98)], a_frame(), [a_limit(0.90, Bound.LOWER)])["yAxis"]
    assert 0 < axis["min"] <= 0.90
    assert axis["max"] > 0.98


def test_equal_values_still_have_an_axis() -> None:
    axis = timeseries_option([a_series(5.0)], a_frame(), [a_limit(5.0)])["yAxis"]
    assert axis["min"] < axis["max"]


def test_stacked_series_share_one_stack() -> None:
    option = timeseries_option([a_series(1.0, name="a"), a_series(2.0, name="b")], a_frame(), stacked=True)
    assert {series["stack"] for series in option["series"]} == {"all"}


def test_a_legend_appears_only_for_several_series() -> None:
    alone = timeseries_option([a_series(1.0)], a_frame())
    two = timeseries_option([a_series(1.0), a_series(1.0, name="b")], a_frame())
    assert (alone["legend"]["show"], two["legend"]["show"]) == (False, True)


def test_bars_are_named_by_the_parks_day() -> None:
    midnight_in_hanoi = START_MS - 7 * HOUR_MS
    series = ChartSeries("Water", [(midnight_in_hanoi, 12.0), (midnight_in_hanoi + 24 * HOUR_MS, None)])
    option = bar_option([series], a_frame(unit="m3", bucket_seconds=86_400))
    assert option["xAxis"]["data"] == ["21/11", "22/11"]
    assert option["series"][0]["data"] == [12.0, None]


def test_bars_of_an_hour_say_which_hour() -> None:
    series = ChartSeries("Readings", [(START_MS, 1.0), (START_MS + HOUR_MS, 2.0)])
    labels = bar_option([series], a_frame(bucket_seconds=3_600))["xAxis"]["data"]
    assert [label[-5:] for label in labels] == ["07:00", "08:00"]


def test_bars_of_several_series_stand_at_the_same_days() -> None:
    first, second = ChartSeries("a", [(START_MS, 1.0)]), ChartSeries("b", [(START_MS + 24 * HOUR_MS, 2.0)])
    option = bar_option([first, second], a_frame())
    assert [series["data"] for series in option["series"]] == [[1.0, None], [None, 2.0]]


def test_a_status_timeline_shows_missing_buckets_as_no_data() -> None:
    series = ChartSeries("wq", [(START_MS, 0.0), (START_MS + 20 * MINUTE_MS, 2.0)])
    option = status_option([series], a_frame(bucket_seconds=1_200))
    assert option["series"][0]["data"] == [[0, 0, 0], [1, 0, 2], [2, 0, NO_STATUS_CODE]]


def test_a_status_timeline_has_a_word_for_every_colour() -> None:
    pieces: list[dict[str, Any]] = status_option([], a_frame("vi"))["visualMap"]["pieces"]
    assert [piece["label"] for piece in pieces] == ["Đo", "Hiệu chuẩn", "Hỏng", "Không có dữ liệu"]


def test_stacked_areas_share_their_instants_so_that_a_gap_shifts_nothing() -> None:
    whole = ChartSeries("whole", [(0, 1.0), (60_000, 1.0), (120_000, 1.0)])
    broken = ChartSeries("broken", [(0, 2.0), (120_000, 2.0)])
    option = timeseries_option([whole, broken], a_frame(), stacked=True)
    times = [[at for at, _ in each["data"]] for each in option["series"]]
    assert times[0] == times[1]
    assert option["series"][1]["data"][1][1] is None
