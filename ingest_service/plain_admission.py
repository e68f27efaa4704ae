"""Admission's common case in one pass: an ordinary pack goes from bytes to rows without the steps between.

It says what :mod:`ingest_service.admission` would say, or nothing: as soon as a pack is not plain, or anything but a
point's name is not in order, the whole pack goes the long way, which knows the reasons. Records for points that the
sender may not speak for are set aside for it.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

from ingest_service.bindings import PointBinding
from telemetry_model.reading import InstrumentStatus, ReadingReason
from telemetry_model.senml import MAX_NAME_CHARACTERS, MAX_UNIT_CHARACTERS, RELATIVE_TIME_BELOW, SenmlReading
from telemetry_model.senml_plain import PlainRecord, decode_plain_pack
from telemetry_store.rows import ReadingRow

STATUSES = frozenset(int(status) for status in InstrumentStatus)
REASONS: dict[str, str | None] = {"": None, **{reason.value: reason.value for reason in ReadingReason}}
NOT_A_NUMBER = ReadingReason.NOT_A_NUMBER.value
OUT_OF_RANGE = ReadingReason.OUT_OF_RANGE.value


class TimeBounds(NamedTuple):
    """Which times are believed, UTC milliseconds; a time below ``relative_below`` seconds counts from ``now_ms``."""

    earliest_ms: int
    latest_ms: int
    late_before_ms: int
    now_ms: int
    relative_below: float = RELATIVE_TIME_BELOW

    def resolve(self, time_s: float) -> int | None:
        """Milliseconds; ``None`` for a time that is not believed."""
        scaled = time_s * 1000
        if not math.isfinite(scaled):
            return None
        time_ms = round(scaled) + (self.now_ms if time_s < self.relative_below else 0)
        return time_ms if self.earliest_ms <= time_ms <= self.latest_ms else None


class PlainAdmission(NamedTuple):
    """All of a pack; ``strangers`` are records whose points are not the sender's, resolved and not judged."""

    rows: list[ReadingRow]
    no_value: int
    late: int
    strangers: list[SenmlReading]


def admit_plain(bindings: Mapping[str, PointBinding], payload: bytes, bounds: TimeBounds) -> PlainAdmission | None:
    """Rows of a pack in which everything is in order; ``None`` sends it the long way."""
    records = decode_plain_pack(payload)
    if records is None:
        return None
    rows: list[ReadingRow] = []
    strangers: list[SenmlReading] = []
    no_value = late = 0
    base_s, offset_s, time_ms, is_late = 0.0, math.nan, 0, False
    for record in records:
        if record.bt:
            base_s, offset_s = record.bt, math.nan
        if record.t != offset_s:
            # Readings of one poll share their time, so most records do not come here.
            offset_s = record.t
            resolved = bounds.resolve(base_s + offset_s)
            if resolved is None:
                return None
            time_ms, is_late = resolved, resolved < bounds.late_before_ms
        binding = bindings.get(record.n)
        if binding is None:
            if not 0 < len(record.n) <= MAX_NAME_CHARACTERS or len(record.u) > MAX_UNIT_CHARACTERS:
                return None
            strangers.append(SenmlReading(record.n, record.u, time_ms, record.v, record.st, record.q))
            continue
        value = record.v
        if (
            value is None
            or record.q
            or record.st
            or record.u != binding.unit
            or not binding.low <= value <= binding.high
        ):
            row = _unusual_row(binding, record, time_ms)
            if row is None:
                return None
            no_value += value is None
        else:
            row = ReadingRow(binding.series, time_ms, value)
        if is_late:
            late += 1
        rows.append(row)
    return PlainAdmission(rows, no_value, late, strangers)


def _unusual_row(binding: PointBinding, record: PlainRecord, time_ms: int) -> ReadingRow | None:
    """A record with a reason, a status, another unit, no value or one out of range; ``None``: it is to be refused."""
    if record.q not in REASONS or record.st not in STATUSES:
        return None
    reason, value = REASONS[record.q], record.v
    if value is None:
        return ReadingRow(binding.series, time_ms, None, record.st, reason or NOT_A_NUMBER)
    if record.u and record.u != binding.unit:
        factor = binding.factor_from(record.u)
        if factor is None:
            return None
        value *= factor
    if not binding.low <= value <= binding.high:
        if not math.isfinite(value):
            return None
        reason = reason or OUT_OF_RANGE
    return ReadingRow(binding.series, time_ms, value, record.st, reason)
