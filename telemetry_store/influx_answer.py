"""Decodes InfluxDB's JSON answers: typed rows of a query, and the words of an error."""

from functools import lru_cache
from types import GenericAlias
from typing import Any

import msgspec

from telemetry_model.quantities import Medium
from telemetry_model.storage_schema import FIELD_REASON, FIELD_STATUS
from telemetry_store.query import Aggregate, Cell, Select, SeriesQuery, SeriesResult

_MEDIA = frozenset(medium.value for medium in Medium)


class QueryFailedError(Exception):
    """The database answered, but not with the rows asked for."""


class _LineFault(msgspec.Struct):
    error_message: str = ""


class _ErrorText(msgspec.Struct):
    error: str = ""
    message: str = ""
    results: list["_ErrorText"] = []
    data: list[_LineFault] | _LineFault | None = None
    """InfluxDB 3: one entry for each line that it did not take."""

    def text(self) -> str:
        said = self.error or self.message or next((result.error for result in self.results if result.error), "")
        faults = self.data if isinstance(self.data, list) else [self.data] if self.data else []
        reason = next((fault.error_message for fault in faults if fault.error_message), "")
        return f"{said}: {reason}" if reason else said


class _Version(msgspec.Struct):
    version: str = ""


def decode_answer(text: bytes, query: SeriesQuery) -> list[SeriesResult]:
    """The groups of a ``/query`` answer asked with ``epoch=ms`` and ``chunked=true``: one JSON document a line.

    Unchunked answers may be cut short by the server's row limit. Raises :class:`QueryFailedError`.

    Values of readings are floats as stored, also where JSON writes ``41``; a number of a record comes as JSON has it.
    """
    decoder = _decoder(tuple(_kind(query, select) for select in query.select))
    columns = tuple(select.column for select in query.select)
    found: dict[tuple[str, ...], list[tuple[Cell, ...]]] = {}
    for line in filter(None, text.split(b"\n")):
        try:
            answer = decoder.decode(line)
        except (ValueError, RecursionError) as error:
            raise QueryFailedError(f"an answer we cannot read: {error}") from error
        if problem := answer.error or next((result.error for result in answer.results if result.error), ""):
            raise QueryFailedError(problem)
        for series in (series for result in answer.results for series in result.series):
            found.setdefault(tuple(series.tags.get(tag, "") for tag in query.group_by), []).extend(series.values)
    results = (
        SeriesResult(dict(zip(query.group_by, tags, strict=True)), columns, _clean(found[tags], query))
        for tags in sorted(found)
    )
    return [result for result in results if result.rows]


def error_text(text: bytes) -> str:
    """What the database complains about in a JSON answer; empty when it does not, and plain text as it is."""
    if b'"error"' not in text and b'"message"' not in text:
        return "" if text.lstrip()[:1] == b"{" else text.decode(errors="replace").strip()[:500]
    try:
        said = msgspec.json.decode(text, type=_ErrorText)
    except (ValueError, RecursionError):
        return text.decode(errors="replace").strip()[:500]
    return said.text()


def version_in(text: bytes) -> str:
    """The version a ``/health`` or ``/ping`` body names, or ``unknown``."""
    try:
        return msgspec.json.decode(text, type=_Version).version or "unknown"
    except (ValueError, RecursionError):
        return "unknown"


def _clean(rows: list[tuple[Cell, ...]], query: SeriesQuery) -> list[tuple[Cell, ...]]:
    """Put right what InfluxQL says differently: times of whole-range answers, counts of nothing, "" for no reason."""
    counts = [select.aggregate is Aggregate.COUNT for select in query.select]
    if any(counts):
        rows = [row if None not in row else _counted(row, counts) for row in rows]
    if any(select.field == FIELD_REASON for select in query.select):
        rows = [tuple(None if cell == "" else cell for cell in row) for row in rows]
        rows = [row for row in rows if any(cell is not None for cell in row[1:])]
    if not query.is_raw and not query.every_seconds:
        rows = [(query.start_ms, *row[1:]) for row in rows]
    return rows if query.limit is None else rows[: query.limit]


def _counted(row: tuple[Cell, ...], counts: list[bool]) -> tuple[Cell, ...]:
    cells = zip(row[1:], counts, strict=True)
    return (row[0], *(0 if value is None and is_count else value for value, is_count in cells))


def _kind(query: SeriesQuery, select: Select) -> Any:
    outermost = query.combine or select.aggregate
    if outermost is Aggregate.COUNT:
        return int | None
    if Aggregate.MEAN in (outermost, select.aggregate):
        return float | None
    if select.aggregate is Aggregate.COUNT:
        return int | None
    if query.measurement not in _MEDIA:
        return float | int | str | bool | None
    if select.field == FIELD_REASON:
        return str | None
    return int | None if select.field == FIELD_STATUS else float | None


@lru_cache(maxsize=256)
def _decoder(kinds: tuple[Any, ...]) -> msgspec.json.Decoder[Any]:
    row = GenericAlias(tuple, (int, *kinds))
    series = msgspec.defstruct(
        "Series",
        [("values", GenericAlias(list, (row,))), ("tags", dict[str, str], {})],
    )
    error = ("error", str, "")
    result = msgspec.defstruct("Result", [("series", GenericAlias(list, (series,)), []), error])
    return msgspec.json.Decoder(msgspec.defstruct("Answer", [("results", GenericAlias(list, (result,)), []), error]))
