"""Which rows no backend can take: the same answer for every database, given before anything is sent."""

from collections.abc import Collection, Sequence
from math import isfinite

from telemetry_store.rows import FieldValue, PointSeries, ReadingRow, RecordRow, Rejection, RejectReason

MAX_TIME_MS = 9_223_372_036_854
"""InfluxDB counts nanoseconds in 64 bits: times beyond the years 1677 to 2262 do not exist there."""
_INT64 = 2**63


def tag_value_problem(value: str) -> str:
    """Why a tag's value cannot be stored; empty when it can.

    Line protocol has no way to write a line break or a last backslash (InfluxDB 1.x and 2.x syntax), and InfluxQL none
    to ask for a NUL.
    """
    if "\0" in value:
        return f"{value!r} has a NUL character"
    if "\n" in value or "\r" in value:
        return f"{value!r} has a line break"
    if value.endswith("\\"):
        return f"{value!r} ends with a backslash"
    if not value.isascii() and not _has_utf8(value):
        return f"{value!r} is not valid Unicode"
    return ""


def _has_utf8(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def name_problem(name: str) -> str:
    """Why a measurement, tag or field cannot have this name; empty when it can.

    Beside what :func:`tag_value_problem` says, databases disagree on quotes and backslashes in names, and a line that
    starts with ``#`` is a comment.
    """
    if not name:
        return "a name is empty"
    if name[0] in "# \t":
        return f"the name {name!r} starts with a blank or #"
    if '"' in name or "\\" in name:
        return f"the name {name!r} has a quote or backslash"
    return tag_value_problem(name)


def series_problem(series: PointSeries) -> str:
    """Why no reading of this series can be stored; empty when they can."""
    names = map(name_problem, (series.measurement, series.field))
    return next(filter(None, (*names, *map(tag_value_problem, series.tags().values()))), "")


def refused_readings(rows: Sequence[ReadingRow], bad_series: Collection[PointSeries]) -> list[Rejection]:
    """Rows whose value is not finite, whose time does not exist, or whose series has a :func:`series_problem`."""
    if not bad_series and _all_times_and_values_exist(rows):
        return []
    refused = [
        Rejection(index, RejectReason.MALFORMED, f"{row.series.point}: value {row.value} at {row.time_ms} ms")
        for index, row in enumerate(rows)
        if not (isfinite(row.value or 0.0) and -MAX_TIME_MS < row.time_ms < MAX_TIME_MS)
    ]
    if bad_series:
        known = {rejection.index for rejection in refused}
        refused += [
            Rejection(index, RejectReason.MALFORMED, series_problem(row.series))
            for index, row in enumerate(rows)
            if row.series in bad_series and index not in known
        ]
    return refused


def _all_times_and_values_exist(rows: Sequence[ReadingRow]) -> bool:
    """One look at all rows: a sum is finite only when everything in it is (or is not, for sheer size: look closer)."""
    if not rows:
        return True
    times = {row.time_ms for row in rows}
    return min(times) > -MAX_TIME_MS and max(times) < MAX_TIME_MS and isfinite(sum([row.value or 0.0 for row in rows]))


def record_problem(row: RecordRow) -> str:
    """Why this record cannot be stored; empty when it can."""
    if not row.fields:
        return "a record needs at least one field"
    if not -MAX_TIME_MS < row.time_ms < MAX_TIME_MS:
        return f"time {row.time_ms} ms is out of bounds"
    names = map(name_problem, (row.measurement, *row.tags, *row.fields))
    if problem := next(filter(None, (*names, *map(tag_value_problem, row.tags.values()))), ""):
        return problem
    return next(filter(None, (_value_problem(name, value) for name, value in row.fields.items())), "")


def _value_problem(name: str, value: FieldValue) -> str:
    if isinstance(value, str):
        # Line breaks and backslashes can be quoted here; a lone surrogate has no UTF-8.
        return "" if value.isascii() or _has_utf8(value) else f"{name}: not valid Unicode"
    if isinstance(value, float):
        return "" if isfinite(value) else f"{name}: {value} is not finite"
    return "" if -_INT64 <= value < _INT64 else f"{name}: {value} does not fit 64 bits"


def refused_records(rows: Sequence[RecordRow]) -> list[Rejection]:
    """Records with a :func:`record_problem`."""
    problems = ((index, record_problem(row)) for index, row in enumerate(rows))
    return [Rejection(index, RejectReason.MALFORMED, problem) for index, problem in problems if problem]
