"""Answers of the store -> slot frames: which slot is valid, what became of the others, what is left out.

Aggregated answers of many points are worked on at once, one array per column: what has to be done per point costs more
than the arithmetic. Single values (amounts of intervals, daily values) need sorting and grouping, which pandas does.
"""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from analytics.slots.data_capture import SlotState
from analytics.slots.frame_contract import SLOT_COLUMNS, Floats, SlotFrame
from analytics.windows import local_day, start_of_day_ms
from telemetry_model.park_register import MeasuringPoint
from telemetry_model.quantities import Kind
from telemetry_store.query import Cell, SeriesResult

MINIMUM_VALID_SHARE = 0.5
"""A slot is valid when at least this share of its readings is."""
_VALUES = ["mean", "low", "high", "total"]
Answers = Mapping[str, SeriesResult]
"""What the store answered, by point."""


class _Cells(NamedTuple):
    """Rows of many points, one after the other: which point, when, and the other columns by name."""

    owner: npt.NDArray[np.int64]
    start_ms: npt.NDArray[np.int64]
    columns: dict[str, Floats]


def aggregated_frames(
    values: Answers, quality: Answers | None, points: Sequence[MeasuringPoint]
) -> dict[str, SlotFrame]:
    """From aggregates per slot: ``values`` of the valid readings, ``quality`` of all (``None``: not asked for).

    Where both count their readings (``valid``, ``readings``), a slot needs :data:`MINIMUM_VALID_SHARE` valid ones.
    """
    measured = _cells(values, points)
    cells = measured if quality is None else _joined(measured, _cells(quality, points))
    frame = _judged_slots(cells, points)
    edges = np.searchsorted(cells.owner, np.arange(len(points) + 1)).tolist()
    return {point.id: frame.part(edges[place], edges[place + 1]) for place, point in enumerate(points)}


def interval_frame(raw: SeriesResult | None, point: MeasuringPoint, slot_ms: int, offset_ms: int) -> SlotFrame:
    """Sums per slot of amounts as they were written (value, status, reason), each instant once and in time order.

    An amount belongs to the slot that its stamp ends; a slot's bounds are moved by a second, so that the stamp itself
    lies within.
    """
    if raw is None or not raw.rows:
        return SlotFrame.empty()
    times, amounts, states, reasons = zip(*raw.rows, strict=True)
    rows = pd.DataFrame({"at": np.array(times, "int64"), "value": np.array(amounts, "float64")})
    rows["status"] = np.array(states, "float64")
    rows["ok"] = (rows["status"] == 0) & rows["value"].notna() & ~np.array([bool(text) for text in reasons])
    ended = rows["at"] - 1000
    rows["start_ms"] = ended - (ended - offset_ms) % slot_ms
    used = rows["value"].where(rows["ok"])
    groups = rows.assign(low=used, high=used, total=used).groupby("start_ms", sort=True)
    slots = groups.agg(
        low=("low", "min"), high=("high", "max"), total=("total", "sum"),
        valid=("ok", "sum"), readings=("ok", "size"), status=("status", "max"),
    ).reset_index()  # fmt: skip
    columns = {name: slots[name].to_numpy(dtype="float64") for name in slots.columns if name != "start_ms"}
    owner = np.zeros(len(slots), dtype=np.int64)
    return _judged_slots(_Cells(owner, slots["start_ms"].to_numpy(), columns), [point])


def daily_frame(values: SeriesResult | None, quality: SeriesResult | None, point: MeasuringPoint,
                zone: ZoneInfo) -> SlotFrame:  # fmt: skip
    """Daily values carry no clock: each stands for the local day of its stamp (an interval's end: the day before)."""
    answers = {point.id: values} if values is not None else {}
    states = {point.id: quality} if quality is not None else None
    frame = aggregated_frames(answers, states, [point])[point.id].table()
    if frame.empty:
        return SlotFrame.empty()
    back = 1 if point.quantity.kind is Kind.INTERVAL else 0
    days = [start_of_day_ms(local_day(int(t) - back, zone), zone) for t in frame["start_ms"]]
    placed = frame.assign(start_ms=np.array(days, dtype="int64"), low=frame["mean"], high=frame["mean"])
    if point.quantity.kind is Kind.INTERVAL:
        placed = placed.assign(total=frame["mean"])
    ordered = placed.sort_values(["start_ms", "state"], kind="stable")
    invalid = ordered["state"].ne(SlotState.VALID).groupby(ordered["start_ms"])
    few = invalid.transform("mean") > 1 - MINIMUM_VALID_SHARE
    ordered["left_out"] = invalid.transform("sum")
    kept = ordered[~few | ordered["state"].ne(SlotState.VALID)].drop_duplicates("start_ms", keep="first")
    return SlotFrame.of(kept.reset_index(drop=True)[list(SLOT_COLUMNS)].astype(SLOT_COLUMNS))


