"""What Grafana is told of single columns: order, names for ids, units, the colour of a count."""

import json
from datetime import date
from typing import Any

import pytest
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig

from analytics.rulebook import load_rulebook
from dashboards.board import PanelKind
from dashboards.boards import park_overview, tenant_board
from dashboards.grafana.columns import columns_of, in_order
from dashboards.grafana.generate import generated_files
from dashboards.queries.findings import FINDING_COLUMNS
from telemetry_model.park_register import Park

DAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def overview(park: Park) -> dict[str, Any]:
    board: dict[str, Any] = json.loads(generated_files(park, DAY)["park-overview.en.json"])
    return board


def properties(board: dict[str, Any], title: str) -> dict[str, dict[str, Any]]:
    """Property values by column and property."""
    panel = next(panel for panel in board["panels"] if panel["title"] == title)
    return {
        override["matcher"]["options"]: {each["id"]: each["value"] for each in override["properties"]}
        for override in panel["fieldConfig"]["overrides"]
    }


def words(said: dict[str, Any]) -> dict[str, str]:
    return {stored: shown["text"] for stored, shown in said["mappings"][0]["options"].items()}


def order_of(steps: list[DataTransformerConfig]) -> list[str]:
    options: Any = steps[-1].options
    return sorted(options["indexByName"], key=options["indexByName"].__getitem__)


def test_findings_begin_with_the_verdict_and_end_with_the_time() -> None:
    order = order_of(in_order([], PanelKind.FINDINGS))
    assert order[:4] == ["verdict", "rule", "subject", "observed"]
    assert order[-2:] == ["tenant", "Time"]


def test_every_asked_column_and_tag_has_its_place() -> None:
    asked = {"Time", "rule", "subject", "tenant", *FINDING_COLUMNS}
    assert set(order_of(in_order([], PanelKind.FINDINGS))) == asked


def test_an_order_joins_the_step_that_names_the_columns() -> None:
    named = DataTransformerConfig("organize", options={"renameByName": {"rule": "Rule"}})
    (step,) = in_order([named], PanelKind.ANOMALIES)
    options: Any = step.options
    assert options["renameByName"] == {"rule": "Rule"}
    assert options["indexByName"]["Time"] == 0


def test_ids_are_said_by_their_names(overview: dict[str, Any], park: Park) -> None:
    said = properties(overview, "Open exceedances")
    assert words(said["tenant"])["det-may-kien-an"] == park.tenants["det-may-kien-an"].name
    assert words(said["subject"])["chp-stack"] == park.installations["chp-stack"].name_en
    assert words(said["rule"])["AIR-02-NOX"].startswith("AIR-02-NOX · ")


def test_units_are_written_as_people_write_them(overview: dict[str, Any]) -> None:
    assert words(properties(overview, "Open exceedances")["unit"])["mg/Nm3"] == "mg/Nm³"


def test_a_share_of_data_is_a_percentage(overview: dict[str, Any]) -> None:
    assert properties(overview, "Open exceedances")["data_capture"]["unit"] == "percentunit"


def test_what_is_to_date_is_said_in_words(park: Park) -> None:
    panel = tenant_board(park).panel("findings")
    columns = dict(columns_of(panel, park, load_rulebook(), "vi"))
    mapped: Any = next(each.value for each in columns["provisional"] if each.id_val == "mappings")
    assert {stored: shown.text for stored, shown in mapped[0].options.items()} == {"true": "tạm tính", "false": "–"}


def test_a_count_has_the_colour_of_its_verdict(overview: dict[str, Any]) -> None:
    said = properties(overview, "Compliance status")
    colours = {verdict: each["color"]["fixedColor"] for verdict, each in said.items()}
    assert colours == {"compliant": "#2e7d32", "exceeded": "#c62828", "insufficient_data": "#b26a00"}
    assert said["exceeded"]["displayName"] == "Exceeded"


def test_panels_that_draw_series_have_no_columns(park: Park) -> None:
    assert columns_of(park_overview(park).panel("power-by-tenant"), park, load_rulebook(), "en") == []
