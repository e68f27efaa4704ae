"""The promise of a scenario: the real rulebook, on the simulated days, concludes exactly what the scenario lists."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime
from pathlib import Path

import pytest

from analytics.evaluate import evaluate
from analytics.plan import JudgingRange
from analytics.rulebook.load import load_rulebook
from simulators.backlog import backlog
from simulators.scenario import PlacedScenario, load_scenario
from telemetry_model.park_register import Park
from telemetry_store.open import open_store
from telemetry_store.protocol import TelemetryStore
from telemetry_store.rows import PointSeries, ReadingRow
from tests.simulators.history import HOUR_MS, MONDAY, THURSDAY

WRITE_ROWS = 20_000
Key = tuple[int | None, str, str, str]


@asynccontextmanager
async def stored(park: Park, scenario: PlacedScenario, end_ms: int, folder: Path) -> AsyncIterator[TelemetryStore]:
    """An embedded store that holds the backlog from the first whole day on."""
    store = open_store(f"sqlite:///{folder / 'park.db'}")
    series = {point.id: PointSeries.of(point, park.id) for point in park.points.values()}
    rows: list[ReadingRow] = []
    try:
        for _, _, readings in backlog(park, scenario, scenario.day_ms(-2), end_ms):
            rows += [ReadingRow(series[r.point], r.measured_at_ms, r.value, int(r.status), r.reason) for r in readings]
            if len(rows) >= WRITE_ROWS:
                await store.write_readings(rows)
                rows = []
        await store.write_readings(rows)
        yield store
    finally:
        await store.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "today", "hour"),
    [("bach-dang-demo", MONDAY, 9), ("quiet-days", THURSDAY, 1)],
)
async def test_findings_are_exactly_the_expected_ones(
    park: Park, tmp_path: Path, name: str, today: date, hour: int
) -> None:
    scenario = load_scenario(name).on(today, park.timezone)
    start_ms, end_ms = scenario.day_ms(-2), scenario.day_ms(0) + hour * HOUR_MS
    async with stored(park, scenario, end_ms, tmp_path) as store:
        span = JudgingRange(start_ms, end_ms, since_ms=start_ms)
        findings = await evaluate(store, park, load_rulebook(), span, end_ms)

    def relative_day(time_ms: int) -> int:
        return (datetime.fromtimestamp(time_ms / 1000, park.timezone).date() - today).days

    found: set[Key] = {
        (None if f.provisional else relative_day(f.period_start_ms), f.rule, f.subject, f.verdict.value)
        for f in findings
        if f.verdict != "compliant"
    }
    assert found == {(e.day, e.rule, e.subject, e.verdict) for e in scenario.scenario.expected_findings}
    assert len(findings) > 100
