"""``ecopark dashboards check``: each way to break a board is one line with file and panel."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from dashboards.command import dashboards
from dashboards.grafana.check import check_board, check_file
from dashboards.grafana.generate import GENERATED_FOLDER
from service_runtime.errors import OperatorError

Board = dict[str, Any]


@pytest.fixture(scope="module")
def sound() -> Board:
    board: Board = json.loads((GENERATED_FOLDER / "wastewater-and-emissions.en.json").read_text(encoding="utf-8"))
    return board


def problems_after(sound: Board, breakage: Callable[[Board], object]) -> list[tuple[str, str]]:
    board = copy.deepcopy(sound)
    breakage(board)
    return list(check_board(board))


def query_replaced(old: str, new: str) -> Callable[[Board], object]:
    def breakage(board: Board) -> None:
        target = board["panels"][0]["targets"][0]
        assert old in target["query"]
        target["query"] = target["query"].replace(old, new)

    return breakage


def test_generated_boards_have_no_problem() -> None:
    assert [problem for path in GENERATED_FOLDER.glob("*.json") for problem in check_file(path)] == []


@pytest.mark.parametrize(
    ("breakage", "message"),
    [
        (query_replaced('"cod_mg_l"', '"cod"'), "query A: unknown field 'cod' of wastewater"),
        (query_replaced('"wastewater"', '"sewage"'), "query A: unknown measurement 'sewage'"),
        (query_replaced('"device"', '"machine"'), "query A: unknown tag 'machine' of wastewater"),
        (query_replaced('"point" =', '"place" ='), "query A: unknown tag 'place' of wastewater"),
        (query_replaced("$timeFilter AND ", ""), "query A: has no time filter"),
        (query_replaced("SELECT", "SELEKT"), "query A cannot be parsed: 'SELEKT' where SELECT is expected"),
        (lambda board: board["panels"][0].update(targets=[]), "has no query"),
        (lambda board: board["panels"][0]["fieldConfig"]["defaults"].pop("unit"), "has no unit"),
        (
            lambda board: board["panels"][0]["fieldConfig"]["defaults"].pop("thresholds"),
            "shows limit lines but has no limit",
        ),
        (lambda board: board["panels"][0]["targets"][0]["datasource"].pop("uid"), "query A has no datasource uid"),
    ],
)
def test_a_broken_panel_is_one_problem(sound: Board, breakage: Callable[[Board], object], message: str) -> None:
    assert problems_after(sound, breakage) == [("COD at the central outlet", message)]


def test_a_doubled_id_names_both_panels(sound: Board) -> None:
    found = problems_after(sound, lambda board: board["panels"][1].update(id=board["panels"][0]["id"]))
    assert found == [("Ammonium at the central outlet", "has the id 1 of panel 'COD at the central outlet'")]


def test_a_subquerys_column_must_exist() -> None:
    board: Board = json.loads((GENERATED_FOLDER / "park-overview.en.json").read_text(encoding="utf-8"))
    panel = next(panel for panel in board["panels"] if panel["title"] == "Power drawn by tenants")
    panel["targets"][0]["query"] = panel["targets"][0]["query"].replace('sum("each")', 'sum("every")')
    assert ("Power drawn by tenants", "query A: 'every' is no column of the subquery") in list(check_board(board))


def test_an_empty_expression_is_found() -> None:
    board: Board = json.loads((GENERATED_FOLDER / "tenant.en.json").read_text(encoding="utf-8"))
    panel = next(panel for panel in board["panels"] if panel["title"] == "Power factor")
    panel["targets"][-1]["expression"] = ""
    assert list(check_board(board)) == [("Power factor", "expression C is empty")]


@pytest.mark.parametrize(("board", "count"), [({}, 3), ({"title": "a", "uid": "b", "panels": [1]}, 1)])
def test_a_board_without_its_parts(board: Board, count: int) -> None:
    assert len(list(check_board(board))) == count


def test_the_command_prints_one_line_a_problem_and_exits_1(sound: Board, tmp_path: Path) -> None:
    board = copy.deepcopy(sound)
    query_replaced('"cod_mg_l"', '"cod"')(board)
    (tmp_path / "broken.json").write_text(json.dumps(board))
    (tmp_path / "torn.json").write_text("{")
    names = [str(tmp_path / name) for name in ("broken.json", "torn.json")]
    result = CliRunner().invoke(dashboards, ["check", *names])
    lines = result.output.splitlines()
    assert result.exit_code == 1
    assert lines[0] == "broken.json: panel 'COD at the central outlet': query A: unknown field 'cod' of wastewater"
    assert lines[1].startswith("torn.json: not JSON: ")
    assert len(lines) == 2


def test_the_command_checks_the_generated_boards_by_itself() -> None:
    result = CliRunner().invoke(dashboards, ["check"])
    assert (result.exit_code, result.output) == (0, "10 boards checked, no problem\n")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"missing.json: cannot be read \(No such file or directory\)$"):
        check_file(tmp_path / "missing.json")


def test_generate_refuses_a_day_that_is_none(tmp_path: Path) -> None:
    park = str(GENERATED_FOLDER.parents[1] / "deploy" / "parks" / "bach-dang")
    arguments = ["generate", "--park-folder", park, "--output", str(tmp_path), "--limits-on", "tomorrow"]
    result = CliRunner().invoke(dashboards, arguments)
    assert isinstance(result.exception, OperatorError)
    assert "tomorrow" in str(result.exception)
    assert list(tmp_path.iterdir()) == []


def test_generate_prints_what_it_wrote(tmp_path: Path) -> None:
    park = str(GENERATED_FOLDER.parents[1] / "deploy" / "parks" / "bach-dang")
    result = CliRunner().invoke(dashboards, ["generate", "--park-folder", park, "--output", str(tmp_path)])
    assert [Path(line) for line in result.output.splitlines()] == [
        tmp_path / f"{name}.{language}.json"
        for name in ("park-overview", "tenant", "wastewater-and-emissions", "park-year", "chain-health")
        for language in ("vi", "en")
    ]
