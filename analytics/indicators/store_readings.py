"""What a store holds of a park over a period, as indicators need it: registers, sums and means, cut by the store."""

import dataclasses
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np

from analytics.indicators.measured import Measured
from analytics.registers.amount import Amount, counted
from analytics.registers.half_hours import fine_slot_seconds, grid_seconds, half_hours
from analytics.registers.meters import edge_ms, reading_range
from analytics.slots.data_capture import SlotState
from analytics.slots.readings_query import FAR_AHEAD_MS, LONG_AGO_MS, SlotRequest, read_slots
from analytics.slots.readings_query import slot_seconds_of as slots_at_least
from analytics.slots.series import SlotSeries
from analytics.windows import HOUR_MS, Window, day_window, local_day, local_text, start_of_day_ms
from telemetry_model.park_register import MeasuringPoint, Park
from telemetry_model.quantities import Kind
from telemetry_store.each_reading_once import select_once
from telemetry_store.protocol import TelemetryStore
from telemetry_store.query import Aggregate, Select, SeriesQuery

SLOT_SECONDS = 1800
"""Half an hour: fine enough for tariff hours, the span of demand meters."""
SLOT_MS = SLOT_SECONDS * 1000
MINUTE_SECONDS = 60
HOUR_SECONDS = 3600
DAY_SECONDS = 86_400
_STAMP_SHIFT_SECONDS = 1
"""An amount is stamped at the end of its interval: buckets a second later put it into its own half hour."""


class Span(NamedTuple):
    """``[start_ms, end_ms)`` UTC."""

    start_ms: int
    end_ms: int

    @property
    def slots(self) -> int:
        """Half hours that should hold something."""
        return slots_of(self, SLOT_MS)


def slots_of(span: "Span", slot_ms: int) -> int:
    """How many slots of ``slot_ms`` a span has; at least one."""
    return max(1, round((span.end_ms - span.start_ms) / slot_ms))


class Missing(NamedTuple):
    """Why an amount cannot be told."""

    reason: str


class Slot(NamedTuple):
    """A stretch of time in UTC ms and what was counted or measured in it."""

    start_ms: int
    end_ms: int
    value: float

    @property
    def hours(self) -> float:
        """Its length."""
        return (self.end_ms - self.start_ms) / 3_600_000


@dataclass(frozen=True, slots=True)
class PointReadings:
    """One point over a span: ``amount`` of a counter or of interval amounts, ``slots`` of ``slot_ms``.

    Slots hold the amount in them, or the mean of a gauge; they are half an hour long, or as long as the interval of a
    point that measures less often. The slots of a counter that is not cut into half hours and the amount of a gauge
    are empty.
    """

    amount: Measured | Missing
    slots: tuple[Slot, ...]
    capture: float
    slot_ms: int = SLOT_MS
    series: SlotSeries | None = None
    """A counter's registers: what is divided or subtracted is counted over the stretch that all of them know."""


async def read_points(
    store: TelemetryStore,
    park: Park,
    points: Iterable[MeasuringPoint],
    span: Span,
    by_half_hour: frozenset[str],
    by_interval: frozenset[str] = frozenset(),
) -> dict[str, PointReadings]:
    """Everything asked for, by point id, in a few queries per field; raises ``UnreachableError``.

    Counters in ``by_half_hour`` are cut into half hours. Points in ``by_interval`` get slots as long as their own
    interval, however short.
    """
    groups: dict[tuple[object, ...], list[MeasuringPoint]] = defaultdict(list)
    for point in points:
        slot_seconds = slot_seconds_of(point, point.id in by_interval)
        kind = point.quantity.kind
        groups[point.medium, point.field_name, kind, point.id in by_half_hour, slot_seconds].append(point)
    found: dict[str, PointReadings] = {}
    for group in groups.values():
        slot_seconds = slot_seconds_of(group[0], group[0].id in by_interval)
        if group[0].quantity.kind is Kind.COUNTER:
            found |= await _counters(store, park, group, span, by_half_hour)
        else:
            found |= await _slots(store, park, group, span, slot_seconds_of(group[0], group[0].id in by_interval))
    return found


