"""Each detector on numbers computed by hand: what it must see, and what it must leave alone."""

import math
from collections.abc import Sequence

import numpy as np
import pytest

from analytics.anomalies.bypass import bypass
from analytics.anomalies.energy_baseline import EnergyDay, energy_outside
from analytics.anomalies.frozen_sensor import frozen_sensor
from analytics.anomalies.grid import Grid, robust_sigma, runs_of
from analytics.anomalies.laboratory import Uncertainty, against_laboratory, normalised_error, usual_uncertainty
from analytics.anomalies.meter_tree import TreeDay, meter_tree
from analytics.anomalies.night_discharge import night_discharge
from analytics.slots.series import SlotSeries

HOUR, DAY = 3_600_000, 86_400_000
HALF = HOUR // 2


def half_hours(*days: Sequence[float]) -> Grid:
    return Grid(0, HALF, np.concatenate([np.asarray(day, dtype="float64") for day in days]))


def a_day(night: float, rest: float, from_hour: float = 0, to_hour: float = 5) -> list[float]:
    return [night if from_hour <= slot / 2 < to_hour else rest for slot in range(48)]


def nights(count: int) -> list[tuple[int, int]]:
    return [(number * DAY, number * DAY + 5 * HOUR) for number in range(count)]


def a_series(values: Sequence[float], slot_ms: int = 300_000) -> SlotSeries:
    given = np.asarray(values, dtype="float64")
    valid = ~np.isnan(given)
    starts = np.arange(len(given), dtype="int64") * slot_ms
    state = np.where(valid, 0, 3).astype("int8")
    zeros = np.zeros(len(given), dtype="int64")
    return SlotSeries("p", "mg/l", slot_ms, starts, given, given, given, given * np.nan, state, zeros, zeros)


def test_a_grid_leaves_out_what_is_not_valid_or_off_its_slots() -> None:
    series = a_series([1.0, math.nan, 3.0, 4.0])
    grid = Grid.of(series, 300_000, 1_500_000)
    assert np.array_equal(grid.values, [math.nan, 3.0, 4.0, math.nan], equal_nan=True)
    assert Grid.of(series, 100_000, 900_000).known.tolist() == []
    assert (grid.between(600_000, 900_000).values.tolist(), grid.time_ms(2)) == ([3.0], 900_000)


def test_runs_are_told_with_their_bounds() -> None:
    assert list(runs_of(np.array([True, False, True, True]))) == [(0, 1), (2, 4)]


def test_the_robust_spread_ignores_one_outlier() -> None:
    assert robust_sigma(np.array([1.0, 2.0, 3.0, 4.0, 1000.0])) == pytest.approx(1.4826)


def test_a_discharge_by_night_tells_its_excess() -> None:
    quiet, busy = a_day(2.0, 40.0), a_day(2.0, 40.0)
    busy[2:8] = [22.0] * 6
    seen = night_discharge(half_hours(*[quiet] * 7, busy), nights(8)[7], nights(7))
    assert seen is not None
    # Six half hours of 20 m3/h above the median: 60 m3.
    assert seen.facts["excess"] == pytest.approx(60)
    assert (seen.start_ms - 7 * DAY, seen.end_ms - 7 * DAY) == (HOUR, 4 * HOUR)
    assert (seen.observed, seen.expected, seen.facts["nights"]) == (22.0, 2.0, 7.0)


@pytest.mark.parametrize(
    ("night", "known"),
    [
        ([2.9] * 6, 7),  # below half the median above it
        ([22.0], 7),  # a single half hour
        ([22.0] * 6, 4),  # too few nights to know what is usual
    ],
)
def test_a_night_that_could_be_ordinary_is_left_alone(night: list[float], known: int) -> None:
    busy = a_day(2.0, 40.0)
    busy[2 : 2 + len(night)] = night
    assert night_discharge(half_hours(*[a_day(2.0, 40.0)] * 7, busy), nights(8)[7], nights(7)[-known:]) is None


def test_a_firm_that_works_at_night_is_measured_by_its_own_nights() -> None:
    noisy = [a_day(20.0 + 4 * (number % 2), 30.0) for number in range(7)]
    assert night_discharge(half_hours(*noisy, a_day(27.0, 30.0)), nights(8)[7], nights(7)) is None


