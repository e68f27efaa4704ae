"""Plain JSON from devices that speak no SenML: ``{"value": 21.5}`` with optional ``time``, ``unit`` and ``status``.

A path of names finds the value inside a larger document: ``energy.power`` is ``{"energy": {"power": 3.2}}``. Time and
status are looked for beside the value, then at the top; a unit only beside a value called ``value``.
"""

import math
from datetime import datetime
from typing import Any

import msgspec

from telemetry_model.reading import ReadingReason
from telemetry_model.senml import PackError, SenmlReading, check_pack_bytes

DEFAULT_PATH = "value"
MILLISECONDS_FROM = 1e11
"""A time stamp from here on counts milliseconds, below it seconds (as seconds it would be the year 5138)."""
_STATUSES: dict[object, int] = {"measuring": 0, "calibrating": 1, "fault": 2, 0: 0, 1: 1, 2: 2}


class PlainValue(msgspec.Struct, frozen=True):
    """Where one point's value stands in the document, and the unit it is sent in if the document does not say."""

    point: str
    path: str = DEFAULT_PATH
    unit: str = ""


def decode_plain(payload: bytes, wanted: tuple[PlainValue, ...], now_ms: int) -> list[SenmlReading]:
    """The wanted values that are there; raises :class:`PackError` when none is, or one cannot be read.

    A bare number is ``{"value": number}``. ``null`` is a reading without a value. Texts are not taken for numbers.
    """
    check_pack_bytes(payload)
    try:
        document = msgspec.json.decode(payload)
    except ValueError as error:
        # msgspec's own errors are ValueErrors, and so is text that is not UTF-8.
        raise PackError(str(error)) from error
    except RecursionError as error:
        raise PackError("nested too deeply") from error
    if isinstance(document, int | float) and not isinstance(document, bool):
        document = {DEFAULT_PATH: document}
    if not isinstance(document, dict):
        raise PackError("Expected a JSON object with a value")
    found = [reading for place in wanted if (reading := _reading(document, place, now_ms)) is not None]
    if not found:
        raise PackError(f"nothing at {', '.join(place.path for place in wanted)}")
    return found


def parse_time_ms(time: object) -> int:
    """UTC ms from seconds, milliseconds or ISO 8601 text with its offset; raises :class:`PackError`."""
    if isinstance(time, int | float) and not isinstance(time, bool) and math.isfinite(time):
        return round(time if abs(time) >= MILLISECONDS_FROM else time * 1000)
    if isinstance(time, str):
        try:
            moment = datetime.fromisoformat(time)
        except ValueError as error:
            raise PackError(f"time '{time[:40]}' is not ISO 8601") from error
        if moment.tzinfo is None:
            raise PackError(f"time '{time}' does not say its offset from UTC")
        return round(moment.timestamp() * 1000)
    raise PackError(f"time {str(time)[:40]} is neither a number nor a text")


def _reading(document: dict[str, Any], place: PlainValue, now_ms: int) -> SenmlReading | None:
    *above, last = place.path.split(".")
    beside: Any = document
    for name in above:
        beside = beside.get(name) if isinstance(beside, dict) else None
    if not isinstance(beside, dict) or last not in beside:
        return None
    value, reason = _number(beside[last], place)
    time = beside.get("time", document.get("time"))
    status = _STATUSES.get(_hashable(beside.get("status", document.get("status", 0))), -1)
    unit = beside.get("unit", "") if last == DEFAULT_PATH else ""
    if not isinstance(unit, str):
        raise PackError("unit is not a text")
    time_ms = now_ms if time is None else parse_time_ms(time)
    return SenmlReading(place.point, unit or place.unit, time_ms, value, status, reason)


def _number(value: object, place: PlainValue) -> tuple[float | None, str]:
    if value is None:
        return None, ReadingReason.NOT_AVAILABLE.value
    if isinstance(value, bool | int | float):
        return _finite(value, place), ""
    raise PackError(f"{place.path} is not a number")


def _finite(value: float, place: PlainValue) -> float:
    try:
        return float(value)
    except OverflowError as error:
        raise PackError(f"{place.path} is beyond all numbers") from error


def _hashable(value: object) -> object:
    return value if isinstance(value, str | int | float) else None