def _judged_slots(cells: _Cells, points: Sequence[MeasuringPoint]) -> SlotFrame:
    """The promised columns; slots with a value outside what the register calls possible are marked, not believed."""
    empty = np.full(len(cells.owner), np.nan)
    mean, low, high, total = (cells.columns.get(name, empty) for name in _VALUES)
    measured = ~np.isnan(low) | ~np.isnan(mean)
    valid = _counted(cells, "valid", measured.astype(np.float64))
    readings = np.maximum(_counted(cells, "readings", valid), valid)
    enough = measured & (valid >= MINIMUM_VALID_SHARE * readings)
    status = _counted(cells, "status", np.zeros(len(cells.owner)))
    state = np.where(enough, SlotState.VALID, _invalid_state(status)).astype(np.int8)
    least, most = np.where(np.isnan(low), mean, low), np.where(np.isnan(high), mean, high)
    bounds = np.array([(point.low, point.high) for point in points]).reshape(-1, 2)
    absurd = enough & ((least < bounds[cells.owner, 0]) | (most > bounds[cells.owner, 1]))
    state[absurd] = SlotState.IMPOSSIBLE
    kept = state == SlotState.VALID
    mean, low, high, total = (np.where(kept, column, np.nan) for column in (mean, low, high, total))
    left_out, used = (readings - valid).astype(np.int64), np.where(kept, valid, 0).astype(np.int64)
    return SlotFrame(cells.start_ms, mean, low, high, total, state, left_out, used)


def _invalid_state(status: Floats) -> npt.NDArray[np.int64]:
    """Calibrating or faulty when any reading of the slot says so; else there was no usable value."""
    said = (status == SlotState.CALIBRATING) | (status == SlotState.FAULT)
    return np.where(said, status, SlotState.UNCERTAIN).astype(np.int64)


def _cells(answers: Answers, points: Sequence[MeasuringPoint]) -> _Cells:
    """All columns as floats; one row a point and instant, in time order."""
    found = [(place, answers[point.id]) for place, point in enumerate(points) if point.id in answers]
    counts = [len(result.rows) for _, result in found]
    owner = np.repeat(np.array([place for place, _ in found], dtype=np.int64), counts)
    names = found[0][1].columns if found else ()
    table = _numbers([result.rows for _, result in found], sum(counts), 1 + len(names))
    start_ms = table[:, 0].astype(np.int64)
    columns = {name: table[:, place] for place, name in enumerate(names, start=1)}
    cells = _Cells(owner, start_ms, columns)
    ordered = (owner[1:] > owner[:-1]) | (start_ms[1:] > start_ms[:-1])
    if ordered.all():
        return cells
    places = np.lexsort((start_ms, owner))
    first = np.append(True, (np.diff(owner[places]) != 0) | (np.diff(start_ms[places]) != 0))
    return _at(cells, places[first])


def _numbers(parts: Sequence[Sequence[tuple[Cell, ...]]], count: int, width: int) -> Floats:
    """``count`` rows of numbers as one array; ``None`` is NaN. A float holds milliseconds exactly for 285,000 years."""
    cells = chain.from_iterable(chain.from_iterable(parts))
    try:
        return np.fromiter(cells, np.float64, count * width).reshape(-1, width)
    except TypeError:
        return np.array([row for rows in parts for row in rows], dtype=np.float64)


def _joined(measured: _Cells, status: _Cells) -> _Cells:
    """Both side by side for every point and instant that either knows; NaN where only the other does."""
    if np.array_equal(measured.owner, status.owner) and np.array_equal(measured.start_ms, status.start_ms):
        return measured._replace(columns=measured.columns | status.columns)
    owner = np.concatenate((measured.owner, status.owner))
    start_ms = np.concatenate((measured.start_ms, status.start_ms))
    places = np.lexsort((start_ms, owner))
    owner, start_ms = owner[places], start_ms[places]
    first = np.append(True, (np.diff(owner) != 0) | (np.diff(start_ms) != 0))[: len(owner)]
    row_of = np.empty(len(places), dtype=np.int64)
    row_of[places] = np.cumsum(first) - 1
    columns: dict[str, Floats] = {}
    for side, rows in ((measured, row_of[: len(measured.owner)]), (status, row_of[len(measured.owner) :])):
        for name, column in side.columns.items():
            columns[name] = np.full(int(first.sum()), np.nan)
            columns[name][rows] = column
    return _Cells(owner[first], start_ms[first], columns)


def _at(cells: _Cells, places: npt.NDArray[np.int64]) -> _Cells:
    return _Cells(
        cells.owner[places], cells.start_ms[places], {name: column[places] for name, column in cells.columns.items()}
    )


def _counted(cells: _Cells, name: str, otherwise: Floats) -> Floats:
    column = cells.columns.get(name)
    return otherwise if column is None else np.nan_to_num(column, nan=0.0)
