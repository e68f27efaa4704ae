"""Reads a park's readings so that each instant of a point counts once, whatever tags it was stored under.

Tenant and zone are part of a stored series, so a point whose line in the register was edited has a second series, and a
reading that is sent or corrected again after that lies there twice. What is stored under the tags that the register
gives now was written last and counts, also where it is no valid reading; before and after, each series stands for
itself. Between two former series a valid reading goes first, then the order of the alphabet: so the answer depends
neither on the order of arrival nor on how much is asked at once.

A park whose points have one series each is asked nothing more than before.
"""

import dataclasses
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from telemetry_model.park_register import Park
from telemetry_model.quantities import Medium
from telemetry_model.storage_schema import FIELD_REASON, FIELD_STATUS
from telemetry_store.protocol import TelemetryStore
from telemetry_store.query import Aggregate, Cell, Select, SeriesQuery, SeriesResult

SERIES_TAGS = ("point", "tenant", "zone")
_MEDIA = frozenset(medium.value for medium in Medium)
_JOIN_GAP_MS = 86_400_000
"""Disputed stretches nearer to each other than this are read at once."""
_TRIES = 16
"""So many single instants are looked at one by one before a whole range is read."""
Tags = dict[str, str]
Row = tuple[Cell, ...]
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Reading:
    """One instant of a point as the series that counts has it."""

    time_ms: int
    cells: Row
    status: Cell
    reason: Cell
    tags: Tags

    @property
    def is_valid(self) -> bool:
        """Measured, and nothing against it."""
        return self.status == 0 and not self.reason


async def select_once(store: TelemetryStore, park: Park, query: SeriesQuery) -> list[SeriesResult]:
    """The answer to ``query`` with each (point, instant) counted once; raises ``UnreachableError``.

    Where several points of a group are put together although some have several series, their means count alike and
    the first or last is the greatest. Measurements other than readings are passed through.
    """
    if query.measurement not in _MEDIA:
        return await store.select(query)
    group_by = (*query.group_by, *(tag for tag in SERIES_TAGS if tag not in query.group_by))
    tagged = dataclasses.replace(query, group_by=group_by, combine=None)
    found = await store.select(tagged)
    edited = sorted({result.tags["point"] for result in found if not _is_present(park, result.tags)})
    if not edited and query.combine is None:
        keys = [_key(query, result.tags) for result in found]
        if len(set(keys)) == len(keys):
            return [SeriesResult(_trimmed(query, result.tags), result.columns, result.rows) for result in found]
        return await store.select(query)
    settled = _Settled(store, park, tagged, query)
    single = [result for result in found if result.tags["point"] not in edited]
    rows: dict[tuple[Key, str], dict[int, Row]] = defaultdict(dict)
    if query.is_raw:
        parts = {(_key(query, result.tags), result.tags["point"]): result.rows for result in single}
        for point in edited:
            for reading in await settled.raw(point, [r for r in found if r.tags["point"] == point]):
                parts.setdefault((_key(query, reading.tags), point), []).append((reading.time_ms, *reading.cells))
        return _raw_results(query, parts)
    for result in single:
        rows[_key(query, result.tags), result.tags["point"]] = {_time(row): row[1:] for row in result.rows}
    if edited:
        mine = [result for result in found if result.tags["point"] in edited]
        for key, point, start_ms, cells in await settled.aggregated(edited, mine):
            rows[key, point][start_ms] = cells
    return _aggregated_results(query, rows)


