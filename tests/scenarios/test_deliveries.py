"""However late, twice or corrected readings come: in the end the findings are those of the run on time."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from analytics.finding import Finding
from deploy.local.scenario_run import run_scenario
from simulators.deliveries import BrokerOutage, LateDelivery
from simulators.scenario import Scenario, load_scenario

Judged = dict[tuple[str, str, int], tuple[object, ...]]
PARTS = ("verdict", "observed", "limit", "data_capture", "period_end_ms", "evidence", "points", "provisional")


def judged(findings: list[Finding]) -> Judged:
    """Everything a finding says, except when it was said."""
    return {(f.rule, f.subject, f.period_start_ms): tuple(getattr(f, name) for name in PARTS) for f in findings}


async def findings_of(scenario: Scenario, folder: Path) -> Judged:
    folder.mkdir()
    result = await run_scenario(scenario, folder)
    assert result.stored == result.readings
    return judged(result.findings)


def on_time(scenario: Scenario) -> Scenario:
    return msgspec.structs.replace(scenario, deliveries=(), expected_before=())


@pytest.fixture(scope="module")
def late_day_on_time(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    """However late the day comes, it is compared with this one run."""
    return asyncio.run(findings_of(on_time(load_scenario("late-day")), tmp_path_factory.mktemp("late-day") / "ok"))


@pytest.mark.parametrize("days_late", [1.0, 10.0, 60.0])
async def test_a_day_that_comes_late_is_judged_as_if_it_had_come_on_time(
    days_late: float, tmp_path: Path, late_day_on_time: Judged
) -> None:
    scenario = load_scenario("late-day")
    late = tuple(
        msgspec.structs.replace(mishap, days_late=days_late)
        for mishap in scenario.deliveries
        if isinstance(mishap, LateDelivery)
    )
    came_late = msgspec.structs.replace(scenario, deliveries=late)
    assert await findings_of(came_late, tmp_path / "late") == late_day_on_time


async def test_a_corrected_day_is_judged_as_if_it_had_been_right_at_once(tmp_path: Path) -> None:
    scenario = load_scenario("corrected-day")
    corrected = await findings_of(scenario, tmp_path / "corrected")
    assert corrected == await findings_of(on_time(scenario), tmp_path / "right")


async def test_a_backfill_with_everything_sent_twice_changes_no_finding(tmp_path: Path) -> None:
    scenario = load_scenario("broker-outage")
    outage = scenario.deliveries[0]
    assert isinstance(outage, BrokerOutage)
    twice = msgspec.structs.replace(scenario, deliveries=(msgspec.structs.replace(outage, resent_share=1.0),))
    (tmp_path / "twice").mkdir()
    result = await run_scenario(twice, tmp_path / "twice")
    assert result.duplicates > 250
    assert judged(result.findings) == await findings_of(on_time(scenario), tmp_path / "once")
