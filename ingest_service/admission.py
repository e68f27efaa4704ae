"""Do we believe it? Resolved readings become rows for the store and refusals with a reason; pure, and the hot path.

A value outside its point's range is *not* refused: it is stored with the reason ``out_of_range``, so that no rule
uses it and nobody can say it was hidden. A record without a value is stored with its status and reason.
"""

import math
from enum import StrEnum
from typing import NamedTuple

import msgspec

from ingest_service.bindings import ParkBindings, PointBinding
from ingest_service.plain_admission import (
    NOT_A_NUMBER,
    OUT_OF_RANGE,
    REASONS,
    STATUSES,
    PlainAdmission,
    TimeBounds,
    admit_plain,
)
from ingest_service.spoilt_pack import BadRecord, records_with_text, sound_readings, sound_records
from telemetry_model.senml import RELATIVE_TIME_BELOW, PackError, SenmlReading
from telemetry_model.senml_json import decode_pack
from telemetry_model.senml_plain import NotPlainError, decode_plain_pack
from telemetry_store.rows import ReadingRow

MAX_AHEAD_MS = 5 * 60_000
"""A clock this far ahead is wrong."""
MAX_AGE_MS = 40 * 366 * 86_400_000
"""Recordings of past decades may be replayed; clocks that were never set show 1970 or 1980, which is older."""
LATE_AFTER_MS = 600_000
"""A reading that took longer than this to arrive counts as late."""
MAX_DETAIL_CHARACTERS = 200


class RefusalReason(StrEnum):
    """Why a record is in quarantine; a closed list (the store's own refusals, ``RejectReason``, come beside it)."""

    UNKNOWN_TOPIC = "unknown_topic"
    MALFORMED_PACK = "malformed_pack"
    MALFORMED_RECORD = "malformed_record"
    UNKNOWN_POINT = "unknown_point"
    WRONG_GATEWAY = "wrong_gateway"
    UNIT_UNKNOWN = "unit_unknown"
    TIME_IN_FUTURE = "time_in_future"
    TIME_TOO_OLD = "time_too_old"
    RETAINED = "retained"
    """A readings message the broker kept: it would come again, as if measured now, at each connect."""
    VALUE_NOT_FINITE = "value_not_finite"
    UNKNOWN_STATUS = "unknown_status"
    UNKNOWN_REASON = "unknown_reason"
    TOO_MANY_RUNS = "too_many_runs"
    """A batch of a new run of a gateway that has begun too many of late."""
    NO_BIRTH = "no_birth"
    """A Sparkplug metric that came by alias before the birth that would explain it."""


class RefusedRecord(NamedTuple):
    """One refused record (or whole pack), with the bytes to look at and to replay."""

    reason: str
    detail: str
    payload: bytes


class Admission(NamedTuple):
    """What became of one pack; ``len(rows) + len(refused)`` is what was received."""

    rows: list[ReadingRow]
    refused: list[RefusedRecord]
    no_value: int
    late: int


_UNKNOWN = ""