class _Settled:
    """Settles which series of some points counts when, for one query."""

    def __init__(self, store: TelemetryStore, park: Park, tagged: SeriesQuery, query: SeriesQuery) -> None:
        self._store = store
        self._park = park
        self._tagged = tagged
        self._query = query

    async def aggregated(self, points: Sequence[str], found: Sequence[SeriesResult]) -> list[tuple[Key, str, int, Row]]:
        """Rows of the points by group and bucket: of the only series there, of the present one, or made anew."""
        counts = dataclasses.replace(
            self._tagged, select=(Select(FIELD_STATUS, Aggregate.COUNT, "n"),), measuring_only=False, limit=None
        )
        counted: dict[tuple[str, int], list[tuple[Tags, int]]] = defaultdict(list)
        for result in await self._store.select(_of(counts, points)):
            for start, number in result.rows:
                counted[result.tags["point"], int(start or 0)].append((result.tags, int(number or 0)))
        anew: dict[str, set[int]] = defaultdict(set)
        present: set[tuple[str, int]] = set()
        for (point, start_ms), series in counted.items():
            if len(series) > 1:
                own = sum(number for tags, number in series if _is_present(self._park, tags))
                if own >= self._expected(point, start_ms):
                    present.add((point, start_ms))
                else:
                    anew[point].add(start_ms)
        rows: list[tuple[Key, str, int, Row]] = []
        for result in found:
            point, is_present = result.tags["point"], _is_present(self._park, result.tags)
            for row in result.rows:
                start_ms = _time(row)
                if start_ms not in anew.get(point, ()) and (is_present or (point, start_ms) not in present):
                    rows.append((_key(self._query, result.tags), point, start_ms, row[1:]))
        for point, starts in anew.items():
            rows += await self._made_anew(point, starts)
        return rows

    async def raw(self, point: str, found: Sequence[SeriesResult]) -> list[_Reading]:
        """Rows as they count, in the order and number asked for."""
        query = self._query
        if query.limit != 1:
            readings = await self._readings(point, query.start_ms, query.stop_ms)
            kept = [reading for reading in readings if self._is_wanted(reading)]
            return (kept[::-1] if query.descending else kept)[: query.limit]
        pick: Callable[[Iterable[int]], int] = max if query.descending else min
        start_ms, stop_ms = query.start_ms, query.stop_ms
        for _ in range(_TRIES):
            times = [_time(row) for result in found for row in result.rows]
            if not times:
                return []
            at_ms = pick(times)
            kept = [r for r in await self._readings(point, at_ms, at_ms + 1) if self._is_wanted(r)]
            if kept:
                return kept
            start_ms, stop_ms = (start_ms, at_ms) if query.descending else (at_ms + 1, stop_ms)
            rest = dataclasses.replace(self._tagged, start_ms=start_ms, stop_ms=stop_ms)
            found = await self._store.select(_of(rest, [point]))
        kept = [r for r in await self._readings(point, start_ms, stop_ms) if self._is_wanted(r)]
        return kept[-1:] if query.descending else kept[:1]

    async def _made_anew(self, point: str, starts: set[int]) -> list[tuple[Key, str, int, Row]]:
        groups: dict[tuple[Key, int], list[_Reading]] = defaultdict(list)
        for first_ms, end_ms in _stretches(starts, self._every_ms()):
            start_ms, stop_ms = max(first_ms, self._query.start_ms), min(end_ms, self._query.stop_ms)
            for reading in await self._readings(point, start_ms, stop_ms):
                bucket = self._bucket(reading.time_ms)
                if bucket in starts and self._is_wanted(reading):
                    groups[_key(self._query, reading.tags), bucket].append(reading)
        return [
            (key, point, bucket, tuple(self._aggregate(place, inside) for place in range(len(self._query.select))))
            for (key, bucket), inside in sorted(groups.items(), key=lambda item: item[0])
        ]

    async def _readings(self, point: str, start_ms: int, stop_ms: int) -> list[_Reading]:
        """Every instant of a point once, valid or not, in time order."""
        fields = tuple(dict.fromkeys((*(s.field for s in self._query.select), FIELD_STATUS, FIELD_REASON)))
        query = dataclasses.replace(
            self._tagged, select=tuple(Select(field) for field in fields), start_ms=start_ms, stop_ms=stop_ms,
            measuring_only=False, every_seconds=None, offset_seconds=0, limit=None, descending=False,
        )  # fmt: skip
        places = [fields.index(select.field) for select in self._query.select]
        status, reason = fields.index(FIELD_STATUS), fields.index(FIELD_REASON)
        best: dict[int, _Reading] = {}
        for result in await self._store.select(_of(query, [point])):
            for time_ms, *cells in result.rows:
                row = tuple(cells[place] for place in places)
                reading = _Reading(int(time_ms or 0), row, cells[status], cells[reason], result.tags)
                other = best.get(reading.time_ms)
                if other is None or self._rank(reading) < self._rank(other):
                    best[reading.time_ms] = reading
        return [best[time_ms] for time_ms in sorted(best)]

    def _rank(self, reading: _Reading) -> tuple[bool, bool, str, str]:
        tags = reading.tags
        return not _is_present(self._park, tags), not reading.is_valid, tags["tenant"], tags["zone"]

    def _is_wanted(self, reading: _Reading) -> bool:
        measured = any(cell is not None for cell in reading.cells)
        return measured and (reading.is_valid or not self._query.measuring_only)

    def _aggregate(self, place: int, readings: Sequence[_Reading]) -> Cell:
        aggregate = self._query.select[place].aggregate or Aggregate.LAST
        cells = [reading.cells[place] for reading in readings if reading.cells[place] is not None]
        if aggregate in (Aggregate.FIRST, Aggregate.LAST):
            return (cells[0] if aggregate is Aggregate.FIRST else cells[-1]) if cells else None
        return _combined(aggregate, cells)

    def _every_ms(self) -> int:
        every = self._query.every_seconds
        return every * 1000 if every else self._query.stop_ms - self._query.start_ms

    def _bucket(self, time_ms: int) -> int:
        if not self._query.every_seconds:
            return self._query.start_ms
        return time_ms - (time_ms - self._query.offset_seconds * 1000) % self._every_ms()

    def _expected(self, point: str, start_ms: int) -> int:
        """Readings of a bucket, as far as the query covers it."""
        end_ms = min(start_ms + self._every_ms(), self._query.stop_ms)
        interval_ms = self._park.points[point].interval_seconds * 1000
        return max(1, math.ceil((end_ms - max(start_ms, self._query.start_ms)) / interval_ms))


