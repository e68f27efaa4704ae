"""Generated Grafana dashboards: no drift, no problem, the register's names, the rulebook's limits."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from analytics.rulebook import load_rulebook
from dashboards.grafana.config import DATASOURCE_UID, LIMITS_DAY_TAG
from dashboards.grafana.generate import GENERATED_FOLDER, generated_files, write_generated
from service_runtime.errors import OperatorError
from telemetry_model.park_register import Park

DAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def boards(park: Park) -> dict[str, dict[str, Any]]:
    return {name: json.loads(text) for name, text in generated_files(park, DAY).items()}


def panel_of(board: dict[str, Any], title: str) -> dict[str, Any]:
    found: dict[str, Any] = next(panel for panel in board["panels"] if panel["title"] == title)
    return found


def test_the_committed_files_are_what_the_boards_declare(park: Park) -> None:
    committed = {path.name: path.read_text(encoding="utf-8") for path in GENERATED_FOLDER.glob("*.json")}
    tags = next(iter(json.loads(text) for text in committed.values()))["tags"]
    day = next(tag.removeprefix(LIMITS_DAY_TAG) for tag in tags if tag.startswith(LIMITS_DAY_TAG))
    fresh = generated_files(park, date.fromisoformat(day))
    assert sorted(committed) == sorted(fresh)
    drifted = [name for name, text in fresh.items() if committed[name] != text]
    assert not drifted, "run: ecopark dashboards generate --park-folder deploy/parks/bach-dang"


def test_generating_twice_gives_the_same_text(park: Park) -> None:
    assert generated_files(park, DAY) == generated_files(park, DAY)


def test_every_board_exists_in_both_languages_under_its_own_uid(boards: dict[str, dict[str, Any]]) -> None:
    assert len({board["uid"] for board in boards.values()}) == len(boards) == 10


def test_every_influxql_target_names_the_datasource(boards: dict[str, dict[str, Any]]) -> None:
    targets = [target for board in boards.values() for panel in board["panels"] for target in panel["targets"]]
    uids = {target["datasource"]["uid"] for target in targets}
    assert uids == {DATASOURCE_UID, "__expr__"}


def test_a_limit_becomes_a_dashed_threshold_with_its_origin(boards: dict[str, dict[str, Any]]) -> None:
    panel = panel_of(boards["wastewater-and-emissions.en.json"], "COD at the central outlet")
    defaults = panel["fieldConfig"]["defaults"]
    assert [step["value"] for step in defaults["thresholds"]["steps"]] == [None, 67.5]
    assert defaults["custom"]["thresholdsStyle"]["mode"] == "dashed"
    assert "limit 67.5 mg/l (from permit/contract; averaging to confirm): QCVN 40:2011" in panel["description"]


def test_a_limit_to_be_confirmed_is_labelled_so(boards: dict[str, dict[str, Any]]) -> None:
    panel = panel_of(boards["park-overview.vi.json"], "Bụi PM2.5 xung quanh")
    assert "giới hạn 45,0 µg/m³ (cần xác nhận)" in panel["description"]


@pytest.mark.parametrize(("language", "basis", "doubt"), [("en", "Basis", "averaging"), ("vi", "Căn cứ", "trung bình")])
def test_a_table_of_findings_has_titles_and_says_the_basis(
    boards: dict[str, dict[str, Any]], language: str, basis: str, doubt: str
) -> None:
    title = "The tenant's findings" if language == "en" else "Kết luận của doanh nghiệp"
    panel = panel_of(boards[f"tenant.{language}.json"], title)
    [query] = [target["query"] for target in panel["targets"]]
    titles = panel["transformations"][-1]["options"]["renameByName"]
    assert titles["confidence"] == basis
    assert all(f'"{column}"' in query for column in titles if column not in ("Time", "rule", "subject", "tenant"))
    words = {stored: shown["text"] for mapping in panel["fieldConfig"]["defaults"]["mappings"]
             for stored, shown in mapping["options"].items()}  # fmt: skip
    assert words["averaging"] == doubt
    for rule in load_rulebook():
        parts = tuple(dict.fromkeys(doubt.part for doubt in rule.to_confirm if doubt.last_day is None))
        assert " ".join(parts) in words or not parts, rule.id


def test_series_carry_the_registers_names(boards: dict[str, dict[str, Any]], park: Park) -> None:
    panel = panel_of(boards["park-overview.en.json"], "Power by tenant")
    shown = {each["matcher"]["options"]: each["properties"][0]["value"] for each in panel["fieldConfig"]["overrides"]}
    assert shown["thep-bach-dang"] == park.tenants["thep-bach-dang"].name


def test_the_tenant_board_asks_for_its_variable(boards: dict[str, dict[str, Any]]) -> None:
    board = boards["tenant.en.json"]
    queries = [target["query"] for panel in board["panels"] for target in panel["targets"] if "query" in target]
    assert board["templating"]["list"][0]["name"] == "tenant"
    assert queries
    assert all('"tenant" =~ /^${tenant:regex}$/' in query for query in queries)


def test_the_variable_offers_every_firm_by_name(boards: dict[str, dict[str, Any]], park: Park) -> None:
    query = boards["tenant.vi.json"]["templating"]["list"][0]["query"]
    assert query.split(", ") == [f"{firm.name} : {firm.id}" for firm in park.firms()]


def test_days_are_the_parks_days(boards: dict[str, dict[str, Any]]) -> None:
    query = panel_of(boards["park-overview.en.json"], "Water intake per day")["targets"][0]["query"]
    assert "non_negative_difference(last(" in query
    assert query.endswith("tz('Asia/Ho_Chi_Minh')")


def test_the_share_is_computed_from_two_totals(boards: dict[str, dict[str, Any]]) -> None:
    targets = panel_of(boards["park-overview.en.json"], "Wastewater reuse")["targets"]
    assert [target["refId"] for target in targets] == ["A", "B", "C", "D", "E"]
    assert [target.get("hide", False) for target in targets] == [True, True, True, True, False]
    # Cut off, not rounded: what is not whole is never shown as 100 %.
    assert targets[-1]["expression"] == "floor($C / $D * 10000 + 0.000000001) / 100"


def test_counters_under_one_label_are_one_series(boards: dict[str, dict[str, Any]]) -> None:
    grid = panel_of(boards["park-year.en.json"], "Supply per week")["targets"][0]["query"]
    assert grid.startswith(
        'SELECT sum("active_energy_import_kwh_last") AS "active_energy_import_kwh_last" FROM (SELECT'
    )
    assert grid.endswith("GROUP BY time(604800s, 345600s) fill(none) tz('Asia/Ho_Chi_Minh')")


def test_days_of_a_subquery_are_the_parks_days_too(boards: dict[str, dict[str, Any]]) -> None:
    query = panel_of(boards["park-overview.en.json"], "Wastewater reuse")["targets"][0]["query"]
    assert query.count("tz('Asia/Ho_Chi_Minh')") == 2


def test_an_expression_bears_the_querys_name(boards: dict[str, dict[str, Any]]) -> None:
    panel = panel_of(boards["tenant.vi.json"], "Hệ số công suất")
    assert panel["fieldConfig"]["defaults"]["displayName"] == "Hệ số công suất"


def test_a_lower_limit_is_in_view(boards: dict[str, dict[str, Any]]) -> None:
    custom = panel_of(boards["tenant.en.json"], "Power factor")["fieldConfig"]["defaults"]["custom"]
    assert custom["axisSoftMin"] < 0.9 < custom["axisSoftMax"]


def test_verdicts_are_counted_as_fields_the_worst_first(boards: dict[str, dict[str, Any]]) -> None:
    steps = panel_of(boards["park-overview.en.json"], "Compliance status")["transformations"]
    assert [step["id"] for step in steps] == ["groupBy", "rowsToFields", "organize"]
    assert steps[-1]["options"]["indexByName"] == {"exceeded": 0, "insufficient_data": 1, "compliant": 2}


def test_where_nothing_is_the_board_says_so_in_its_language(boards: dict[str, dict[str, Any]]) -> None:
    said = {
        panel["fieldConfig"]["defaults"]["noValue"]
        for name in boards
        if ".vi." in name
        for panel in boards[name]["panels"]
    }
    assert said == {"Không có dữ liệu"}


def test_slow_points_get_buckets_they_can_fill(park: Park) -> None:
    point = "st-chp.nox"
    slow = replace(park, points={**park.points, point: replace(park.points[point], interval_seconds=900)})
    board = json.loads(generated_files(slow, DAY)["wastewater-and-emissions.en.json"])
    assert panel_of(board, "Stack NOx")["interval"] == "1800s"
    assert panel_of(board, "Stack CO")["interval"] == "2m"


def test_empty_buckets_break_the_line(boards: dict[str, dict[str, Any]]) -> None:
    panel = panel_of(boards["wastewater-and-emissions.en.json"], "Stack NOx")
    assert panel["targets"][0]["query"].endswith("fill(null)")
    assert panel["fieldConfig"]["defaults"]["custom"]["spanNulls"] is False


def test_limits_follow_the_day(park: Park) -> None:
    board = json.loads(generated_files(park, date(2025, 12, 31))["park-overview.en.json"])
    steps = panel_of(board, "Ambient PM2.5")["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert steps[-1]["value"] == 50


def test_a_folder_that_cannot_be_written_is_named(park: Park, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OperatorError, match=r"file/park-overview.vi.json: cannot be written"):
        write_generated(park, DAY, tmp_path / "file")
