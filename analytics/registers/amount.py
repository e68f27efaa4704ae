"""How much a counter counted, or intervals add up to, over a window; a register that falls or jumps gives no amount."""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analytics.registers.jump import find_jump
from analytics.registers.meters import Knot, Meter, edge_ms, fallen, meters_of
from analytics.rulebook.evidence import say
from analytics.slots.data_capture import SlotState, expected_slots
from analytics.slots.series import SlotSeries
from analytics.windows import HOUR_MS, Window, local_text
from telemetry_model.park_register import MeasuringPoint, Park
from telemetry_model.quantities import Kind

MINIMUM_REGISTER_SLOTS = 3
"""A difference between two slots could not be told from one faulty reading."""
COMPLETE_SHARE = 0.98
"""From here on the energy of a month counts as that of the month; with less, what is missing would pass for a saving. A
setting."""


@dataclass(frozen=True, slots=True)
class Amount:
    """``value`` in the point's unit, ``None`` with the reason in ``evidence`` when it cannot be told.

    ``reason`` says the same to readers of indicators. Where something is ``lacking`` (an edge of the window without a
    register near it, an interval that is missing) the true amount is ``value`` or more; ``most`` is what it would be if
    every missing interval had been as great as the greatest one, ``None`` where that cannot be said.
    """

    value: float | None
    capture: float
    evidence: tuple[str, ...]
    reason: str = ""
    first_ms: int = 0
    """From here to ``last_ms`` the amount is known: the window's edges, or the first and last register in it."""
    last_ms: int = 0
    counted_ms: int = 0
    """Between the registers that were taken: the whole window, or up to an edge's reach less or more."""
    lacks_start: bool = False
    lacks_end: bool = False
    lacks_inside: bool = False
    most: float | None = None


def counted(park: Park, series: SlotSeries, window: Window) -> Amount:
    """Register at the window's end minus register at its start; capture is the share of slots with a valid register.

    A gap within costs no energy, the register counts on, but it is shown in the capture. A gap over an edge leaves
    unknown how much of the rise belongs to the window: then the amount is that from the first to the last register in
    it, the least it can be. A fall (roll-over, exchange) or a rise beyond what is possible
    (:mod:`analytics.registers.jump`) would make the difference meaningless: it is said, not guessed. Across an exchange
    on record each meter counts from its first to its last value, as the fitter wrote them.
    """
    point = park.points[series.point]
    within = series.within(window)
    count = int((series.state[within] == SlotState.VALID).sum())
    if not count:
        return _untold(f"{point.id} sent no valid value", say("point_no_data", point=point.id),
                       *_left_out(park, series, window))  # fmt: skip
    stretches = [_Stretch.of(meter, window, edge_ms(point)) for meter in meters_of(park, series, window)]
    known = [stretch.meter for stretch in stretches if stretch.meter is not None]
    # Falls first: a slot in which the register fell has extremes that look like a rise.
    for fall in filter(None, map(fallen, known)):
        return _untold(
            f"{point.id}: the register fell from {fall[0]:g} to {fall[1]:g} and no exchange is on record",
            say("register_fell", point=point.id, before=fall[0], after=fall[1]),
        )
    jump = find_jump(park, series, known)
    if jump is not None:
        why = f"{point.id}: the register rose from {jump.before:g} to {jump.after:g} within {jump.hours:g} h"
        return _untold(f"{why}, more than is possible", jump.sentence)
    expected = expected_slots(window.start_ms, window.end_ms, max(series.slot_ms, point.interval_seconds * 1000))
    if not known or count < min(MINIMUM_REGISTER_SLOTS, expected):
        return _untold(f"{point.id}: only {count} valid registers, too few for a difference",
                       say("register_few", point=point.id, count=count))  # fmt: skip
    value = round(math.fsum(float(meter.high[-1]) - float(meter.low[0]) for meter in known), 9)
    return _told(park, series, window, value, stretches, min(count, expected), expected)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """The part of a meter's registers that a window is counted with, ``None`` when it has none in it."""

    meter: Meter | None
    first_ms: int = 0
    last_ms: int = 0
    lacks_start: bool = False
    lacks_end: bool = False
    is_opened_after: bool = True
    is_closed_after: bool = True

    @classmethod
    def of(cls, meter: Meter, window: Window, reach_ms: int) -> "_Stretch":
        inside = np.flatnonzero((meter.starts >= window.start_ms) & (meter.starts < window.end_ms))
        is_put_in, is_taken_out = meter.begin_ms > window.start_ms, meter.end_ms < window.end_ms
        first = Knot(0, is_after=True) if is_put_in else meter.at(window.start_ms, reach_ms)
        last = Knot(len(meter.starts) - 1, is_after=True) if is_taken_out else meter.at(window.end_ms, reach_ms)
        from_knot = first or (Knot(int(inside[0]), is_after=True) if len(inside) else None)
        to_knot = last or (Knot(int(inside[-1]), is_after=False) if len(inside) else None)
        if from_knot is None or to_knot is None or to_knot.place < from_knot.place:
            return cls(None, lacks_start=first is None, lacks_end=last is None)
        first_ms = max(window.start_ms, meter.begin_ms) if first else int(meter.starts[from_knot.place])
        last_ms = min(window.end_ms, meter.end_ms) if last else int(meter.starts[to_knot.place])
        used = meter.between(from_knot, to_knot)
        return cls(
            used, first_ms, last_ms, first is None, last is None,
            from_knot.is_after, to_knot.is_after,
        )  # fmt: skip