def test_flow_without_load_is_told_with_what_was_expected() -> None:
    flow = half_hours(*[a_day(1.0, 40.0, 0, 6)] * 4)
    carried = np.full(4 * 48, 100.0)
    carried[3 * 48 + 20 : 3 * 48 + 28] = 5.0
    seen = bypass(flow, Grid(0, HALF, carried), (3 * DAY, 4 * DAY), 0)
    assert seen is not None
    assert (seen.start_ms - 3 * DAY, seen.end_ms - 3 * DAY) == (10 * HOUR, 14 * HOUR)
    # 40 m3/h at 5 mg/l are 0.2 kg/h; at the usual 100 mg/l it would be 4 kg/h.
    assert (seen.observed, seen.expected) == (pytest.approx(0.2), pytest.approx(4.0))


@pytest.mark.parametrize(
    ("part", "value"),
    [
        (slice(3 * 48 + 2, 3 * 48 + 10), 5.0),  # at night nothing flows: nothing to carry
        (slice(3 * 48 + 20, 3 * 48 + 22), 5.0),  # one hour
        (slice(3 * 48 + 20, 3 * 48 + 28), 40.0),  # diluted, not gone
    ],
)
def test_little_load_with_a_reason_is_left_alone(part: slice, value: float) -> None:
    carried = np.full(4 * 48, 100.0)
    carried[part] = value
    flow = half_hours(*[a_day(1.0, 40.0, 0, 6)] * 4)
    assert bypass(flow, Grid(0, HALF, carried), (3 * DAY, 4 * DAY), 0) is None


def test_a_moving_signal_that_stands_for_three_hours_is_frozen() -> None:
    values = [10 + math.sin(number) for number in range(2 * 288)]
    values[288 + 100 : 288 + 136] = [7.5] * 36
    seen = frozen_sensor(a_series(values), (DAY, 2 * DAY))
    assert seen is not None
    assert (seen.observed, seen.facts["value"]) == (36.0, 7.5)
    assert seen.start_ms == DAY + 100 * 300_000
    assert seen.end_ms - seen.start_ms == 3 * HOUR


