"""Tariff hours, prices and how a cost is made of them."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from analytics.indicators.measured import Measured
from analytics.indicators.power_factor_charge import charge_percent, power_factor, power_factor_charge
from analytics.indicators.supply_indicators import hours_of
from analytics.indicators.tariff import (
    Band,
    CustomerTariff,
    EnergyInterval,
    load_hours,
    load_prices,
    time_of_use_cost,
    voltage_levels,
)
from telemetry_model.park_register import AttributeChange, DatedAttributes, Installation

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
LEGACY, NEW = load_hours()


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=HANOI).timestamp() * 1000)


@pytest.mark.parametrize(
    ("clock", "legacy", "new"),
    [
        ("2026-06-01T03:59", Band.OFF_PEAK, Band.OFF_PEAK), ("2026-06-01T04:00", Band.NORMAL, Band.OFF_PEAK),
        ("2026-06-01T06:00", Band.NORMAL, Band.NORMAL), ("2026-06-01T09:30", Band.PEAK, Band.NORMAL),
        ("2026-06-01T11:30", Band.NORMAL, Band.NORMAL), ("2026-06-01T17:00", Band.PEAK, Band.NORMAL),
        ("2026-06-01T17:30", Band.PEAK, Band.PEAK), ("2026-06-01T20:00", Band.NORMAL, Band.PEAK),
        ("2026-06-01T22:00", Band.OFF_PEAK, Band.PEAK), ("2026-06-01T22:30", Band.OFF_PEAK, Band.NORMAL),
        ("2026-06-07T18:00", Band.NORMAL, Band.NORMAL), ("2026-06-06T18:00", Band.PEAK, Band.PEAK),
    ],
)  # fmt: skip
def test_bands_of_both_schedules(clock: str, legacy: Band, new: Band) -> None:
    moment = datetime.fromisoformat(clock)
    assert (LEGACY.band(moment), NEW.band(moment)) == (legacy, new)


def test_prices_of_all_voltage_levels() -> None:
    assert voltage_levels() == ("110kv", "22kv", "6kv", "below-6kv")
    table = {p.voltage_level: [p.of(band) for band in Band] for p in load_prices()}
    assert table["110kv"] == [1146, 1811, 3266]
    assert table["below-6kv"] == [1300, 1987, 3640]


def test_an_unknown_voltage_level_is_named() -> None:
    interval = EnergyInterval(ms("2026-01-05T10:00"), ms("2026-01-05T11:00"), 1)
    with pytest.raises(LookupError, match="no prices for voltage level '35kv'"):
        time_of_use_cost([interval], CustomerTariff("35kv"), HANOI)


def test_legacy_hours_after_the_decision_carry_the_conflict() -> None:
    tariff = CustomerTariff("22kv")
    before = time_of_use_cost([EnergyInterval(ms("2026-04-21T10:00"), ms("2026-04-21T11:00"), 1)], tariff, HANOI)
    after = time_of_use_cost([EnergyInterval(ms("2026-04-22T10:00"), ms("2026-04-22T11:00"), 1)], tariff, HANOI)
    assert (before.cost.basis.confidence, after.cost.basis.confidence) == ("source", "setting")
    assert "CONFLICT" in after.cost.basis.note
    assert after.cost.inputs["hours"] == "legacy"


def test_a_new_voltage_level_has_its_price_from_its_day_on() -> None:
    tariff = CustomerTariff("22kv", later_levels=((date(2026, 3, 11), "110kv"),))
    hours = [EnergyInterval(ms(f"2026-03-{day}T13:00"), ms(f"2026-03-{day}T14:00"), 10) for day in (10, 11)]
    found = time_of_use_cost(hours, tariff, HANOI)
    assert [(line.vnd_per_kwh, line.energy_kwh) for line in found.lines] == [(1811, 10), (1833, 10)]
    assert found.cost.inputs["voltage_level"] == "22kv, 110kv"


def test_the_hours_of_a_customer_are_those_stated_on_the_day() -> None:
    days = (date(2026, 3, 1), date(2026, 5, 1), date(2026, 6, 1))
    changes = (
        AttributeChange(days[0], {"tariff_hours_963_from": days[1]}),
        AttributeChange(days[2], {}, without=("tariff_hours_963_from",)),
    )
    supply = Installation("s", "electricity_supply", "em", "alpha", "S", "S", DatedAttributes({}, changes))
    expected = ((date.min, "legacy"), (days[0], "legacy"), (days[1], "decision-963"), (days[2], "legacy"))
    assert hours_of(supply) == expected


def test_old_energy_under_the_tariff_of_a_later_day_keeps_its_weekday() -> None:
    sunday = EnergyInterval(ms("2018-01-07T10:00"), ms("2018-01-07T11:00"), 10)
    found = time_of_use_cost([sunday], CustomerTariff("22kv"), HANOI, law_day=date(2026, 1, 1))
    assert found.cost.value == 18330


def test_lines_show_what_a_bill_is_made_of() -> None:
    found = time_of_use_cost(
        [EnergyInterval(ms("2026-01-05T11:00"), ms("2026-01-05T12:00"), 10)], CustomerTariff("22kv"), HANOI
    )
    assert [(line.band, line.energy_kwh, line.cost_vnd) for line in found.lines] == [
        (Band.NORMAL, 5, 5 * 1833), (Band.PEAK, 5, 5 * 3398),
    ]  # fmt: skip


def test_no_energy_no_cost() -> None:
    assert time_of_use_cost([], CustomerTariff("22kv"), HANOI).cost.reason == "no energy was measured"


@pytest.mark.parametrize("interval", [EnergyInterval(0, 0, 1), EnergyInterval(0, 900_000, -1)])
def test_impossible_intervals_are_refused(interval: EnergyInterval) -> None:
    with pytest.raises(ValueError, match="is not energy over a time"):
        time_of_use_cost([interval], CustomerTariff("22kv"), HANOI)


@pytest.mark.parametrize(("cos_phi", "percent"), [(0.89, 1.12), (0.85, 5.88), (0.80, 12.50), (0.90, 0), (1, 0)])
def test_coefficient_k(cos_phi: float, percent: float) -> None:
    assert charge_percent(cos_phi) == pytest.approx(percent, abs=0.005)


@pytest.mark.parametrize("cos_phi", [0, -0.5, 1.01])
def test_an_impossible_power_factor_is_refused(cos_phi: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        charge_percent(cos_phi)


def test_the_error_of_a_power_factor() -> None:
    # Ap 3, Aq 4: d/dAp = 16/125, d/dAq = -12/125.
    found = power_factor(Measured(3, 0.1), Measured(4, 0.1))
    assert found.value == pytest.approx(0.6)
    assert found.standard_uncertainty == pytest.approx(0.1 * (16**2 + 12**2) ** 0.5 / 125)


def test_a_plant_at_rest_has_no_power_factor_and_no_charge() -> None:
    assert power_factor(0, 0).value is None
    assert power_factor_charge(0, 0, 0, 100).reason == "no energy was used"


def test_reactive_energy_alone_is_a_meter_to_check() -> None:
    assert "check the meter" in power_factor_charge(0, 0, 10, 100).reason
