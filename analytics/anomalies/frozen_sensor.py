"""AN-03: a value that repeats for longer than the instrument's resolution explains."""

import math

import numpy as np

from analytics.anomalies.anomaly import Sighting
from analytics.slots.data_capture import SlotState
from analytics.slots.series import SlotSeries
from analytics.windows import HOUR_MS

HISTORY_DAYS = 3
MINIMUM_HISTORY_VALUES = 48
MINIMUM_VALUES = 6
MINIMUM_HOURS = 2.0
CHANCE = 1e-9
"""A run that a moving signal would show less often than this is no chance."""


def frozen_sensor(series: SlotSeries, day: tuple[int, int]) -> Sighting | None:
    """The longest run of one non-zero value that touches the day and is too long for the instrument.

    The chance ``p`` that a value equals the one before is the share of such values in the record outside long runs
    (rule of succession: ``(equal + 1) / (pairs + 2)``), which is large where the resolution is coarse. A run of ``n``
    is too long from ``p^n < 1e-9`` on, ``MINIMUM_VALUES`` and ``MINIMUM_HOURS``. Zero may be an idle instrument.
    """
    until = int(np.searchsorted(series.start_ms, day[1]))
    starts = series.start_ms[:until]
    if until < MINIMUM_HISTORY_VALUES:
        return None
    steady = (series.state == SlotState.VALID) & (series.low == series.high)
    value, steady = series.low[:until], steady[:until]
    next_to = np.diff(starts) == series.slot_ms
    both_valid = next_to & (series.state[1:until] == SlotState.VALID) & (series.state[: until - 1] == SlotState.VALID)
    equal = next_to & steady[1:] & steady[:-1] & (value[1:] == value[:-1]) & (value[1:] != 0)
    runs = _runs(equal)
    ordinary = [n for _, n in runs if n * series.slot_ms < MINIMUM_HOURS * HOUR_MS]
    long_equal = sum(n - 1 for _, n in runs if n * series.slot_ms >= MINIMUM_HOURS * HOUR_MS)
    pairs = int(both_valid.sum()) - long_equal
    if pairs < MINIMUM_HISTORY_VALUES // 2:
        return None
    chance = (sum(n - 1 for n in ordinary) + 1) / (pairs + 2)
    needed = max(MINIMUM_VALUES, math.ceil(math.log(CHANCE) / math.log(chance)), _slots(series, MINIMUM_HOURS))
    best: Sighting | None = None
    for first, count in runs:
        start, end = int(starts[first]), int(starts[first + count - 1]) + series.slot_ms
        if count >= needed and end > day[0] and (best is None or count > best.observed):
            facts = {"value": float(value[first]), "chance": 100 * chance}
            best = Sighting(start, end, float(count), float(needed), "1", facts)
    return best


def _runs(equal: "np.typing.NDArray[np.bool_]") -> list[tuple[int, int]]:
    """First index and number of values of each run of equal values; ``equal[i]`` compares values ``i`` and ``i+1``."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], equal, [False])).astype(np.int8)))
    return [(int(a), int(b - a) + 1) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _slots(series: SlotSeries, hours: float) -> int:
    return math.ceil(hours * HOUR_MS / series.slot_ms)
