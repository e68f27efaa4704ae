"""What every formula must keep: units scale, shares stay shares, uncertainty is never negative, no surprise errors."""

import math
from collections.abc import Callable
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.indicator import IndicatorValue
from analytics.indicators.circular.symbiosis import balance_link, symbiosis_intensity
from analytics.indicators.emissions import concentration_at_reference_oxygen, mass_flow, mass_flow_of_slots
from analytics.indicators.energy import (
    idle_energy_share,
    idle_load_kw,
    oil_equivalent_toe,
    peak_demand_kw,
    specific_energy,
)
from analytics.indicators.greenhouse_gas import gas_mass_t, list_candidate, load_fuels, scope_1_emissions
from analytics.indicators.measured import Amount, Measured, difference, measured, product, quotient, total
from analytics.indicators.power_factor_charge import power_factor, power_factor_charge
from analytics.indicators.renewable import renewable_share
from analytics.indicators.wastewater import daily_load, load_of_slots, removal_efficiency, treatment_energy
from analytics.indicators.water import (
    minimum_night_flow,
    night_flow_leak,
    night_flow_share,
    reuse_share,
    specific_water_use,
    water_balance,
)

DAY = date(2026, 3, 10)
HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
NIGHT_MS = 1_773_082_800_000
"""02:00 on 10 March 2026 in Hanoi."""
POSITIVE = st.floats(1e-3, 1e6)
AMOUNTS = st.builds(Measured, POSITIVE, st.floats(0, 1e3), st.floats(0, 1))
ANY = st.builds(Measured, st.floats(-1e6, 1e6), st.floats(0, 1e3), st.floats(0, 1))
FACTORS = st.sampled_from([0.001, 0.5, 2.0, 1000.0])
SLOTS = st.lists(st.tuples(st.none() | POSITIVE, st.none() | POSITIVE), min_size=1, max_size=48)
Two = Callable[[Amount, Amount], IndicatorValue]
FEW = settings(max_examples=30, deadline=None)

RATIOS: dict[str, Two] = {
    "specific_energy": lambda a, b: specific_energy(a, b, "item"),
    "specific_water_use": lambda a, b: specific_water_use(a, b, "item"),
    "treatment_energy": treatment_energy,
    "symbiosis_intensity": symbiosis_intensity,
}
PRODUCTS: dict[str, Two] = {"daily_load": daily_load, "mass_flow": mass_flow}
SHARES: dict[str, Two] = {"reuse_share": reuse_share, "renewable_share": renewable_share, "power_factor": power_factor}
NOT_NEGATIVE: dict[str, Two] = {
    **RATIOS, **PRODUCTS, **SHARES, "removal_efficiency": removal_efficiency,
    "leak": lambda a, b: night_flow_leak(minimum_night_flow([(NIGHT_MS, 5.0)], HANOI), a, measured(b).value),
    "charge": lambda a, b: power_factor_charge(a, b, 1.0, 500),
    "toe": lambda a, b: oil_equivalent_toe({"electricity_kwh": a, "diesel_t": b}, DAY),
    "scope_1": lambda a, b: scope_1_emissions({"diesel": a, "natural_gas": b}, DAY),
    "list_candidate": lambda a, b: list_candidate(a, b, 365),
    "oxygen": lambda a, b: concentration_at_reference_oxygen(a, measured(b).value, 15.0),
    "balance": lambda a, b: balance_link(a, b, "t").remainder,
}  # fmt: skip


def value_of(found: IndicatorValue) -> float:
    assert found.value is not None, found.reason
    return found.value


def is_sound(found: IndicatorValue) -> None:
    assert (found.value is None) == bool(found.reason)
    assert found.value is None or math.isfinite(found.value)
    assert found.standard_uncertainty is None or found.standard_uncertainty >= 0
    assert 0 <= found.data_capture <= 1
    assert found.basis.source
    assert found.unit


@pytest.mark.parametrize("name", NOT_NEGATIVE)
@FEW
@given(first=AMOUNTS, second=AMOUNTS)
def test_every_formula_gives_a_sound_value(name: str, first: Measured, second: Measured) -> None:
    is_sound(NOT_NEGATIVE[name](first, second))


@pytest.mark.parametrize("name", sorted(set(NOT_NEGATIVE) - {"balance", "charge"}))
@FEW
@given(first=st.floats(-1e6, -1e-6))
def test_a_negative_amount_is_refused_by_name_and_never_computed_with(name: str, first: float) -> None:
    with pytest.raises(ValueError, match="cannot be negative"):
        NOT_NEGATIVE[name](first, 1.0)


@pytest.mark.parametrize("name", [*RATIOS, *PRODUCTS])
@FEW
@given(first=AMOUNTS, second=AMOUNTS)
def test_what_is_missing_in_an_input_is_missing_in_the_result(name: str, first: Measured, second: Measured) -> None:
    found = {**RATIOS, **PRODUCTS}[name](first, second)
    assert found.data_capture == min(first.data_capture, second.data_capture)


