"""Renders a :class:`SeriesQuery` as SQL for one group of series of the embedded store; no I/O here.

The numbers are those of InfluxQL: a bucket's row carries the bucket's start, aggregates skip missing values, a count
stands as 0 beside other columns but never makes a row by itself, and when several series of a group have the first or
last instant in common the greatest value counts.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from telemetry_model.storage_schema import FIELD_REASON, FIELD_STATUS
from telemetry_store.query import Aggregate, Select, SeriesQuery

_SQL_AGGREGATES = {
    Aggregate.MEAN: "avg", Aggregate.MIN: "min", Aggregate.MAX: "max", Aggregate.SUM: "sum", Aggregate.COUNT: "count",
}  # fmt: skip
_EDGES = {Aggregate.FIRST: "min", Aggregate.LAST: "max"}
_REASON = "nullif(r.reason, '')"
_SEVERAL = (
    "SELECT json_extract(value, '$[0]') AS series_id, json_extract(value, '$[1]') AS part FROM json_each(:members)"
)


class SeriesMember(NamedTuple):
    """One stored series: its key, its value field (empty for records) and its tags."""

    id: int
    field: str
    tags: dict[str, str]


@dataclass(frozen=True, slots=True)
class SeriesGroup:
    """The series that make one answer."""

    tags: dict[str, str]
    members: tuple[SeriesMember, ...]
    of_records: bool


class Statement(NamedTuple):
    """One SELECT: rows are ``(bucket or time_ms, column ...)``; ``columns`` are their places in the query's select."""

    sql: str
    parameters: dict[str, int | str]
    columns: tuple[int, ...]


def group_series(members: Iterable[SeriesMember], query: SeriesQuery, of_records: bool) -> list[SeriesGroup]:
    """The groups a query asks for, in the order of their tag values; series it cannot touch are left out."""
    wanted = [(tag, frozenset(values)) for tag, values in query.where]
    fields = {select.field for select in query.select}
    any_field = of_records or not fields.isdisjoint({FIELD_STATUS, FIELD_REASON})
    groups: dict[tuple[str, ...], list[SeriesMember]] = {}
    for member in members:
        if not any_field and member.field not in fields:
            continue
        if all(member.tags.get(tag, "") in values for tag, values in wanted):
            groups.setdefault(tuple(member.tags.get(tag, "") for tag in query.group_by), []).append(member)
    return [
        SeriesGroup(dict(zip(query.group_by, key, strict=True)), tuple(groups[key]), of_records)
        for key in sorted(groups)
    ]


def render_raw(query: SeriesQuery, group: SeriesGroup) -> Statement:
    """Rows as written, in time order: the selected columns, for records all fields as one JSON text."""
    names = [f"c{index}" for index in range(len(query.select))]
    direction = "DESC" if query.descending else "ASC"
    picked, parameters = _picked(query, group, query.select)
    wanted = "fields" if group.of_records else ", ".join(names)
    sql = (
        f"SELECT time_ms, {wanted} FROM ({picked}) "
        f"WHERE {' OR '.join(f'{name} IS NOT NULL' for name in names)} ORDER BY time_ms {direction}"
    )
    return Statement(sql + _limit(query), parameters, tuple(range(len(names))))


def render_aggregates(query: SeriesQuery, group: SeriesGroup) -> list[Statement]:
    """One statement for all plain aggregates, one for each first or last, rows in the order asked for.

    Of several statements the rows must be joined by bucket.
    """
    plain = [index for index, select in enumerate(query.select) if select.aggregate in _SQL_AGGREGATES]
    statements = [_plain(query, group, plain)] if plain and not query.combine else []
    for index, select in enumerate(query.select):
        if query.combine:
            statements.append(_combined(query, group, select))
        elif index not in plain:
            statements.append(_edge(query, group, index))
    return statements


def _plain(query: SeriesQuery, group: SeriesGroup, indices: Sequence[int]) -> Statement:
    selects = tuple(query.select[index] for index in indices)
    # One column a field, not one an aggregate: a count that is asked for twice is then counted once.
    fields = tuple(dict.fromkeys(select.field for select in selects))
    picked, parameters = _picked(query, group, tuple(Select(field) for field in fields))
    columns = [
        f"{_SQL_AGGREGATES[select.aggregate]}(c{fields.index(select.field)})"
        for select in selects
        if select.aggregate is not None
    ]
    some = " OR ".join(f"count(c{place})" for place in range(len(fields)))
    sql = f"SELECT bucket, {', '.join(columns)} FROM ({picked}) GROUP BY bucket HAVING {some} {_by_bucket(query)}"
    return Statement(sql, parameters, tuple(indices))


