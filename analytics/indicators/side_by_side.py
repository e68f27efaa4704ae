"""Several points slot by slot: the finer ones are averaged into the slots of the coarsest."""

import math
from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from analytics.indicators.park_view import ParkView
from analytics.indicators.store_readings import Slot, slots_of

MINIMUM_SHARE = 0.5
"""A coarse slot needs at least this share of the finer slots that it holds."""


class SideBySide(NamedTuple):
    """The slots in which all points measured, with one value a point, and how many slots the span has."""

    slots: tuple[Slot, ...]
    values: tuple[tuple[float, ...], ...]
    expected: int

    @property
    def capture(self) -> float:
        """Share (0-1) of the slots in which all points measured."""
        return min(1.0, len(self.slots) / self.expected)

    def column(self, place: int) -> list[float]:
        """One point's values."""
        return [row[place] for row in self.values]

    def padded(self, place: int) -> list[float | None]:
        """One point's values and a ``None`` for each slot of the span that lacks some point."""
        return [*self.column(place), *[None] * max(0, self.expected - len(self.slots))]


def side_by_side(view: ParkView, points: Sequence[tuple[str, str]]) -> SideBySide:
    """``points`` are (device, quantity); values are means, so an amount must be turned into a rate before."""
    series = [(view.slots(*point), view.slot_ms(*point)) for point in points]
    return join_slots(series, view)


def join_slots(series: Sequence[tuple[Sequence[Slot], int]], view: ParkView) -> SideBySide:
    """The same of slots with their length in ms, in time order."""
    coarse_slots, coarse_ms = max(series, key=lambda entry: entry[1])
    slots: list[Slot] = []
    rows: list[tuple[float, ...]] = []
    starts = [[slot.start_ms for slot in found] for found, _ in series]
    for coarse in coarse_slots:
        row: list[float] = []
        for (found, slot_ms), begins in zip(series, starts, strict=True):
            first, last = bisect_left(begins, coarse.start_ms), bisect_left(begins, coarse.end_ms)
            inside = [slot.value for slot in found[first:last]]
            if len(inside) >= MINIMUM_SHARE * (coarse.end_ms - coarse.start_ms) / slot_ms and inside:
                row.append(math.fsum(inside) / len(inside))
        if len(row) == len(series):
            slots.append(coarse)
            rows.append(tuple(row))
    return SideBySide(tuple(slots), tuple(rows), slots_of(view.span, coarse_ms))