@pytest.mark.parametrize("name", RATIOS)
@FEW
@given(first=POSITIVE, second=POSITIVE, factor=FACTORS)
def test_a_ratio_follows_the_unit_of_each_side(name: str, first: float, second: float, factor: float) -> None:
    ratio = RATIOS[name]
    one = value_of(ratio(first, second))
    assert value_of(ratio(first * factor, second)) == pytest.approx(one * factor, rel=1e-9)
    assert value_of(ratio(first, second * factor)) == pytest.approx(one / factor, rel=1e-9)
    assert value_of(ratio(first * factor, second * factor)) == pytest.approx(one, rel=1e-9)


@pytest.mark.parametrize("name", PRODUCTS)
@FEW
@given(first=POSITIVE, second=POSITIVE, factor=FACTORS)
def test_a_load_follows_the_unit_of_each_side(name: str, first: float, second: float, factor: float) -> None:
    load = PRODUCTS[name]
    one = value_of(load(first, second))
    assert value_of(load(first * factor, second)) == pytest.approx(one * factor, rel=1e-9)
    assert value_of(load(first, second * factor)) == pytest.approx(one * factor, rel=1e-9)


@pytest.mark.parametrize("name", SHARES)
@FEW
@given(first=POSITIVE, second=POSITIVE, factor=FACTORS, more=st.floats(1, 10))
def test_a_share_is_bounded_has_no_unit_and_grows_with_its_part(
    name: str, first: float, second: float, factor: float, more: float
) -> None:
    share, most = SHARES[name], 1 if name == "power_factor" else 100
    one = value_of(share(first, second))
    assert 0 <= one <= most + 1e-9
    assert value_of(share(first * factor, second * factor)) == pytest.approx(one, rel=1e-9)
    assert value_of(share(first * more, second)) >= one - 1e-9


@FEW
@given(into=POSITIVE, first=POSITIVE, second=POSITIVE)
def test_removal_falls_with_what_leaves_and_is_all_when_nothing_does(into: float, first: float, second: float) -> None:
    low, high = sorted((first, second))
    assert value_of(removal_efficiency(into, low)) >= value_of(removal_efficiency(into, high))
    assert value_of(removal_efficiency(into, 0.0)) == 100
    assert value_of(removal_efficiency(into, into)) == pytest.approx(0)


