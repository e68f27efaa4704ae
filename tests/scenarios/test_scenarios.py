"""The promise of every scenario: what it lists comes out of ingest and rulebook, nothing more and nothing less."""

from pathlib import Path

import pytest

from deploy.local.scenario_run import run_scenario
from simulators.scenario import load_scenario, scenario_names

DEMO_PARK = [name for name in scenario_names() if load_scenario(name).park == "bach-dang"]
SMALL_PARK = [name for name in scenario_names() if name not in DEMO_PARK]


@pytest.mark.parametrize("name", [*SMALL_PARK, *(pytest.param(name, marks=pytest.mark.slow) for name in DEMO_PARK)])
async def test_exactly_what_must_come_out_comes_out(name: str, tmp_path: Path) -> None:
    result = await run_scenario(load_scenario(name), tmp_path)
    assert (result.final.missing, result.final.unexpected) == ([], [])
    assert (result.final.precision, result.final.recall) == (1.0, 1.0)
    if result.before is not None:
        assert (result.before.missing, result.before.unexpected) == ([], [])
    assert result.not_compliant == ()
    assert result.revised_as_expected, (result.revisions, result.corrections)
    assert (result.anomalies.missing, result.anomalies.unexpected) == ([], [])
    assert result.quarantined == result.scenario.expected_quarantined
    assert result.holds
