"""Answers a :class:`SeriesQuery` from the embedded store's file: finds the series, runs the SQL, joins the columns."""

import sqlite3
from collections.abc import Iterator

import msgspec

from telemetry_model.storage_schema import READING_TAGS
from telemetry_store.query import Aggregate, Cell, SeriesQuery, SeriesResult
from telemetry_store.sqlite_select import SeriesGroup, SeriesMember, group_series, render_aggregates, render_raw

Row = tuple[Cell, ...]


def answer(database: sqlite3.Connection, query: SeriesQuery) -> list[SeriesResult]:
    """Groups in the order of their tag values, empty ones left out; raises ``sqlite3.Error``."""
    columns = tuple(select.column for select in query.select)
    database.execute("BEGIN")  # one snapshot for all statements of the answer
    try:
        results = (
            SeriesResult(group.tags, columns, _rows(database, query, group)) for group in _groups(database, query)
        )
        return [result for result in results if result.rows]
    finally:
        database.execute("ROLLBACK")


def _groups(database: sqlite3.Connection, query: SeriesQuery) -> list[SeriesGroup]:
    members = _members(database, query.measurement)
    if members:
        return group_series(members, query, of_records=False)
    return group_series(_record_members(database, query.measurement), query, of_records=True)


def _members(database: sqlite3.Connection, measurement: str) -> list[SeriesMember]:
    sql = f"SELECT id, field, {', '.join(READING_TAGS)} FROM series WHERE measurement = ?"
    return [
        SeriesMember(key, field, dict(zip(READING_TAGS, tags, strict=True)))
        for key, field, *tags in database.execute(sql, (measurement,))
    ]


def _record_members(database: sqlite3.Connection, measurement: str) -> list[SeriesMember]:
    found = database.execute("SELECT id, tags FROM record_series WHERE measurement = ?", (measurement,))
    return [SeriesMember(key, "", msgspec.json.decode(tags, type=dict[str, str])) for key, tags in found]


def _rows(database: sqlite3.Connection, query: SeriesQuery, group: SeriesGroup) -> list[Row]:
    if not query.is_raw:
        return _aggregated(database, query, group)
    statement = render_raw(query, group)
    found = database.execute(statement.sql, statement.parameters)
    return list(_from_json(found, query)) if group.of_records else found.fetchall()


def _from_json(found: sqlite3.Cursor, query: SeriesQuery) -> Iterator[Row]:
    """Records come as their JSON text, because SQL would turn true into 1 and may round the last digit."""
    for time_ms, text in found:
        fields = msgspec.json.decode(text)
        yield (time_ms, *(fields.get(select.field) for select in query.select))


def _aggregated(database: sqlite3.Connection, query: SeriesQuery, group: SeriesGroup) -> list[Row]:
    statements = render_aggregates(query, group)
    if len(statements) == 1:
        (only,) = statements
        return database.execute(only.sql, only.parameters).fetchall()[: query.limit]
    empty: list[Cell] = [0 if select.aggregate is Aggregate.COUNT else None for select in query.select]
    buckets: dict[int, list[Cell]] = {}
    for statement in statements:
        for bucket, *values in database.execute(statement.sql, statement.parameters):
            row = buckets.setdefault(bucket, empty.copy())
            for place, value in zip(statement.columns, values, strict=True):
                row[place] = value
    ordered = sorted(buckets.items(), reverse=query.descending)
    return [(bucket, *values) for bucket, values in ordered[: query.limit]]
