"""Readings of the store -> one frame of slots per point: the only reader, aggregation is left to the database."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from analytics.data_capture import SlotState
from analytics.frame_contract import SLOT_COLUMNS, empty_frame
from analytics.windows import local_day, start_of_day_ms
from telemetry_model.park_register import MeasuringPoint, Park
from telemetry_model.quantities import Kind
from telemetry_model.storage_schema import FIELD_STATUS
from telemetry_store.protocol import TelemetryStore
from telemetry_store.query import Aggregate, Select, SeriesQuery, SeriesResult

DAY_SECONDS = 86_400
LONG_AGO_MS = -2_208_988_800_000
"""1900: before any reading."""
FAR_AHEAD_MS = 7_258_118_400_000
"""2200: after any reading."""
_INTERVAL_END_SECONDS = 1


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
) -> dict[SlotRequest, pd.DataFrame]:
    """Answer all requests with as few queries as fields and ranges allow; raises ``UnreachableError``."""
    together: dict[tuple[object, ...], list[SlotRequest]] = defaultdict(list)
    for request in dict.fromkeys(requests):
        point = park.points[request.point]
        key = (point.medium, point.field_name, point.quantity.kind, request.slot_seconds,
               request.start_ms, request.stop_ms, request.with_quality)  # fmt: skip
        together[key].append(request)
    frames: dict[SlotRequest, pd.DataFrame] = {}
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


async def _read_group(store: TelemetryStore, park: Park, group: list[SlotRequest]) -> dict[SlotRequest, pd.DataFrame]:
    sample = group[0]
    point = park.points[sample.point]
    by_day = sample.slot_seconds >= DAY_SECONDS
    ids = tuple(request.point for request in group)
    questions = [_value_query(park, point, sample, ids, by_day)]
    if sample.with_quality:
        questions.append(_status_query(park, point, sample, ids, by_day))
    values, *quality = await asyncio.gather(*(store.select(question) for question in questions))
    shift_ms = _INTERVAL_END_SECONDS * 1000 if point.quantity.kind is Kind.INTERVAL and not by_day else 0
    valued = {result.tags["point"]: result for result in values}
    states = {result.tags["point"]: result for answer in quality for result in answer}
    frames: dict[SlotRequest, pd.DataFrame] = {}
    for request in group:
        frame = _frame(valued.get(request.point), states.get(request.point), shift_ms)
        if by_day and len(frame):
            frame = _at_local_days(frame, park, point)
        frames[request] = frame
    return frames


def _value_query(
    park: Park, point: MeasuringPoint, request: SlotRequest, ids: tuple[str, ...], by_day: bool
) -> SeriesQuery:
    field = point.field_name
    if by_day:
        return _query(park, point, request, ids, (Select(field, name="mean"),), measuring_only=True)
    aggregates: dict[str, Aggregate] = {"low": Aggregate.MIN, "high": Aggregate.MAX}
    if point.quantity.kind is Kind.GAUGE:
        aggregates["mean"] = Aggregate.MEAN
    if point.quantity.kind is Kind.INTERVAL:
        aggregates["total"] = Aggregate.SUM
    select = tuple(Select(field, aggregate, name) for name, aggregate in aggregates.items())
    return _query(park, point, request, ids, select, measuring_only=True)


def _status_query(
    park: Park, point: MeasuringPoint, request: SlotRequest, ids: tuple[str, ...], by_day: bool
) -> SeriesQuery:
    select = Select(FIELD_STATUS, None if by_day else Aggregate.MAX, "status")
    return _query(park, point, request, ids, (select,), measuring_only=False)


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
    # An interval's amount is stamped at its end: moving the buckets by a second puts the stamp into its own slot.
    shift = _INTERVAL_END_SECONDS if point.quantity.kind is Kind.INTERVAL else 0
    return SeriesQuery(
        point.medium.value,
        select,
        request.start_ms + shift * 1000,
        request.stop_ms + shift * 1000,
        where=(("park", (park.id,)), ("point", ids)),
        group_by=("point",),
        every_seconds=request.slot_seconds if aggregated else None,
        offset_seconds=(_local_offset(park, request) + shift) % request.slot_seconds if aggregated else 0,
        measuring_only=measuring_only,
    )


def _local_offset(park: Park, request: SlotRequest) -> int:
    """Seconds by which slots counted from 1970 UTC must move to start at local midnight (half-hour time zones)."""
    midnight = start_of_day_ms(local_day(request.start_ms, park.timezone), park.timezone)
    return (midnight // 1000) % request.slot_seconds


def _frame(values: SeriesResult | None, quality: SeriesResult | None, shift_ms: int) -> pd.DataFrame:
    valued = _columns(values)
    times = valued.pop("time", np.empty(0, dtype="int64"))
    frame = pd.DataFrame({"start_ms": times} | valued)
    for name in ("mean", "low", "high", "total"):
        if name not in frame:
            frame[name] = np.nan
    frame["state"] = int(SlotState.VALID)
    status = _columns(quality)
    if len(status.get("time", ())):
        invalid = ~np.isin(status["time"], times)
        rest = pd.DataFrame({"start_ms": status["time"][invalid]})
        codes = status["status"][invalid]
        rest["state"] = np.where(np.isin(codes, (1.0, 2.0)), codes, float(SlotState.UNCERTAIN))
        for name in ("mean", "low", "high", "total"):
            rest[name] = np.nan
        frame = rest if frame.empty else pd.concat([frame, rest]) if len(rest) else frame
        frame = frame.sort_values("start_ms", kind="stable", ignore_index=True)
    if frame.empty:
        return empty_frame()
    frame["start_ms"] -= shift_ms
    return frame[list(SLOT_COLUMNS)].astype(SLOT_COLUMNS)


def _columns(result: SeriesResult | None) -> dict[str, np.ndarray]:
    if result is None or not result.rows:
        return {}
    times, *columns = zip(*result.rows, strict=True)
    found: dict[str, np.ndarray] = {"time": np.array(times, dtype="int64")}
    for name, cells in zip(result.columns, columns, strict=True):
        found[name] = np.array(cells, dtype="float64")
    return found


def _at_local_days(frame: pd.DataFrame, park: Park, point: MeasuringPoint) -> pd.DataFrame:
    """Daily values carry no clock: each stands for the local day of its stamp (an interval's end: the day before)."""
    back = 1 if point.quantity.kind is Kind.INTERVAL else 0
    days = [start_of_day_ms(local_day(int(t) - back, park.timezone), park.timezone) for t in frame["start_ms"]]
    placed = frame.assign(start_ms=np.array(days, dtype="int64"), low=frame["mean"], high=frame["mean"])
    if point.quantity.kind is Kind.INTERVAL:
        placed = placed.assign(total=frame["mean"])
    ordered = placed.sort_values(["start_ms", "state"], kind="stable")
    return ordered.drop_duplicates("start_ms", keep="first").reset_index(drop=True)[list(SLOT_COLUMNS)]
