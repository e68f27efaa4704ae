"""The year that the twelve-month board is measured with is one the board can show."""

import dataclasses
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dashboards.boards import park_year
from dashboards.console.answers import PanelReader, View
from service_runtime.clock import ManualClock
from telemetry_store.sqlite_store import SqliteStore
from tests.bench.workload import demo_park
from tests.bench.year import percentile, rollup_rows


async def test_every_panel_of_the_board_has_a_year_of_values(tmp_path: Path) -> None:
    whole, now = demo_park(), datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
    asked = {point for panel in park_year(whole).panels for query in panel.queries for point in query.point_ids}
    park = dataclasses.replace(whole, points={name: whole.points[name] for name in asked})
    store = SqliteStore(tmp_path / "year.db")
    await store.write_readings([row for row in rollup_rows(park, now) if row.series.measurement.endswith("_daily")])
    reader = PanelReader(whole, store, ManualClock(round(now.timestamp() * 1000)))
    for panel in park_year(whole).panels:
        answer = await reader.answer(panel, View(0, "vi"))
        assert answer.series, panel.key
        assert all(len(series.samples) >= 51 for series in answer.series), panel.key
    await store.close()


@pytest.mark.parametrize(("share", "expected"), [(0.5, 10.0), (0.95, 19.0), (1.0, 20.0)])
def test_a_percentile_is_one_of_the_values(share: float, expected: float) -> None:
    assert percentile([float(n) for n in range(20, 0, -1)], share) == expected