def test_a_coarse_instrument_may_rest_where_a_fine_one_may_not() -> None:
    # Each value is shown three times: two of three equal the one before, so three hours may be chance.
    steps = [round(7 + 0.1 * math.sin(number // 3), 3) for number in range(2 * 288)]
    steps[288 + 100 : 288 + 136] = [6.5] * 36
    assert frozen_sensor(a_series(steps), (DAY, 2 * DAY)) is None
    steps[288 + 100 : 288 + 172] = [6.5] * 72
    longer = frozen_sensor(a_series(steps), (DAY, 2 * DAY))
    assert longer is not None
    assert longer.facts["chance"] == pytest.approx(66.7, abs=2)


def test_zero_and_gaps_and_runs_of_the_day_before_are_no_frozen_sensor() -> None:
    values = [10 + math.sin(number) for number in range(2 * 288)]
    idle, gap, earlier = (list(values) for _ in range(3))
    idle[388:424] = [0.0] * 36
    gap[388:424] = [math.nan] * 36
    earlier[100:136] = [7.5] * 36
    for series in (idle, gap, earlier):
        assert frozen_sensor(a_series(series), (DAY, 2 * DAY)) is None


def test_the_normalised_error_weighs_the_uncertainty_of_both() -> None:
    # |20 - 30| / hypot(15 % of 20, 10 % of 30) = 10 / hypot(3, 3) = 2.357
    assert normalised_error(20, 30, Uncertainty(15, 10)) == pytest.approx(10 / math.hypot(3, 3))
    assert normalised_error(0, 0, Uncertainty()) == 0
    assert normalised_error(1, 2, Uncertainty(0, 0)) == math.inf


def test_near_zero_counts_what_neither_method_resolves() -> None:
    assert normalised_error(0.05, 0.0, usual_uncertainty("po4_p")) < 1
    assert normalised_error(7.4, 7.0, usual_uncertainty("ph")) > 1
    assert normalised_error(7.2, 7.0, usual_uncertainty("ph")) < 1


def test_only_samples_that_disagree_are_told() -> None:
    shown, found = np.array([20.0, 29.0, math.nan, 20.0]), np.array([30.0, 30.0, 30.0, math.nan])
    seen = list(against_laboratory(Grid(0, HALF, shown), Grid(0, HALF, found), "mg/l"))
    assert [(s.start_ms, s.observed, s.expected) for s in seen] == [(0, 20.0, 30.0)]


def test_a_remainder_that_leaves_its_share_is_told() -> None:
    before = [TreeDay(1000.0, (600.0, 370.0 + number)) for number in (-2, -1, 0, 1, 2, 0)]
    seen = meter_tree(TreeDay(1000.0, (400.0, 370.0)), before, (0, DAY), "kWh", (1.0, 1.0, 1.0))
    assert seen is not None
    assert (seen.observed, seen.expected) == (pytest.approx(230), pytest.approx(30))
    # 1 % of 1000, 400 and 370 as rectangular bounds, and the spread of the shares: 1.4826 x 1 per mille of 1000.
    spread = math.hypot(*(a * 0.01 / math.sqrt(3) for a in (1000, 400, 370)), 1.4826)
    assert seen.facts["limit"] == pytest.approx(3 * spread)


@pytest.mark.parametrize(
    "tree",
    [
        TreeDay(1000.0, (600.0, 360.0)),  # 10 kWh from usual: within the meters' classes
        TreeDay(None, (600.0, 100.0)),  # the meter was exchanged
        TreeDay(1000.0, (None, 370.0)),
    ],
)
def test_meters_that_agree_or_cannot_be_told_are_left_alone(tree: TreeDay) -> None:
    before = [TreeDay(1000.0, (600.0, 370.0))] * 6
    assert meter_tree(tree, before, (0, DAY), "kWh", (1.0, 1.0, 1.0)) is None


def test_without_a_record_of_days_a_remainder_is_left_alone() -> None:
    assert meter_tree(TreeDay(1000.0, (100.0,)), [TreeDay(1000.0, (970.0,))] * 4, (0, DAY), "kWh", (1.0, 1.0)) is None


def energy_days(count: int, extra_kwh: float = 0.0) -> list[EnergyDay]:
    """200 kWh and 2 kWh an item, give or take 5 kWh, in a week of six busy days and one quiet one."""
    items = [20.0 if day % 7 == 6 else 90.0 + day % 5 for day in range(count)]
    return [EnergyDay(200 + 2 * n + (5 if day % 2 else -5) + extra_kwh, n) for day, n in enumerate(items)]


def test_energy_that_production_does_not_explain_is_told() -> None:
    seen = energy_outside(EnergyDay(470.0, 92.0), energy_days(28), (0, DAY))
    assert seen is not None
    assert seen.expected == pytest.approx(384, abs=2)
    assert seen.facts["low"] < seen.expected < seen.facts["high"] < 470
    assert seen.facts["days"] == 28


def test_a_busy_day_and_a_small_deviation_are_left_alone() -> None:
    assert energy_outside(EnergyDay(200 + 2 * 94, 94.0), energy_days(28), (0, DAY)) is None
    assert energy_outside(EnergyDay(398.0, 92.0), energy_days(28), (0, DAY)) is None


def test_odd_days_among_the_days_before_do_not_hide_the_next_one() -> None:
    before = [*energy_days(25), *(EnergyDay(480.0, 92.0) for _ in range(3))]
    seen = energy_outside(EnergyDay(480.0, 92.0), before, (0, DAY))
    assert seen is not None
    assert seen.facts["days"] == 25


def test_too_few_days_or_energy_that_follows_no_production_is_left_alone() -> None:
    assert energy_outside(EnergyDay(900.0, 92.0), energy_days(13), (0, DAY)) is None
    lawless = [EnergyDay(300.0 + 97 * (day * day % 7), 90.0 + day % 5) for day in range(28)]
    assert energy_outside(EnergyDay(9000.0, 92.0), lawless, (0, DAY)) is None
