"""SenML (RFC 8428) without its encoding: what a record may hold, the limits, and how base fields are resolved.

Where the draft-era examples of the working group differ from the RFC, the RFC holds: data values (``vd``) are part of
the resolved form, and all records of a pack have the same version. A sum (``s``) alone is a record without a value:
an amount over time is a counter point here.
"""

import math
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

MAX_PACK_BYTES = 1_000_000
MAX_PACK_RECORDS = 10_000
MAX_NAME_CHARACTERS = 256
MAX_UNIT_CHARACTERS = 64
NEWEST_VERSION = 10
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
    vd: str | None = None
    s: float | None = None
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


class PackTooLargeError(PackError):
    """More bytes or records than a pack may have."""


def check_pack_bytes(payload: bytes) -> None:
    """Raises :class:`PackError` when the pack is too long to be looked at."""
    if len(payload) > MAX_PACK_BYTES:
        raise PackTooLargeError(f"pack of {len(payload)} bytes is over the limit of {MAX_PACK_BYTES}")


def check_must_understand(labels: Iterable[str]) -> None:
    """Labels that end in ``_`` must be understood (RFC 8428 section 4.4); we know none of them."""
    for label in labels:
        if label.endswith("_"):
            raise PackError(f"label '{label}' must be understood and is not known")


def resolve_records(records: list[SenmlRecord], now_ms: int, allow_relative: bool = True) -> list[SenmlReading]:
    """All records that carry a reading; raises :class:`PackError` when the pack as a whole is unusable.

    ``allow_relative`` reads small times as "so long ago" (RFC 8428 section 4.5.3). A gateway has a clock: from one,
    a small time means that its clock was never set, and must not become a plausible time of today.
    """
    if len(records) > MAX_PACK_RECORDS:
        raise PackTooLargeError(f"pack of {len(records)} records is over the limit of {MAX_PACK_RECORDS}")
    base_name, base_time, base_unit, base_value = "", 0.0, "", None
    version: int | None = None
    resolved: list[SenmlReading] = []
    for record in records:
        base_name = record.bn or base_name
        base_time = record.bt or base_time
        base_unit = record.bu or base_unit
        base_value = record.bv if record.bv is not None else base_value
        if record.bver is not None:
            version = _same_version(version, record.bver)
        name = base_name + record.n
        unit = record.u or base_unit
        if len(name) > MAX_NAME_CHARACTERS or len(unit) > MAX_UNIT_CHARACTERS:
            # A base name is copied into every record: without a bound, half a megabyte becomes gigabytes.
            raise PackError(f"a name of {len(name)} or a unit of {len(unit)} characters is too long")
        if not name:
            if record.v is None and record.vs is None and record.vb is None:
                continue
            raise PackError("a record with a value has no name")
        value = record.v
        if value is None:
            if _is_base_only(record):
                continue
            value = _value_without_v(record, base_value)
        elif base_value is not None:
            value += base_value
        time_s = base_time + record.t
        if not math.isfinite(time_s * 1000):
            raise PackError(f"record {name}: time is not finite")
        time_ms = round(time_s * 1000) + (now_ms if allow_relative and time_s < RELATIVE_TIME_BELOW else 0)
        resolved.append(SenmlReading(name, unit, time_ms, value, record.st, record.q))
    return resolved


def _same_version(before: int | None, version: int) -> int:
    if not 1 <= version <= NEWEST_VERSION:
        raise PackError(f"SenML version {version} is not between 1 and {NEWEST_VERSION}")
    if before is not None and before != version:
        raise PackError(f"SenML versions {before} and {version} in one pack")
    return version


def _is_base_only(record: SenmlRecord) -> bool:
    """A record that only sets base fields for those that follow it resolves to nothing."""
    has_base = bool(record.bn or record.bt or record.bu) or record.bv is not None or record.bver is not None
    return has_base and not (
        record.n or record.u or record.t or record.st or record.q
        or record.vs is not None or record.vb is not None or record.vd is not None or record.s is not None
    )  # fmt: skip


def _value_without_v(record: SenmlRecord, base_value: float | None) -> float | None:
    """A boolean as a number; a base value where nothing else is said (RFC 8428 section 4.5.4); else none."""
    if record.vb is not None:
        return float(record.vb)
    if record.vs is not None or record.vd is not None or record.s is not None or record.q:
        return None
    return base_value
