"""Readings of a stretch of time -> rollup rows of its whole hours or of one local day; the database does the sums.

Only valid readings count (status measuring, no reason), each once: where a point's tags were edited and its readings
came again, the hours of the former series keep what only they hold. A period without any has no row; when it had one
before, that row is marked ``no_data``, so that nobody takes it for a value. Where raw readings were let go, the rows
stay.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from analytics.judging.deleted_time import NOTHING_DELETED, Edges
from service_runtime.errors import UnreachableError
from service_runtime.logs import event
from telemetry_model.park_register import Park
from telemetry_model.quantities import Kind, Medium
from telemetry_model.storage_schema import (
    FIELD_STATUS,
    READING_TAGS,
    ROLLUP_COLUMNS,
    RollupPeriod,
    rollup_field,
    rollup_measurement,
)
from telemetry_store.each_reading_once import select_once
from telemetry_store.protocol import TelemetryStore
from telemetry_store.query import Aggregate, Select, SeriesQuery
from telemetry_store.rows import PointSeries, ReadingRow

_log = logging.getLogger(__name__)
HOUR_MS = 3_600_000
ROWS_PER_WRITE = 5_000
NO_DATA = "no_data"
_COUNT = "count"
Place = tuple[tuple[str, ...], int]
"""A series by its tags, and when a period of it begins."""


class Source(NamedTuple):
    """One field of one medium."""

    medium: Medium
    field: str
    kind: Kind


class Stretch(NamedTuple):
    """What to roll up: ``[start_ms, stop_ms)`` into hours or into one day; ``devices`` empty means all."""

    period: RollupPeriod
    start_ms: int
    stop_ms: int
    devices: tuple[str, ...] = ()


def sources_of(park: Park, devices: Iterable[str] = ()) -> list[Source]:
    """The fields the park's points (of these devices) are stored in."""
    wanted = frozenset(devices)
    points = (point for point in park.points.values() if not wanted or point.device in wanted)
    return sorted({Source(point.medium, point.field_name, point.quantity.kind) for point in points})


async def roll_up(
    store: TelemetryStore, park: Park, whole: Stretch, again: bool = False, deleted: Edges = NOTHING_DELETED
) -> int:
    """Write the rollups of a stretch; returns how many rows. ``again``: some may be there and may have become wrong;
    those that are right are neither written nor counted.

    Of time whose readings were ``deleted`` the rollups are all that is left: they are not touched. Raises
    ``UnreachableError``; what was written by then is right and will be written again.
    """
    written = 0
    for source in sources_of(park, whole.devices):
        stretch = _kept(whole, deleted.get(source.medium, whole.start_ms))
        if stretch.start_ms >= stretch.stop_ms:
            continue
        rows = await _rolled(store, park, source, stretch, again)
        if again:
            rows = await _put_right(store, park, source, stretch, rows)
        await _write(store, rows)
        written += len(rows)
    return written


