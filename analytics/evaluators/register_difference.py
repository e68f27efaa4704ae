"""How much a counter counted, or intervals add up to, over a window; a register that falls gives no amount."""

import math
from dataclasses import dataclass

import numpy as np

from analytics.data_capture import SlotState, expected_slots
from analytics.rulebook.evidence import say
from analytics.slot_series import SlotSeries
from analytics.windows import Window


@dataclass(frozen=True, slots=True)
class Amount:
    """``value`` in the point's unit, ``None`` with the reason in ``evidence`` when it cannot be told."""

    value: float | None
    capture: float
    evidence: str


def counted(series: SlotSeries, window: Window) -> Amount:
    """Last minus first valid register of the window; capture is the share of the window between the two (by slot).

    A fall of the register (roll-over, exchange) would make the difference meaningless: it is said, not guessed.
    """
    part = series.within(window)
    valid = series.state[part] == SlotState.VALID
    starts, low, high = series.start_ms[part][valid], series.low[part][valid], series.high[part][valid]
    if not len(starts):
        return Amount(None, 0.0, say("point_no_data", point=series.point))
    falls = np.flatnonzero(low[1:] < high[:-1])
    if len(falls):
        place = int(falls[0])
        words = say("register_fell", point=series.point, before=float(high[place]), after=float(low[place + 1]))
        return Amount(None, 0.0, words)
    end_ms = min(int(starts[-1]) + series.slot_ms, window.end_ms)
    capture = min(1.0, (end_ms - int(starts[0])) / (window.end_ms - window.start_ms))
    value = round(float(high[-1]) - float(low[0]), 9)
    words = say("counter_span", point=series.point, amount=value, unit=series.unit, capture=round(100 * capture, 1))
    return Amount(value, capture, words)


def summed(series: SlotSeries, window: Window) -> Amount:
    """Sum of the intervals; capture is intervals present over intervals expected."""
    part = series.within(window)
    amounts = series.total[part][series.state[part] == SlotState.VALID].tolist()
    expected = expected_slots(window.start_ms, window.end_ms, series.slot_ms)
    if not amounts:
        return Amount(None, 0.0, say("point_no_data", point=series.point))
    value = round(math.fsum(amounts), 9)
    words = say(
        "interval_sum", point=series.point, amount=value, unit=series.unit, count=len(amounts), expected=expected
    )
    return Amount(value, min(1.0, len(amounts) / expected), words)


def amount_of(series: SlotSeries, window: Window) -> Amount:
    """The amount of a counter or of an interval quantity, told apart by what the frame holds."""
    is_interval = len(series.total) > 0 and not np.isnan(series.total).all()
    return summed(series, window) if is_interval else counted(series, window)
