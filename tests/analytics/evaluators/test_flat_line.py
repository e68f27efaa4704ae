"""Frozen values: what is one, and that the answer does not depend on how much was read."""

from datetime import date
from itertools import repeat
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.evaluators.flat_line import flat_spans, mark_flat
from analytics.rulebook import load_rulebook
from analytics.slots.data_capture import SlotState
from analytics.slots.frame_contract import SLOT_COLUMNS, SlotFrame
from analytics.slots.series import SlotSeries
from analytics.windows import HOUR_MS, day_window

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
DAY = day_window(date(2026, 3, 10), ZONE)
RULE = next(rule for rule in load_rulebook() if rule.id == "MON-05-FLAT")


def series(values: list[float], start_ms: int = DAY.start_ms, slot_ms: int = HOUR_MS // 2) -> SlotSeries:
    frame = pd.DataFrame({"start_ms": start_ms + slot_ms * np.arange(len(values)), "mean": values})
    frame = frame.assign(low=frame["mean"], high=frame["mean"], total=np.nan, state=0, left_out=0, valid=1).dropna(
        subset="mean"
    )
    return SlotSeries.of(
        "wq.cod", "mg/l", slot_ms, SlotFrame.of(frame.reset_index(drop=True)[list(SLOT_COLUMNS)].astype(SLOT_COLUMNS))
    )


def moving(count: int) -> list[float]:
    return [50.0 + n / 10 for n in range(count)]


@pytest.mark.parametrize(("count", "found"), [(11, 0), (12, 1), (20, 1)])
def test_six_hours_of_one_value_are_flat(count: int, found: int) -> None:
    values = [*moving(8), *repeat(7.0, count), *moving(10)]
    assert len(flat_spans(series(values), [DAY], RULE)) == found


def test_zero_is_not_flat() -> None:
    assert flat_spans(series([0.0] * 48), [DAY], RULE) == ()


def test_a_gap_breaks_the_run() -> None:
    values = [7.0] * 8 + [float("nan")] + [7.0] * 8
    assert flat_spans(series(values), [DAY], RULE) == ()


def test_few_long_slots_are_not_a_run() -> None:
    assert flat_spans(series([7.0] * 5, slot_ms=4 * HOUR_MS), [DAY], RULE) == ()


def test_a_run_from_the_evening_before_counts_with_six_hours_of_it() -> None:
    values = [7.0] * 20 + moving(10)
    evening = series(values, start_ms=DAY.start_ms - 8 * HOUR_MS)
    (span,) = flat_spans(evening, [DAY], RULE)
    assert (span.start_ms, span.end_ms, span.hours) == (DAY.start_ms, DAY.start_ms + 2 * HOUR_MS, 8.0)


def test_flat_slots_are_marked_and_no_others() -> None:
    raw = series([*moving(8), *repeat(7.0, 14), *moving(10)])
    marked = mark_flat(raw, flat_spans(raw, [DAY], RULE))
    assert np.flatnonzero(marked.state == SlotState.FLAT).tolist() == list(range(8, 22))


@given(
    st.lists(st.tuples(st.sampled_from([0.0, 1.0, 2.0]), st.integers(1, 40)), min_size=1, max_size=12),
    st.integers(12, 40),
)
def test_reading_more_on_either_side_changes_nothing(pieces: list[tuple[float, int]], more: int) -> None:
    values = [value for value, count in pieces for _ in range(count)]
    values = (values + moving(96))[:60]  # 12 slots of the evening before, then the day
    short = series(values, start_ms=DAY.start_ms - 6 * HOUR_MS)
    longer = series([values[0]] * more + values + [values[-1]] * more, DAY.start_ms - 6 * HOUR_MS - more * HOUR_MS // 2)
    assert flat_spans(short, [DAY], RULE) == flat_spans(longer, [DAY], RULE)