def _told(
    park: Park, series: SlotSeries, window: Window, value: float, stretches: Sequence[_Stretch], count: int,
    expected: int,
) -> Amount:  # fmt: skip
    point, zone = park.points[series.point], park.timezone
    known = [stretch for stretch in stretches if stretch.meter is not None]
    lacks_start, lacks_end = stretches[0].lacks_start, stretches[-1].lacks_end
    first_ms = known[0].first_ms if known[0] is stretches[0] else window.start_ms
    last_ms = known[-1].last_ms if known[-1] is stretches[-1] else window.end_ms
    opened, closed = (known[0].meter, known[-1].meter)
    evidence = [
        say("counter_rise", point=point.id, amount=value, unit=series.unit, count=count, expected=expected,
            first=local_text(int(opened.starts[0]), zone) if opened is not None else "?",
            last=local_text(int(closed.starts[-1]), zone) if closed is not None else "?"),
    ]  # fmt: skip
    for exchange in park.exchanges_of(series.point, window.start_ms, window.end_ms) if park.meter_exchanges else ():
        evidence.append(
            say("meter_exchanged", point=series.point, at=local_text(exchange.time_ms, zone), last=exchange.last_value,
                first=exchange.first_value, old=exchange.old_serial or "?", new=exchange.new_serial or "?")
        )  # fmt: skip
    hours = edge_ms(point) / HOUR_MS
    for lacks, at_ms in ((lacks_start, window.start_ms), (lacks_end, window.end_ms)):
        if lacks:
            evidence.append(say("edge_unknown", point=point.id, hours=hours, at=local_text(at_ms, zone)))
    return Amount(
        value, min(1.0, count / expected), (*evidence, *_left_out(park, series, window)),
        "", first_ms, last_ms, sum(_counted_ms(series, point, s) for s in known), lacks_start, lacks_end,
    )  # fmt: skip


def _counted_ms(series: SlotSeries, point: MeasuringPoint, stretch: _Stretch) -> int:
    """From the first register taken to the last; the last one of a slot is read an interval before the slot's end."""
    meter, before_ms = stretch.meter, max(0, series.slot_ms - point.interval_seconds * 1000)
    if meter is None:
        return 0
    first = int(meter.starts[0]) + (0 if stretch.is_opened_after else before_ms)
    last = int(meter.starts[-1]) + (0 if stretch.is_closed_after else before_ms)
    return last - first


def summed(park: Park, series: SlotSeries, window: Window) -> Amount:
    """Sum of the intervals; capture is intervals present over intervals expected."""
    part = series.within(window)
    amounts = series.total[part][series.state[part] == SlotState.VALID].tolist()
    # A period to date may end within an interval whose amount is there already.
    expected = max(len(amounts), expected_slots(window.start_ms, window.end_ms, series.slot_ms))
    if not amounts:
        return _untold(f"{series.point} sent no valid value", say("point_no_data", point=series.point),
                       *_left_out(park, series, window))  # fmt: skip
    value = round(math.fsum(amounts), 9)
    words = say(
        "interval_sum", point=series.point, amount=value, unit=series.unit, count=len(amounts), expected=expected
    )
    missing = expected - len(amounts)
    return Amount(
        value, len(amounts) / expected, (words, *_left_out(park, series, window)), "",
        window.start_ms, window.end_ms, window.end_ms - window.start_ms,
        lacks_inside=missing > 0, most=value + missing * max(0.0, *amounts),
    )  # fmt: skip


def amount_of(park: Park, series: SlotSeries, window: Window) -> Amount:
    """The amount of a counter or of an interval quantity."""
    return summed(park, series, window) if is_interval(park, series) else counted(park, series, window)


def is_interval(park: Park, series: SlotSeries) -> bool:
    """Whether a series holds amounts of intervals, not registers."""
    return park.points[series.point].quantity.kind is Kind.INTERVAL


def share_of(amount: Amount, stretch: Window, whole: Window) -> Amount:
    """An amount of a stretch with its capture seen from the whole window."""
    share = (stretch.end_ms - stretch.start_ms) / max(1, whole.end_ms - whole.start_ms)
    return dataclasses.replace(amount, capture=amount.capture * share)


def _untold(reason: str, *evidence: str) -> Amount:
    return Amount(None, 0.0, evidence, reason)


def _left_out(park: Park, series: SlotSeries, window: Window) -> list[str]:
    count = int((series.state[series.within(window)] == SlotState.IMPOSSIBLE).sum())
    point = park.points[series.point]
    words = {"point": point.id, "low": point.low, "high": point.high, "unit": point.unit}
    return [say("impossible", count=count, **words)] if count else []