def _edge(query: SeriesQuery, group: SeriesGroup, index: int) -> Statement:
    select = query.select[index]
    picked, parameters = _picked(query, group, (select,))
    sql = f"SELECT bucket, v FROM ({_edge_sql(picked, select, 'bucket')}) {_by_bucket(query)}"
    return Statement(sql, parameters, (index,))


def _edge_sql(picked: str, select: Select, key: str) -> str:
    # SQLite takes a bare column from the row that holds the min() or max(): documented, "bare columns" in SELECT.
    edge = _EDGES[select.aggregate] if select.aggregate else ""
    instants = f"SELECT {key}, time_ms, max(c0) AS v FROM ({picked}) WHERE c0 IS NOT NULL GROUP BY {key}, time_ms"
    return f"SELECT {key}, v, {edge}(time_ms) FROM ({instants}) GROUP BY {key}"


def _combined(query: SeriesQuery, group: SeriesGroup, select: Select) -> Statement:
    picked, parameters = _picked(query, group, (select,))
    if select.aggregate in _SQL_AGGREGATES:
        each = (
            f"SELECT part, bucket, {_SQL_AGGREGATES[select.aggregate]}(c0) AS v FROM ({picked}) "
            "WHERE c0 IS NOT NULL GROUP BY part, bucket"
        )
    else:
        each = _edge_sql(picked, select, "part, bucket")
    # All points' values of a bucket carry the bucket's start: their first and last is the greatest of them.
    outer = _SQL_AGGREGATES.get(query.combine, "max") if query.combine else "max"
    return Statement(f"SELECT bucket, {outer}(v) FROM ({each}) GROUP BY bucket {_by_bucket(query)}", parameters, (0,))


def _by_bucket(query: SeriesQuery) -> str:
    return f"ORDER BY bucket {'DESC' if query.descending else 'ASC'}"


def _limit(query: SeriesQuery) -> str:
    return f" LIMIT {int(query.limit)}" if query.limit is not None else ""


def _picked(query: SeriesQuery, group: SeriesGroup, selects: Sequence[Select]) -> tuple[str, dict[str, int | str]]:
    """A SELECT of bucket, part, time_ms, c0 ... over the group's rows in range, and its parameters."""
    parameters: dict[str, int | str] = {"start": query.start_ms, "stop": query.stop_ms}
    columns = [_column(select.field, f"f{index}", group, parameters) for index, select in enumerate(selects)]
    table = "record" if group.of_records else "reading"
    bucket = ":start"
    if query.every_seconds:
        parameters |= {"every": query.every_seconds * 1000, "offset": query.offset_seconds * 1000}
        bucket = "r.time_ms - ((r.time_ms - :offset) % :every + :every) % :every"
    if len(group.members) == 1:
        # Alone, the primary key gives rows in time order without sorting.
        parameters["single"] = group.members[0].id
        source, part = f"{table} r WHERE r.series_id = :single AND", "0"
    else:
        parameters["members"] = json.dumps(_parts(group))
        source, part = f"({_SEVERAL}) m JOIN {table} r ON r.series_id = m.series_id WHERE", "m.part"
    named = ", ".join(f"{column} AS c{index}" for index, column in enumerate(columns))
    if group.of_records:
        named += ", r.fields AS fields"
    sql = (
        f"SELECT {bucket} AS bucket, {part} AS part, r.time_ms AS time_ms, {named} "
        f"FROM {source} r.time_ms >= :start AND r.time_ms < :stop"
    )
    if query.measuring_only:
        status, reason = ("r.status", _REASON) if not group.of_records else _record_quality()
        sql += f" AND {status} = 0 AND {reason} IS NULL"
    return sql, parameters


def _record_quality() -> tuple[str, str]:
    return f"json_extract(r.fields, '$.{FIELD_STATUS}')", f"json_extract(r.fields, '$.{FIELD_REASON}')"


def _parts(group: SeriesGroup) -> list[tuple[int, int]]:
    """Each series with the number of its point: a point whose tags once changed is still one point."""
    numbers: dict[str, int] = {}
    return [(member.id, numbers.setdefault(member.tags.get("point", ""), len(numbers))) for member in group.members]


def _column(field: str, name: str, group: SeriesGroup, parameters: dict[str, int | str]) -> str:
    if group.of_records:
        parameters[name] = f'$."{field}"'
        return f"json_extract(r.fields, :{name})"
    if field == FIELD_STATUS:
        return "r.status"
    if field == FIELD_REASON:
        return _REASON
    having = [member.id for member in group.members if member.field == field]
    if len(having) == len(group.members):
        return "r.value"
    if not having:
        return "NULL"
    parameters[name] = json.dumps(having)
    return f"CASE WHEN r.series_id IN (SELECT value FROM json_each(:{name})) THEN r.value END"
