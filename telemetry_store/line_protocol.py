"""Rows as InfluxDB line protocol, milliseconds; pure text, no network.

``energy,device=em-017,park=bach-dang,point=em-017.active_power,… active_power_kw=41.2,status=0i 1763856000000``

Syntax: InfluxDB 1.x and 2.x line protocol. What it cannot express (see :mod:`telemetry_store.admissible`) must be
taken out before.
"""

from collections.abc import Iterable, KeysView, Mapping, Sequence
from typing import NamedTuple

import msgspec

from telemetry_model.storage_schema import FIELD_REASON, FIELD_STATUS
from telemetry_store.rows import FieldValue, PointSeries, ReadingRow, RecordRow

_MEASUREMENT = str.maketrans({",": "\\,", " ": "\\ "})
_KEY = str.maketrans({",": "\\,", " ": "\\ ", "=": "\\="})
_TEXT = str.maketrans({'"': '\\"', "\\": "\\\\"})
_MAX_PREFIXES = 200_000
_NO_VALUE = "null"
_numbers = msgspec.json.Encoder(enc_hook=float)


def escape_measurement(name: str) -> str:
    """A measurement's name."""
    return name.translate(_MEASUREMENT)


def escape_key(text: str) -> str:
    """A tag name, tag value or field name."""
    return text.translate(_KEY)


def quote_text(text: str) -> str:
    """A string field's value with its quotes."""
    return f'"{text.translate(_TEXT)}"'


def series_key(measurement: str, tags: Mapping[str, str]) -> str:
    """Measurement and tags in alphabetical order; InfluxDB has no empty tag, so those are left out."""
    named = (f",{escape_key(name)}={escape_key(value)}" for name, value in sorted(tags.items()) if value)
    return escape_measurement(measurement) + "".join(named)


class LinePrefix(NamedTuple):
    """A point's line up to its value, and up to its status when there is no value."""

    with_value: str
    without_value: str


class ReadingLines:
    """Writes readings as lines; what is the same for every reading of a point is written once and remembered."""

    def __init__(self) -> None:
        self._prefixes: dict[PointSeries, LinePrefix] = {}

    @property
    def known(self) -> KeysView[PointSeries]:
        """The series met so far."""
        return self._prefixes.keys()

    def lines(self, rows: Sequence[ReadingRow]) -> list[str]:
        """One line per row, in order. Without a value a row says status and reason only."""
        prefixes = self._prefixes
        if len(prefixes) > _MAX_PREFIXES:
            prefixes.clear()
        written: list[str] = []
        ending, behind_value, time_ms, status = "", "", None, None
        for row, value in zip(rows, _values(rows), strict=True):
            series = row.series
            prefix = prefixes.get(series) or self._remember(series)
            if row.reason is not None:
                written.append(_explained(prefix, value, row))
                continue
            if row.time_ms != time_ms or row.status != status:
                time_ms, status = row.time_ms, row.status
                ending = f"{status}i {time_ms}"
                behind_value = f",{FIELD_STATUS}={ending}"
            if value == _NO_VALUE:
                written.append(prefix.without_value + ending)
            else:
                written.append(prefix.with_value + value + behind_value)
        return written

    def _remember(self, series: PointSeries) -> LinePrefix:
        key = series_key(series.measurement, series.tags())
        prefix = LinePrefix(f"{key} {escape_key(series.field)}=", f"{key} {FIELD_STATUS}=")
        self._prefixes[series] = prefix
        return prefix


def _values(rows: Sequence[ReadingRow]) -> list[str]:
    """The shortest text that reads back as the same number, or :data:`_NO_VALUE`, for each row.

    One call for all of them: msgspec's shortest decimals take a third of the time of ``repr``.
    """
    return _numbers.encode([row.value for row in rows])[1:-1].decode().split(",") if rows else []


def _explained(prefix: LinePrefix, value: str, row: ReadingRow) -> str:
    reason = f"{FIELD_REASON}={quote_text(row.reason or '')}"
    if value == _NO_VALUE:
        return f"{prefix.without_value}{row.status}i,{reason} {row.time_ms}"
    return f"{prefix.with_value}{value},{FIELD_STATUS}={row.status}i,{reason} {row.time_ms}"


def record_line(row: RecordRow) -> str:
    """One line for a finding, indicator or ledger line; integers stay integers, as InfluxDB types fields."""
    fields = ",".join(f"{escape_key(name)}={_field_value(value)}" for name, value in row.fields.items())
    return f"{series_key(row.measurement, row.tags)} {fields} {row.time_ms}"


def _field_value(value: FieldValue) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f"{int(value)}i"
    if isinstance(value, float):
        return repr(float(value))
    return quote_text(value)


def body(lines: Iterable[str]) -> bytes:
    """What is sent; a character that has no UTF-8 (a lone surrogate in a reason) becomes a question mark."""
    return "\n".join(lines).encode(errors="replace")
