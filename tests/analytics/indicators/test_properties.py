"""What must hold of the formulas whatever the numbers: bounds, order, additivity."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.finding import Confidence
from analytics.indicators.circular.material_circularity import ProductMaterial, material_circularity
from analytics.indicators.circular.material_flows import diversion_share, landfill_share
from analytics.indicators.energy import oil_equivalent_toe
from analytics.indicators.energy_baseline import fit_baseline
from analytics.indicators.factors import Factor
from analytics.indicators.greenhouse_gas import GridUse, scope_2_emissions
from analytics.indicators.power_factor_charge import charge_percent, power_factor
from analytics.indicators.renewable import renewable_share
from analytics.indicators.tariff import QUARTER_MS, CustomerTariff, EnergyInterval, time_of_use_cost
from analytics.indicators.water import reuse_share
from telemetry_model.park_register import Destination, WasteFlow
from tests.analytics.registers.hourly_registers import hourly_amount

AMOUNT = st.just(0.0) | st.floats(1e-6, 1e9)
SHARE = st.floats(0, 1)
ZONES = st.sampled_from(["Asia/Ho_Chi_Minh", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns"])
CHANGE_MS = 1_776_790_800_000
"""22 April 2026, local midnight in Hanoi."""
TARIFF = CustomerTariff("22kv", ((date.min, "legacy"), (date(2026, 4, 22), "decision-963")))


@st.composite
def products(draw: st.DrawFn) -> ProductMaterial:
    feed, end = draw(st.tuples(SHARE, SHARE, SHARE)), draw(st.tuples(SHARE, SHARE, SHARE, SHARE))
    scale_in, scale_out = max(1.0, sum(feed)), max(1.0, sum(end))
    return ProductMaterial(
        mass_kg=draw(st.floats(0.001, 1e6)),
        recycled_in=feed[0] / scale_in, reused_in=feed[1] / scale_in, biological_in=feed[2] / scale_in,
        recycling_out=end[0] / scale_out, reuse_out=end[1] / scale_out,
        composting_out=end[2] / scale_out, energy_out=end[3] / scale_out,
        recycling_in_efficiency=draw(st.floats(0.01, 1)), recycling_out_efficiency=draw(SHARE),
        lifetime_ratio=draw(st.floats(0.1, 10)), use_ratio=draw(st.floats(0.1, 10)),
    )  # fmt: skip


@given(products())
def test_mci_lies_between_0_and_1(product: ProductMaterial) -> None:
    value = material_circularity(product).value
    assert value is not None
    assert 0 <= value <= 1


@given(st.floats(0, 1), st.floats(0, 1))
def test_more_reuse_never_lowers_the_mci(first: float, second: float) -> None:
    low, high = (
        material_circularity(ProductMaterial(mass_kg=1, reused_in=s, reuse_out=s)).value or 0.0
        for s in sorted((first, second))
    )
    assert low <= high + 1e-12


@given(AMOUNT, AMOUNT)
def test_shares_lie_between_0_and_100_and_complete_each_other(part: float, rest: float) -> None:
    for share in (reuse_share, renewable_share):
        one, other = share(part, rest).value, share(rest, part).value
        if one is None or other is None:
            assert part + rest == 0
        else:
            assert 0 <= one <= 100
            assert one + other == pytest.approx(100)


@given(st.lists(st.tuples(st.floats(0, 1e6), st.sampled_from(list(Destination))), min_size=1))
def test_diverted_and_landfilled_are_parts_of_the_whole(loads: list[tuple[float, Destination]]) -> None:
    flows = [
        WasteFlow(
            day=date(2026, 1, 1), tenant="a", code_system="ewc", code="1", mass_t=m, destination=d, is_hazardous=False
        )
        for m, d in loads
    ]
    diverted, buried = diversion_share(flows), landfill_share(flows)
    if diverted.value is not None and buried.value is not None:
        assert 0 <= diverted.value <= 100
        assert diverted.value + buried.value <= 100 + 1e-6
        assert 0 <= diverted.data_capture <= 1


@given(
    ZONES,
    st.lists(st.tuples(st.integers(-200, 200), st.integers(1, 200), st.floats(0, 1e5)), min_size=1, max_size=6),
    st.integers(-20_000_000, 20_000_000),
)
def test_cost_is_additive_over_any_cut(zone: str, pieces: list[tuple[int, int, float]], cut: int) -> None:
    cut_ms = CHANGE_MS + cut
    whole = [
        EnergyInterval(CHANGE_MS + start * QUARTER_MS, CHANGE_MS + (start + length) * QUARTER_MS, energy)
        for start, length, energy in pieces
    ]
    halves: list[EnergyInterval] = []
    for start, end, energy in whole:
        if start < cut_ms < end:
            share = (cut_ms - start) / (end - start)
            halves += [EnergyInterval(start, cut_ms, energy * share), EnergyInterval(cut_ms, end, energy * (1 - share))]
        else:
            halves.append(EnergyInterval(start, end, energy))
    at = ZoneInfo(zone)
    once = time_of_use_cost(whole, TARIFF, at)
    again = time_of_use_cost(halves, TARIFF, at)
    assert once.cost.value == pytest.approx(again.cost.value, rel=1e-9, abs=1e-6)
    assert sum(line.energy_kwh for line in once.lines) == pytest.approx(sum(energy for *_, energy in whole))


@given(AMOUNT, st.integers(-100, 100))
def test_cost_lies_between_the_cheapest_and_the_dearest_price(energy: float, start: int) -> None:
    at_ms = CHANGE_MS + start * QUARTER_MS
    cost = time_of_use_cost(
        [EnergyInterval(at_ms, at_ms + 90 * QUARTER_MS, energy)], TARIFF, ZoneInfo("Asia/Ho_Chi_Minh")
    )
    assert cost.cost.value is not None
    assert energy * 1190 * (1 - 1e-9) <= cost.cost.value <= energy * 3398 * (1 + 1e-9)


@given(st.floats(0.01, 1), st.floats(0.01, 1))
def test_a_better_power_factor_is_never_charged_more(first: float, second: float) -> None:
    low, high = sorted((first, second))
    assert charge_percent(low) >= charge_percent(high) >= 0


@given(st.floats(0.001, 1e9), AMOUNT)
def test_a_power_factor_lies_between_0_and_1(active: float, reactive: float) -> None:
    value = power_factor(active, reactive).value
    assert value is not None
    assert 0 < value <= 1


@given(st.lists(AMOUNT, min_size=2, max_size=2), st.floats(0, 1e6))
def test_toe_is_additive_over_carriers(amounts: list[float], more: float) -> None:
    day = date(2026, 1, 1)
    together = oil_equivalent_toe({"electricity_kwh": amounts[0], "diesel_t": amounts[1]}, day).value or 0.0
    apart = [
        oil_equivalent_toe({"electricity_kwh": amounts[0]}, day),
        oil_equivalent_toe({"diesel_t": amounts[1]}, day),
    ]
    assert together == pytest.approx(sum(part.value or 0.0 for part in apart))
    assert (oil_equivalent_toe({"electricity_kwh": amounts[0] + more}, day).value or 0.0) >= (apart[0].value or 0.0)


@given(st.integers(1, 600), st.integers(1, 600), AMOUNT, AMOUNT, st.integers(-100, 700))
def test_scope_2_is_additive_over_periods_and_bounded_by_the_factors(
    first: int, second: int, energy: float, other: float, change: int
) -> None:
    start = date(2026, 1, 1)
    split, end = start + timedelta(days=first), start + timedelta(days=first + second)
    turn = start + timedelta(days=change)
    factors = [factor(0.7, date.min, turn - timedelta(days=1)), factor(0.5, turn, None)]
    parts = [GridUse(start, split, energy), GridUse(split, end, other)]
    together = scope_2_emissions(parts, factors).value or 0.0
    assert together == pytest.approx(sum(scope_2_emissions([part], factors).value or 0.0 for part in parts))
    assert (energy + other) * 0.0005 * (1 - 1e-9) <= together <= (energy + other) * 0.0007 * (1 + 1e-9)


@given(st.lists(st.floats(1, 20), min_size=4, max_size=20), st.data())
def test_a_written_exchange_loses_nothing(steps: list[float], data: st.DataObject) -> None:
    values = [sum(steps[:n]) for n in range(len(steps) + 1)]
    place = data.draw(st.integers(2, len(values) - 1))
    at_change, new_first = data.draw(st.floats(0, 1)), data.draw(st.floats(0, 100))
    last = values[place - 1] + at_change * (values[place] - values[place - 1])
    shifted = [(hour, v if hour < place else v - last + new_first) for hour, v in enumerate(values)]
    plain = hourly_amount(list(enumerate(values))).value
    exchanged = hourly_amount(shifted, [(place - 0.5, last, min(new_first, shifted[place][1]))])
    assert exchanged.value == pytest.approx(plain, rel=1e-9, abs=1e-6), exchanged.reason


@given(st.floats(1, 1e3), st.floats(-50, 50), st.lists(st.integers(1, 1000), min_size=4, max_size=12, unique=True))
def test_a_line_is_found_again_and_its_residuals_vanish(base: float, slope: float, production: list[int]) -> None:
    energies = [base + 5e4 + slope * p for p in production]
    fit = fit_baseline(energies, {"production_t": [float(p) for p in production]}).fit
    assert fit.slopes[0] == pytest.approx(slope, abs=1e-5)
    assert fit.residual_deviation < 1e-3


def factor(value: float, first: date, last: date | None) -> Factor:
    return Factor(
        id="grid_electricity", value=value, unit="tCO2/MWh", valid_from=first, valid_to=last, source="test",
        confidence=Confidence.SOURCE,
    )  # fmt: skip
