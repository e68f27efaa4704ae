"""The promise, read aloud: collect, admit, write, commit, and only then acknowledge and tell the gateway."""

import asyncio
import logging

from ingest_service.batch_identity import created_ms_of
from ingest_service.cursor_announcer import CursorAnnouncer
from ingest_service.gateway_board import GatewayBoard
from ingest_service.intake_round import IntakeRound
from ingest_service.late_marks import LateMarks, LateTimes
from ingest_service.latency import LatencyRecord
from ingest_service.quality_watch import flag_rows
from ingest_service.reception import Reception
from ingest_service.settings import IngestSettings
from ingest_service.state.ingest_state import IngestState, StaleRoundError
from ingest_service.store_writer import FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS, StoreWriter
from ingest_service.subscriber import Subscriber
from service_runtime.clock import Clock
from service_runtime.errors import OperatorError
from service_runtime.logs import event
from service_runtime.tracing import Tracing

QUIET_SECONDS = 0.005
"""A round ends when nothing more came for this long: what is waiting goes together, and nothing waits for more."""
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
        self.tracing = Tracing()
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
        received_ms = intake.deliveries[0].received_at_ms
        with self.tracing.span("ingest round", received_ms, batches=len(intake.deliveries), readings=len(intake.rows)):
            self.tracing.past("intake", received_ms)
            intake = await self._settle(intake)
            with self.tracing.span("acknowledge"):
                self._acknowledge(intake)

    def _acknowledge(self, intake: IntakeRound) -> None:
        now_ms = self._clock.now_ms()
        for delivery in intake.deliveries:
            self._subscriber.acknowledge(delivery)
            if delivery.gateway:
                said_ms = created_ms_of(delivery.message.properties)
                self._board.seen(delivery.gateway, delivery.received_at_ms, said_ms)
        intake.answer()
        self._announcer.note(intake.settlement.cursors)
        for created_ms in intake.fresh_created_ms:
            self.latency.add(now_ms - created_ms)

    async def _settle(self, intake: IntakeRound) -> IntakeRound:
        """Write and commit, again when another replica was quicker with one of the batches: rows have an identity."""
        while True:
            with self.tracing.span("store write"):
                for rejection in await self._writer.write(intake.rows):
                    intake.reject(rejection)
                intake.written(self._clock.now_ms())
                if intake.late:
                    await self._mark(intake.late)
                await self._flag(intake)
            try:
                with self.tracing.span("state commit"):
                    await self._commit(intake)
            except StaleRoundError:
                intake = intake.again()
            else:
                return intake

    async def _flag(self, intake: IntakeRound) -> None:
        """What is noted about the round's readings and senders; usually nothing."""
        marks = flag_rows(intake.flagged)
        if self._board.clocks_off:
            senders = {delivery.gateway for delivery in intake.deliveries}
            marks += self._board.clock_rows(senders, self._reception.bindings.park, self._clock.now_ms())
        if marks:
            await self._writer.write_marks(marks)

    async def _mark(self, late: LateTimes) -> None:
        """Again when the store went away just then: a mark must be newer than whatever was read meanwhile."""
        while True:
            marks, retries = self._late_marks.rows(late), self._writer.retries
            await self._writer.write_marks(marks)
            if self._writer.retries == retries or not self._late_marks.are_stale(marks):
                return

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