def _kept(stretch: Stretch, deleted_before_ms: int) -> Stretch:
    """The whole hours of a stretch, or the whole day, that no deletion touched."""
    if stretch.start_ms >= deleted_before_ms:
        return stretch
    first = -(-deleted_before_ms // HOUR_MS) * HOUR_MS if stretch.period is RollupPeriod.HOURLY else stretch.stop_ms
    return stretch._replace(start_ms=min(first, stretch.stop_ms))


async def _rolled(store: TelemetryStore, park: Park, source: Source, stretch: Stretch, again: bool) -> list[ReadingRow]:
    columns = ROLLUP_COLUMNS[source.kind]
    select = tuple(Select(source.field, Aggregate(name), name) for name in columns)
    found = await select_once(store, park, _question(park, stretch, source.medium.value, select))
    reason = "" if again else None
    rows: list[ReadingRow] = []
    for result in found:
        series = [_series(source, stretch.period, column, result.tags) for column in columns]
        for time_ms, *values in result.rows:
            rows += [
                ReadingRow(one, int(time_ms or 0), float(value), 0, reason)
                for one, value in zip(series, values, strict=True)
                if isinstance(value, int | float)
            ]
    return rows


class Before(NamedTuple):
    """A period that has a row already: its series, and the row's values by field."""

    series: PointSeries
    values: dict[str, float]


async def _rolled_before(store: TelemetryStore, park: Park, source: Source, stretch: Stretch) -> dict[Place, Before]:
    """Periods that have a row already, with all that stands in it."""
    fields = tuple(rollup_field(source.field, column) for column in ROLLUP_COLUMNS[source.kind])
    question = _question(
        park, stretch, rollup_measurement(source.medium, stretch.period), tuple(map(Select, fields)), raw=True
    )
    found: dict[Place, Before] = {}
    for result in await store.select(question):
        series = _series(source, stretch.period, _COUNT, result.tags)
        for time_ms, *values in result.rows:
            there = {name: float(one) for name, one in zip(fields, values, strict=True) if isinstance(one, int | float)}
            # A store may keep the fields of one instant in rows of their own.
            place = tuple(series.tags().values()), int(time_ms or 0)
            found.setdefault(place, Before(series, {})).values.update(there)
    return found


async def _readings_left(store: TelemetryStore, park: Park, source: Source, stretch: Stretch) -> dict[Place, int]:
    """How many readings the store holds of each period, valid or not."""
    select = (Select(FIELD_STATUS, Aggregate.COUNT, "n"),)
    question = _question(park, stretch, source.medium.value, select, measuring_only=False)
    found: dict[Place, int] = {}
    for result in await store.select(question):
        tags = tuple(_series(source, stretch.period, _COUNT, result.tags).tags().values())
        found |= {(tags, int(time_ms or 0)): int(number or 0) for time_ms, number in result.rows}
    return found


async def _put_right(
    store: TelemetryStore, park: Park, source: Source, stretch: Stretch, rows: list[ReadingRow]
) -> list[ReadingRow]:
    """The new rows of periods that became another, and marks for periods that have a row and no valid reading any more.

    A row that already says all this is left alone: marks may be read twice, and what came late may be what was there.
    No row of a period changes of which the store holds fewer readings than its row was made of. A reading never goes
    away by itself, so raw ones were let go, and what a few latecomers say must not replace the sums of all.
    """
    before = await _rolled_before(store, park, source, stretch)
    left = await _readings_left(store, park, source, stretch) if before else {}
    count = rollup_field(source.field, _COUNT)
    let_go = {place for place, (_, values) in before.items() if left.get(place, 0) < values.get(count, 0.0)}
    if let_go:
        event(_log, logging.WARNING, "rollups stay as they are: of their readings some were let go",
              measurement=source.medium.value, field=source.field, rollups=len(let_go))  # fmt: skip
    made: dict[Place, dict[str, float | None]] = defaultdict(dict)
    for row in rows:
        made[_place(row)][row.series.field] = row.value
    same = {place for place, (_, values) in before.items() if made.get(place) == values}
    lost = [(series.tags(), place[1]) for place, (series, _) in before.items() if place not in made.keys() | let_go]
    return [row for row in rows if _place(row) not in let_go | same] + [
        ReadingRow(_series(source, stretch.period, column, tags), start_ms, 0.0, 0, NO_DATA)
        for tags, start_ms in lost
        for column in ROLLUP_COLUMNS[source.kind]
    ]


def _place(row: ReadingRow) -> Place:
    return tuple(row.series.tags().values()), row.time_ms


def _question(
    park: Park,
    stretch: Stretch,
    measurement: str,
    select: tuple[Select, ...],
    raw: bool = False,
    measuring_only: bool = True,
) -> SeriesQuery:
    where: list[tuple[str, tuple[str, ...]]] = [("park", (park.id,))]
    if stretch.devices:
        where.append(("device", stretch.devices))
    return SeriesQuery(
        measurement=measurement,
        select=select,
        start_ms=stretch.start_ms,
        stop_ms=stretch.stop_ms,
        where=tuple(where),
        group_by=READING_TAGS,
        every_seconds=HOUR_MS // 1000 if stretch.period is RollupPeriod.HOURLY and not raw else None,
        measuring_only=measuring_only,
    )


def _series(source: Source, period: RollupPeriod, column: str, tags: dict[str, str]) -> PointSeries:
    return PointSeries(
        measurement=rollup_measurement(source.medium, period), field=rollup_field(source.field, column), **tags
    )


async def _write(store: TelemetryStore, rows: Sequence[ReadingRow]) -> None:
    for start in range(0, len(rows), ROWS_PER_WRITE):
        outcome = await store.write_readings(rows[start : start + ROWS_PER_WRITE])
        if outcome.kept:
            raise UnreachableError(f"rollups: {outcome.kept_detail}")
        for rejection in outcome.rejected:
            event(_log, logging.ERROR, "store refused a rollup", detail=rejection.detail)


def merged(spans: Iterable[tuple[str, int, int]]) -> dict[tuple[int, int], tuple[str, ...]]:
    """Devices by the stretch they share: ``(device, start_ms, stop_ms)``, overlapping ones of a device made one."""
    by_device: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for device, start_ms, stop_ms in sorted(spans, key=lambda span: (span[0], span[1])):
        kept = by_device[device]
        if kept and start_ms <= kept[-1][1]:
            kept[-1] = (kept[-1][0], max(kept[-1][1], stop_ms))
        else:
            kept.append((start_ms, stop_ms))
    shared: dict[tuple[int, int], list[str]] = defaultdict(list)
    for device, stretches in by_device.items():
        for stretch in stretches:
            shared[stretch].append(device)
    return {stretch: tuple(sorted(devices)) for stretch, devices in sorted(shared.items())}
