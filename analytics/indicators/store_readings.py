"""What a store holds of a park over a period, as indicators need it: registers, sums and means, cut by the store."""

import itertools
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from analytics.indicators.counter import RegisterFellError, RegisterReading, counted_amount
from analytics.indicators.measured import Measured
from analytics.windows import day_window, local_day, start_of_day_ms
from telemetry_model.park_register import MeasuringPoint, Park
from telemetry_model.quantities import Kind
from telemetry_store.each_reading_once import select_once
from telemetry_store.protocol import TelemetryStore
from telemetry_store.query import Aggregate, Select, SeriesQuery, SeriesResult

SLOT_SECONDS = 1800
"""Half an hour: fine enough for tariff hours, the span of demand meters."""
SLOT_MS = SLOT_SECONDS * 1000
MINUTE_SECONDS = 60
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


class _Ends(NamedTuple):
    """First and last value of a meter that was put in or taken out within the span, where they are on record."""

    opening: RegisterReading | None
    closing: RegisterReading | None


@dataclass(slots=True)
class _Counter:
    """The rows of one counter as they come."""

    opening: RegisterReading | None = None
    last: RegisterReading | None = None
    closing: RegisterReading | None = None
    buckets: list[tuple[int, float, float, float, float]] = field(default_factory=list)

    def settle(self, ends: _Ends) -> None:
        """Put what is on record in the place of what was read first and last."""
        if ends.opening is not None:
            self.opening = ends.opening
            if self.buckets:
                start, _, last, low, high = self.buckets[0]
                self.buckets[0] = (start, ends.opening.value, last, min(low, ends.opening.value), high)
        if ends.closing is not None:
            self.closing = ends.closing


