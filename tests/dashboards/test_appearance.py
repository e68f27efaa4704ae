"""``ecopark dashboards check`` finds what a running Grafana was seen to draw misleadingly when left to its defaults."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from dashboards.grafana.check import check_board
from dashboards.grafana.generate import GENERATED_FOLDER

Panel = dict[str, Any]


def panel_of(board: dict[str, Any], title: str) -> Panel:
    found: Panel = next(panel for panel in board["panels"] if panel["title"] == title)
    return found


def found_after(file: str, title: str, change: Callable[[Panel], object]) -> list[tuple[str, str]]:
    board = json.loads((GENERATED_FOLDER / file).read_text(encoding="utf-8"))
    change(panel_of(board, title))
    return list(check_board(board))


def without(*path: str) -> Callable[[Panel], object]:
    def change(panel: Panel) -> None:
        place: Any = panel
        for key in path[:-1]:
            place = place[key]
        del place[path[-1]]

    return change


def without_order(panel: Panel) -> None:
    for step in panel["transformations"]:
        step["options"].pop("indexByName", None)


def without_inner_zone(panel: Panel) -> None:
    for target in panel["targets"]:
        if "query" in target:
            target["query"] = target["query"].replace(" tz('Asia/Ho_Chi_Minh'))", ")")


CUSTOM = ("fieldConfig", "defaults", "custom")


@pytest.mark.parametrize(
    ("file", "title", "change", "message"),
    [
        ("park-overview.en.json", "Power drawn by tenants", lambda panel: panel["options"].update(colorMode="value"),
         "has no colour of its own: Grafana paints numbers from 80 on red"),
        ("park-overview.en.json", "Compliance status", without("fieldConfig", "defaults", "color"),
         "has no colour of its own: Grafana paints numbers from 80 on red"),
        ("park-overview.en.json", "Water intake per day", without(*CUSTOM, "axisSoftMin"),
         "its bars do not begin at zero"),
        ("park-overview.en.json", "Wastewater: discharged and reused", without(*CUSTOM, "stacking"),
         "its bars are not stacked: Grafana draws those of one time over each other"),
        ("park-overview.en.json", "Open exceedances", without_order,
         "has no order of columns: Grafana changes it from one refresh to the next"),
        ("tenant.en.json", "Power factor", without("fieldConfig", "defaults", "displayName"),
         "expression C has no name: Grafana shows its letter"),
        ("tenant.en.json", "Energy per day", without_inner_zone,
         "query A: its subquery cuts days in another time zone"),
    ],
)  # fmt: skip
def test_a_choice_left_to_grafana_is_one_problem(
    file: str, title: str, change: Callable[[Panel], object], message: str
) -> None:
    assert found_after(file, title, change) == [(title, message)]


def test_a_number_with_limits_of_its_own_may_be_coloured() -> None:
    def with_limits(panel: Panel) -> None:
        panel["options"]["colorMode"] = "value"
        panel["fieldConfig"]["defaults"]["thresholds"] = {
            "mode": "absolute",
            "steps": [{"color": "blue", "value": None}],
        }

    assert found_after("tenant.en.json", "Power now", with_limits) == []


def test_bars_may_have_a_hard_zero_instead() -> None:
    def hard(panel: Panel) -> None:
        del panel["fieldConfig"]["defaults"]["custom"]["axisSoftMin"]
        panel["fieldConfig"]["defaults"]["min"] = 0

    assert found_after("park-overview.en.json", "Water intake per day", hard) == []


def test_the_check_leaves_the_panel_as_it_is() -> None:
    board = json.loads((GENERATED_FOLDER / "tenant.vi.json").read_text(encoding="utf-8"))
    before = copy.deepcopy(board)
    list(check_board(board))
    assert board == before
