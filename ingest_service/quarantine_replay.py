"""Gives refused records a second chance, with the register as it is now; the store's rows make a repeat harmless."""

from typing import NamedTuple

from ingest_service.admission import LATE_AFTER_MS, RefusalReason
from ingest_service.http_sources import load_http_sources
from ingest_service.late_marks import LateMarks, LateTimes, take_reasons_back
from ingest_service.park_folder import load_park
from ingest_service.reception import UNKNOWN_SOURCE, Reception
from ingest_service.settings import IngestSettings
from ingest_service.state.quarantine import Quarantine, QuarantinedRecord
from ingest_service.state.release import Released
from service_runtime.clock import Clock, SystemClock
from service_runtime.errors import UnreachableError
from telemetry_model.topics import parse_topic
from telemetry_store.open import open_store
from telemetry_store.protocol import TelemetryStore
from telemetry_store.rows import ReadingRow

RECORDS_AT_A_TIME = 500
REPLICA = "quarantine-replay"
"""Whose late marks these are: the service may run beside the replay."""
_AS_THEY_CAME = (RefusalReason.MALFORMED_PACK, RefusalReason.MALFORMED_RECORD, RefusalReason.UNKNOWN_TOPIC)
"""Refused before their times were resolved: "now" in these bytes is when they first came."""


class ReplayResult(NamedTuple):
    """``released`` records left the quarantine and became ``readings`` in the store."""

    readings: int
    released: int
    still_refused: int


async def replay_quarantine(settings: IngestSettings, reason: str | None) -> ReplayResult:
    """Replay everything refused for ``reason`` (or at all); raises ``OperatorError`` when store or register fail."""
    quarantine = Quarantine(settings.state_place)
    park = load_park(settings.park_folder)
    reception = Reception(park, load_http_sources(settings.http_sources_file, park))
    store = open_store(settings.store_url, settings.store_token)
    try:
        await store.check()
        return await _replay(quarantine, reception, store, SystemClock(), reason)
    finally:
        await store.close()


async def _replay(
    quarantine: Quarantine, reception: Reception, store: TelemetryStore, clock: Clock, reason: str | None
) -> ReplayResult:
    readings = released = still_refused = last_id = 0
    marks = LateMarks(REPLICA, clock)
    while records := quarantine.records(reason, RECORDS_AT_A_TIME, last_id):
        last_id = records[-1].id
        admitted = {r.id: rows for r in records if (rows := _admit(reception, r, clock.now_ms()))}
        rows = take_reasons_back([row for group in admitted.values() for row in group])
        outcome = await store.write_readings(rows)
        late = LateTimes()
        late.note(rows, clock.now_ms())
        marked = await store.write_records(marks.rows(late))
        if outcome.kept or marked.kept:
            detail = outcome.kept_detail or marked.kept_detail
            raise UnreachableError(f"store: {detail} (nothing was released from this point on)")
        refused = {rejection.index for rejection in outcome.rejected}
        ids = [record_id for record_id, group in admitted.items() for _ in group]
        bad = {ids[index] for index in refused}
        settled = [
            _released(reception, record, admitted[record.id])
            for record in records
            if record.id in admitted and record.id not in bad
        ]
        released += quarantine.release(settled)
        readings += len(rows) - len(refused)
        still_refused += len(records) - len(settled)
    return ReplayResult(readings, released, still_refused)


def _admit(reception: Reception, record: QuarantinedRecord, now_ms: int) -> list[ReadingRow]:
    """The rows of a record that is admitted whole; none when anything in it is still refused."""
    address = parse_topic(record.topic)
    received_ms = record.first_seen_ms if record.reason in _AS_THEY_CAME else now_ms
    gateway = address.gateway if address else ""
    admission = reception.admit_again(record.topic, gateway, record.payload, received_ms)
    if record.reason == RefusalReason.RETAINED:
        earlier = reception.admit_again(record.topic, gateway, record.payload, received_ms - 1)
        if earlier.rows != admission.rows:
            # Without a time of its own: nobody knows when it was measured, and now is surely wrong.
            return []
    return [] if admission.refused else admission.rows


def _released(reception: Reception, record: QuarantinedRecord, rows: list[ReadingRow]) -> Released:
    address = parse_topic(record.topic)
    source = address.gateway if address else reception.source_of(record.topic)
    counted_as = UNKNOWN_SOURCE if record.reason == RefusalReason.UNKNOWN_TOPIC else source
    late = sum(row.time_ms < record.first_seen_ms - LATE_AFTER_MS for row in rows)
    return Released(record.id, counted_as, source, len(rows), late)
