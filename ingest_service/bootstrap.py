"""The wiring: the only place that knows every part of the ingest service, and the order they start and stop in."""

import gc
import logging
import os
from contextlib import AsyncExitStack

from ingest_service.cursor_announcer import CursorAnnouncer
from ingest_service.gateway_board import GatewayBoard
from ingest_service.http_api.app import create_app
from ingest_service.http_api.server import bind_http, serve_http
from ingest_service.http_intake import HttpIntake
from ingest_service.http_sources import load_http_sources
from ingest_service.ledger_book import LedgerBook
from ingest_service.ledger_writer import LedgerWriter
from ingest_service.park_folder import load_park
from ingest_service.pipeline import Pipeline
from ingest_service.reception import Reception
from ingest_service.resend_asker import ResendAsker
from ingest_service.service_view import ServiceView
from ingest_service.settings import IngestSettings
from ingest_service.sparkplug_host import SparkplugHost, host_will
from ingest_service.state.ingest_state import IngestState
from ingest_service.state.open import open_ingest_state
from ingest_service.state.quarantine import Quarantine
from ingest_service.store_writer import StoreWriter
from ingest_service.subscriber import Subscriber
from service_runtime.clock import Clock, SystemClock
from service_runtime.errors import SettingsError
from service_runtime.logs import event
from service_runtime.supervision import run_until_stopped, stop_on_signals
from service_runtime.tracing import start_tracing
from telemetry_model.park_register import Park
from telemetry_store.open import open_store
from telemetry_store.protocol import TelemetryStore

GARBAGE_THRESHOLD = 50_000
_log = logging.getLogger(__name__)


def assemble(
    settings: IngestSettings, park: Park, store: TelemetryStore, state: IngestState, clock: Clock
) -> tuple[ServiceView, CursorAnnouncer, Reception, SparkplugHost | None]:
    """All parts, joined; nothing runs yet."""
    board = GatewayBoard(settings.clock_skew_seconds)
    reception = Reception(park, load_http_sources(settings.http_sources_file, park))
    started_ms = clock.now_ms()
    will = host_will(settings.sparkplug_host_id, started_ms) if park.sparkplug else None
    subscriber = Subscriber(settings, park.id, board, clock, reception, will)
    announcer = CursorAnnouncer(subscriber.session, park.id, state, clock)
    subscriber.when_connected(announcer.connected)
    writer = StoreWriter(store, clock)
    host = None
    if park.sparkplug:
        host = SparkplugHost(reception.sparkplug, settings.sparkplug_host_id, started_ms, clock)
        subscriber.hear(host.topic, host.note_state)
        subscriber.when_connected(host.when_connected)
    pipeline = Pipeline(settings, subscriber, reception, writer, state, announcer, board, clock)
    quarantine = Quarantine(settings.state_place)
    asker = ResendAsker(subscriber.session, park.id, state, board, clock, settings.resend_grace_seconds)
    stuck_after = settings.stuck_after_seconds
    view = ServiceView(park.id, subscriber, writer, state, board, pipeline, quarantine, clock, asker, stuck_after)
    return view, announcer, reception, host


async def run_ingest(settings: IngestSettings) -> None:
    """Run until SIGTERM or SIGINT. What can never work stops here, in one sentence; what may come back is awaited."""
    park = load_park(settings.park_folder)
    if park.sparkplug and settings.mqtt_share_group:
        raise SettingsError("mqtt_share_group: the register has a sparkplug.csv, and Sparkplug needs a single ingest: "
                            "its sequence numbers run over all messages of a node")  # fmt: skip
    stop = stop_on_signals()
    async with AsyncExitStack() as closing:
        store = open_store(settings.store_url, settings.store_token)
        closing.push_async_callback(store.close)
        listener = closing.enter_context(bind_http(settings.http_host, settings.http_port))
        state = open_ingest_state(settings)
        closing.push_async_callback(state.close)
        view, announcer, reception, host = assemble(settings, park, store, state, SystemClock())
        view.pipeline.tracing = start_tracing("ecopark-ingest", os.environ)
        closing.push_async_callback(view.pipeline.tracing.close)
        session = view.subscriber.session
        closing.push_async_callback(session.close)
        intake = HttpIntake(reception, view.subscriber, SystemClock()) if reception.sources.by_name else None
        ledger = LedgerWriter(store, state, park.id)
        address = "{}:{}".format(*listener.getsockname()[:2])
        event(_log, logging.INFO, "ingest started", park=park.id, points=len(park.points), http=address)
        tasks = {
            "mqtt": session.run(),
            "pipeline": view.pipeline.run(),
            "announcer": announcer.run(),
            "resend": view.asker.run(),
            "store-watch": view.writer.watch(),
            "ledger": ledger.run(),
            "state": state.watch(),
            "http": serve_http(create_app(view, LedgerBook(settings.state_place), intake), listener),
        }
        if host is not None:
            closing.push_async_callback(host.say_goodbye, session)
            tasks["sparkplug"] = host.run(session)
        _spare_the_garbage_collector()
        await run_until_stopped(stop, tasks)
        await ledger.write_once()
        event(_log, logging.INFO, "ingest stopped")


def _spare_the_garbage_collector() -> None:
    """Readings make no cycles, but hundreds of thousands of them a second make the collector look for some.

    Without this it takes a fifth of the time. Memory stays bounded: reference counting frees the readings.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD)
