"""A counter's valid registers near a window, meter by meter, and what they show at an instant.

A register counts on through a gap: a period's amount needs the register at its edges. The register *at* an instant is
the first valid one from it on, or else the last valid one before it, read no further than :func:`edge_ms` away. Both
periods that meet at an instant take the same register for it: their amounts add up exactly.
"""

import itertools
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.slots.data_capture import SlotState
from analytics.slots.frame_contract import Floats
from analytics.slots.series import SlotSeries
from analytics.windows import HOUR_MS, Window, local_day, start_of_day_ms
from telemetry_model.park_register import MeasuringPoint, Park
from telemetry_model.quantities import Kind

LONG_AGO_MS = -(2**62)
FAR_AHEAD_MS = 2**62
Instants = npt.NDArray[np.int64]


def edge_ms(point: MeasuringPoint) -> int:
    """How far from an instant a register may be read and still stand for it: an hour, or the point's interval."""
    return max(HOUR_MS, point.interval_seconds * 1000)


def reading_range(park: Park, point: MeasuringPoint, start_ms: int, stop_ms: int) -> tuple[int, int]:
    """What must be read of a point for the amounts of periods in ``[start_ms, stop_ms)``.

    Where they begin or end within an hour there is no period's edge: nothing is read beyond.
    """
    if point.quantity.kind is not Kind.COUNTER:
        return start_ms, stop_ms
    reach = edge_ms(point)
    return (
        start_ms - (reach if _is_edge(park, start_ms, reach) else 0),
        stop_ms + (reach if _is_edge(park, stop_ms, reach) else 0),
    )


def _is_edge(park: Park, time_ms: int, reach_ms: int) -> bool:
    """Whether slots begin there, however long they are: they are counted from local midnight."""
    return (time_ms - start_of_day_ms(local_day(time_ms, park.timezone), park.timezone)) % reach_ms == 0


class Knot(NamedTuple):
    """One of a meter's entries as the register at an instant; ``is_after``: read at the instant or after it."""

    place: int
    is_after: bool


@dataclass(frozen=True, slots=True, eq=False)
class Meter:
    """One meter's registers in the order of time, in place from ``begin_ms`` to ``end_ms``.

    An entry is a slot (``low`` its first register, ``high`` its last, read from ``starts`` to ``ends``), or what was
    written down when the meter was put in or taken out.
    """

    begin_ms: int
    end_ms: int
    starts: Instants
    ends: Instants
    low: Floats
    high: Floats

    def at(self, time_ms: int, reach_ms: int) -> Knot | None:
        """The register at an instant; ``None`` when there is none within ``reach_ms``."""
        place = int(self.starts.searchsorted(time_ms))
        if place < len(self.starts) and self.starts[place] < time_ms + reach_ms:
            return Knot(place, is_after=True)
        if place and self.ends[place - 1] > time_ms - reach_ms:
            return Knot(place - 1, is_after=False)
        return None

    def between(self, first: Knot, last: Knot) -> "Meter":
        """From one register to another one: of the entries at the ends only that side counts which is between."""
        part = slice(first.place, last.place + 1)
        low, high = self.low[part].copy(), self.high[part].copy()
        if not first.is_after:
            low[0] = high[0]
        if last.is_after:
            high[-1] = low[-1]
        return Meter(self.begin_ms, self.end_ms, self.starts[part], self.ends[part], low, high)


def meters_of(park: Park, series: SlotSeries, window: Window) -> list[Meter]:
    """The meters in place in some of the window, one after the other, with their registers up to an edge around it.

    A slot in which an exchange fell holds both meters and is not read.
    """
    reach = edge_ms(park.points[series.point])
    part = series.within(Window(window.start_ms - reach, window.end_ms + reach, window.day))
    valid = series.state[part] == SlotState.VALID
    starts, low, high = series.start_ms[part][valid], series.low[part][valid], series.high[part][valid]
    exchanges = (
        park.exchanges_of(series.point, window.start_ms - reach - 1, window.end_ms + reach)
        if park.meter_exchanges
        else []
    )
    if not exchanges:
        return [Meter(LONG_AGO_MS, FAR_AHEAD_MS, starts, starts + series.slot_ms, low, high)]
    edges = [LONG_AGO_MS, *(exchange.time_ms for exchange in exchanges), FAR_AHEAD_MS]
    found: list[Meter] = []
    for number, (begin, end) in enumerate(itertools.pairwise(edges)):
        if begin >= window.end_ms or end <= window.start_ms:
            continue
        own = (starts >= begin) & (starts + series.slot_ms <= end)
        columns = [starts[own], starts[own] + series.slot_ms, low[own], high[own]]
        if number:
            opening = (begin, begin, exchanges[number - 1].first_value, exchanges[number - 1].first_value)
            columns = [np.insert(column, 0, value) for column, value in zip(columns, opening, strict=True)]
        if number < len(exchanges):
            closing = (end, end, exchanges[number].last_value, exchanges[number].last_value)
            columns = [np.append(column, value) for column, value in zip(columns, closing, strict=True)]
        found.append(Meter(begin, end, *columns))
    return found


def fallen(meter: Meter) -> tuple[float, float] | None:
    """The first two registers that follow each other of which the later is lower."""
    fell = meter.low[1:] < meter.high[:-1]
    if not fell.any():
        return None
    place = int(fell.argmax())
    return float(meter.high[place]), float(meter.low[place + 1])
