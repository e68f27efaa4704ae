"""Ingest's own parts without broker and network: packs are handed to its subscriber on the scenario's clock."""

from collections.abc import Sequence
from pathlib import Path

from ingest_service.bootstrap import assemble
from ingest_service.settings import IngestSettings
from ingest_service.state.settlement import Count
from ingest_service.state.state_file import StateFile
from service_runtime.clock import ManualClock
from service_runtime.mqtt_session import IncomingMessage
from simulators.arrivals import Arrival
from telemetry_model.park_register import Park
from telemetry_model.topics import Channel, topic_for
from telemetry_store.protocol import TelemetryStore

ROUND_MESSAGES = 150
RUN = "scenario"
CONTENT_TYPE = "application/senml+json"


class ScenarioIngest:
    """One ingest whose broker is the scenario; its clock is that of the packs."""

    def __init__(self, park: Park, store: TelemetryStore, folder: Path) -> None:
        settings = IngestSettings(
            park_folder="-", mqtt_url="mqtt://127.0.0.1:1", store_url="-", state_path=str(folder / "ingest-state.db")
        )
        self._park = park
        self._clock = ManualClock(0)
        self._state = StateFile(settings.state_file, settings.quarantine_max_records)
        view, _, _, _ = assemble(settings, park, store, self._state, self._clock)
        self._subscriber = view.subscriber
        self._pipeline = view.pipeline
        self.readings = 0
        """How many readings were handed over, each once."""
        self._seen: set[tuple[str, int]] = set()

    @property
    def now_ms(self) -> int:
        """When the last pack came."""
        return self._clock.now_ms()

    @property
    def stored(self) -> int:
        """Readings stored, as ingest counts them."""
        return self._state.counts[Count.READINGS_STORED]

    @property
    def quarantined(self) -> int:
        """Readings refused, as ingest counts them."""
        return self._state.counts[Count.READINGS_QUARANTINED]

    @property
    def duplicates(self) -> int:
        """Batches that came again, as ingest counts them."""
        return self._state.counts[Count.BATCHES_DUPLICATE]

    async def take(self, packs: Sequence[Arrival]) -> None:
        """Receive, write and commit all packs, round by round."""
        for start in range(0, len(packs), ROUND_MESSAGES):
            for pack in packs[start : start + ROUND_MESSAGES]:
                self._receive(pack)
            while self._subscriber.waiting:
                await self._pipeline.process(await self._pipeline.collect())

    async def close(self) -> None:
        """Let go of the state."""
        await self._state.close()

    def _receive(self, pack: Arrival) -> None:
        self._clock.advance((pack.received_at_ms - self._clock.now_ms()) / 1000)
        if (pack.gateway, pack.seq) not in self._seen:
            self._seen.add((pack.gateway, pack.seq))
            self.readings += pack.readings
        properties = {"run": RUN, "seq": str(pack.seq), "oldest": "1", "created": str(pack.created_at_ms)}
        topic = topic_for(self._park.id, pack.gateway, Channel.READINGS)
        self._subscriber.receive(
            IncomingMessage(topic, pack.payload, properties, CONTENT_TYPE, 1, pack.seq % 65_535 + 1, False, 1)
        )