def _is_present(park: Park, tags: Tags) -> bool:
    """Whether these are the tags the register gives now; a point it does not know has no others."""
    point = park.points.get(tags["point"])
    return point is None or (tags["tenant"], tags["zone"]) == (point.tenant, point.zone)


def _of(query: SeriesQuery, points: Sequence[str]) -> SeriesQuery:
    others = tuple((tag, values) for tag, values in query.where if tag != "point")
    return dataclasses.replace(query, where=(*others, ("point", tuple(points))))


def _stretches(starts: set[int], every_ms: int) -> Iterator[tuple[int, int]]:
    """Buckets as stretches of time, those near to each other as one."""
    ordered = sorted(starts)
    first_ms = last_ms = ordered[0]
    for start_ms in ordered[1:]:
        if start_ms - last_ms > every_ms + _JOIN_GAP_MS:
            yield first_ms, last_ms + every_ms
            first_ms = start_ms
        last_ms = start_ms
    yield first_ms, last_ms + every_ms


def _raw_results(query: SeriesQuery, parts: dict[tuple[Key, str], list[Row]]) -> list[SeriesResult]:
    columns = tuple(select.column for select in query.select)
    groups: dict[Key, list[Row]] = defaultdict(list)
    for (key, _), rows in sorted(parts.items(), key=lambda item: item[0]):
        groups[key] += rows
    return [
        SeriesResult(
            dict(zip(query.group_by, key, strict=True)),
            columns,
            sorted(rows, key=_time, reverse=query.descending)[: query.limit],
        )
        for key, rows in groups.items()
    ]


def _aggregated_results(query: SeriesQuery, rows: dict[tuple[Key, str], dict[int, Row]]) -> list[SeriesResult]:
    columns = tuple(select.column for select in query.select)
    groups: dict[Key, dict[int, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for (key, _), buckets in sorted(rows.items(), key=lambda item: item[0]):
        for start_ms, cells in buckets.items():
            groups[key][start_ms].append(cells)
    return [
        SeriesResult(
            dict(zip(query.group_by, key, strict=True)),
            columns,
            [
                (start_ms, *_put_together(query, buckets[start_ms]))
                for start_ms in sorted(buckets, reverse=query.descending)
            ][: query.limit],
        )
        for key, buckets in groups.items()
        if buckets
    ]


def _put_together(query: SeriesQuery, rows: Sequence[Row]) -> Row:
    """One bucket of several points."""
    if len(rows) == 1 and query.combine is not Aggregate.COUNT:
        return rows[0]
    aggregates = [query.combine or select.aggregate or Aggregate.LAST for select in query.select]
    # What was counted of each point is added up.
    pooled = [Aggregate.SUM if a is Aggregate.COUNT and not query.combine else a for a in aggregates]
    return tuple(
        _combined(aggregate, [row[place] for row in rows if row[place] is not None])
        for place, aggregate in enumerate(pooled)
    )


def _combined(aggregate: Aggregate, cells: Sequence[Cell]) -> Cell:
    numbers = [cell for cell in cells if isinstance(cell, int | float)]
    if aggregate is Aggregate.COUNT:
        return len(cells)
    if not numbers:
        return None
    if aggregate is Aggregate.MIN:
        return min(numbers)
    if aggregate is Aggregate.SUM:
        return math.fsum(numbers)
    if aggregate is Aggregate.MEAN:
        return math.fsum(numbers) / len(numbers)
    return max(numbers)


def _key(query: SeriesQuery, tags: Tags) -> Key:
    return tuple(tags[tag] for tag in query.group_by)


def _trimmed(query: SeriesQuery, tags: Tags) -> Tags:
    return {tag: tags[tag] for tag in query.group_by}


def _time(row: Row) -> int:
    return int(row[0] or 0)
