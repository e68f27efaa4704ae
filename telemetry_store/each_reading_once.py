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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from telemetry_model.park_register import Park
from telemetry_model.quantities import Medium
from telemetry_model.storage_schema import FIELD_REASON, FIELD_STATUS
from telemetry_store.group_rows import (
    Key,
    Row,
    Tags,
    aggregated_results,
    combined,
    key_of,
    raw_results,
    time_of,
    trimmed,
)
from telemetry_store.protocol import TelemetryStore
from telemetry_store.query import Aggregate, Cell, Select, SeriesQuery, SeriesResult

SERIES_TAGS = ("point", "tenant", "zone")
_MEDIA = frozenset(medium.value for medium in Medium)
_JOIN_GAP_MS = 3_600_000
"""Disputed stretches nearer to each other than this are read at once."""
_OF_EXTREMES = frozenset({Aggregate.MIN, Aggregate.MAX, Aggregate.FIRST, Aggregate.LAST, Aggregate.COUNT})
_TRIES = 16
"""So many single instants are looked at one by one before a whole range is read."""
Bucket = tuple[str, int]
"""A point, and when the bucket begins."""


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
    the first or last is the greatest. A count beside extremes is that of the present series where it alone tells them.
    Measurements other than readings are passed through.
    """
    if query.measurement not in _MEDIA:
        return await store.select(query)
    group_by = (*query.group_by, *(tag for tag in SERIES_TAGS if tag not in query.group_by))
    tagged = dataclasses.replace(query, group_by=group_by, combine=None)
    found = await store.select(tagged)
    edited = sorted({result.tags["point"] for result in found if not _is_present(park, result.tags)})
    if not edited and query.combine is None:
        keys = [key_of(query, result.tags) for result in found]
        if len(set(keys)) == len(keys):
            return [SeriesResult(trimmed(query, result.tags), result.columns, result.rows) for result in found]
        return await store.select(query)
    settled = _Settled(store, park, tagged, query)
    single = [result for result in found if result.tags["point"] not in edited]
    rows: dict[tuple[Key, str], dict[int, Row]] = defaultdict(dict)
    if query.is_raw:
        parts = {(key_of(query, result.tags), result.tags["point"]): result.rows for result in single}
        for point in edited:
            for reading in await settled.raw(point, [r for r in found if r.tags["point"] == point]):
                parts.setdefault((key_of(query, reading.tags), point), []).append((reading.time_ms, *reading.cells))
        return raw_results(query, parts)
    for result in single:
        rows[key_of(query, result.tags), result.tags["point"]] = {time_of(row): row[1:] for row in result.rows}
    if edited:
        mine = [result for result in found if result.tags["point"] in edited]
        for key, point, start_ms, cells in await settled.aggregated(edited, mine):
            rows[key, point][start_ms] = cells
    return aggregated_results(query, rows)


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
        present, anew = self._decided(counted, found)
        rows: list[tuple[Key, str, int, Row]] = []
        for result in found:
            point, is_present = result.tags["point"], _is_present(self._park, result.tags)
            for row in result.rows:
                start_ms = time_of(row)
                if start_ms not in anew.get(point, ()) and (is_present or (point, start_ms) not in present):
                    rows.append((key_of(self._query, result.tags), point, start_ms, row[1:]))
        for point, starts in anew.items():
            rows += await self._made_anew(point, starts)
        return rows

    def _decided(
        self, counted: Mapping[Bucket, Sequence[tuple[Tags, int]]], found: Sequence[SeriesResult]
    ) -> tuple[set[Bucket], dict[str, set[int]]]:
        """The buckets with several series that the present one tells alone, and those to be made anew, by point.

        Alone it tells those that it fills. It also tells the least and the greatest where all of its own lie around
        those of the others and both overlap: a register that was sent again with a few losses.
        """
        cells: dict[Bucket, list[tuple[bool, Row]]] = defaultdict(list)
        for result in found:
            for row in result.rows:
                where = result.tags["point"], time_of(row)
                if len(counted.get(where, ())) > 1:
                    cells[where].append((_is_present(self._park, result.tags), row[1:]))
        present: set[Bucket] = set()
        anew: dict[str, set[int]] = defaultdict(set)
        for where, series in counted.items():
            if len(series) < 2:
                continue
            own = sum(number for tags, number in series if _is_present(self._park, tags))
            others, expected = sum(number for _, number in series) - own, self._expected(*where)
            if own >= expected or (own + others > expected and self._surrounds(cells[where])):
                present.add(where)
            else:
                anew[where[0]].add(where[1])
        return present, anew

    def _surrounds(self, rows: Sequence[tuple[bool, Row]]) -> bool:
        """Whether the present row has the extremes of all, and they are all that is asked for beside a count."""
        places = {select.aggregate: place for place, select in enumerate(self._query.select)}
        own = next((row for is_present, row in rows if is_present), None)
        if own is None or not {Aggregate.MIN, Aggregate.MAX} <= places.keys() <= _OF_EXTREMES:
            return False
        low, high = places[Aggregate.MIN], places[Aggregate.MAX]
        edges = [(places[a], at) for a, at in ((Aggregate.FIRST, low), (Aggregate.LAST, high)) if a in places]
        if any(row[place] != row[extreme] for _, row in rows for place, extreme in edges):
            return False
        return own[low] == combined(Aggregate.MIN, [row[low] for _, row in rows]) and own[high] == combined(
            Aggregate.MAX, [row[high] for _, row in rows]
        )

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
            times = [time_of(row) for result in found for row in result.rows]
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
                    groups[key_of(self._query, reading.tags), bucket].append(reading)
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
        return combined(aggregate, cells)

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
