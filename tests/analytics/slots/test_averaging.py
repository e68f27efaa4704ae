"""Means and the oxygen correction."""

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.slots.averaging import correct_to_reference_o2, time_weighted_mean
from analytics.slots.data_capture import SlotState, count_states, expected_slots

VALUES = st.lists(st.floats(-1e6, 1e6, allow_nan=False), min_size=1, max_size=200)


def test_nothing_has_no_mean() -> None:
    assert time_weighted_mean([]) is None


@given(VALUES)
def test_a_mean_lies_between_the_extremes(values: list[float]) -> None:
    mean = time_weighted_mean(values)
    assert mean is not None
    slack = 1e-9 * max(1.0, *(abs(value) for value in values))
    assert min(values) - slack <= mean <= max(values) + slack


@given(VALUES, st.integers(0, 2**32))
def test_the_order_of_arrival_does_not_change_the_last_digit(values: list[float], seed: int) -> None:
    shuffled = values.copy()
    random.Random(seed).shuffle(shuffled)
    assert time_weighted_mean(shuffled) == time_weighted_mean(values)


@given(st.floats(0, 1e4), st.integers(1, 300))
def test_a_constant_is_its_own_mean(value: float, count: int) -> None:
    assert time_weighted_mean([value] * count) == pytest.approx(value, rel=1e-12)


def test_correction_by_hand() -> None:
    corrected = correct_to_reference_o2(np.array([150.0, 100.0]), np.array([14.0, 16.0]), 15.0)
    assert corrected.tolist() == pytest.approx([150 * 6 / 7, 100 * 6 / 5])


@given(st.floats(0, 1e4), st.floats(0, 20.4), st.floats(0, 19))
def test_oxygen_at_the_reference_changes_nothing_and_more_air_means_more(c: float, o2: float, reference: float) -> None:
    same, thin = correct_to_reference_o2(np.array([c, c]), np.array([reference, o2]), reference)
    assert same == pytest.approx(c)
    assert math.copysign(1, thin - c) == math.copysign(1, o2 - reference) or thin == pytest.approx(c, abs=1e-6)


@pytest.mark.parametrize(
    ("hours", "slot_seconds", "slots"), [(24, 300, 288), (23, 900, 92), (25, 1800, 50), (1, 7200, 1)]
)
def test_expected_slots(hours: int, slot_seconds: int, slots: int) -> None:
    assert expected_slots(0, hours * 3_600_000, slot_seconds * 1000) == slots


@given(st.lists(st.sampled_from(list(SlotState)), max_size=100), st.integers(1, 120))
def test_every_slot_is_counted_once(states: list[SlotState], expected: int) -> None:
    counts = count_states(np.array(states, dtype=np.int8), expected)
    assert counts.valid == states.count(SlotState.VALID)
    assert sum(counts[1:]) == len(states)
    assert counts.missing == max(0, expected - len(states))
    assert 0 <= counts.capture <= 1