class Admitter:
    """Admits packs against one park's register."""

    def __init__(self, bindings: ParkBindings) -> None:
        self._bindings = bindings

    def admit(self, gateway: str, payload: bytes, now_ms: int, numbered: bool = False) -> Admission:
        """Rows and refusals of one pack; never raises, whatever the bytes. ``numbered``: a gateway's own batch."""
        bindings = self._bindings.for_gateway(gateway)
        bounds = _bounds(now_ms, allow_relative=not numbered)
        bad: list[BadRecord] = []
        try:
            sound = decode_plain_pack(payload)
        except NotPlainError:
            sound, bad = sound_records(payload)
        plain = admit_plain(bindings, sound, bounds) if sound else None
        if plain is not None and plain.texts:
            bad = records_with_text(payload, sound)
            plain = plain if bad else None
        if plain is not None:
            return self._complete(plain, bindings, _malformed(bad) if bad else [], now_ms)
        return self._admit_unusual(bindings, payload, now_ms, allow_relative=not numbered)

    def _admit_unusual(
        self, bindings: dict[str, PointBinding], payload: bytes, now_ms: int, allow_relative: bool
    ) -> Admission:
        """The long way."""
        bad: list[BadRecord] = []
        try:
            records = decode_pack(payload, now_ms, allow_relative)
        except PackError as error:
            records, bad = sound_readings(payload, str(error), now_ms, allow_relative)
            if not records:
                whole = RefusedRecord(RefusalReason.MALFORMED_PACK, short(str(error)), payload)
                return Admission([], [whole], 0, 0)
        return self.admit_records(bindings, records, _malformed(bad), now_ms)

    def _complete(
        self, plain: PlainAdmission, bindings: dict[str, PointBinding], refused: list[RefusedRecord], now_ms: int
    ) -> Admission:
        """Also the reasons against the records that are not in order."""
        if plain.doubtful:
            refused = self.admit_records(bindings, plain.doubtful, refused, now_ms).refused
        return Admission(plain.rows, refused, plain.no_value, plain.late)

    def admit_records(
        self, bindings: dict[str, PointBinding], records: list[SenmlReading], refused: list[RefusedRecord], now_ms: int
    ) -> Admission:
        """Rows and refusals of resolved readings from a sender that may speak for the points of ``bindings``."""
        earliest, latest, late_before = now_ms - MAX_AGE_MS, now_ms + MAX_AHEAD_MS, now_ms - LATE_AFTER_MS
        rows: list[ReadingRow] = []
        no_value = late = 0
        for record in records:
            name, unit, time_ms, value, status, reason = record
            binding = bindings.get(name)
            known_reason = REASONS.get(reason, _UNKNOWN)
            if (
                binding is None
                or not earliest <= time_ms <= latest
                or status not in STATUSES
                or known_reason is _UNKNOWN
            ):
                refused.append(self._refuse(binding is not None, record, now_ms))
                continue
            if value is None:
                no_value += 1
                known_reason = known_reason or NOT_A_NUMBER
            else:
                if unit and unit != binding.unit:
                    factor = binding.factor_from(unit)
                    if factor is None:
                        detail = f"{name}: unit '{unit}' where {binding.unit} is registered"
                        refused.append(_refusal(RefusalReason.UNIT_UNKNOWN, detail, record))
                        continue
                    value *= factor
                if not binding.low <= value <= binding.high:
                    if not math.isfinite(value):
                        refused.append(_refusal(RefusalReason.VALUE_NOT_FINITE, f"{name}: {value}", record))
                        continue
                    known_reason = known_reason or OUT_OF_RANGE
            if time_ms < late_before:
                late += 1
            rows.append(ReadingRow(binding.series, time_ms, value, status, known_reason))
        return Admission(rows, refused, no_value, late)

    def _refuse(self, allowed: bool, record: SenmlReading, now_ms: int) -> RefusedRecord:
        name = record.name
        registered = self._bindings.registered_gateway(name)
        if registered is None:
            return _refusal(RefusalReason.UNKNOWN_POINT, f"{name} is not in the park register", record)
        if not allowed:
            whose = f"registered for gateway {registered}" if registered else "not for this sender to write"
            return _refusal(RefusalReason.WRONG_GATEWAY, f"{name} is {whose}", record)
        if record.time_ms > now_ms + MAX_AHEAD_MS:
            ahead_seconds = (record.time_ms - now_ms) // 1000
            return _refusal(RefusalReason.TIME_IN_FUTURE, f"{name}: {ahead_seconds} s ahead of our clock", record)
        if record.time_ms < now_ms - MAX_AGE_MS:
            return _refusal(RefusalReason.TIME_TOO_OLD, f"{name}: {record.time_ms} ms since 1970", record)
        if record.status not in STATUSES:
            return _refusal(RefusalReason.UNKNOWN_STATUS, f"{name}: status {record.status}", record)
        return _refusal(RefusalReason.UNKNOWN_REASON, f"{name}: reason '{record.reason}'", record)


def _bounds(now_ms: int, allow_relative: bool) -> TimeBounds:
    below = RELATIVE_TIME_BELOW if allow_relative else -math.inf
    return TimeBounds(now_ms - MAX_AGE_MS, now_ms + MAX_AHEAD_MS, now_ms - LATE_AFTER_MS, now_ms, below)


def record_payload(record: SenmlReading) -> bytes:
    """A pack of this one record, resolved, so that it can be read and replayed by itself."""
    fields: dict[str, object] = {"n": record.name, "t": record.time_ms / 1000, "v": record.value}
    if record.unit:
        fields["u"] = record.unit
    if record.status:
        fields["st"] = record.status
    if record.reason:
        fields["q"] = record.reason
    return msgspec.json.encode([fields])


def row_payload(row: ReadingRow) -> bytes:
    """A pack of one admitted row, in the point's own unit."""
    return record_payload(SenmlReading(row.series.point, "", row.time_ms, row.value, row.status, row.reason or ""))


def _refusal(reason: RefusalReason, detail: str, record: SenmlReading) -> RefusedRecord:
    return RefusedRecord(reason, short(detail), record_payload(record))


def _malformed(bad: list[BadRecord]) -> list[RefusedRecord]:
    return [RefusedRecord(RefusalReason.MALFORMED_RECORD, short(problem), pack) for problem, pack in bad]


def short(text: str) -> str:
    """Cut to what a detail may hold."""
    return text if len(text) <= MAX_DETAIL_CHARACTERS else text[:MAX_DETAIL_CHARACTERS] + "…"
