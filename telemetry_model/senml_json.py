"""Readings to and from SenML JSON packs (RFC 8428); our three extra labels are ``st``, ``q`` and none other.

``st`` is the instrument status (0 measuring, 1 calibrating, 2 fault) and ``q`` the reason for a missing or uncertain
value. Labels without a trailing underscore may be ignored by other readers (RFC 8428 section 4.4).
"""

import math
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from telemetry_model.reading import InstrumentStatus, Reading, ReadingReason

MAX_PACK_BYTES = 1_000_000
MAX_PACK_RECORDS = 10_000
MAX_NAME_CHARACTERS = 256
MAX_UNIT_CHARACTERS = 64
RELATIVE_TIME_BELOW = 2**28
"""Times below this are relative to now (RFC 8428 section 4.5.3)."""


class SenmlRecord(msgspec.Struct, gc=False, omit_defaults=True):
    """One record as it stands in the pack, base fields unresolved."""

    bn: str = ""
    bt: float = 0.0
    bu: str = ""
    bv: float | None = None
    bver: int | None = None
    n: str = ""
    u: str = ""
    v: float | None = None
    vs: str | None = None
    vb: bool | None = None
    t: float = 0.0
    st: int = 0
    q: str = ""


class SenmlReading(NamedTuple):
    """A record after resolution (RFC 8428 section 4.6): full name, absolute time, own unit."""

    name: str
    unit: str
    time_ms: int
    value: float | None
    status: int
    reason: str


class PackError(ValueError):
    """The bytes are not a SenML pack we can read; the message says why."""


_decoder = msgspec.json.Decoder(list[SenmlRecord])
_encoder = msgspec.json.Encoder()


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

    ``allow_relative`` reads small times as "so long ago" (RFC 8428 section 4.5.3). A gateway has a clock: from one,
    a small time means that its clock was never set, and must not become a plausible time of today.
    """
    if len(payload) > MAX_PACK_BYTES:
        raise PackError(f"pack of {len(payload)} bytes is over the limit of {MAX_PACK_BYTES}")
    try:
        records = _decoder.decode(payload)
    except (ValueError, RecursionError) as error:
        # msgspec's own errors are ValueErrors, and so is text that is not UTF-8.
        raise PackError(str(error)) from error
    if len(records) > MAX_PACK_RECORDS:
        raise PackError(f"pack of {len(records)} records is over the limit of {MAX_PACK_RECORDS}")
    base_name, base_time, base_unit, base_value = "", 0.0, "", None
    resolved: list[SenmlReading] = []
    for record in records:
        base_name = record.bn or base_name
        base_time = record.bt or base_time
        base_unit = record.bu or base_unit
        base_value = record.bv if record.bv is not None else base_value
        if record.bver is not None and record.bver > 10:
            raise PackError(f"SenML version {record.bver} is newer than 10")
        name = base_name + record.n
        unit = record.u or base_unit
        if len(name) > MAX_NAME_CHARACTERS or len(unit) > MAX_UNIT_CHARACTERS:
            # A base name is copied into every record: without a bound, half a megabyte becomes gigabytes.
            raise PackError(f"a name of {len(name)} or a unit of {len(unit)} characters is too long")
        if not name:
            if record.v is None and record.vs is None and record.vb is None:
                continue
            raise PackError("a record with a value has no name")
        time_s = base_time + record.t
        if not math.isfinite(time_s * 1000):
            raise PackError(f"record {name}: time is not finite")
        time_ms = round(time_s * 1000) + (now_ms if allow_relative and time_s < RELATIVE_TIME_BELOW else 0)
        value = record.v
        if base_value is not None:
            value = base_value + (value or 0.0)
        if value is None and record.vb is not None:
            value = float(record.vb)
        resolved.append(SenmlReading(name, unit, time_ms, value, record.st, record.q))
    return resolved


def to_reading(record: SenmlReading, point: str) -> Reading:
    """The reading of a resolved record; unknown status or reason raises ``ValueError``."""
    reason = ReadingReason(record.reason) if record.reason else None
    if record.value is None and reason is None:
        reason = ReadingReason.NOT_A_NUMBER
    return Reading(point, record.time_ms, record.value, InstrumentStatus(record.status), reason)
