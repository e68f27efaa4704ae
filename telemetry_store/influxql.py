"""Renders a :class:`SeriesQuery` as InfluxQL, the one query language InfluxDB 1.x, 2.x and 3.x share; pure text.

:func:`render` is for programs: an exact time range. :func:`render_template` is for Grafana panels: the same question
with the board's time range, interval and variables left open. Tried against InfluxDB 1.6.7.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from telemetry_model.storage_schema import FIELD_REASON, FIELD_STATUS
from telemetry_store.query import SeriesQuery

_NO_VARIABLES: Mapping[str, str] = MappingProxyType({})
# A missing field cannot be asked for in InfluxQL: comparing it gives false, and false = false keeps the row.
_MEASURING = f'"{FIELD_STATUS}" = 0 AND ("{FIELD_REASON}" != \'\') = false'
_EACH = "each"


def quote_name(name: str) -> str:
    """A measurement, tag or field as an InfluxQL identifier."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def quote_string(text: str) -> str:
    """An InfluxQL string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"


def render(query: SeriesQuery) -> str:
    """The query over exactly ``[start_ms, stop_ms)``, buckets without data left out.

    A ``limit`` on several aggregated columns is left to the reader: InfluxQL cannot say it.
    """
    inner = f"time >= {query.start_ms}ms AND time < {query.stop_ms}ms"
    # The rows of a subquery carry the start of their bucket, which may lie before the range's start.
    outer = f"time >= {_bucket_start_ms(query)}ms AND time < {query.stop_ms}ms"
    buckets = f"{query.every_seconds}s" if query.every_seconds else ""
    return _statement(query, (inner, outer), _tag_filters(query), buckets, "none")


def render_template(
    query: SeriesQuery,
    every: str | None = "$__interval",
    variables: Mapping[str, str] = _NO_VARIABLES,
    fill: str = "none",
    timezone: str = "",
) -> str:
    """The query as a Grafana panel's raw InfluxQL; ``start_ms`` and ``stop_ms`` are not used: ``$timeFilter`` is.

    ``every`` is the bucket of aggregated queries, e.g. ``$__interval`` or ``1h``; ``None`` takes the query's own
    ``every_seconds``, or one value for the whole range when it has none. ``variables`` maps a tag to the board variable
    that chooses its values (``{"tenant": "tenant"}`` gives ``"tenant" =~ /^${tenant:regex}$/``), beside what ``where``
    fixes. ``fill`` is InfluxQL's word for empty buckets (``none``, ``null``, ``linear`` …). ``timezone`` aligns buckets
    to local midnight, e.g. ``Asia/Ho_Chi_Minh``. ``combine`` and ``measuring_only`` mean what they mean elsewhere.
    """
    fixed = f"{query.every_seconds}s" if query.every_seconds else ""
    buckets = "" if query.is_raw else (fixed if every is None else every)
    chosen = [f"{quote_name(tag)} =~ /^${{{variable}:regex}}$/" for tag, variable in variables.items()]
    statement = _statement(query, ("$timeFilter", "$timeFilter"), [*_tag_filters(query), *chosen], buckets, fill)
    return f"{statement} tz({quote_string(timezone)})" if timezone else statement


def _statement(query: SeriesQuery, ranges: tuple[str, str], filters: Sequence[str], buckets: str, fill: str) -> str:
    conditions = " AND ".join([ranges[0], *filters, *([_MEASURING] if query.measuring_only else [])])
    source, select = quote_name(query.measurement), _columns(query)
    if query.combine:
        points = tuple(dict.fromkeys(("point", *query.group_by)))
        only = query.select[0]
        each = f"{only.aggregate}({quote_name(only.field)}) AS {quote_name(_EACH)}"
        source = f"(SELECT {each} FROM {source} WHERE {conditions}{_group_by(query, points, buckets, 'none')})"
        select = f"{query.combine}({quote_name(_EACH)}) AS {quote_name(only.column)}"
        conditions = ranges[1]
    return (
        f"SELECT {select} FROM {source} WHERE {conditions}{_group_by(query, query.group_by, buckets, fill)}"
        + _order(query, buckets)
    )


def _columns(query: SeriesQuery) -> str:
    columns: list[str] = []
    for select in query.select:
        field = quote_name(select.field)
        value = f"{select.aggregate}({field})" if select.aggregate else field
        columns.append(f"{value} AS {quote_name(select.column)}")
    return ", ".join(columns)


def _tag_filters(query: SeriesQuery) -> list[str]:
    return [
        "(" + " OR ".join(f"{quote_name(tag)} = {quote_string(value)}" for value in values) + ")"
        for tag, values in query.where
    ]


def _group_by(query: SeriesQuery, tags: Sequence[str], buckets: str, fill: str) -> str:
    offset = f", {query.offset_seconds}s" if query.offset_seconds else ""
    parts = [f"time({buckets}{offset})"] if buckets else []
    parts += [quote_name(tag) for tag in tags]
    return (f" GROUP BY {', '.join(parts)}" if parts else "") + (f" fill({fill})" if buckets else "")


def _order(query: SeriesQuery, buckets: str) -> str:
    if not query.is_raw and not buckets:
        return ""
    order = " ORDER BY time DESC" if query.descending else ""
    # Tried on 1.6.7: beside other aggregates LIMIT cuts each column by itself, before the columns are joined.
    cuts_whole_rows = query.is_raw or len(query.select) == 1
    return order + (f" LIMIT {query.limit}" if query.limit is not None and cuts_whole_rows else "")


def _bucket_start_ms(query: SeriesQuery) -> int:
    if not query.every_seconds:
        return query.start_ms
    return query.start_ms - (query.start_ms - query.offset_seconds * 1000) % (query.every_seconds * 1000)
