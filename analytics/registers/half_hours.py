"""What a counter counted from half hour to half hour, for tariffs and demand: the register at their edges.

A register read every minute is taken as it is read first in each half hour. One that is read less often is read to the
minute, and between two readings that follow each other it is taken to rise evenly: at an edge it is interpolated.
Over a gap (longer than :data:`GAP` intervals) nobody knows; there the slot is as long as the gap.
"""

import itertools
from typing import NamedTuple

import numpy as np

from analytics.registers.jump import find_jump
from analytics.registers.meters import Instants, Meter, fallen, meters_of
from analytics.slots.frame_contract import Floats
from analytics.slots.series import SlotSeries
from analytics.windows import Window, local_day, start_of_day_ms
from telemetry_model.park_register import MeasuringPoint, Park

HALF_HOUR_SECONDS = 1800
MINUTE_SECONDS = 60
GAP = 1.5
"""Readings that jitter by up to half an interval still follow each other."""


class Piece(NamedTuple):
    """What was counted in ``[start_ms, end_ms)``, in the unit of the point."""

    start_ms: int
    end_ms: int
    amount: float


def fine_slot_seconds(point: MeasuringPoint) -> int:
    """Slots to read a register in for :func:`half_hours`: a minute tells when a rare reading was made."""
    return HALF_HOUR_SECONDS if point.interval_seconds <= MINUTE_SECONDS else MINUTE_SECONDS


def grid_seconds(point: MeasuringPoint) -> int:
    """Half an hour, or the point's interval where that is longer."""
    return max(HALF_HOUR_SECONDS, point.interval_seconds)


def is_interpolated(point: MeasuringPoint) -> bool:
    """Whether registers at the edges of half hours are interpolated."""
    return fine_slot_seconds(point) == MINUTE_SECONDS


def half_hours(park: Park, series: SlotSeries, window: Window) -> list[Piece]:
    """The window in half hours (or the point's longer intervals) from local midnight on, each meter by itself.

    The series has slots of :func:`fine_slot_seconds`, and begins and ends an edge outside the window. The first and
    last piece are shorter where the register is not known from the window's start or to its end.
    """
    point = park.points[series.point]
    interval_ms = max(point.interval_seconds * 1000, series.slot_ms)
    grid_ms = grid_seconds(point) * 1000
    midnight = start_of_day_ms(local_day(window.start_ms, park.timezone), park.timezone)
    found: list[Piece] = []
    for meter in meters_of(park, series, window):
        begin, end = max(window.start_ms, meter.begin_ms), min(window.end_ms, meter.end_ms)
        times, registers = _readings(_believed(park, series, meter, begin, end), series.slot_ms)
        if len(times) < 2:
            continue
        first = midnight + -(-(begin - midnight) // grid_ms) * grid_ms
        edges = np.unique(np.concatenate(([begin, end], np.arange(first, end, grid_ms))))
        known = _known(edges, times, GAP * interval_ms)
        inside = times[(times > begin) & (times < end)]
        if len(inside):
            # What was counted before the first known edge, and after the last one, is not lost.
            known = np.unique(np.concatenate((known, inside[[0]] if not _has(known, begin) else inside[:0],
                                              inside[[-1]] if not _has(known, end) else inside[:0])))  # fmt: skip
        values = np.interp(known, times, registers)
        found += [
            Piece(int(start), int(stop), float(after - before))
            for (start, before), (stop, after) in itertools.pairwise(zip(known, values, strict=True))
        ]
    return found


def _believed(park: Park, series: SlotSeries, meter: Meter, begin: int, end: int) -> Meter:
    """The meter from its last register before ``begin`` to its first one after ``end``; without these two if they
    do not fit what it shows between."""
    before, after = int(meter.starts.searchsorted(begin, "right")) - 1, int(meter.starts.searchsorted(end))
    wide = _part(meter, max(0, before), after + 1)
    if fallen(wide) is None and find_jump(park, series, [wide]) is None:
        return wide
    return _part(meter, int(meter.starts.searchsorted(begin)), after)


def _part(meter: Meter, first: int, end: int) -> Meter:
    part = slice(first, end)
    return Meter(meter.begin_ms, meter.end_ms, meter.starts[part], meter.ends[part], meter.low[part], meter.high[part])


def _readings(meter: Meter, slot_ms: int) -> tuple[Instants, Floats]:
    """When which register was read; of the last slot also its last register, at its end."""
    times, registers = meter.starts, meter.low
    if slot_ms > MINUTE_SECONDS * 1000 and len(times) and meter.ends[-1] > times[-1]:
        return np.append(times, meter.ends[-1]), np.append(registers, meter.high[-1])
    return times, registers


def _known(edges: Instants, times: Instants, gap_ms: float) -> Instants:
    """The edges at which the register is known: a reading is there, or on both sides near each other."""
    after = times.searchsorted(edges)
    within = after < len(times)
    exact = np.zeros(len(edges), dtype=np.bool_)
    exact[within] = times[after[within]] == edges[within]
    between = within & (after > 0)
    near = np.zeros(len(edges), dtype=np.bool_)
    near[between] = times[after[between]] - times[after[between] - 1] <= gap_ms
    found: Instants = edges[exact | near]
    return found


def _has(edges: Instants, at_ms: int) -> bool:
    return bool((edges == at_ms).any())