def slot_seconds_of(point: MeasuringPoint, by_interval: bool = False) -> int:
    """Half an hour, or the point's interval where that is longer; ``by_interval``: its interval, at least a minute."""
    return max(point.interval_seconds, MINUTE_SECONDS if by_interval else SLOT_SECONDS)


async def _slots(
    store: TelemetryStore, park: Park, group: Sequence[MeasuringPoint], span: Span, slot_seconds: int
) -> dict[str, PointReadings]:
    is_amount = group[0].quantity.kind is Kind.INTERVAL
    name = group[0].field_name
    select = (Select(name, Aggregate.SUM if is_amount else Aggregate.MEAN), Select(name, Aggregate.COUNT, "count"))
    shift = _STAMP_SHIFT_SECONDS if is_amount else 0
    by_day = slot_seconds >= DAY_SECONDS
    if by_day:
        # Days are not all equally long: what is measured once a day is read as it is and put into its local day.
        answer = await select_once(store, park, _query(park, group, span, (Select(name),), None, shift))
    else:
        answer = await select_once(store, park, _query(park, group, span, select, slot_seconds, shift))
    rows = {result.tags["point"]: result.rows for result in answer}
    found: dict[str, PointReadings] = {}
    for point in group:
        slot_ms, counted = slot_seconds * 1000, rows.get(point.id, [])
        if by_day:
            slots = tuple(_local_days([(int(r[0] or 0), float(r[1] or 0.0)) for r in counted], park, is_amount))
            count = len(counted)
        else:
            starts = [(int(start or 0) - shift * 1000, float(value or 0.0)) for start, value, _ in counted]
            slots = tuple(
                Slot(max(s, span.start_ms), min(s + slot_ms, span.end_ms), value) for s, value in starts
            )  # fmt: skip
            count = sum(int(cells[2] or 0) for cells in counted)
        expected = max(1.0, (span.end_ms - span.start_ms) / (point.interval_seconds * 1000))
        # A gauge is complete when each slot has a value; of amounts each single one is needed.
        capture = min(1.0, count / expected if is_amount else len(slots) / slots_of(span, slot_ms))
        amount: Measured | Missing = Missing(f"{point.id} is a momentary value")
        if is_amount:
            amount = Measured(sum(slot.value for slot in slots), 0.0, capture) if slots else _nothing(point.id)
        found[point.id] = PointReadings(amount, slots, capture, slot_ms)
    return found


def _local_days(rows: Iterable[tuple[int, float]], park: Park, is_amount: bool) -> Iterable[Slot]:
    """Daily values by the local day of their stamp; an amount is stamped when its day has ended."""
    days: dict[date, list[float]] = defaultdict(list)
    for time_ms, value in rows:
        days[local_day(time_ms - is_amount, park.timezone)].append(value)
    for day in sorted(days):
        window, values = day_window(day, park.timezone), days[day]
        yield Slot(window.start_ms, window.end_ms, math.fsum(values) / (1 if is_amount else len(values)))


async def _counters(
    store: TelemetryStore, park: Park, group: Sequence[MeasuringPoint], span: Span, by_half_hour: frozenset[str]
) -> dict[str, PointReadings]:
    """Counted by the very functions that verdicts count with (:mod:`analytics.registers`)."""
    window = Window(span.start_ms, span.end_ms, local_day(span.start_ms, park.timezone))
    requests: dict[str, SlotRequest] = {}
    for point in group:
        start_ms, stop_ms = reading_range(park, point, span.start_ms, span.end_ms)
        slot_seconds = fine_slot_seconds(point) if point.id in by_half_hour else slots_at_least(point, HOUR_SECONDS)
        requests[point.id] = SlotRequest(point.id, slot_seconds, start_ms, stop_ms, with_quality=False)
    frames = await read_slots(store, park, requests.values())
    found: dict[str, PointReadings] = {}
    for point in group:
        request = requests[point.id]
        series = SlotSeries.of(point.id, point.unit, request.slot_seconds * 1000, frames[request])
        # A range that begins within a slot has only what of it lies in the range.
        series = dataclasses.replace(series, start_ms=np.maximum(series.start_ms, request.start_ms))
        amount = counted(park, series, window)
        if amount.value is None:
            found[point.id] = PointReadings(Missing(amount.reason), (), 0.0, series=series)
            continue
        unknown = await _gap_over_edge(store, park, series, window, amount)
        found[point.id] = _told(park, point, series, window, amount, unknown, point.id in by_half_hour)
    return found


