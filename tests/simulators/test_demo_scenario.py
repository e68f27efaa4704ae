"""The demo scenario does what its file says: the means below are computed here, not by the analytics."""

import math
from itertools import groupby

import pytest

from simulators.plant_models.signals import Sample
from simulators.scenario import PlacedScenario
from telemetry_model.park_register import Park
from telemetry_model.quantities import Kind
from tests.simulators.history import History

COD_CONTRACT_MG_L = 150
NOX_LIMIT_MG_NM3 = 120
CO_PERMIT_MG_NM3 = 100
MAY_REST_AT_ZERO = ("pv-", "met-1.irradiance", "met-1.rain")


def corrected_mean(history: History, gas: str, day: int, calibrations: bool = False) -> float:
    """24 h mean of a stack gas at 15 % oxygen."""
    pairs = zip(history.day(f"st-chp.{gas}", day), history.day("st-chp.oxygen", day), strict=True)
    values = [(g.value or 0.0) * (21 - 15) / (21 - (o.value or 0.0)) for g, o in pairs if calibrations or g.status == 0]
    return sum(values) / len(values)


def power_factor(history: History, meter: str) -> float:
    energies = [history.samples[f"{meter}.{kind}_energy_import"] for kind in ("active", "reactive")]
    active, reactive = ((samples[-1].value or 0) - (samples[0].value or 0) for samples in energies)
    return active / math.hypot(active, reactive)


def longest_rest_minutes(samples: list[Sample]) -> int:
    runs = [len(list(run)) for value, run in groupby(s.value for s in samples) if value != 0.0]
    return max(runs, default=0)


def test_the_chemical_plants_cod_is_far_above_its_contract_on_one_day_only(history: History) -> None:
    assert history.mean("wq-hoa-chat.cod", -1) > 1.25 * COD_CONTRACT_MG_L
    assert history.mean("wq-hoa-chat.cod", -2) < 0.8 * COD_CONTRACT_MG_L


@pytest.mark.parametrize("device", ["wq-thuc-pham", "wq-det-may"])
@pytest.mark.parametrize("day", [-2, -1])
def test_other_outlets_keep_their_contract(history: History, device: str, day: int) -> None:
    assert history.mean(f"{device}.cod", day) < 0.9 * COD_CONTRACT_MG_L


def test_nox_looks_harmless_raw_but_is_above_the_limit_when_corrected(history: History) -> None:
    assert history.mean("st-chp.nox", -2) < 0.9 * NOX_LIMIT_MG_NM3
    assert corrected_mean(history, "nox", -2) > 1.1 * NOX_LIMIT_MG_NM3


def test_nox_is_compliant_the_day_after(history: History) -> None:
    assert corrected_mean(history, "nox", -1) < 0.85 * NOX_LIMIT_MG_NM3


def test_counting_the_span_gas_as_emission_would_accuse_the_operator(history: History) -> None:
    assert corrected_mean(history, "nox", -1, calibrations=True) > 1.2 * corrected_mean(history, "nox", -1)


def test_the_calibration_lasts_two_hours_and_leaves_enough_data(history: History) -> None:
    statuses = [sample.status for sample in history.day("st-chp.nox", -1)]
    assert statuses.count(1) == 120
    assert statuses.count(0) / 1440 >= 0.8
    shown = [s.value or 0.0 for s in history.day("st-chp.nox", -1) if s.status == 1]
    assert 440 < min(shown) <= max(shown) < 460


@pytest.mark.parametrize("day", [-2, -1])
def test_carbon_monoxide_keeps_the_permit(history: History, day: int) -> None:
    assert corrected_mean(history, "co", day) < 0.7 * CO_PERMIT_MG_NM3


def test_only_the_steel_works_has_a_poor_power_factor(park: Park, history: History) -> None:
    supplies = [i for i in park.installations.values() if i.kind == "electricity_supply"]
    factors = {supply.tenant: power_factor(history, supply.device) for supply in supplies}
    assert factors.pop("thep-bach-dang") < 0.86
    assert min(factors.values()) > 0.92


