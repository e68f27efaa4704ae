"""Admission's common case in one pass: an ordinary pack goes from bytes to rows without the steps between.

It says what :mod:`ingest_service.admission` would say, or nothing: records that are not in order are set aside for the
long way, which knows the reasons, and the whole pack goes that way where one record says something of the others.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ingest_service.bindings import PointBinding
from telemetry_model.reading import InstrumentStatus, ReadingReason
from telemetry_model.senml import MAX_NAME_CHARACTERS, MAX_UNIT_CHARACTERS, RELATIVE_TIME_BELOW, SenmlReading
from telemetry_model.senml_plain import PlainRecord
from telemetry_store.rows import ReadingRow

STATUSES = frozenset(int(status) for status in InstrumentStatus)
REASONS: dict[str, str | None] = {"": None, **{reason.value: reason.value for reason in ReadingReason}}
NOT_A_NUMBER = ReadingReason.NOT_A_NUMBER.value
OUT_OF_RANGE = ReadingReason.OUT_OF_RANGE.value
_NO_BINDINGS: Mapping[str, PointBinding] = {}
"""While a time is not believed, nobody may speak for any point."""


class TimeBounds(NamedTuple):
    """Which times are believed, UTC milliseconds; a time below ``relative_below`` seconds counts from ``now_ms``."""

    earliest_ms: int
    latest_ms: int
    late_before_ms: int
    now_ms: int
    relative_below: float = RELATIVE_TIME_BELOW

    def resolve(self, time_s: float) -> int | None:
        """Milliseconds, believed or not; ``None`` for a time that is not finite."""
        scaled = time_s * 1000
        if not math.isfinite(scaled):
            return None
        return round(scaled) + (self.now_ms if time_s < self.relative_below else 0)


class PlainAdmission(NamedTuple):
    """All of a pack; ``doubtful`` are records that are not in order, resolved and not judged.

    ``texts`` counts records that have a text for a value; nothing else is said of them.
    """

    rows: list[ReadingRow]
    no_value: int
    late: int
    doubtful: list[SenmlReading]
    texts: int


def admit_plain(
    bindings: Mapping[str, PointBinding], records: Sequence[PlainRecord], bounds: TimeBounds
) -> PlainAdmission | None:
    """Rows of the records that are in order; ``None`` sends the whole pack the long way."""
    rows: list[ReadingRow] = []
    doubtful: list[SenmlReading] = []
    no_value = late = texts = 0
    base_s, offset_s, time_ms, is_late, believed = 0.0, math.nan, 0, False, bindings
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
            believed = bindings if bounds.earliest_ms <= resolved <= bounds.latest_ms else _NO_BINDINGS
        binding, value = believed.get(record.n), record.v
        if (
            type(value) is not float
            or binding is None
            or record.q
            or record.st
            or record.u != binding.unit
            or not binding.low <= value <= binding.high
        ):
            if isinstance(value, str):
                texts += 1
                continue
            row = _unusual_row(binding, record, value, time_ms) if binding is not None else None
            if row is None:
                if not 0 < len(record.n) <= MAX_NAME_CHARACTERS or len(record.u) > MAX_UNIT_CHARACTERS:
                    return None
                doubtful.append(SenmlReading(record.n, record.u, time_ms, value, record.st, record.q))
                continue
            no_value += value is None
        else:
            row = ReadingRow(binding.series, time_ms, value)
        if is_late:
            late += 1
        rows.append(row)
    return PlainAdmission(rows, no_value, late, doubtful, texts)


def _unusual_row(binding: PointBinding, record: PlainRecord, value: float | None, time_ms: int) -> ReadingRow | None:
    """A record with a reason, a status, another unit, no value or one out of range; ``None``: it is to be refused."""
    if record.q not in REASONS or record.st not in STATUSES or len(record.u) > MAX_UNIT_CHARACTERS:
        return None
    reason = REASONS[record.q]
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
