"""TOE, specific energy and norms, idle load, peak demand."""

from datetime import date

import pytest

from analytics.finding import Confidence
from analytics.indicators.energy import (
    compare_with_norm,
    idle_energy_share,
    idle_load_kw,
    oil_equivalent_toe,
    peak_demand_kw,
    specific_energy,
)
from analytics.indicators.factors import factor_on, load_factors
from analytics.indicators.measured import Measured

DAY = date(2026, 3, 1)


def test_carriers_add_up_in_toe() -> None:
    # 6,481 MWh of electricity is the threshold of 1,000 TOE; 1,000 l of diesel are 0.88 TOE.
    found = oil_equivalent_toe({"electricity_kwh": 6_481_000, "diesel_1000_l": 100}, DAY)
    assert found.value == pytest.approx(6_481_000 * 0.0001543 + 88)
    assert (found.unit, found.basis.source) == ("TOE", "Official letter 3505/BCT-KHCN of 19 Apr 2011")


def test_an_unknown_carrier_is_named() -> None:
    with pytest.raises(LookupError, match="no factor 'peat_t'"):
        oil_equivalent_toe({"peat_t": 1}, DAY)


def test_a_factor_is_not_known_before_its_letter() -> None:
    with pytest.raises(LookupError, match="2011-04-18"):
        factor_on(load_factors("toe"), "electricity_kwh", date(2011, 4, 18))


def test_the_uncertainty_of_a_meter_reaches_the_toe() -> None:
    found = oil_equivalent_toe({"electricity_kwh": Measured(1000, 10, 0.9)}, DAY)
    assert found.standard_uncertainty == pytest.approx(0.001543)
    assert found.data_capture == 0.9


def test_specific_energy_of_a_billet() -> None:
    # 700,000 kWh x 3.6 / 1,000 t = 2,520 MJ/t: 100.8 % of the norm of 2,500.
    specific = specific_energy(700_000, 1000, "t")
    compared = compare_with_norm(specific, "steel_billet_arc_furnace", date(2025, 12, 31))
    assert specific.value == pytest.approx(2520)
    assert compared.percent_of_norm == pytest.approx(100.8)
    assert not compared.is_expired


def test_an_expired_norm_is_the_last_known_one_and_says_so() -> None:
    compared = compare_with_norm(specific_energy(700_000, 1000, "t"), "steel_billet_arc_furnace", date(2026, 1, 1))
    assert compared.is_expired
    assert compared.norm.valid_to == date(2025, 12, 31)


def test_the_norm_of_the_earlier_period_holds_in_it() -> None:
    compared = compare_with_norm(specific_energy(700_000, 1000, "t"), "steel_billet_arc_furnace", date(2019, 6, 1))
    assert compared.norm.value == 2600


def test_norms_from_memory_are_settings() -> None:
    norm = factor_on(load_factors("sector_norms"), "beer_over_100_million_l", date(2024, 1, 1))
    assert (norm.value, norm.confidence) == (129, Confidence.SETTING)


def test_a_norm_of_another_unit_is_refused() -> None:
    with pytest.raises(ValueError, match="is in MJ/hl, the value in MJ/t"):
        compare_with_norm(specific_energy(1, 1, "t"), "beer_over_100_million_l", DAY)


def test_no_product_no_specific_energy() -> None:
    assert specific_energy(10, 0, "t").reason == "nothing was produced"


def test_idle_load_with_a_production_signal_is_the_mean_of_idle_intervals() -> None:
    found = idle_load_kw([10, 100, 14, 100], [True, False, True, False])
    assert found.value == 12
    assert found.standard_uncertainty == pytest.approx(2 / 2**0.5)


def test_idle_load_without_one_is_a_low_quantile() -> None:
    assert idle_load_kw(list(range(101))).value == pytest.approx(5)


def test_a_plant_that_never_rests_has_no_idle_load() -> None:
    assert idle_load_kw([1.0], [False]).reason == "the plant was never idle"


def test_share_of_energy_used_while_idle() -> None:
    assert idle_energy_share([30, 60, 10], [False, False, True]).value == 10


def test_peak_demand_is_the_highest_mean() -> None:
    found = peak_demand_kw([3, 9, 5], 30)
    assert (found.value, found.inputs["interval_minutes"]) == (9, 30)
