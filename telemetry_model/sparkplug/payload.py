"""The Sparkplug B payload: field numbers and data types from the published ``sparkplug_b.proto``, version 3.0."""

import struct
from enum import IntEnum
from typing import NamedTuple

from telemetry_model.sparkplug.wire import (
    BYTES,
    VARINT,
    WireError,
    WireField,
    bytes_field,
    double_field,
    float_field,
    read_fields,
    varint_field,
)

MAX_PAYLOAD_BYTES = 1_000_000
MAX_METRICS = 10_000
QUALITY_GOOD = 192
QUALITY_STALE = 500
REBIRTH_METRIC = "Node Control/Rebirth"


class DataType(IntEnum):
    """The types a value can have that we can read; others (templates, data sets, arrays) carry no reading."""

    INT8 = 1
    INT16 = 2
    INT32 = 3
    INT64 = 4
    UINT8 = 5
    UINT16 = 6
    UINT32 = 7
    UINT64 = 8
    FLOAT = 9
    DOUBLE = 10
    BOOLEAN = 11
    STRING = 12


_SIGNED_BITS = {DataType.INT8: 8, DataType.INT16: 16, DataType.INT32: 32, DataType.INT64: 64}
MetricValue = float | int | bool | str | None


class Metric(NamedTuple):
    """One metric as it stands in the payload; ``value`` is ``None`` when it is null or no number, bool or text.

    ``datatype`` is 0 when the metric leaves it to its birth; integers are then still unsigned
    (:func:`signed` puts them right). ``quality`` is the ``Quality`` property, ``None`` when there is none.
    """

    name: str = ""
    alias: int | None = None
    timestamp_ms: int | None = None
    datatype: int = 0
    is_null: bool = False
    value: MetricValue = None
    quality: int | None = None


class Payload(NamedTuple):
    """One message."""

    timestamp_ms: int | None
    metrics: tuple[Metric, ...]
    seq: int | None


class PayloadError(ValueError):
    """The bytes are not a Sparkplug B payload; the message says why."""


def decode_payload(message: bytes) -> Payload:
    """Raises :class:`PayloadError`."""
    if len(message) > MAX_PAYLOAD_BYTES:
        raise PayloadError(f"payload of {len(message)} bytes is over the limit of {MAX_PAYLOAD_BYTES}")
    timestamp_ms: int | None = None
    seq: int | None = None
    metrics: list[Metric] = []
    try:
        for field in read_fields(message):
            if field.number == 1 and field.kind == VARINT:
                timestamp_ms = field.bits
            elif field.number == 2 and field.kind == BYTES:
                metrics.append(_metric(field.content))
                if len(metrics) > MAX_METRICS:
                    raise PayloadError(f"payload of more than {MAX_METRICS} metrics is over the limit")
            elif field.number == 3 and field.kind == VARINT:
                seq = field.bits
    except (WireError, UnicodeDecodeError) as error:
        raise PayloadError(f"not a Sparkplug B payload: {error}") from error
    return Payload(timestamp_ms, tuple(metrics), seq)


def signed(value: MetricValue, datatype: int) -> MetricValue:
    """An integer as its data type means it: protobuf carries negative ones as large unsigned numbers."""
    bits = _SIGNED_BITS.get(datatype)  # type: ignore[call-overload]
    if bits is None or not isinstance(value, int) or isinstance(value, bool):
        return value
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def encode_payload(payload: Payload) -> bytes:
    """What a host sends as a command, what lies in quarantine, and what tests send as an edge node."""
    parts = [varint_field(1, payload.timestamp_ms)] if payload.timestamp_ms is not None else []
    parts += [bytes_field(2, _encode_metric(metric)) for metric in payload.metrics]
    if payload.seq is not None:
        parts.append(varint_field(3, payload.seq))
    return b"".join(parts)


