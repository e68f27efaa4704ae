"""How much a counter counted, or intervals add up to, over a window; a register that falls or jumps gives no amount."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analytics.data_capture import SlotState, expected_slots
from analytics.evaluators.impossible_values import impossible_sentence
from analytics.evaluators.register_jump import find_jump
from analytics.frame_contract import Floats
from analytics.rulebook.evidence import say
from analytics.slot_series import SlotSeries
from analytics.windows import Window, local_text
from telemetry_model.park_register import MeterExchange, Park

MINIMUM_REGISTER_SLOTS = 3
"""A difference between two slots could not be told from one faulty reading."""


@dataclass(frozen=True, slots=True)
class Amount:
    """``value`` in the point's unit, ``None`` with the reason in ``evidence`` when it cannot be told."""

    value: float | None
    capture: float
    evidence: tuple[str, ...]


def counted(park: Park, series: SlotSeries, window: Window) -> Amount:
    """Last minus first valid register of the window; capture is the share of its slots (hours) with a valid register.

    A gap costs no energy, the register counts on, but it is shown in the capture. A fall (roll-over, exchange) or a
    rise beyond what is possible (:mod:`analytics.evaluators.register_jump`) would make the difference meaningless: it
    is said, not guessed.
    """
    part = series.within(window)
    valid = series.state[part] == SlotState.VALID
    starts, low, high = series.start_ms[part][valid], series.low[part][valid], series.high[part][valid]
    if not len(starts):
        return Amount(None, 0.0, (say("point_no_data", point=series.point), *_left_out(park, series, window)))
    if park.meter_exchanges:
        exchanges = park.exchanges_of(series.point, window.start_ms, window.end_ms)
        if exchanges:
            return counted_over_exchanges(park, series, window, exchanges)
    # Falls first: a slot in which the register fell has extremes that look like a rise.
    fell = low[1:] < high[:-1]
    if fell.any():
        place = int(fell.argmax())
        words = say("register_fell", point=series.point, before=float(high[place]), after=float(low[place + 1]))
        return Amount(None, 0.0, (words,))
    jump = find_jump(park, series, starts, low, high)
    if jump is not None:
        return Amount(None, 0.0, (jump,))
    if len(starts) < MINIMUM_REGISTER_SLOTS:
        return Amount(None, 0.0, (say("register_few", point=series.point, count=len(starts)),))
    expected = expected_slots(window.start_ms, window.end_ms, series.slot_ms)
    value = round(float(high[-1]) - float(low[0]), 9)
    words = say(
        "counter_span", point=series.point, amount=value, unit=series.unit, count=len(starts), expected=expected
    )
    return Amount(value, min(1.0, len(starts) / expected), (words, *_left_out(park, series, window)))


def counted_over_exchanges(
    park: Park, series: SlotSeries, window: Window, exchanges: Sequence[MeterExchange]
) -> Amount:
    """What the meters counted one after the other: each from its first to its last value, as the fitter wrote them.

    The slot in which an exchange fell holds both meters and is not read. A register that falls, jumps or does not fit
    what was written down gives no amount.
    """
    part = series.within(window)
    valid = series.state[part] == SlotState.VALID
    starts, low, high = series.start_ms[part][valid], series.low[part][valid], series.high[part][valid]
    edges = [window.start_ms, *(exchange.time_ms for exchange in exchanges), window.end_ms]
    total, used, evidence = 0.0, 0, []
    for number, (begin, end) in enumerate(itertools.pairwise(edges)):
        own = (starts >= begin) & (starts + series.slot_ms <= end)
        registers = _own_registers(low[own], high[own], exchanges, number)
        fall = next((pair for pair in itertools.pairwise(registers) if pair[1] < pair[0]), None)
        if fall is not None:
            words = say("register_fell", point=series.point, before=float(fall[0]), after=float(fall[1]))
            return Amount(None, 0.0, (words,))
        jump = find_jump(park, series, starts[own], low[own], high[own]) if own.any() else None
        if jump is not None:
            return Amount(None, 0.0, (jump,))
        total += registers[-1] - registers[0] if registers else 0.0
        used += int(own.sum())
    for exchange in exchanges:
        at = local_text(exchange.time_ms, park.timezone)
        evidence.append(
            say("meter_exchanged", point=series.point, at=at, last=exchange.last_value, first=exchange.first_value,
                old=exchange.old_serial or "?", new=exchange.new_serial or "?")
        )  # fmt: skip
    expected = expected_slots(window.start_ms, window.end_ms, series.slot_ms)
    value, count = round(total, 9), min(expected, used + len(exchanges))
    words = say("counter_span", point=series.point, amount=value, unit=series.unit, count=count, expected=expected)
    return Amount(value, min(1.0, count / expected), (words, *evidence, *_left_out(park, series, window)))


def _own_registers(low: Floats, high: Floats, exchanges: Sequence[MeterExchange], number: int) -> list[float]:
    """One meter's register in the order of time: its first value, each slot's extremes, its last value."""
    opening = [exchanges[number - 1].first_value] if number else []
    closing = [exchanges[number].last_value] if number < len(exchanges) else []
    return [*opening, *np.column_stack((low, high)).ravel().tolist(), *closing]


def summed(park: Park, series: SlotSeries, window: Window) -> Amount:
    """Sum of the intervals; capture is intervals present over intervals expected."""
    part = series.within(window)
    amounts = series.total[part][series.state[part] == SlotState.VALID].tolist()
    expected = expected_slots(window.start_ms, window.end_ms, series.slot_ms)
    if not amounts:
        return Amount(None, 0.0, (say("point_no_data", point=series.point), *_left_out(park, series, window)))
    value = round(math.fsum(amounts), 9)
    words = say(
        "interval_sum", point=series.point, amount=value, unit=series.unit, count=len(amounts), expected=expected
    )
    return Amount(value, min(1.0, len(amounts) / expected), (words, *_left_out(park, series, window)))


def amount_of(park: Park, series: SlotSeries, window: Window) -> Amount:
    """The amount of a counter or of an interval quantity, told apart by what the frame holds."""
    is_interval = len(series.total) > 0 and not np.isnan(series.total).all()
    return summed(park, series, window) if is_interval else counted(park, series, window)


def _left_out(park: Park, series: SlotSeries, window: Window) -> list[str]:
    count = int((series.state[series.within(window)] == SlotState.IMPOSSIBLE).sum())
    return [impossible_sentence(park.points[series.point], count)] if count else []
