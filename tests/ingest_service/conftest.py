"""The parts of the service joined as the program joins them, with a store that can be troubled."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ingest_service.cursor_announcer import CursorAnnouncer
from ingest_service.gateway_board import GatewayBoard
from ingest_service.http_sources import load_http_sources
from ingest_service.ledger_book import LedgerBook
from ingest_service.pipeline import Pipeline
from ingest_service.reception import Reception
from ingest_service.resend_asker import ResendAsker
from ingest_service.service_view import ServiceView
from ingest_service.settings import IngestSettings
from ingest_service.state.open import open_ingest_state
from ingest_service.state.quarantine import Quarantine
from ingest_service.store_writer import StoreWriter
from ingest_service.subscriber import Delivery, Subscriber
from service_runtime.clock import ManualClock
from telemetry_store.open import open_store
from telemetry_store.protocol import TelemetryStore
from tests.ingest_service.builders import NOW_MS, TroubledStore, a_park, settings_for


class NotedSubscriber(Subscriber):
    """Notes what was acknowledged, in order, beside doing it."""

    acknowledged: list[Delivery]

    def acknowledge(self, delivery: Delivery) -> None:
        self.acknowledged.append(delivery)
        super().acknowledge(delivery)


class Rig:
    """One ingest without its tasks: a test feeds it and turns the handle."""

    def __init__(self, settings: IngestSettings, store: TelemetryStore | None = None) -> None:
        self.settings = settings
        self.clock = ManualClock(NOW_MS)
        self.board = GatewayBoard()
        park = a_park()
        self.reception = Reception(park, load_http_sources(settings.http_sources_file, park))
        self.subscriber = NotedSubscriber(settings, "thu", self.board, self.clock, self.reception)
        self.subscriber.acknowledged = []
        self.store = TroubledStore(store or open_store(settings.store_url))
        self.state = open_ingest_state(settings)
        self.announcer = CursorAnnouncer(self.subscriber.session, "thu", self.state, self.clock)
        self.writer = StoreWriter(self.store, self.clock, first_retry_seconds=0.01)
        self.pipeline = Pipeline(
            settings, self.subscriber, self.reception, self.writer, self.state, self.announcer, self.board, self.clock
        )
        self.quarantine = Quarantine(settings.state_place)
        self.asker = ResendAsker(
            self.subscriber.session, "thu", self.state, self.board, self.clock, settings.resend_grace_seconds
        )
        self.view = ServiceView(
            "thu", self.subscriber, self.writer, self.state, self.board, self.pipeline, self.quarantine, self.clock,
            self.asker,
        )  # fmt: skip
        self.book = LedgerBook(settings.state_place)

    async def take(self, *deliveries: Delivery) -> None:
        """One round of exactly these deliveries."""
        for delivery in deliveries:
            self.subscriber.receive(delivery.message)
        intake = await self.pipeline.collect()
        assert len(intake.deliveries) == len(deliveries)
        await self.pipeline.process(intake)

    async def close(self) -> None:
        await self.state.close()
        await self.store.close()


@pytest.fixture
def settings(tmp_path: Path) -> IngestSettings:
    return settings_for(tmp_path)


@pytest.fixture
async def rig(settings: IngestSettings) -> AsyncIterator[Rig]:
    made = Rig(settings)
    yield made
    await made.close()
