"""Scope 1 by fuel, scope 2 by dated factor, the list flag, the renewable share."""

from datetime import date

import pytest

from analytics.indicators.greenhouse_gas import (
    GridUse,
    WarmingSet,
    gas_mass_t,
    list_candidate,
    scope_1_emissions,
    scope_2_emissions,
)
from analytics.indicators.measured import Measured
from analytics.indicators.renewable import renewable_share

DAY = date(2026, 3, 1)


def test_diesel_by_hand() -> None:
    # 1 t: 0.043 TJ x (74,100 + 3 x 28 + 0.6 x 265) kg = 0.043 x 74,343 = 3,196.749 kg.
    found = scope_1_emissions({"diesel": 1}, DAY)
    assert found.value == pytest.approx(3.196749)
    assert (found.unit, found.basis.confidence) == ("tCO2e", "setting")


def test_the_choice_of_potentials_matters() -> None:
    # CH4 27.9, N2O 273: 0.043 x (74,100 + 83.7 + 163.8).
    assert scope_1_emissions({"diesel": 1}, DAY, WarmingSet.AR6).value == pytest.approx(0.043 * 74.3475)


def test_biogenic_carbon_is_reported_apart() -> None:
    # 1 t wood: 0.0156 TJ x (30 x 28 + 4 x 265) = 29.64 kg; 0.0156 x 112,000 = 1,747.2 kg biogenic.
    found = scope_1_emissions({"wood": 1}, DAY)
    assert found.value == pytest.approx(0.02964)
    assert found.inputs["biogenic_co2_t"] == pytest.approx(1.7472)


def test_an_unknown_fuel_is_named() -> None:
    with pytest.raises(LookupError, match="no fuel 'peat'"):
        scope_1_emissions({"peat": 1}, DAY)


def test_gas_by_volume() -> None:
    assert gas_mass_t(1000, 0.75) == Measured(0.75)


def test_a_day_without_factor_gives_no_emissions() -> None:
    found = scope_2_emissions([GridUse(date(2019, 12, 31), date(2020, 1, 2), 10)])
    assert found.reason == "no grid factor is known for some of 2019-12-31 to 2020-01-01"


def test_a_use_without_days_is_refused() -> None:
    with pytest.raises(ValueError, match="no day lies between"):
        scope_2_emissions([GridUse(DAY, DAY, 10)])


@pytest.mark.parametrize(
    ("emissions", "toe", "days", "flag"),
    [(3000, 0, 365, 1), (0, 1000, 365, 1), (2999, 999, 365, 0), (3000, 0, 90, 1), (2999, 999, 364, None),
     (9000, 0, 400, None)],
)  # fmt: skip
def test_list_candidates(emissions: float, toe: float, days: int, flag: float | None) -> None:
    assert list_candidate(emissions, toe, days).value == flag


def test_renewable_share() -> None:
    assert renewable_share(30, 70).value == pytest.approx(30)
    assert renewable_share(0, 0).reason == "no electricity was used"


def test_a_year_with_much_missing_is_no_year_below_the_threshold() -> None:
    """852 TOE in 81 % of the year would be 1,052 in all of it, 500 would be 617."""
    partial = list_candidate(Measured(2000, 0, 0.81), Measured(852, 0, 0.81), 365)
    assert (partial.value, partial.reason) == (None, "no threshold reached, but only 81.0 % of the data are there")
    assert list_candidate(Measured(1000, 0, 0.81), Measured(500, 0, 0.81), 365).value == 0
    assert list_candidate(Measured(3000, 0, 0.81), Measured(852, 0, 0.81), 365).value == 1