def rebirth_command(now_ms: int) -> bytes:
    """The command that asks an edge node to send its births again (Sparkplug 3.0 section 6.4.19)."""
    metric = Metric(REBIRTH_METRIC, timestamp_ms=now_ms, datatype=DataType.BOOLEAN, value=True)
    return encode_payload(Payload(now_ms, (metric,), None))


_NAME, _ALIAS, _TIMESTAMP, _DATATYPE, _IS_NULL, _PROPERTIES = 1, 2, 3, 4, 7, 9
_INT, _LONG, _FLOAT, _DOUBLE, _BOOLEAN, _STRING = 10, 11, 12, 13, 14, 15


def _metric(message: bytes) -> Metric:
    name, alias, timestamp_ms, datatype, is_null = "", None, None, 0, False
    value: MetricValue = None
    quality: int | None = None
    for field in read_fields(message):
        match field.number, field.kind:
            case 1, 2:
                name = field.content.decode("utf-8")
            case 2, 0:
                alias = field.bits
            case 3, 0:
                timestamp_ms = field.bits
            case 4, 0:
                datatype = field.bits
            case 7, 0:
                is_null = bool(field.bits)
            case 9, 2:
                quality = _quality(field.content)
            case _:
                if _INT <= field.number <= _STRING:
                    value = _value(field)
    if is_null:
        value = None
    return Metric(name, alias, timestamp_ms, datatype, is_null, signed(value, datatype), quality)


def _value(field: WireField) -> MetricValue:
    match field.number, field.kind:
        case 10 | 11, 0:
            return field.bits
        case 12, 5:
            return float(struct.unpack("<f", field.content)[0])
        case 13, 1:
            return float(struct.unpack("<d", field.content)[0])
        case 14, 0:
            return bool(field.bits)
        case 15, 2:
            return field.content.decode("utf-8")
    raise WireError(f"wire type {field.kind} of value field {field.number}")


def _quality(properties: bytes) -> int | None:
    """The ``Quality`` property (192 good, 0 bad, 500 stale) of a property set: keys and values stand side by side."""
    keys: list[str] = []
    values: list[bytes] = []
    for field in read_fields(properties):
        if field.kind == BYTES and field.number == 1:
            keys.append(field.content.decode("utf-8"))
        elif field.kind == BYTES and field.number == 2:
            values.append(field.content)
    for key, value in zip(keys, values, strict=False):
        if key == "Quality":
            numbers = [field.bits for field in read_fields(value) if field.number in (3, 4) and field.kind == VARINT]
            return numbers[-1] if numbers else None
    return None


def _encode_metric(metric: Metric) -> bytes:
    parts: list[bytes] = []
    if metric.name:
        parts.append(bytes_field(_NAME, metric.name.encode()))
    for number, value in (
        (_ALIAS, metric.alias),
        (_TIMESTAMP, metric.timestamp_ms),
        (_DATATYPE, metric.datatype or None),
    ):
        if value is not None:
            parts.append(varint_field(number, value))
    if metric.is_null:
        parts.append(varint_field(_IS_NULL, 1))
    if metric.quality is not None:
        quality = varint_field(1, DataType.INT32) + varint_field(3, metric.quality)
        parts.append(bytes_field(_PROPERTIES, bytes_field(1, b"Quality") + bytes_field(2, quality)))
    return b"".join(parts) + _encode_value(metric)


def _encode_value(metric: Metric) -> bytes:
    value = metric.value
    if value is None:
        return b""
    if isinstance(value, bool):
        return varint_field(_BOOLEAN, value)
    if isinstance(value, str):
        return bytes_field(_STRING, value.encode())
    if isinstance(value, float):
        return float_field(_FLOAT, value) if metric.datatype == DataType.FLOAT else double_field(_DOUBLE, value)
    if metric.datatype in (DataType.INT64, DataType.UINT64) or not -(2**31) <= value < 2**32:
        return varint_field(_LONG, value)
    return varint_field(_INT, value & 0xFFFFFFFF)
