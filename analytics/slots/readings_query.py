"""Readings of the store -> one frame of slots per point: the only reader, aggregation is left to the database."""

import asyncio
import dataclasses
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from analytics.slots.frame_contract import SlotFrame, joined
from analytics.slots.frames import aggregated_frames, daily_frame, interval_frame
from analytics.windows import local_day, start_of_day_ms
from telemetry_model.park_register import MeasuringPoint, Park
from telemetry_model.quantities import Kind
from telemetry_model.storage_schema import FIELD_REASON, FIELD_STATUS
from telemetry_store.each_reading_once import select_once
from telemetry_store.protocol import TelemetryStore
from telemetry_store.query import Aggregate, Select, SeriesQuery

DAY_SECONDS = 86_400
LONG_AGO_MS = -2_208_988_800_000
"""1900: before any reading."""
FAR_AHEAD_MS = 7_258_118_400_000
"""2200: after any reading."""
_INTERVAL_END_SECONDS = 1
PIECE_SLOTS = 31 * 1440
"""Slots of a point that are asked for at once: rows of the store's answer take many times the room of a frame."""


@dataclass(frozen=True, slots=True)
class SlotRequest:
    """Slots of one point in ``[start_ms, stop_ms)``; ``with_quality`` also asks what became of the invalid ones."""

    point: str
    slot_seconds: int
    start_ms: int
    stop_ms: int
    with_quality: bool = True


class DataRange(NamedTuple):
    """First and last instant covered by data; the end includes the last reading's interval."""

    first_ms: int
    end_ms: int


def slot_seconds_of(point: MeasuringPoint, at_least: int = 60) -> int:
    """Slot length of a point: its interval, but no shorter than ``at_least``."""
    return max(point.interval_seconds, at_least)


async def read_slots(
    store: TelemetryStore, park: Park, requests: Iterable[SlotRequest]
) -> dict[SlotRequest, SlotFrame]:
    """Answer all requests with as few queries as fields and ranges allow; raises ``UnreachableError``."""
    parts = {request: _parts(park, request) for request in dict.fromkeys(requests)}
    frames = await _read_parts(store, park, (part for own in parts.values() for part in own))
    return {request: joined([frames[part] for part in own]) for request, own in parts.items()}


async def _read_parts(
    store: TelemetryStore, park: Park, requests: Iterable[SlotRequest]
) -> dict[SlotRequest, SlotFrame]:
    together: dict[tuple[object, ...], list[SlotRequest]] = defaultdict(list)
    for request in dict.fromkeys(requests):
        point = park.points[request.point]
        key = (point.medium, point.field_name, point.quantity.kind, request.slot_seconds,
               request.start_ms, request.stop_ms, request.with_quality)  # fmt: skip
        together[key].append(request)
    frames: dict[SlotRequest, SlotFrame] = {}
    for group in together.values():
        frames.update(await _read_group(store, park, group))
    return frames


async def data_range(store: TelemetryStore, park: Park) -> DataRange | None:
    """From the first reading of the park's registered points to the end of the last; ``None`` when there is none."""
    first: int | None = None
    end: int | None = None
    for medium in sorted({point.medium for point in park.points.values()}):
        for descending in (False, True):
            query = SeriesQuery(
                medium.value, (Select(FIELD_STATUS),), LONG_AGO_MS, FAR_AHEAD_MS,
                where=(("park", (park.id,)),), group_by=("point",), descending=descending, limit=1,
            )  # fmt: skip
            for result in await store.select(query):
                point = park.points.get(result.tags["point"])
                if point is None or not result.rows:
                    continue
                at_ms = int(result.rows[0][0] or 0)
                if not descending:
                    first = at_ms if first is None else min(first, at_ms)
                else:
                    length = 0 if point.quantity.kind is Kind.INTERVAL else point.interval_seconds * 1000
                    end = at_ms + length if end is None else max(end, at_ms + length)
    return DataRange(first, end) if first is not None and end is not None else None


async def _read_group(store: TelemetryStore, park: Park, group: list[SlotRequest]) -> dict[SlotRequest, SlotFrame]:
    sample = group[0]
    point = park.points[sample.point]
    by_day = sample.slot_seconds >= DAY_SECONDS
    ids = tuple(request.point for request in group)
    as_written = point.quantity.kind is Kind.INTERVAL and not by_day
    if as_written:
        questions = [_amounts_query(park, point, sample, ids)]
    else:
        questions = [_value_query(park, point, sample, ids, by_day)]
        if sample.with_quality:
            questions.append(_status_query(park, point, sample, ids, by_day))
    answers = await asyncio.gather(*(select_once(store, park, question) for question in questions))
    values, *quality = [{result.tags["point"]: result for result in answer} for answer in answers]
    asked = [park.points[request.point] for request in group]
    if not as_written and not by_day:
        found = aggregated_frames(values, quality[0] if quality else None, asked)
        return {request: found[request.point] for request in group}
    frames: dict[SlotRequest, SlotFrame] = {}
    for request, member in zip(group, asked, strict=True):
        answer = values.get(request.point)
        if as_written:
            offset_ms = _local_offset(park, request) * 1000
            frames[request] = interval_frame(answer, member, request.slot_seconds * 1000, offset_ms)
        else:
            states = quality[0].get(request.point) if quality else None
            frames[request] = daily_frame(answer, states, member, park.timezone)
    return frames


