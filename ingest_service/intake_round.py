"""One round's draft: deliveries are admitted as they are collected, and what they change is noted, nothing done yet."""

import asyncio
from bisect import bisect_right

from ingest_service.admission import LATE_AFTER_MS, Admission, RefusalReason, RefusedRecord, row_payload
from ingest_service.batch_identity import UNNUMBERED, created_ms_of
from ingest_service.late_marks import SLOW_WRITE_MS, LateTimes, take_reasons_back
from ingest_service.outcome import DeliveryOutcome
from ingest_service.quality_watch import Flagged
from ingest_service.reception import UNKNOWN_SOURCE, Reception
from ingest_service.state.ingest_state import IngestState
from ingest_service.state.run_cursor import RunCursor, RunKey
from ingest_service.state.run_limit import give_room
from ingest_service.state.settlement import (
    FLAGGED_PREFIX,
    HOUR_MS,
    Arrival,
    Count,
    Fate,
    LedgerKey,
    Refusal,
    RepeatedRefusal,
    Settlement,
)
from ingest_service.subscriber import Delivery
from telemetry_store.rows import ReadingRow, Rejection

FRESH_BATCH_MS = 60_000
"""Only batches younger than this at receipt tell how fast we are; older ones waited at the gateway."""
_MAX_CREATED_AHEAD_MS = 300_000
_MAX_CREATED_AGE_MS = 366 * 86_400_000


