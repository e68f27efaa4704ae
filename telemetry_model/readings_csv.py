"""Readings as CSV, ``time,point,value[,unit][,status]``: what a person or a meter without MQTT can write."""

import csv
import io

from telemetry_model.plain_json import parse_time_ms
from telemetry_model.reading import ReadingReason
from telemetry_model.senml import MAX_PACK_RECORDS, PackError, PackTooLargeError, SenmlReading, check_pack_bytes

CONTENT_TYPE_CSV = "text/csv"
REQUIRED = ("time", "point", "value")
OPTIONAL = ("unit", "status")
MAX_CELL_CHARACTERS = 1_000


def decode_csv(payload: bytes) -> list[SenmlReading]:
    """All rows, or :class:`PackError` naming the first row that cannot be read; an empty value is a missing one."""
    check_pack_bytes(payload)
    try:
        text = payload.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PackError(f"not UTF-8 text (byte {error.start})") from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    readings: list[SenmlReading] = []
    try:
        header = [name.strip() for name in next(reader, [])]
        _check_header(header)
        for cells in reader:
            if any(cell.strip() for cell in cells):
                readings.append(_reading(header, cells, reader.line_num))
            if len(readings) > MAX_PACK_RECORDS:
                raise PackTooLargeError(f"more than {MAX_PACK_RECORDS} rows are over the limit")
    except csv.Error as error:
        raise PackError(f"line {reader.line_num}: {error}") from error
    return readings


def _check_header(header: list[str]) -> None:
    missing = [name for name in REQUIRED if name not in header]
    unknown = [name for name in header if name not in (*REQUIRED, *OPTIONAL)]
    if missing or unknown or len(set(header)) != len(header):
        raise PackError("the first line must be time,point,value and may add unit and status")


def _reading(header: list[str], cells: list[str], line: int) -> SenmlReading:
    if len(cells) > len(header) or any(len(cell) > MAX_CELL_CHARACTERS for cell in cells):
        raise PackError(f"line {line}: more cells than columns, or a cell that is too long")
    row = dict(zip(header, (cell.strip() for cell in cells), strict=False))
    try:
        time_ms = parse_time_ms(_number_or_text(row.get("time", "")))
        value, reason = _value(row.get("value", ""))
        status = int(row.get("status") or 0)
    except ValueError as error:
        raise PackError(f"line {line}: {error}") from error
    return SenmlReading(row.get("point", ""), row.get("unit", ""), time_ms, value, status, reason)


def _number_or_text(cell: str) -> float | str:
    try:
        return float(cell)
    except ValueError:
        return cell


def _value(cell: str) -> tuple[float | None, str]:
    if not cell:
        return None, ReadingReason.EMPTY_CELL.value
    try:
        return float(cell), ""
    except ValueError as error:
        raise PackError(f"value '{cell[:40]}' is not a number (a decimal point, no grouping)") from error
