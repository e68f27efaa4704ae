"""Readings to and from SenML JSON packs (RFC 8428); our own extra labels are ``st``, ``q`` and none other.

``st`` is the instrument status (0 measuring, 1 calibrating, 2 fault) and ``q`` the reason for a missing or uncertain
value. Labels without a trailing underscore may be ignored by other readers (RFC 8428 section 4.4).
"""

import re
from collections.abc import Iterable

import msgspec

from telemetry_model.reading import InstrumentStatus, Reading, ReadingReason
from telemetry_model.senml import (
    MAX_PACK_BYTES,
    MAX_PACK_RECORDS,
    PackError,
    SenmlReading,
    SenmlRecord,
    check_must_understand,
    check_pack_bytes,
    resolve_records,
)

__all__ = [
    "MAX_PACK_BYTES",
    "MAX_PACK_RECORDS",
    "PackError",
    "SenmlReading",
    "decode_pack",
    "encode_pack",
    "to_reading",
]

_decoder = msgspec.json.Decoder(list[SenmlRecord])
_labels_decoder = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_encoder = msgspec.json.Encoder()
_ends_in_underscore = re.compile(rb'_"').search


def encode_pack(readings: Iterable[Reading], units: dict[str, str]) -> bytes:
    """One pack; ``units`` gives each point's unit, written only where it is known."""
    records: list[SenmlRecord] = []
    base_ms: int | None = None
    for reading in readings:
        record = SenmlRecord(n=reading.point, u=units.get(reading.point, ""), v=reading.value)
        if base_ms is None:
            base_ms = reading.measured_at_ms
            record.bt = base_ms / 1000
        record.t = (reading.measured_at_ms - base_ms) / 1000
        record.st = int(reading.status)
        record.q = reading.reason or ""
        records.append(record)
    return _encoder.encode(records)


def decode_pack(payload: bytes, now_ms: int, allow_relative: bool = True) -> list[SenmlReading]:
    """All records that carry a reading, resolved; raises :class:`PackError` when the pack as a whole is unusable.

    ``allow_relative``: see :func:`telemetry_model.senml.resolve_records`.
    """
    check_pack_bytes(payload)
    try:
        records = _decoder.decode(payload)
        if _ends_in_underscore(payload) or b"\\" in payload:
            # Only such bytes can hold a label that must be understood; the common pack is spared the second look.
            for labels in _labels_decoder.decode(payload):
                check_must_understand(labels)
    except PackError:
        raise
    except (ValueError, RecursionError) as error:
        # msgspec's own errors are ValueErrors, and so is text that is not UTF-8.
        raise PackError(str(error)) from error
    return resolve_records(records, now_ms, allow_relative)


def to_reading(record: SenmlReading, point: str) -> Reading:
    """The reading of a resolved record; unknown status or reason raises ``ValueError``."""
    reason = ReadingReason(record.reason) if record.reason else None
    if record.value is None and reason is None:
        reason = ReadingReason.NOT_A_NUMBER
    return Reading(point, record.time_ms, record.value, InstrumentStatus(record.status), reason)
