"""Every generated query runs on a real InfluxDB and gives the console's numbers."""

import json
from typing import Any

import pytest

from dashboards.boards import park_overview
from dashboards.console.answers import PanelReader, View
from dashboards.grafana.generate import GENERATED_FOLDER
from service_runtime.clock import ManualClock
from telemetry_model.park_register import Park
from telemetry_store.protocol import TelemetryStore
from tests.dashboards.plausible_day import DAY_MS, fill_store
from tests.servers.influxdb import InfluxDatabase

pytestmark = pytest.mark.real_server
NOW_MS = 1_795_408_500_000
PAGES = ("park-overview.en.json", "tenant.en.json", "wastewater-and-emissions.en.json")


@pytest.fixture
async def filled(influx_store: TelemetryStore, park: Park) -> TelemetryStore:
    await fill_store(influx_store, park, NOW_MS)
    return influx_store


def as_grafana_sends_it(query: str, days: int) -> str:
    """Grafana's own variables filled in."""
    time_filter = f"time >= {NOW_MS - days * DAY_MS}ms and time <= {NOW_MS}ms"
    return (
        query.replace("$timeFilter", time_filter)
        .replace("$__interval", "5m")
        .replace("${tenant:regex}", "det-may-kien-an")
    )


def targets(board: dict[str, Any]) -> list[tuple[str, str, int]]:
    found = []
    for panel in board["panels"]:
        days = int(panel.get("timeFrom", "1d").removesuffix("d"))
        found += [(panel["title"], each["query"], days) for each in panel["targets"] if "query" in each]
    return found


async def test_every_query_of_every_board_answers_with_rows(filled: TelemetryStore, influxdb: InfluxDatabase) -> None:
    for name in PAGES:
        board = json.loads((GENERATED_FOLDER / name).read_text(encoding="utf-8"))
        for title, query, days in targets(board):
            (answer,) = influxdb.query(as_grafana_sends_it(query, days))["results"]
            assert answer.get("series"), f"{name}: {title}: {answer}: {query}"


async def test_grafana_and_console_agree_on_a_days_growth(
    filled: TelemetryStore, influxdb: InfluxDatabase, park: Park
) -> None:
    board = json.loads((GENERATED_FOLDER / "park-overview.en.json").read_text(encoding="utf-8"))
    query = next(query for title, query, _ in targets(board) if title == "Water intake per day")
    (answer,) = influxdb.query(as_grafana_sends_it(query, 8))["results"]
    grafana = {row[0]: row[1] for row in answer["series"][0]["values"]}
    shown = await PanelReader(park, filled, ManualClock(NOW_MS)).answer(
        park_overview(park).panel("water-intake"), View(86_400, "en")
    )
    console = dict(shown.series[0].samples)
    whole_days = sorted(set(grafana) & set(console))[1:]
    assert len(whole_days) >= 6
    assert [grafana[day] for day in whole_days] == pytest.approx([console[day] for day in whole_days])