class IntakeRound:
    """Collects deliveries into rows for the store and a :class:`Settlement` for the state."""

    def __init__(self, reception: Reception, state: IngestState) -> None:
        self._reception = reception
        self._state = state
        self.deliveries: list[Delivery] = []
        self.rows: list[ReadingRow] = []
        self._row_ends: list[int] = []
        self._row_owners: list[tuple[Delivery, LedgerKey | None]] = []
        self.settlement = Settlement()
        self.fresh_created_ms: list[int] = []
        self.outcomes: dict[asyncio.Future[DeliveryOutcome], DeliveryOutcome] = {}
        """For deliveries whose sender waits to hear."""
        self.late = LateTimes()
        self.flagged: list[Flagged] = []
        self._full: set[str] = set()
        """Gateways that have begun too many runs."""

    def add(self, delivery: Delivery) -> None:
        """Admit one delivery; a batch that is stored already changes only its counts, unless a refill wants it."""
        self.deliveries.append(delivery)
        settlement = self.settlement
        settlement.counts[Count.BATCHES_RECEIVED] += 1
        has_room = self._has_room(delivery)
        if not has_room:
            delivery = delivery._replace(identity=None)
        key = self._ledger_key(delivery)
        is_new, refills = self._is_new(delivery, key), self._refills(delivery)
        if self._state.is_joint:
            self._note_arrival(delivery, key, Fate.NEW if is_new else Fate.REFILLED if refills else Fate.DUPLICATE)
        if refills and not is_new:
            self._take_again(delivery, key)
            return
        if not is_new:
            settlement.counts[Count.BATCHES_DUPLICATE] += 1
            settlement.line(key).duplicate += 1
            return
        settlement.counts[Count.BATCHES_STORED] += 1
        identity = delivery.identity if delivery.gateway else None
        settlement.line(key).batch_came(identity.seq if identity else 0, delivery.received_at_ms)
        message, now_ms = delivery.message, delivery.received_at_ms
        if message.retain or not has_room:
            reason = RefusalReason.RETAINED if message.retain else RefusalReason.TOO_MANY_RUNS
            refused = RefusedRecord(reason, "", message.payload)
            self._take(delivery, key, Admission([], [refused], 0, 0))
            return
        numbered = delivery.identity is not None
        admission = self._reception.admit(
            message.topic, delivery.gateway, message.content_type, message.payload, now_ms, numbered
        )
        self._take(delivery, key, admission)

    def again(self) -> "IntakeRound":
        """The same deliveries, judged by the state as it is now."""
        fresh = IntakeRound(self._reception, self._state)
        for delivery in self.deliveries:
            fresh.add(delivery)
        return fresh

    def reject(self, rejection: Rejection) -> None:
        """The store will never take this row: it goes to the quarantine instead."""
        row = self.rows[rejection.index]
        delivery, key = self._row_owners[bisect_right(self._row_ends, rejection.index)]
        detail = f"{row.series.point}: {rejection.detail}"
        topic, seen_at_ms = delivery.message.topic, delivery.received_at_ms
        refusal = Refusal(topic, rejection.reason, detail, row_payload(row), seen_at_ms)
        if key is None:
            self.settlement.refusals.append(RepeatedRefusal(*refusal))
            return
        self.settlement.refuse(refusal, key)
        self.settlement.counts[Count.READINGS_STORED] -= 1
        self.settlement.line(key).stored -= 1
        outcome = self._outcome_of(delivery)
        if outcome is not None:
            outcome.stored -= 1
            outcome.refuse(rejection.reason)

    def written(self, now_ms: int) -> None:
        """The rows are in the store now. What came in time and waited for the store is late all the same."""
        if now_ms - min(delivery.received_at_ms for delivery in self.deliveries) <= SLOW_WRITE_MS:
            return
        start = 0
        for end, (delivery, _) in zip(self._row_ends, self._row_owners, strict=True):
            # Those measured earlier were noted when they came.
            self.late.note(self.rows[start:end], now_ms, delivery.received_at_ms - LATE_AFTER_MS)
            start = end

    def answer(self) -> None:
        """Tell the senders that wait what became of their deliveries; call when state and store have them."""
        for answer, outcome in self.outcomes.items():
            if not answer.done():
                answer.set_result(outcome)

    def _outcome_of(self, delivery: Delivery) -> DeliveryOutcome | None:
        if delivery.answer is None:
            return None
        return self.outcomes.setdefault(delivery.answer, DeliveryOutcome())

    def _take(self, delivery: Delivery, key: LedgerKey, admission: Admission) -> None:
        rows, refused, no_value, late = admission
        settlement, line = self.settlement, self.settlement.line(key)
        received = len(rows) + len(refused)
        settlement.counts[Count.READINGS_RECEIVED] += received
        settlement.counts[Count.READINGS_STORED] += len(rows)
        settlement.counts[Count.READINGS_NO_VALUE] += no_value
        settlement.counts[Count.READINGS_LATE] += late
        line.received += received
        line.stored += len(rows)
        line.late += late
        for record in refused:
            refusal = Refusal(delivery.message.topic, *record, delivery.received_at_ms)
            settlement.refuse(refusal, key)
        outcome = self._outcome_of(delivery)
        if outcome is not None:
            outcome.stored += len(rows)
            for record in refused:
                outcome.refuse(record.reason)
        if late:
            self.late.note(rows, delivery.received_at_ms)
        for flagged in self._reception.live_quality.look(rows):
            self.flagged.append(flagged)
            settlement.counts[FLAGGED_PREFIX + flagged.flag] += 1
        if delivery.identity is None and (late or delivery.answer is not None):
            rows = take_reasons_back(rows)
        self._add_rows(delivery, key, rows)

    def _take_again(self, delivery: Delivery, key: LedgerKey) -> None:
        """Its readings were counted when they first came; the rows are written as if they never had been."""
        message, now_ms = delivery.message, delivery.received_at_ms
        rows, refused, _, late = self._reception.admit(
            message.topic, delivery.gateway, message.content_type, message.payload, now_ms, numbered=True
        )
        settlement = self.settlement
        settlement.counts[Count.BATCHES_REFILLED] += 1
        settlement.counts[Count.READINGS_REFILLED] += len(rows)
        settlement.line(key).refilled += 1
        for record in refused:
            settlement.refusals.append(RepeatedRefusal(delivery.message.topic, *record, delivery.received_at_ms))
        if late:
            self.late.note(rows, now_ms)
        self.flagged += self._reception.refill_quality.look(rows)
        # The register may have been mended since they first came: what was said against a row is then taken back.
        rows = take_reasons_back(rows)
        self._add_rows(delivery, None, rows)

    def _add_rows(self, delivery: Delivery, key: LedgerKey | None, rows: list[ReadingRow]) -> None:
        self.rows += rows
        self._row_ends.append(len(self.rows))
        self._row_owners.append((delivery, key))

    def _refills(self, delivery: Delivery) -> bool:
        """Whether a refill waits for this batch; it is then noted as arrived."""
        identity = delivery.identity
        if identity is None or not self._state.refills:
            return False
        key = RunKey(delivery.gateway, identity.run)
        refill = self._state.refills.get(key)
        if refill is None or not refill.wants(identity.seq):
            return False
        arrived = self.settlement.refilled.setdefault(key, set())
        if identity.seq in arrived:
            return False
        arrived.add(identity.seq)
        return True

    def _note_arrival(self, delivery: Delivery, key: LedgerKey, fate: Fate) -> None:
        identity = delivery.identity
        if identity is not None and delivery.gateway:
            created_ms = created_ms_of(delivery.message.properties) or 0
            self.settlement.arrivals.append(Arrival(key, identity.seq, identity.oldest, created_ms, fate))

    def _is_new(self, delivery: Delivery, key: LedgerKey) -> bool:
        identity = delivery.identity
        if identity is None or not delivery.gateway:
            return True
        cursor = self._cursor(RunKey(delivery.gateway, identity.run), identity.oldest or identity.seq)
        cursor.changed_ms = max(cursor.changed_ms, delivery.received_at_ms)
        created_ms = created_ms_of(delivery.message.properties)
        is_new = cursor.arrive(identity.seq, identity.oldest, created_ms or 0)
        self.settlement.line(key).through_seq = cursor.through
        if is_new and created_ms and 0 <= delivery.received_at_ms - created_ms < FRESH_BATCH_MS:
            self.fresh_created_ms.append(created_ms)
        return is_new

    def _has_room(self, delivery: Delivery) -> bool:
        """Whether its run is known or may begin; of a run that takes another's place, that one is noted to go."""
        identity, gateway = delivery.identity, delivery.gateway
        if identity is None or not gateway:
            return True
        key, settlement = RunKey(gateway, identity.run), self.settlement
        if key in settlement.cursors:
            return True
        if key in self._state.cursors:
            if key in settlement.dropped_runs:
                settlement.dropped_runs.remove(key)
            return True
        if gateway in self._full:
            return False
        known = {k: c for k, c in self._state.cursors.items() if k.gateway == gateway}
        known |= {k: c for k, c in settlement.cursors.items() if k.gateway == gateway}
        runs = ((k, c) for k, c in known.items() if k not in settlement.dropped_runs)
        going = give_room(runs, delivery.received_at_ms)
        if going is None:
            self._full.add(gateway)
            return False
        settlement.dropped_runs += [k for k in going if k not in settlement.cursors]
        return True

    def _cursor(self, key: RunKey, oldest: int) -> RunCursor:
        cursor = self.settlement.cursors.get(key)
        if cursor is None:
            committed = self._state.cursors.get(key)
            cursor = committed.copy() if committed else RunCursor.starting_at(oldest)
            self.settlement.cursors[key] = cursor
        return cursor

    @staticmethod
    def _ledger_key(delivery: Delivery) -> LedgerKey:
        now_ms = delivery.received_at_ms
        at_ms = created_ms_of(delivery.message.properties) or now_ms
        if not now_ms - _MAX_CREATED_AGE_MS <= at_ms <= now_ms + _MAX_CREATED_AHEAD_MS:
            at_ms = now_ms
        run = delivery.identity.run if delivery.identity else UNNUMBERED
        return LedgerKey(delivery.gateway or delivery.source or UNKNOWN_SOURCE, run, at_ms - at_ms % HOUR_MS)