def test_the_solids_probe_is_frozen_for_nine_hours(history: History) -> None:
    day = history.day("wq-central.tss", -1)
    assert len({sample.value for sample in day[8 * 60 : 17 * 60]}) == 1
    assert longest_rest_minutes(day) == 540
    assert all(sample.status == 0 for sample in day)


def test_no_healthy_gauge_rests_for_six_hours(park: Park, history: History) -> None:
    for point in park.points.values():
        if point.quantity.kind is Kind.GAUGE and point.id != "wq-central.tss":
            assert longest_rest_minutes(history.samples[point.id]) < 6, point.id


def test_only_pv_and_weather_rest_at_zero(park: Park, history: History) -> None:
    for point, samples in history.samples.items():
        if park.points[point].quantity.kind is not Kind.COUNTER and any(s.value == 0.0 for s in samples):
            assert point.startswith(MAY_REST_AT_ZERO)


@pytest.mark.parametrize("day", [-2, -1])
@pytest.mark.parametrize(("quantity", "limit"), [("cod", 67.5), ("nh4_n", 4.5), ("tss", 45.0)])
def test_the_central_plant_keeps_column_a(history: History, day: int, quantity: str, limit: float) -> None:
    assert history.mean(f"wq-central.{quantity}", day) < 0.8 * limit


def test_ph_stays_between_six_and_nine(history: History) -> None:
    values = [s.value or 0.0 for s in history.samples["wq-central.ph"]]
    assert 6.5 < min(values) <= max(values) < 8.5


@pytest.mark.parametrize("station", ["aq-north", "aq-south"])
@pytest.mark.parametrize("day", [-2, -1])
@pytest.mark.parametrize(("gas", "limit"), [("pm2_5", 45), ("pm10", 100), ("no2", 100), ("so2", 125)])
def test_daily_means_of_the_air_are_clearly_below(
    history: History, station: str, day: int, gas: str, limit: float
) -> None:
    assert history.mean(f"{station}.{gas}", day) < 0.85 * limit


@pytest.mark.parametrize("station", ["aq-north", "aq-south"])
@pytest.mark.parametrize(("gas", "limit"), [("no2", 200), ("so2", 350), ("co", 10_000), ("o3", 120)])
def test_not_even_a_single_minute_reaches_a_short_limit(history: History, station: str, gas: str, limit: float) -> None:
    assert max(s.value or 0.0 for s in history.samples[f"{station}.{gas}"]) < limit


def test_more_than_half_of_the_wastewater_is_reused(history: History) -> None:
    reused, out = (history.gain(f"{device}.volume") for device in ("fm-reuse", "fm-central"))
    assert reused / (reused + out) > 0.52


def test_the_sun_gives_more_than_the_parks_target(park: Park, history: History) -> None:
    roles = ("pv_generation", "grid_import", "chp_generation")
    pv, grid, chp = (sum(history.gain(p.id) for p in park.points_with_role(role)) for role in roles)
    target = park.dated.first["renewable_share_target_percent"]
    assert isinstance(target, float)
    assert 100 * pv / (pv + grid + chp) > 1.3 * target


def test_ordinary_days_show_no_event(park: Park, quiet_history: History) -> None:
    assert quiet_history.mean("wq-hoa-chat.cod", -1) < 0.8 * COD_CONTRACT_MG_L
    assert corrected_mean(quiet_history, "nox", -2) < 0.85 * NOX_LIMIT_MG_NM3
    assert power_factor(quiet_history, "em-thep") > 0.92
    assert longest_rest_minutes(quiet_history.samples["wq-central.tss"]) < 6
    assert all(s.status == 0 for s in quiet_history.samples["st-chp.nox"])


def test_expectations_name_what_the_register_has(park: Park, scenario: PlacedScenario) -> None:
    known = {*park.installations, *park.points, park.id}
    assert {finding.subject for finding in scenario.scenario.expected_findings} <= known
    assert {alert.tenant for alert in scenario.scenario.expected_alerts} <= set(park.tenants)


def test_every_alert_has_its_exceedance(scenario: PlacedScenario) -> None:
    exceeded = {
        (f.rule, f.subject) for f in scenario.scenario.expected_findings if f.verdict == "exceeded" and not f.silent
    }
    assert {(alert.rule, alert.subject) for alert in scenario.scenario.expected_alerts} == exceeded
