"""Water balance, night flow, reuse; loads, removal, energy of treatment; mass flow of a stack."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from analytics.indicators.emissions import concentration_at_reference_oxygen, mass_flow, mass_flow_of_slots
from analytics.indicators.measured import Measured
from analytics.indicators.wastewater import daily_load, load_of_slots, removal_efficiency, treatment_energy
from analytics.indicators.water import (
    minimum_night_flow,
    night_flow_leak,
    reuse_share,
    specific_water_use,
    water_balance,
)

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")


def night(day: int, hour: int, flow: float) -> tuple[int, float]:
    return round(datetime(2026, 3, day, hour, tzinfo=HANOI).timestamp() * 1000), flow


def test_balance_shows_its_remainder() -> None:
    found = water_balance([Measured(100, 1), 20], [90, 15])
    assert (found.value, found.inputs["remainder_percent"]) == (15, pytest.approx(12.5))
    assert found.standard_uncertainty == 1


def test_meters_that_contradict_give_a_negative_remainder() -> None:
    assert water_balance([10], [12]).value == -2


def test_the_minimum_night_flow_is_the_median_over_nights() -> None:
    flows = [night(1, 1, 0.1), night(1, 2, 5), night(1, 3, 4), night(2, 2, 9), night(3, 3, 6), night(3, 4, 1)]
    found = minimum_night_flow(flows, HANOI)
    assert (found.value, found.inputs["nights"]) == (6, 3)


def test_a_leak_is_what_the_night_needs_beyond_legitimate_use() -> None:
    found = night_flow_leak(minimum_night_flow([night(1, 2, 6)], HANOI), 4)
    assert (found.value, found.unit) == (48, "m3/d")


def test_a_leak_is_never_negative() -> None:
    assert night_flow_leak(minimum_night_flow([night(1, 2, 3)], HANOI), 4).value == 0


def test_without_night_readings_there_is_no_leak() -> None:
    assert night_flow_leak(minimum_night_flow([night(1, 12, 3)], HANOI)).reason == "no flow was measured at night"


def test_reuse_share_and_specific_use() -> None:
    assert reuse_share(30, 70).value == pytest.approx(30)
    assert reuse_share(0, 0).value is None
    assert specific_water_use(30, 15, "t").value == 2


def test_daily_load_of_a_flow() -> None:
    # 1,000 m3/d x 50 g/m3 = 50 kg/d.
    assert daily_load(1000, Measured(50, 5)).value == 50
    assert daily_load(1000, Measured(50, 5)).standard_uncertainty == pytest.approx(5)


def test_a_load_multiplies_slot_by_slot() -> None:
    # (10 x 100 + 30 x 200) g/h over 2 slots = 3.5 kg/h = 84 kg/d; mean x mean would give 72.
    found = load_of_slots([10, 30, None, 5], [100, 200, 50, None])
    assert (found.value, found.data_capture) == (pytest.approx(84), 0.5)


def test_a_negative_flow_gives_no_load() -> None:
    assert load_of_slots([-1], [10]).reason == "a flow or a concentration is negative"
    assert load_of_slots([None], [10]).value is None


def test_removal_and_its_error() -> None:
    found = removal_efficiency(Measured(200, 10), Measured(20, 1))
    assert found.value == pytest.approx(90)
    assert found.standard_uncertainty == pytest.approx(100 * 0.1 * (0.05**2 + 0.05**2) ** 0.5)


def test_more_out_than_in_is_shown() -> None:
    assert removal_efficiency(10, 15).value == pytest.approx(-50)
    assert removal_efficiency(0, 15).reason == "nothing enters"


def test_energy_per_cubic_metre() -> None:
    assert treatment_energy(450, 1000).value == 0.45
    assert treatment_energy(450, 0).reason == "nothing was treated"


def test_mass_flow_of_a_stack() -> None:
    # 120 mg/Nm3 x 50,000 Nm3/h = 6,000,000 mg/h = 6 kg/h.
    assert mass_flow(120, 50_000).value == pytest.approx(6)
    assert mass_flow_of_slots([120, None], [50_000, 50_000]).data_capture == 0.5
    assert mass_flow_of_slots([None], [1.0]).value is None
    assert mass_flow_of_slots([-1.0], [1.0]).reason == "a concentration or a flow is negative"


def test_concentration_at_reference_oxygen() -> None:
    assert concentration_at_reference_oxygen(150, 14, 15).value == pytest.approx(150 * 6 / 7)
    assert concentration_at_reference_oxygen(150, 20.6, 15).reason == "O2 of 20.6 % is too near to air"
