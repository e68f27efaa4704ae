"""Registers: what they counted, and rises and falls that are no consumption."""

from datetime import date
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from analytics.registers.amount import amount_of
from analytics.slots.frame_contract import SLOT_COLUMNS, SlotFrame
from analytics.slots.series import SlotSeries
from analytics.windows import HOUR_MS, day_window

if TYPE_CHECKING:
    from collections.abc import Callable

    from telemetry_model.park_register import Park

DAY = day_window(date(2026, 3, 10), ZoneInfo("Asia/Ho_Chi_Minh"))
SUPPLY = """
[[installations]]
id = "alpha-supply"
kind = "electricity_supply"
device = "em"
tenant = "alpha"
name_vi = "C"
name_en = "S"
contracted_kw = 100
"""
POINTS = (
    "em.active_energy_import,alpha,z,energy,kWh,60,", "em.reactive_energy_import,alpha,z,energy,kvarh,60,",
    "wm.volume,alpha,z,water,m3,60,",
)  # fmt: skip


def hourly(point: str, unit: str, steps: list[float], left_out: tuple[int, ...] = ()) -> SlotSeries:
    """A register that rises by ``steps`` within the hours, at once from the last reading to the next hour's first."""
    high = 1000 + np.cumsum(steps)
    frame = pd.DataFrame(
        {"start_ms": DAY.start_ms + HOUR_MS * np.arange(len(steps)), "low": np.minimum(high, high - steps)}
    )
    frame = frame.assign(high=high, mean=np.nan, total=np.nan, state=0, left_out=0, valid=1).drop(index=list(left_out))
    return SlotSeries.of(
        point, unit, HOUR_MS, SlotFrame.of(frame.reset_index(drop=True)[list(SLOT_COLUMNS)].astype(SLOT_COLUMNS))
    )


@pytest.mark.parametrize(("quantity", "unit"), [("active_energy_import", "kWh"), ("reactive_energy_import", "kvarh")])
def test_three_times_the_contracted_power_is_the_most(
    make_park: "Callable[..., Park]", quantity: str, unit: str
) -> None:
    park, point = make_park(SUPPLY, POINTS), f"em.{quantity}"
    assert amount_of(park, hourly(point, unit, [90.0] * 12 + [300.0] + [90.0] * 11), DAY).value == 23 * 90 + 300
    jumped = amount_of(park, hourly(point, unit, [90.0] * 12 + [301.0] + [90.0] * 11), DAY)
    assert (jumped.value, jumped.capture) == (None, 0.0)
    assert f"rose from 2080 to 2381 {unit} within 1 h" in jumped.evidence[0]
    assert "3 times the contracted 100 kW give 300 at most" in jumped.evidence[0]


def test_a_faulty_last_reading_is_no_consumption(make_park: "Callable[..., Park]") -> None:
    series = hourly("em.active_energy_import", "kWh", [90.0] * 23 + [9e11])
    assert amount_of(make_park(SUPPLY, POINTS), series, DAY).value is None


def test_a_jump_within_a_gap_has_the_time_of_the_gap(make_park: "Callable[..., Park]") -> None:
    park, steps = make_park(SUPPLY, POINTS), [90.0] * 24
    gap = (5, 6, 7, 8)
    assert amount_of(park, hourly("em.active_energy_import", "kWh", steps, gap), DAY).value == 24 * 90
    steps[6] = 1500.0
    assert amount_of(park, hourly("em.active_energy_import", "kWh", steps, gap), DAY).value is None


@pytest.mark.parametrize(("jump", "believed"), [(100.0, True), (101.0, False)])
def test_without_a_contract_fifty_times_the_usual_rise_is_the_most(
    make_park: "Callable[..., Park]", jump: float, believed: bool
) -> None:
    amount = amount_of(make_park(SUPPLY, POINTS), hourly("wm.volume", "m3", [2.0, 0.0] * 11 + [jump, 2.0]), DAY)
    assert (amount.value is not None) is believed
    assert believed or "more than 50 times its median rise of 2 an hour" in amount.evidence[0]


def test_few_rises_of_a_scale_are_not_compared(make_park: "Callable[..., Park]") -> None:
    amount = amount_of(make_park(SUPPLY, POINTS), hourly("wm.volume", "m3", [0.0] * 10 + [0.1, 0.0, 20.0, 0.0]), DAY)
    assert amount.value == pytest.approx(20.1)


def test_a_gap_costs_no_energy_but_is_shown(make_park: "Callable[..., Park]") -> None:
    series = hourly("em.active_energy_import", "kWh", [90.0] * 24, tuple(range(1, 23)))
    assert amount_of(make_park(SUPPLY, POINTS), series, DAY).value is None
    series = hourly("em.active_energy_import", "kWh", [90.0] * 24, tuple(range(6, 18)))
    amount = amount_of(make_park(SUPPLY, POINTS), series, DAY)
    assert (amount.value, amount.capture) == (24 * 90, 0.5)
    assert "12 of 24 hours" in amount.evidence[0]


def test_a_fall_is_told_with_both_registers(make_park: "Callable[..., Park]") -> None:
    series = hourly("em.active_energy_import", "kWh", [90.0] * 10 + [-1500.0] + [90.0] * 13)
    (words,) = amount_of(make_park(SUPPLY, POINTS), series, DAY).evidence
    assert "fell from 1900 to" in words


def intervals(point: str, count: int) -> SlotSeries:
    frame = pd.DataFrame({"start_ms": DAY.start_ms + HOUR_MS * np.arange(count), "total": 2.0})
    frame = frame.assign(low=np.nan, high=np.nan, mean=np.nan, state=0, left_out=0, valid=1)
    return SlotSeries.of(point, "kWh", HOUR_MS, SlotFrame.of(frame[list(SLOT_COLUMNS)].astype(SLOT_COLUMNS)))


def test_the_hour_that_has_just_begun_makes_no_period_to_date_more_than_full(make_park: "Callable[..., Park]") -> None:
    """Ten hours and twenty minutes: the eleventh hour has a value already, but ten are expected."""
    to_date = DAY._replace(end_ms=DAY.start_ms + 10 * HOUR_MS + HOUR_MS // 3)
    interval = "em.active_energy_interval"
    park = make_park(SUPPLY, (*POINTS, f"{interval},alpha,z,energy,kWh,3600,"))
    register = amount_of(park, hourly("em.active_energy_import", "kWh", [9.0] * 11), to_date)
    assert "; 10 of 10 hours or intervals had one." in register.evidence[0]
    summed = amount_of(park, intervals(interval, 11), to_date)
    assert (summed.value, summed.capture) == (22.0, 1.0)
    assert summed.evidence[0].endswith("the sum of 11 of 11 intervals.")