@FEW
@given(ins=st.lists(AMOUNTS, max_size=4), uses=st.lists(AMOUNTS, max_size=4), lost=POSITIVE)
def test_a_balance_shows_what_is_lost(ins: list[Measured], uses: list[Measured], lost: float) -> None:
    one, other = water_balance(ins, uses), water_balance([*ins, lost], uses)
    is_sound(one)
    assert value_of(other) - value_of(one) == pytest.approx(lost, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("function", [load_of_slots, mass_flow_of_slots])
@FEW
@given(slots=SLOTS, factor=FACTORS)
def test_slots_that_lack_a_side_lower_the_capture_and_nothing_else(
    function: Callable[[list[float | None], list[float | None]], IndicatorValue],
    slots: list[tuple[float | None, float | None]],
    factor: float,
) -> None:
    found = function([a for a, _ in slots], [b for _, b in slots])
    whole = [(a, b) for a, b in slots if a is not None and b is not None]
    is_sound(found)
    assert (found.value is None) == (not whole)
    if whole:
        assert found.data_capture == pytest.approx(len(whole) / len(slots))
        alone = function([a for a, _ in whole], [b for _, b in whole])
        assert found.value == alone.value
        scaled = function([None if a is None else a * factor for a, _ in slots], [b for _, b in slots])
        assert value_of(scaled) == pytest.approx(value_of(found) * factor, rel=1e-9)


@FEW
@given(
    nights=st.lists(st.lists(st.floats(-100, 1000), min_size=1, max_size=4), min_size=1, max_size=9),
    factor=FACTORS,
)
def test_night_flow_lies_between_the_nights_lowest_flows(nights: list[list[float]], factor: float) -> None:
    flows = [
        (NIGHT_MS + night * 86_400_000 + slot * 1_800_000, flow)
        for night, row in enumerate(nights)
        for slot, flow in enumerate(row)
    ]
    lowest = [min(row) for row in nights]
    found = minimum_night_flow(flows, HANOI)
    is_sound(found)
    assert min(lowest) <= value_of(found) <= max(lowest)
    assert minimum_night_flow(list(reversed(flows)), HANOI) == found
    scaled = minimum_night_flow([(at, flow * factor) for at, flow in flows], HANOI)
    assert value_of(scaled) == pytest.approx(value_of(found) * factor, rel=1e-9, abs=1e-9)
    by_day = [(at + 8 * 3_600_000, -1e6) for at, _ in flows]
    assert value_of(minimum_night_flow([*flows, *by_day], HANOI)) == found.value


@FEW
@given(night=POSITIVE, mean=POSITIVE, factor=FACTORS)
def test_the_night_share_has_no_unit(night: float, mean: float, factor: float) -> None:
    one, other = (night_flow_share(minimum_night_flow([(NIGHT_MS, night * k)], HANOI), mean * k) for k in (1.0, factor))
    assert value_of(other) == pytest.approx(value_of(one), rel=1e-9)
    is_sound(one)


def test_a_district_in_which_nothing_flows_has_no_night_share() -> None:
    assert night_flow_share(minimum_night_flow([(NIGHT_MS, 0.0)], HANOI), 0.0).reason == "nothing flowed"
    assert night_flow_share(minimum_night_flow([], HANOI), 5.0).reason == "no flow was measured at night"


@FEW
@given(means=st.lists(st.just(0.0) | st.floats(1e-9, 1e5), min_size=1, max_size=60), data=st.data(), factor=FACTORS)
def test_idle_and_peak_lie_within_the_profile(means: list[float], data: st.DataObject, factor: float) -> None:
    idle = data.draw(st.lists(st.booleans(), min_size=len(means), max_size=len(means)))
    found = (idle_load_kw(means), idle_load_kw(means, idle), idle_energy_share(means, idle), peak_demand_kw(means, 30))
    for value in found:
        is_sound(value)
    assert value_of(found[3]) == max(means)
    assert min(means) <= value_of(found[0]) <= max(means)
    assert (found[1].value is None) == (not any(idle))
    if found[1].value is not None:
        assert min(means) - 1e-6 <= found[1].value <= max(means) + 1e-6
    if found[2].value is not None:
        assert 0 <= found[2].value <= 100 + 1e-9
        scaled = idle_energy_share([mean * factor for mean in means], idle)
        assert value_of(scaled) == pytest.approx(found[2].value, rel=1e-6, abs=1e-9)


@FEW
@given(concentration=POSITIVE, oxygen=st.floats(0, 25), other=st.floats(0, 20), factor=FACTORS)
def test_the_oxygen_correction_grows_with_the_dilution_and_stops_near_air(
    concentration: float, oxygen: float, other: float, factor: float
) -> None:
    found = concentration_at_reference_oxygen(concentration, oxygen, 15.0)
    is_sound(found)
    assert (found.value is None) == (oxygen >= 20.5)
    low, high = sorted((other, min(oxygen, 20.0)))
    pair = [value_of(concentration_at_reference_oxygen(concentration, o2, 15.0)) for o2 in (low, high)]
    assert pair[0] <= pair[1] * (1 + 1e-12)
    assert value_of(concentration_at_reference_oxygen(concentration, 15.0, 15.0)) == pytest.approx(concentration)
    scaled = value_of(concentration_at_reference_oxygen(concentration * factor, low, 15.0))
    assert scaled == pytest.approx(pair[0] * factor, rel=1e-9)


@pytest.mark.parametrize("fuel", sorted(load_fuels()))
@FEW
@given(mass=POSITIVE, more=POSITIVE)
def test_emissions_of_a_fuel_are_additive(fuel: str, mass: float, more: float) -> None:
    parts = [value_of(scope_1_emissions({fuel: amount}, DAY)) for amount in (mass, more, mass + more)]
    assert parts[0] + parts[1] == pytest.approx(parts[2], rel=1e-9)


@FEW
@given(volume=POSITIVE, density=st.floats(0.1, 2))
def test_a_mass_of_gas_is_in_tonnes(volume: float, density: float) -> None:
    assert gas_mass_t(volume, density).value == pytest.approx(volume * density / 1000)


@FEW
@given(emissions=POSITIVE, energy=POSITIVE, days=st.integers(1, 500))
def test_a_list_flag_is_told_only_where_it_can_be(emissions: float, energy: float, days: int) -> None:
    found = list_candidate(emissions, energy, days)
    is_sound(found)
    reached = emissions >= 3000 or energy >= 1000
    if days <= 366:
        assert found.value == (1.0 if reached else 0.0 if days >= 365 else None)
    else:
        assert found.value is None


@FEW
@given(first=ANY, second=ANY, factor=st.floats(-100, 100))
def test_arithmetic_never_loses_uncertainty_or_invents_data(first: Measured, second: Measured, factor: float) -> None:
    both = [total((first, second)), difference(first, second), product(first, second)]
    if abs(second.value) > 1e-3:
        both.append(quotient(first, second))
    for found in both:
        assert found.standard_uncertainty >= 0
        assert found.data_capture == min(first.data_capture, second.data_capture)
    for found in both[:2]:
        assert found.standard_uncertainty >= max(first.standard_uncertainty, second.standard_uncertainty) - 1e-9
    scaled = first.scaled(factor)
    assert scaled.standard_uncertainty == pytest.approx(first.standard_uncertainty * abs(factor))
    assert difference(first, first).value == 0