def _amounts_query(park: Park, point: MeasuringPoint, request: SlotRequest, ids: tuple[str, ...]) -> SeriesQuery:
    """Amounts come one by one: what an interval took is stamped at its end, and sums by slot are made of that."""
    select = tuple(Select(field) for field in (point.field_name, FIELD_STATUS, FIELD_REASON))
    return _query(park, point, request, ids, select, measuring_only=False)


def _value_query(
    park: Park, point: MeasuringPoint, request: SlotRequest, ids: tuple[str, ...], by_day: bool
) -> SeriesQuery:
    field = point.field_name
    if by_day:
        return _query(park, point, request, ids, (Select(field, name="mean"),), measuring_only=True)
    aggregates: dict[str, Aggregate] = {"low": Aggregate.MIN, "high": Aggregate.MAX, "valid": Aggregate.COUNT}
    if point.quantity.kind is Kind.GAUGE:
        aggregates["mean"] = Aggregate.MEAN
    select = tuple(Select(field, aggregate, name) for name, aggregate in aggregates.items())
    return _query(park, point, request, ids, select, measuring_only=True)


def _status_query(
    park: Park, point: MeasuringPoint, request: SlotRequest, ids: tuple[str, ...], by_day: bool
) -> SeriesQuery:
    if by_day:
        return _query(park, point, request, ids, (Select(FIELD_STATUS),), measuring_only=False)
    select = (Select(FIELD_STATUS, Aggregate.MAX, "status"), Select(FIELD_STATUS, Aggregate.COUNT, "readings"))
    return _query(park, point, request, ids, select, measuring_only=False)


def _query(
    park: Park,
    point: MeasuringPoint,
    request: SlotRequest,
    ids: tuple[str, ...],
    select: tuple[Select, ...],
    *,
    measuring_only: bool,
) -> SeriesQuery:
    aggregated = select[0].aggregate is not None
    # An interval's amount is stamped at its end: moving the range by a second puts the stamp into its own slot.
    shift = _INTERVAL_END_SECONDS if point.quantity.kind is Kind.INTERVAL else 0
    return SeriesQuery(
        point.medium.value,
        select,
        request.start_ms + shift * 1000,
        request.stop_ms + shift * 1000,
        where=(("park", (park.id,)), ("point", ids)),
        group_by=("point",),
        every_seconds=request.slot_seconds if aggregated else None,
        offset_seconds=_local_offset(park, request) if aggregated else 0,
        measuring_only=measuring_only,
    )


def _local_offset(park: Park, request: SlotRequest) -> int:
    """Seconds by which slots counted from 1970 UTC must move to start at local midnight (half-hour time zones)."""
    return _offset_seconds(park.timezone, local_day(request.start_ms, park.timezone), request.slot_seconds)


def _parts(park: Park, request: SlotRequest) -> list[SlotRequest]:
    """The request, cut at the midnights from which on slots lie otherwise, and where a year has too many slots.

    A clock change that is no whole number of slots (half an hour in Lord Howe; any, for slots of several hours) moves
    the slots of the following days. Each day's slots start at its own midnight, however much is read before it: the
    same window must be the same whether it is judged alone or with the days around it.
    """
    if request.slot_seconds >= DAY_SECONDS or request.start_ms >= request.stop_ms:
        return [request]
    cuts = _cuts(park.timezone, request.slot_seconds, request.start_ms, request.stop_ms)
    pieces = _midnights(park.timezone, request.slot_seconds, request.start_ms, request.stop_ms)
    edges = sorted({request.start_ms, *cuts, *pieces, request.stop_ms})
    return [dataclasses.replace(request, start_ms=start, stop_ms=stop) for start, stop in pairwise(edges)]


@lru_cache(maxsize=1024)
def _cuts(zone: ZoneInfo, slot_seconds: int, start_ms: int, stop_ms: int) -> tuple[int, ...]:
    """Midnights within the range from which on slots lie otherwise than before."""
    first, last = local_day(start_ms, zone).toordinal(), local_day(stop_ms - 1, zone).toordinal()
    offsets = [_offset_seconds(zone, date.fromordinal(day), slot_seconds) for day in range(first, last + 1)]
    days = (date.fromordinal(first + place) for place in range(1, len(offsets)) if offsets[place] != offsets[place - 1])
    cuts = (start_of_day_ms(day, zone) for day in days)
    return tuple(cut for cut in cuts if start_ms < cut < stop_ms)


@lru_cache(maxsize=1024)
def _midnights(zone: ZoneInfo, slot_seconds: int, start_ms: int, stop_ms: int) -> tuple[int, ...]:
    """Midnights that cut the range into pieces of about :data:`PIECE_SLOTS`; none where all are fewer."""
    days = max(1, PIECE_SLOTS * slot_seconds // DAY_SECONDS)
    first, last = local_day(start_ms, zone).toordinal(), local_day(stop_ms - 1, zone).toordinal()
    cuts = (start_of_day_ms(date.fromordinal(day), zone) for day in range(first + days, last + 1, days))
    return tuple(cut for cut in cuts if start_ms < cut < stop_ms)


def _offset_seconds(zone: ZoneInfo, day: date, slot_seconds: int) -> int:
    return (start_of_day_ms(day, zone) // 1000) % slot_seconds
