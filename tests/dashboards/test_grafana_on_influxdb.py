"""Every generated query runs on a real InfluxDB and gives the console's numbers."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from dashboards.board import Board, Derive
from dashboards.boards import park_overview, park_year
from dashboards.console.answers import PanelReader, View
from dashboards.derive import added_up, samples_of, total
from dashboards.grafana.generate import GENERATED_FOLDER
from service_runtime.clock import ManualClock
from telemetry_model.park_register import Park
from telemetry_store.protocol import TelemetryStore
from tests.dashboards.plausible_day import DAY_MS, fill_store
from tests.servers.influxdb import InfluxDatabase

pytestmark = pytest.mark.real_server
NOW_MS = 1_795_408_500_000
PAGES = tuple(f"{board}.en.json" for board in (
    "park-overview", "tenant", "wastewater-and-emissions", "park-year", "chain-health",
))  # fmt: skip


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


@pytest.mark.parametrize(("build", "key", "title"), [
    (park_overview, "reuse-share", "Wastewater reuse"), (park_year, "supply", "Supply per week"),
])  # fmt: skip
async def test_grafana_and_console_agree_on_a_subquerys_days(
    filled: TelemetryStore, influxdb: InfluxDatabase, park: Park, build: Callable[[Park], Board], key: str, title: str
) -> None:
    """Totals of days or weeks cut in UTC would differ by the seven hours to the park's midnight."""
    board, panel = build(park), build(park).panel(key)
    file = json.loads((GENERATED_FOLDER / f"{board.id}.en.json").read_text(encoding="utf-8"))
    query, days = next((query, days) for name, query, days in targets(file) if name == title)
    (answer,) = influxdb.query(as_grafana_sends_it(query, days))["results"]
    reader, view = PanelReader(park, filled, ManualClock(NOW_MS)), View(86_400, "en")
    scope = reader.scope_of(panel, panel.queries[0], view)
    results = await filled.select(panel.queries[0].build(scope))
    shown = added_up(samples_of(result, Derive.INCREASE) for result in results)
    grafana = {row[0]: row[1] for row in answer["series"][0]["values"]}
    if key == "supply":
        assert grafana == pytest.approx(dict(shown))
    else:
        assert sum(grafana.values()) == pytest.approx(total([shown]))
