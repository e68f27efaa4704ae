"""Rows by group and point -> the answer's groups: rows in time order, several points of a group put together."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence

from telemetry_store.query import Aggregate, Cell, SeriesQuery, SeriesResult

Tags = dict[str, str]
Row = tuple[Cell, ...]
Key = tuple[str, ...]
"""The values of the tags that are grouped by."""


def raw_results(query: SeriesQuery, parts: Mapping[tuple[Key, str], list[Row]]) -> list[SeriesResult]:
    """Rows as they were written, by group and point; the limit is per group."""
    columns = tuple(select.column for select in query.select)
    groups: dict[Key, list[Row]] = defaultdict(list)
    for (key, _), rows in sorted(parts.items(), key=lambda item: item[0]):
        groups[key] += rows
    return [
        SeriesResult(
            dict(zip(query.group_by, key, strict=True)),
            columns,
            sorted(rows, key=time_of, reverse=query.descending)[: query.limit],
        )
        for key, rows in groups.items()
    ]


def aggregated_results(query: SeriesQuery, rows: Mapping[tuple[Key, str], Mapping[int, Row]]) -> list[SeriesResult]:
    """Buckets by group and point: one row a group and bucket."""
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
        combined(aggregate, [row[place] for row in rows if row[place] is not None])
        for place, aggregate in enumerate(pooled)
    )


def combined(aggregate: Aggregate, cells: Sequence[Cell]) -> Cell:
    """One number of several; the first or last of things that have no order is the greatest."""
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


def key_of(query: SeriesQuery, tags: Tags) -> Key:
    """The group that a series belongs to."""
    return tuple(tags[tag] for tag in query.group_by)


def trimmed(query: SeriesQuery, tags: Tags) -> Tags:
    """The tags that the query groups by."""
    return {tag: tags[tag] for tag in query.group_by}


def time_of(row: Row) -> int:
    """When a row is, or its bucket begins."""
    return int(row[0] or 0)
