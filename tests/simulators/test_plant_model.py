"""The plant model as a whole: repeatable, gap-free, physically closed."""

import dataclasses
import itertools
import math
from types import MappingProxyType

import pytest

from service_runtime.errors import OperatorError
from simulators.plant_models.plant import PlantModel
from simulators.scenario import PlacedScenario, load_scenario
from telemetry_model.park_register import Park
from telemetry_model.quantities import Kind
from tests.simulators.history import HOUR_MS, MINUTE_MS, MONDAY, History


def test_two_models_agree_wherever_they_start(park: Park, scenario: PlacedScenario) -> None:
    at = scenario.epoch_ms + 5 * HOUR_MS + 20_000
    from_epoch = PlantModel(park, scenario, scenario.epoch_ms)
    for minute in range(0, 300, 7):
        from_epoch.step(scenario.epoch_ms + minute * MINUTE_MS)
    assert PlantModel(park, scenario, at).step(at) == from_epoch.step(at)


def test_another_seed_is_another_course(park: Park) -> None:
    quiet = load_scenario("quiet-days")
    one, two = (quiet.on(MONDAY, park.timezone, seed) for seed in (1, 2))
    first, second = (PlantModel(park, s, s.epoch_ms).step(s.epoch_ms) for s in (one, two))
    assert first["em-thep.active_power"] != second["em-thep.active_power"]


def test_every_point_of_the_register_has_a_value(park: Park, history: History) -> None:
    assert history.samples.keys() == park.points.keys()
    assert all(len(samples) == 3 * 1440 for samples in history.samples.values())


def test_every_value_is_possible(park: Park, history: History) -> None:
    for point_id, samples in history.samples.items():
        point = park.points[point_id]
        values = [s.value for s in samples if s.value is not None]
        assert point.low <= min(values), point_id
        assert max(values) <= point.high, point_id


def test_counters_never_run_backwards(park: Park, history: History) -> None:
    for point in park.points.values():
        if point.quantity.kind is Kind.COUNTER:
            values = [s.value or 0.0 for s in history.samples[point.id]]
            assert all(b >= a for a, b in itertools.pairwise(values)), point.id


def test_a_counter_is_the_integral_of_its_power(history: History) -> None:
    powers = [s.value or 0.0 for s in history.samples["em-thep.active_power"]]
    counter = [s.value or 0.0 for s in history.samples["em-thep.active_energy_import"]]
    assert counter[-1] - counter[0] == pytest.approx(math.fsum(powers[:-1]) / 60, rel=1e-9)


def test_counters_move_within_the_minute_and_gauges_hold(park: Park, scenario: PlacedScenario) -> None:
    model = PlantModel(park, scenario, scenario.epoch_ms)
    start, half, full = (model.step(scenario.epoch_ms + offset) for offset in (0, 30_000, 60_000))
    name = "em-thep.active_energy_import"
    assert (half[name].value or 0) * 2 == pytest.approx((start[name].value or 0) + (full[name].value or 0), rel=1e-12)
    assert half["em-thep.active_power"] == start["em-thep.active_power"]


def test_the_water_balance_closes_every_minute(history: History) -> None:
    for balance in history.balances:
        assert balance.used == pytest.approx(balance.consumed + balance.wastewater)
        assert balance.wastewater == pytest.approx(balance.discharged + balance.reused)
        assert min(balance) >= 0


def test_meters_carry_the_water_balance(history: History) -> None:
    out = sum(history.gain(device) for device in ("fm-central.volume", "fm-reuse.volume"))
    assert out == pytest.approx(math.fsum(b.wastewater for b in history.balances[:-1]) / 60, rel=1e-9)


def test_generation_and_import_cover_the_demand_with_losses(park: Park, history: History) -> None:
    roles = ("grid_import", "pv_generation", "chp_generation")
    supply = sum(history.gain(p.id) for role in roles for p in park.points_with_role(role))
    use = sum(history.gain(p.id) for p in park.points_with_role("tenant_electricity"))
    use += history.gain("em-wwtp.active_energy_import")
    assert supply == pytest.approx(use * 1.018, rel=1e-9)


def test_the_grid_always_delivers_a_little(history: History) -> None:
    assert min(s.value or 0.0 for s in history.samples["em-sub-3.active_power"]) > 100


def test_pv_works_by_day_and_rests_by_night(history: History) -> None:
    day = history.day("pv-1.active_power", -2)
    assert (day[0].value, day[-1].value) == (0.0, 0.0)
    assert (day[12 * 60].value or 0.0) > 50


def test_waste_moves_at_the_end_of_a_shift_only(history: History) -> None:
    masses = [s.value for s in history.day("wb-thep.mass", -1)]
    steps = [minute for minute in range(1, 1440) if masses[minute] != masses[minute - 1]]
    assert steps == [360, 840, 1320]


def test_what_one_firm_gives_the_other_takes(history: History) -> None:
    given, taken = history.gain("wb-co-khi.mass"), history.gain("wb-thep-nhan.mass")
    assert given > 0.5
    assert taken == pytest.approx(given, rel=0.05)


def test_time_does_not_run_backwards(park: Park, scenario: PlacedScenario) -> None:
    model = PlantModel(park, scenario, scenario.epoch_ms + HOUR_MS)
    with pytest.raises(ValueError, match="before the minute"):
        model.step(scenario.epoch_ms)


def test_there_is_nothing_before_the_epoch(park: Park, scenario: PlacedScenario) -> None:
    with pytest.raises(ValueError, match="epoch"):
        PlantModel(park, scenario, scenario.epoch_ms - 1)


def test_a_point_without_a_model_is_named(park: Park, scenario: PlacedScenario) -> None:
    strange = dataclasses.replace(park.points["wm-thep.flow"], id="wm-thep.pressure")
    crowded = dataclasses.replace(park, points=MappingProxyType({**park.points, strange.id: strange}))
    with pytest.raises(OperatorError, match=r"no model for wm-thep\.pressure"):
        PlantModel(crowded, scenario, scenario.epoch_ms)


def test_an_unknown_sector_is_named(park: Park, scenario: PlacedScenario) -> None:
    firm = dataclasses.replace(park.tenants["thep-bach-dang"], sector="alchemy")
    odd = dataclasses.replace(park, tenants=MappingProxyType({**park.tenants, firm.id: firm}))
    with pytest.raises(OperatorError, match=r"'alchemy' \(tenant thep-bach-dang"):
        PlantModel(odd, scenario, scenario.epoch_ms)
