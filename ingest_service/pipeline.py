"""The promise, read aloud: collect, admit, write, commit, and only then acknowledge and tell the gateway."""

import asyncio
import logging

from ingest_service.cursor_announcer import CursorAnnouncer
from ingest_service.gateway_board import GatewayBoard
from ingest_service.intake_round import IntakeRound
from ingest_service.late_marks import LateMarks, LateTimes
from ingest_service.latency import LatencyRecord
from ingest_service.reception import Reception
from ingest_service.settings import IngestSettings
from ingest_service.state.ingest_state import IngestState, StaleRoundError
from ingest_service.store_writer import FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS, StoreWriter
from ingest_service.subscriber import Subscriber
from service_runtime.clock import Clock
from service_runtime.errors import OperatorError
from service_runtime.logs import event

QUIET_SECONDS = 0.005
"""A round ends when nothing more came for this long: what is waiting goes together, and nothing waits for more."""
WAITED_MS = 60_000
"""A round written so long after it was received has waited for the store, and its readings with it."""
_log = logging.getLogger(__name__)


class Pipeline:
    """One round after the other, in one task; a failure in the middle of a round leaves its deliveries with the broker.

    Why nothing is lost: a delivery is acknowledged after its rows are in the store and its state is on disk. Why
    nothing doubles: rows have an identity, so writing them again changes nothing, and counts and cursors change
    together in one transaction, so a batch that comes again is known. Why no late reading goes unseen: its mark is
    written after its row and before the acknowledgement.
    """

    def __init__(
        self,
        settings: IngestSettings,
        subscriber: Subscriber,
        reception: Reception,
        writer: StoreWriter,
        state: IngestState,
        announcer: CursorAnnouncer,
        board: GatewayBoard,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._subscriber = subscriber
        self._reception = reception
        self._writer = writer
        self._state = state
        self._announcer = announcer
        self._board = board
        self._clock = clock
        self.latency = LatencyRecord(clock)
        self._late_marks = LateMarks(settings.mqtt_client_id, clock)
        self.state_problem = ""
        self.busy_since: float | None = None
        """Monotonic time at which the round now being written began, ``None`` between rounds."""

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            intake = await self.collect()
            self.busy_since = self._clock.monotonic()
            await self.process(intake)
            self.busy_since = None

    async def collect(self) -> IntakeRound:
        """At least one delivery; more as long as they keep coming, up to the limits of the settings."""
        intake = IntakeRound(self._reception, self._state)
        while (first := await self._subscriber.next()) is None:
            pass
        intake.add(first)
        deadline = self._clock.monotonic() + self._settings.batch_max_age_seconds
        while len(intake.rows) < self._settings.batch_max_records and len(intake.deliveries) < self._subscriber.window:
            remaining_seconds = deadline - self._clock.monotonic()
            if remaining_seconds <= 0:
                break
            delivery = await self._subscriber.next(min(QUIET_SECONDS, remaining_seconds))
            if delivery is None:
                break
            intake.add(delivery)
        return intake

    async def process(self, intake: IntakeRound) -> None:
        """Write, commit, acknowledge."""
        intake = await self._settle(intake)
        now_ms = self._clock.now_ms()
        for delivery in intake.deliveries:
            self._subscriber.acknowledge(delivery)
            if delivery.gateway:
                self._board.seen(delivery.gateway, delivery.received_at_ms)
        intake.answer()
        self._announcer.note(intake.settlement.cursors)
        for created_ms in intake.fresh_created_ms:
            self.latency.add(now_ms - created_ms)

    async def _settle(self, intake: IntakeRound) -> IntakeRound:
        """Write and commit, again when another replica was quicker with one of the batches: rows have an identity."""
        while True:
            for rejection in await self._writer.write(intake.rows):
                intake.reject(rejection)
            late = self._late_when_written(intake)
            if late:
                await self._writer.write_marks(self._late_marks.rows(late))
            try:
                await self._commit(intake)
            except StaleRoundError:
                intake = intake.again()
            else:
                return intake

    def _late_when_written(self, intake: IntakeRound) -> LateTimes:
        """The late readings of a round; of one that had to wait, also those that are late only by now."""
        now_ms = self._clock.now_ms()
        received_ms = min((delivery.received_at_ms for delivery in intake.deliveries), default=now_ms)
        if now_ms - received_ms < WAITED_MS:
            return intake.late
        late = LateTimes()
        late.note(intake.rows, now_ms)
        return late

    async def _commit(self, intake: IntakeRound) -> None:
        """Until the disk takes it: a full disk stops the service from acknowledging, not from recovering."""
        delay = FIRST_RETRY_SECONDS
        while True:
            try:
                dropped = await self._state.commit(intake.settlement)
            except OperatorError as error:
                if not self.state_problem:
                    event(_log, logging.ERROR, str(error))
                self.state_problem = str(error)
                await asyncio.sleep(delay)
                delay = min(delay * 2, LONGEST_RETRY_SECONDS)
                continue
            break
        self.state_problem = ""
        if dropped:
            event(_log, logging.WARNING, "quarantine is full, its oldest records were dropped", records=dropped)
