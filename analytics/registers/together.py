"""Amounts that are divided or subtracted, counted over the stretch of a window in which all of them are known."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from analytics.registers.amount import Amount, amount_of, is_interval, share_of
from analytics.registers.meters import Instants
from analytics.rulebook.evidence import say
from analytics.slots.data_capture import SlotState, expected_slots
from analytics.slots.series import SlotSeries
from analytics.windows import Window, local_text
from telemetry_model.park_register import Park


@dataclass(frozen=True, slots=True)
class Together:
    """Amounts by point, of one stretch; ``capture`` is seen from the whole window, 0 when one is untold."""

    amounts: Mapping[str, Amount]
    stretch: Window
    capture: float
    evidence: tuple[str, ...]

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why amounts are not told, for readers of indicators; empty when all are."""
        found = [amount.reason for amount in self.amounts.values() if amount.value is None]
        return tuple(dict.fromkeys(found))

    def sum_of(self, points: Sequence[str]) -> float:
        """The sum over some of the points; what is untold counts as zero."""
        return math.fsum(self.amounts[point].value or 0.0 for point in points)


def together(park: Park, series: Sequence[SlotSeries], window: Window) -> Together:
    """The amounts of these series over the latest first to the earliest last instant at which all of them are known.

    Registers at the window's edges give the whole window. Where amounts of intervals are missing, only slots count of
    which every series knows its amount.
    """
    amounts = {one.point: amount_of(park, one, window) for one in series}
    lacks_start = any(amount.lacks_start for amount in amounts.values())
    lacks_end = any(amount.lacks_end for amount in amounts.values())
    lacks_inside = any(amount.lacks_inside for amount in amounts.values())
    untold = any(amount.value is None for amount in amounts.values())
    if untold or not (lacks_start or lacks_end or lacks_inside):
        return _of(amounts, window, ())
    if any(is_interval(park, one) for one in series):
        return _slot_by_slot(park, series, amounts, window)
    common = _common_cells(park, series, window)
    if len(common) < 2:
        nothing = {point: Amount(None, 0.0, (say("common_none"),), NOTHING_COMMON) for point in amounts}
        return _of(nothing, window, ())
    stretch = Window(
        int(common[0]) if lacks_start else window.start_ms, int(common[-1]) if lacks_end else window.end_ms, window.day
    )
    found = {one.point: share_of(amount_of(park, one, stretch), stretch, window) for one in series}
    first, last = (local_text(at_ms, park.timezone) for at_ms in stretch[:2])
    return _of(found, stretch, (say("common_stretch", first=first, last=last),))


NOTHING_COMMON = "the registers have no stretch in common"


def _of(amounts: Mapping[str, Amount], stretch: Window, more: tuple[str, ...]) -> Together:
    evidence = tuple(dict.fromkeys(words for amount in amounts.values() for words in amount.evidence))
    is_told = all(amount.value is not None for amount in amounts.values())
    capture = min((amount.capture for amount in amounts.values()), default=0.0) if is_told else 0.0
    return Together(amounts, stretch, capture, (*more, *evidence))


def _common_cells(park: Park, series: Sequence[SlotSeries], window: Window) -> Instants:
    """Where the slots (or intervals) of the coarsest series begin in which every series is valid."""
    cell_ms = max(max(one.slot_ms, park.points[one.point].interval_seconds * 1000) for one in series)
    cells = [np.unique((_valid_starts(one, window) - window.start_ms) // cell_ms) for one in series]
    found: Instants = reduce(np.intersect1d, cells) * cell_ms + window.start_ms
    return found


def _valid_starts(series: SlotSeries, window: Window) -> Instants:
    part = series.within(window)
    found: Instants = series.start_ms[part][series.state[part] == SlotState.VALID]
    return found


def _slot_by_slot(park: Park, series: Sequence[SlotSeries], amounts: Mapping[str, Amount], window: Window) -> Together:
    """Sums over the slots (the coarsest series' length) of which every series knows its amount."""
    slot_ms = max(one.slot_ms for one in series)
    known = {one.point: _known_slots(park, one, window, slot_ms) for one in series}
    common = sorted(set.intersection(*(set(slots) for slots in known.values())))
    expected = max(len(common), expected_slots(window.start_ms, window.end_ms, slot_ms))
    capture = len(common) / expected
    if not common:
        nothing = {point: Amount(None, 0.0, (say("common_none"),), NOTHING_COMMON) for point in amounts}
        return _of(nothing, window, ())
    sums = {point: round(math.fsum(slots[at] for at in common), 9) for point, slots in known.items()}
    found = {
        point: dataclasses.replace(amount, value=sums[point], capture=capture) for point, amount in amounts.items()
    }
    words = say("common_slots", count=len(common), expected=expected)
    return _of(found, window, (words,))


def _known_slots(park: Park, series: SlotSeries, window: Window, slot_ms: int) -> dict[int, float]:
    """What was counted in each slot of ``slot_ms`` that is wholly known, by its number in the window."""
    if not is_interval(park, series):
        part = series.within(Window(window.start_ms, window.end_ms + slot_ms, window.day))
        valid = series.state[part] == SlotState.VALID
        shown = dict(zip(series.start_ms[part][valid].tolist(), series.low[part][valid].tolist(), strict=True))
        starts = range(window.start_ms, window.end_ms, slot_ms)
        return {
            number: shown[at + slot_ms] - shown[at]
            for number, at in enumerate(starts)
            if at in shown and at + slot_ms in shown and not park.exchanges_of(series.point, at, at + 2 * slot_ms)
        }
    part = series.within(window)
    valid = series.state[part] == SlotState.VALID
    groups: dict[int, list[float]] = {}
    for start, total in zip(series.start_ms[part][valid].tolist(), series.total[part][valid].tolist(), strict=True):
        groups.setdefault((start - window.start_ms) // slot_ms, []).append(total)
    return {number: math.fsum(held) for number, held in groups.items() if len(held) >= round(slot_ms / series.slot_ms)}