async def read_points(
    store: TelemetryStore,
    park: Park,
    points: Iterable[MeasuringPoint],
    span: Span,
    by_half_hour: frozenset[str],
    by_interval: frozenset[str] = frozenset(),
) -> dict[str, PointReadings]:
    """Everything asked for, by point id, in a few queries per field; raises ``UnreachableError``.

    Counters in ``by_half_hour`` are cut into half hours, the others are looked at once a day. Points in
    ``by_interval`` get slots as long as their own interval, however short.
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
            exchanged = [p for p in group if park.exchanges_of(p.id, span.start_ms, span.end_ms)]
            steady = [p for p in group if p not in exchanged]
            found |= await _counters(store, park, steady, span, by_half_hour) if steady else {}
            for point in exchanged:
                found[point.id] = await _exchanged(store, park, point, span, by_half_hour)
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


async def _exchanged(
    store: TelemetryStore, park: Park, point: MeasuringPoint, span: Span, by_half_hour: frozenset[str]
) -> PointReadings:
    """A counter whose meter was exchanged within the span: each meter by itself, up to or from what is on record."""
    exchanges = park.exchanges_of(point.id, span.start_ms, span.end_ms)
    edges = [span.start_ms, *(exchange.time_ms for exchange in exchanges), span.end_ms]
    parts: list[tuple[Span, PointReadings]] = []
    for number, (start_ms, end_ms) in enumerate(itertools.pairwise(edges)):
        ends = _Ends(
            RegisterReading(start_ms, exchanges[number - 1].first_value) if number else None,
            RegisterReading(end_ms, exchanges[number].last_value) if number < len(exchanges) else None,
        )
        part = Span(start_ms, end_ms)
        parts.append((part, (await _counters(store, park, [point], part, by_half_hour, ends))[point.id]))
    whole = span.end_ms - span.start_ms
    capture = sum(found.capture * (part.end_ms - part.start_ms) for part, found in parts) / whole
    slots = tuple(slot for _, found in parts for slot in found.slots)
    missing = [found.amount for _, found in parts if isinstance(found.amount, Missing)]
    if missing:
        return PointReadings(missing[0], slots, capture)
    counted = [found.amount.value for _, found in parts if isinstance(found.amount, Measured)]
    return PointReadings(Measured(math.fsum(counted), 0.0, capture), slots, capture)


async def _counters(
    store: TelemetryStore,
    park: Park,
    group: Sequence[MeasuringPoint],
    span: Span,
    by_half_hour: frozenset[str],
    ends: _Ends | None = None,
) -> dict[str, PointReadings]:
    name = group[0].field_name
    fine = group[0].id in by_half_hour
    every = SLOT_SECONDS if fine else DAY_SECONDS
    aggregates = (Aggregate.FIRST, Aggregate.LAST, Aggregate.MIN, Aggregate.MAX)
    after = Span(span.end_ms, span.end_ms + max(point.interval_seconds for point in group) * 1000)
    counters: dict[str, _Counter] = {point.id: _Counter() for point in group}
    for result in await select_once(
        store, park, _query(park, group, span, tuple(Select(name, a) for a in aggregates), every)
    ):
        for start, *values in result.rows:
            first, last, low, high = (float(value or 0.0) for value in values)
            counters[result.tags["point"]].buckets.append((int(start or 0), first, last, low, high))
    for result in await select_once(store, park, _query(park, group, span, (Select(name),), limit=1)):
        counters[result.tags["point"]].opening = _reading(result)
    for result in await select_once(store, park, _query(park, group, span, (Select(name),), limit=1, descending=True)):
        counters[result.tags["point"]].last = _reading(result)
    for result in await select_once(store, park, _query(park, group, after, (Select(name),), limit=1)):
        counters[result.tags["point"]].closing = _reading(result)
    for point in group:
        counters[point.id].settle(ends or _ends_after(park, point, counters[point.id], span))
    return {point.id: _counted(point, counters[point.id], span, fine) for point in group}


def _ends_after(park: Park, point: MeasuringPoint, counter: _Counter, span: Span) -> _Ends:
    """What closed the span when the meter was exchanged right after it: the next reading is of another meter."""
    until_ms = counter.closing.time_ms if counter.closing else span.end_ms
    exchanges = park.exchanges_of(point.id, span.end_ms - 1, until_ms + 1)
    return _Ends(None, RegisterReading(span.end_ms, exchanges[0].last_value) if exchanges else None)


def _counted(point: MeasuringPoint, counter: _Counter, span: Span, fine: bool) -> PointReadings:
    opening, end = counter.opening, counter.closing or counter.last
    if opening is None or end is None:
        return PointReadings(_nothing(point.id), (), 0.0)
    readings = [opening, *_register_of_buckets(counter, end)]
    try:
        value = counted_amount(readings)
    except RegisterFellError as error:
        return PointReadings(Missing(f"{point.id}: {error}"), (), 0.0)
    capture = min(1.0, max(0, end.time_ms - opening.time_ms) / (span.end_ms - span.start_ms))
    if fine:
        capture = min(capture, len(counter.buckets) / span.slots)
    slots = tuple(_half_hours(counter, end, span)) if fine else ()
    return PointReadings(Measured(value or 0.0, 0.0, capture), slots, capture)


def _register_of_buckets(counter: _Counter, end: RegisterReading) -> list[RegisterReading]:
    """First, lowest, highest and last of each bucket in the order a register that only grows must have them."""
    found: list[RegisterReading] = []
    for start, first, last, low, high in counter.buckets:
        ordered = (first, last) if low >= first and high <= last else (first, high, low, last)
        found += [RegisterReading(start, value) for value in ordered]
    return [*found, end]


def _half_hours(counter: _Counter, end: RegisterReading, span: Span) -> Iterable[Slot]:
    """The rise from each half hour to the next that has a reading; over a gap, one slot as long as the gap."""
    if not counter.buckets:
        return
    for here, following in itertools.pairwise(counter.buckets):
        yield Slot(max(here[0], span.start_ms), following[0], following[1] - here[1])
    start, first, *_ = counter.buckets[-1]
    end_ms = span.end_ms if counter.closing else min(start + SLOT_MS, span.end_ms)
    yield Slot(max(start, span.start_ms), end_ms, end.value - first)


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


def _reading(result: SeriesResult) -> RegisterReading | None:
    if not result.rows:
        return None
    time_ms, value = result.rows[0]
    return RegisterReading(int(time_ms or 0), float(value or 0.0))


def _nothing(point: str) -> Missing:
    return Missing(f"{point} sent no valid value")
