"""The backlog: what gateways would have recorded, outage and device resolution included."""

from itertools import pairwise

import pytest

from simulators.backlog import backlog, gateways_of
from simulators.plant_models.plant import PlantModel
from simulators.scenario import PlacedScenario, parse_scenario
from telemetry_model.park_register import Park
from telemetry_model.reading import Reading

HOUR_MS = 3_600_000
MINUTE_MS = 60_000


@pytest.fixture(scope="module")
def outage_day(park: Park, scenario: PlacedScenario) -> list[tuple[int, str, list[Reading]]]:
    """Noon minus one hour to eight in the evening of day -1, every ten minutes."""
    noon = scenario.day_ms(-1) + 12 * HOUR_MS
    return list(backlog(park, scenario, noon - HOUR_MS, noon + 8 * HOUR_MS, 600))


def test_three_gateways_of_the_register(park: Park) -> None:
    assert sorted(gateways_of(park)) == ["gw-east", "gw-utilities", "gw-west"]


def test_a_gateway_that_is_off_records_nothing_for_seven_hours(
    scenario: PlacedScenario, outage_day: list[tuple[int, str, list[Reading]]]
) -> None:
    noon = scenario.day_ms(-1) + 12 * HOUR_MS
    east = [time_ms for time_ms, gateway, _ in outage_day if gateway == "gw-east"]
    gap_start, gap_end = max(pairwise(east), key=lambda pair: pair[1] - pair[0])
    assert (gap_start, gap_end) == (noon - 600_000, noon + 7 * HOUR_MS)


def test_the_other_gateways_go_on(outage_day: list[tuple[int, str, list[Reading]]]) -> None:
    assert sum(gateway == "gw-utilities" for _, gateway, _ in outage_day) == 9 * 6


def test_every_point_is_read_once_per_step(park: Park, scenario: PlacedScenario) -> None:
    start = scenario.epoch_ms
    readings = [r for _, _, batch in backlog(park, scenario, start, start + 2 * MINUTE_MS) for r in batch]
    assert len(readings) == 2 * len(park.points)
    assert {r.point for r in readings} == set(park.points)
    assert {r.measured_at_ms for r in readings} == {start, start + MINUTE_MS}


def test_each_gateway_reads_its_own_points(park: Park, scenario: PlacedScenario) -> None:
    start = scenario.epoch_ms
    for _, gateway, readings in backlog(park, scenario, start, start + MINUTE_MS):
        assert {park.points[r.point].gateway for r in readings} == {gateway}


def test_values_have_the_resolution_of_the_device(park: Park, scenario: PlacedScenario) -> None:
    start = scenario.epoch_ms + 9 * HOUR_MS
    values = {r.point: r.value or 0.0 for _, _, b in backlog(park, scenario, start, start + MINUTE_MS) for r in b}
    true = PlantModel(park, scenario, start).step(start)
    for point, step in (("pv-1.active_energy_import", 1), ("pv-2.active_energy_import", 0.01), ("wb-thep.mass", 0.001)):
        raw = values[point] / step
        assert raw == pytest.approx(round(raw), abs=1e-6), point
        assert 0 <= (true[point].value or 0.0) - values[point] + 1e-6 <= step + 1e-6
    assert values["aq-north.pm2_5"] == round(values["aq-north.pm2_5"], 1)


def test_statuses_travel_with_the_values(park: Park, scenario: PlacedScenario) -> None:
    ten = scenario.day_ms(-1) + 10 * HOUR_MS
    readings = {r.point: r for _, _, b in backlog(park, scenario, ten, ten + MINUTE_MS) for r in b}
    assert (readings["st-chp.nox"].status, readings["wq-central.cod"].status) == (1, 0)


def test_amounts_per_interval_are_summed_over_a_longer_step(park: Park, scenario: PlacedScenario) -> None:
    text = 'name = "x"\ntitle_vi = "x"\ntitle_en = "x"\nhistory_days = 1'
    wet = parse_scenario(text, "x").on(scenario.today, park.timezone, scenario.seed)
    fine = _rain(park, wet, wet.epoch_ms, wet.day_ms(0), 60)
    coarse = _rain(park, wet, wet.epoch_ms, wet.day_ms(0), 3600)
    assert sum(coarse.values()) == pytest.approx(sum(v for t, v in fine.items() if t <= max(coarse)), rel=0.1)
    assert sum(fine.values()) > 1


def test_a_step_is_whole_minutes(park: Park, scenario: PlacedScenario) -> None:
    with pytest.raises(ValueError, match="whole number of minutes"):
        next(backlog(park, scenario, scenario.epoch_ms, scenario.epoch_ms + HOUR_MS, 90))


def _rain(park: Park, scenario: PlacedScenario, start: int, end: int, step: int) -> dict[int, float]:
    batches = backlog(park, scenario, start, end, step)
    return {t: r.value or 0.0 for t, _, readings in batches for r in readings if r.point == "met-1.rain"}
