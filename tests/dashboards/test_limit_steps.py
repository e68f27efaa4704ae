"""Limits that change on a day, on charts and boards."""

import json
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from analytics.finding import Confidence
from analytics.rulebook import load_rulebook
from dashboards.boards import park_overview, wastewater_and_emissions
from dashboards.console.charts import ChartFrame, ChartSeries, timeseries_option, wall_clock_ms
from dashboards.grafana.generate import generated_files
from dashboards.limit_steps import stepped_limit_lines, steps_text
from dashboards.limits import Bound, LimitLine
from telemetry_model.park_register import AttributeChange, DatedAttributes, Park

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
DAY = date(2026, 11, 23)
CHANGED = date(2026, 11, 20)


def ms(day: str) -> int:
    return round(datetime.fromisoformat(day).replace(tzinfo=HANOI).timestamp() * 1000)


def with_change(park: Park, change: AttributeChange) -> Park:
    outlet = park.installations["central-wwtp-outlet"]
    outlet = replace(outlet, dated=DatedAttributes(outlet.dated.first, (change,)))
    return replace(park, installations={**park.installations, outlet.id: outlet})


def stepped(park: Park, start: str, stop: str) -> list[tuple[float, int | None, int | None]]:
    limit = wastewater_and_emissions(park).panel("outlet-cod").limit
    lines = stepped_limit_lines(limit, park, load_rulebook(), ms(start), ms(stop))
    return [(line.value, line.start_ms, line.stop_ms) for line in lines]


def test_a_licence_that_changes_within_the_chart_has_two_lines(park: Park) -> None:
    changed = with_change(park, AttributeChange(CHANGED, {"permit_cod_mg_l": 50}))
    midnight = ms("2026-11-20")
    assert stepped(changed, "2026-11-18", "2026-11-23") == [(67.5, None, midnight), (50.0, midnight, None)]


def test_on_either_side_of_the_change_there_is_one_whole_line(park: Park) -> None:
    changed = with_change(park, AttributeChange(CHANGED, {"permit_cod_mg_l": 50}))
    assert stepped(changed, "2026-11-18", "2026-11-20") == [(67.5, None, None)]
    assert stepped(changed, "2026-11-20", "2026-11-23") == [(50.0, None, None)]


def test_a_change_of_something_else_leaves_the_line_whole(park: Park) -> None:
    changed = with_change(park, AttributeChange(CHANGED, {"analyser_range_cod_mg_l": 500}))
    assert stepped(changed, "2026-11-18", "2026-11-23") == [(67.5, None, None)]
    limit = wastewater_and_emissions(changed).panel("outlet-cod").limit
    assert steps_text(limit, changed, load_rulebook(), DAY, "en") == ""


def test_a_law_that_changes_at_new_year_has_two_lines(park: Park) -> None:
    limit = park_overview(park).panel("pm2-5").limit
    lines = stepped_limit_lines(limit, park, load_rulebook(), ms("2025-12-30"), ms("2026-01-03"))
    midnight = ms("2026-01-01")
    assert [(line.value, line.start_ms, line.stop_ms) for line in lines] == [
        (50.0, None, midnight), (45.0, midnight, None),
    ]  # fmt: skip


def test_a_cut_line_is_drawn_from_point_to_point_on_the_park_s_clock() -> None:
    start, stop, middle = ms("2026-11-18"), ms("2026-11-22"), ms("2026-11-20")
    frame = ChartFrame(start, stop, 3600, HANOI, "mg/l", "en")
    line = LimitLine(50.0, Bound.UPPER, "mg/l", Confidence.PERMIT, "a licence", start_ms=middle)
    option = timeseries_option([ChartSeries("COD", [(start, 40.0)])], frame, [line])
    ((one, other),) = option["series"][0]["markLine"]["data"]
    assert (one["coord"], other["coord"]) == ([wall_clock_ms(middle, HANOI), 50.0], [wall_clock_ms(stop, HANOI), 50.0])
    assert one["label"]["formatter"] == "limit 50.0 (permit/contract)"


def test_a_generated_board_says_when_its_one_line_changes(park: Park) -> None:
    changed = with_change(park, AttributeChange(date(2026, 12, 1), {"permit_cod_mg_l": 50}))
    files = generated_files(changed, DAY)
    said = {}
    for language in ("en", "vi"):
        panels = json.loads(files[f"wastewater-and-emissions.{language}.json"])["panels"]
        said[language] = [panel["description"] for panel in panels if "2026-12-01" in panel.get("description", "")]
    assert len(said["en"]) == len(said["vi"]) == 1
    assert "By the park register the limit changes on 2026-12-01. This line is that of 2026-11-23" in said["en"][0]
    assert "Giới hạn thay đổi theo sổ đăng ký từ ngày 2026-12-01" in said["vi"][0]