def _told(
    park: Park, point: MeasuringPoint, series: SlotSeries, window: Window, amount: Amount, unknown: str, is_fine: bool
) -> PointReadings:
    capture = min(1.0, max(0, amount.last_ms - amount.first_ms) / (window.end_ms - window.start_ms))
    if not is_fine:
        told = Missing(unknown) if unknown else Measured(amount.value or 0.0, 0.0, capture)
        return PointReadings(told, (), capture, series=series)
    slot_ms = grid_seconds(point) * 1000
    slots = tuple(Slot(*piece) for piece in half_hours(park, series, window))
    heard = series.start_ms[series.within(window)][series.state[series.within(window)] == SlotState.VALID]
    own = len(np.unique((heard - window.start_ms) // slot_ms))
    capture = min(capture, own / slots_of(Span(window.start_ms, window.end_ms), slot_ms))
    told = Missing(unknown) if unknown else Measured(amount.value or 0.0, 0.0, capture)
    return PointReadings(told, slots, capture, slot_ms, series)


async def _gap_over_edge(store: TelemetryStore, park: Park, series: SlotSeries, window: Window, amount: Amount) -> str:
    """Why a period's share of what was counted across its edge is not known; empty where nothing was, or it is."""
    point = park.points[series.point]
    for lacks, at_ms, before in ((amount.lacks_start, window.start_ms, True), (amount.lacks_end, window.end_ms, False)):
        if lacks:
            beyond = Span(LONG_AGO_MS, at_ms) if before else Span(at_ms, FAR_AHEAD_MS)
            query = _query(park, [point], beyond, (Select(point.field_name),), limit=1, descending=before)
            shown = [row[1] for result in await select_once(store, park, query) for row in result.rows]
            if shown and shown[0] != _outermost(series, window, first=before):
                hours, at = edge_ms(point) / HOUR_MS, local_text(at_ms, park.timezone)
                return f"{point.id}: no register within {hours:g} h of {at}, so the share of this period is not known"
    return ""


def _outermost(series: SlotSeries, window: Window, *, first: bool) -> float:
    """The first or last valid register in a window that has one."""
    part = series.within(window)
    valid = series.state[part] == SlotState.VALID
    return float(series.low[part][valid][0] if first else series.high[part][valid][-1])


def _query(
    park: Park,
    group: Sequence[MeasuringPoint],
    span: Span,
    select: tuple[Select, ...],
    every_seconds: int | None = None,
    shift_seconds: int = 0,
    *,
    limit: int | None = None,
    descending: bool = False,
) -> SeriesQuery:
    midnight = start_of_day_ms(local_day(span.start_ms, park.timezone), park.timezone) // 1000
    return SeriesQuery(
        group[0].medium.value, select, span.start_ms + shift_seconds * 1000, span.end_ms + shift_seconds * 1000,
        where=(("park", (park.id,)), ("point", tuple(point.id for point in group))), group_by=("point",),
        every_seconds=every_seconds,
        offset_seconds=(midnight + shift_seconds) % every_seconds if every_seconds else 0,
        measuring_only=True, limit=limit, descending=descending,
    )  # fmt: skip


def _nothing(point: str) -> Missing:
    return Missing(f"{point} sent no valid value")
