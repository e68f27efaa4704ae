"""Boards as declared: complete, in both languages, on points and rules that exist."""

from dataclasses import replace
from datetime import date

import pytest

from analytics.rulebook import load_rulebook
from dashboards.board import GRID_COLUMNS, Board, Panel, PanelKind, Text
from dashboards.boards import boards_of, park_overview, tenant_board, wastewater_and_emissions
from dashboards.boards import rules as board_rules
from dashboards.limits import Bound, limit_lines
from dashboards.queries.scope import QueryScope
from telemetry_model.park_register import DatedAttributes, Park
from telemetry_store.query import SeriesQuery

DAY = date(2026, 11, 23)


def all_panels(park: Park) -> list[Panel]:
    return [panel for board in boards_of(park) for panel in board.panels]


def test_every_text_stands_in_both_languages(park: Park) -> None:
    texts = [panel.title for panel in all_panels(park)] + [board.title for board in boards_of(park)]
    texts += [panel.description for panel in all_panels(park) if panel.description != Text("", "")]
    assert all(text.vi and text.en for text in texts)


def test_every_query_builds_and_asks_for_registered_points(park: Park, scope: QueryScope) -> None:
    for panel in all_panels(park):
        for query in panel.queries:
            assert isinstance(query.build(scope), SeriesQuery), panel.key
            assert all(point in park.points for point in query.point_ids)


def test_every_query_asks_for_this_park_only(park: Park, scope: QueryScope) -> None:
    for panel in all_panels(park):
        for query in panel.queries:
            assert ("park", (park.id,)) in query.build(scope).where, panel.key


def test_every_query_of_the_tenant_board_asks_for_the_chosen_tenant(park: Park, scope: QueryScope) -> None:
    for panel in tenant_board(park).panels:
        for query in panel.queries:
            assert ("tenant", (scope.tenant,)) in query.build(scope).where, panel.key


def test_panels_that_draw_a_unit_declare_it(park: Park) -> None:
    without_unit = {
        PanelKind.FINDINGS, PanelKind.VERDICT_COUNTS, PanelKind.INSTRUMENT_STATUS, PanelKind.ANOMALIES
    }  # fmt: skip
    assert all(panel.unit for panel in all_panels(park) if panel.kind not in without_unit)


def test_rows_of_panels_fill_the_grid(park: Park) -> None:
    for board in boards_of(park):
        filled = 0
        for panel in board.panels:
            filled += panel.width
            assert filled <= GRID_COLUMNS, f"{board.id}: {panel.key} does not fit its row"
            filled %= GRID_COLUMNS
        assert filled == 0, f"{board.id}: the last row is not full"


def test_query_names_are_the_names_of_functions(park: Park) -> None:
    names = {query.name for panel in all_panels(park) for query in panel.queries}
    assert {"power_by_tenant", "measured_by_device", "latest_findings"} <= names


def test_the_rulebook_knows_every_rule_a_board_draws() -> None:
    known = {rule.id for rule in load_rulebook()}
    drawn = {value for name, value in vars(board_rules).items() if name.isupper()}
    assert drawn <= known


def test_every_limit_of_the_demo_park_has_a_line(park: Park) -> None:
    for panel in all_panels(park):
        if panel.limit is not None:
            assert limit_lines(panel.limit, park, load_rulebook(), DAY), panel.key


def test_the_outlet_limit_is_cmax_from_the_licence_and_not_called_law(park: Park) -> None:
    (line,) = limit_lines(wastewater_and_emissions(park).panel("outlet-cod").limit, park, load_rulebook(), DAY)
    assert (line.value, line.bound, line.confidence) == (67.5, Bound.UPPER, "permit")


def test_ph_has_a_lower_and_an_upper_line(park: Park) -> None:
    lines = limit_lines(wastewater_and_emissions(park).panel("outlet-ph").limit, park, load_rulebook(), DAY)
    assert [(line.value, line.bound) for line in lines] == [(6.0, Bound.LOWER), (9.0, Bound.UPPER)]


def test_the_pm2_5_limit_changes_with_the_day(park: Park) -> None:
    limit = park_overview(park).panel("pm2-5").limit
    values = [limit_lines(limit, park, load_rulebook(), day)[0].value for day in (date(2025, 12, 31), DAY)]
    assert values == [50.0, 45.0]


def test_a_tenant_sees_only_its_own_contract_limit(park: Park) -> None:
    limit = wastewater_and_emissions(park).panel("tenant-cod").limit
    assert limit_lines(limit, park, load_rulebook(), DAY, tenant="thep-bach-dang") == ()


def test_a_licence_that_lacks_its_column_gives_no_line(park: Park) -> None:
    outlet = replace(park.installations["det-may-kien-an-outlet"], dated=DatedAttributes())
    bare = replace(park, installations={**park.installations, outlet.id: outlet})
    limit = wastewater_and_emissions(bare).panel("tenant-cod").limit
    assert limit is not None
    assert limit_lines(replace(limit, installations=(outlet.id,)), bare, load_rulebook(), DAY) == ()


def test_stack_panels_say_that_the_limit_is_for_corrected_means(park: Park) -> None:
    description = wastewater_and_emissions(park).panel("stack-nox").description
    assert "O2-corrected 24 h mean" in description.en
    assert "hiệu chỉnh" in description.vi


def test_a_park_without_meters_still_has_its_findings(park: Park) -> None:
    empty = replace(park, points={}, installations={}, devices={})
    assert [panel.key for panel in park_overview(empty).panels] == ["verdicts", "open-exceedances", "anomalies"]


def test_a_board_without_any_panel_is_left_out(park: Park) -> None:
    empty = replace(park, points={}, installations={}, devices={})
    assert [board.id for board in boards_of(empty)] == ["park-overview", "tenant"]


def test_a_board_refuses_two_panels_with_one_key(park: Park) -> None:
    panel = park_overview(park).panels[0]
    with pytest.raises(ValueError, match="verdicts is there twice"):
        Board("twice", Text("a", "a"), (panel, panel))
