"""The panel of flagged readings: there only where the register asks for flags, and it counts them by point."""

import dataclasses
import json
from datetime import date

import pytest

from dashboards.boards import chain_health
from dashboards.console.answers import PanelReader, View
from dashboards.grafana.check import check_board
from dashboards.grafana.generate import generated_files
from service_runtime.clock import ManualClock
from telemetry_model.park_register import Park
from telemetry_model.storage_schema import QUALITY_FLAGS
from telemetry_store.protocol import TelemetryStore
from telemetry_store.rows import RecordRow

NOW_MS = 1_795_408_500_000
HOUR_MS = 3_600_000


@pytest.fixture
def watched(park: Park) -> Park:
    name, point = next(iter(park.points.items()))
    return dataclasses.replace(park, points={**park.points, name: dataclasses.replace(point, frozen_after_minutes=60)})


def test_a_register_without_limits_has_no_such_panel(park: Park) -> None:
    assert "flagged" not in {panel.key for panel in chain_health(park).panels}


async def test_flags_are_counted_by_point_and_hour(watched: Park, sqlite_store: TelemetryStore) -> None:
    flags = [("a.flow", "frozen", 1), ("a.flow", "frozen", 2), ("a.flow", "fast_change", 2), ("b.flow", "frozen", 3)]
    rows = [
        RecordRow(
            QUALITY_FLAGS,
            {"flag": flag, "park": watched.id, "point": point},
            NOW_MS - minutes * 60_000,
            {"observed": 2.0, "limit": 1.0, "value": 0.0},
        )
        for point, flag, minutes in flags
    ]
    clock = RecordRow(
        QUALITY_FLAGS,
        {"flag": "clock_ahead", "gateway": "gw-1", "park": watched.id},
        NOW_MS - 60_000,
        {"observed": 60.0, "limit": 30.0},
    )
    await sqlite_store.write_records([*rows, clock])
    reader = PanelReader(watched, sqlite_store, ManualClock(NOW_MS))
    answer = await reader.answer(chain_health(watched).panel("flagged"), View(86_400, "en"))
    counted = {series.name: sum(value or 0 for _, value in series.samples) for series in answer.series}
    assert counted == {"a.flow": 3, "b.flow": 1}


def test_grafana_gets_it_in_both_languages_without_a_problem(watched: Park) -> None:
    files = generated_files(watched, date(2026, 11, 23))
    for language, title in (("vi", "Số đo bị đánh dấu nghi vấn"), ("en", "Flagged readings")):
        board = json.loads(files[f"chain-health.{language}.json"])
        assert title in {panel["title"] for panel in board["panels"]}
        assert list(check_board(board)) == []
