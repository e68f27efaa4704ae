"""Wires the console: settings, park, store, pages; and runs it until it is told to stop."""

import os
import secrets
import signal
from functools import partial
from pathlib import Path

from nicegui import app, ui

from analytics.rulebook import load_rulebook
from dashboards.boards import chain_health, park_overview, park_year, tenant_board, wastewater_and_emissions
from dashboards.console.answers import PanelReader, View
from dashboards.console.board_page import DEFAULT_RANGE_SECONDS, BoardPage, BoardSource
from dashboards.console.chain_page import chain_page
from dashboards.console.frame import chosen_language, page_frame
from dashboards.console.mailbox_page import mail_page, mailbox_page
from dashboards.console.own_pictures import OwnPictures
from dashboards.console.texts import say
from dashboards.settings import ConsoleSettings
from service_runtime.clock import SystemClock
from service_runtime.text_folder import read_text_folder
from telemetry_model.park_register import Park, parse_park
from telemetry_store.open import open_store


def run_console(settings: ConsoleSettings) -> None:
    """Serve until SIGTERM or SIGINT. Raises ``OperatorError`` or ``RegisterError`` before anything is served."""
    park = parse_park(read_text_folder(Path(settings.park_folder)))
    store = open_store(settings.store_url, settings.store_token)
    clock = SystemClock()
    source = BoardSource(park, load_rulebook(), PanelReader(park, store, clock), clock)
    _add_pages(source, settings)
    app.add_middleware(OwnPictures)
    app.on_shutdown(store.close)
    # The server gives the signal back once it has stopped in order; a handler of ours makes that an ordinary end.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    # Started by a test run, NiceGUI would take us for a test of its own and choose another port.
    os.environ.pop("PYTEST_CURRENT_TEST", None)
    ui.run(
        host=settings.host,
        port=settings.port,
        title="Ecopark",
        language="vi",
        reload=False,
        show=False,
        tailwind=False,
        show_welcome_message=False,
        storage_secret=secrets.token_urlsafe(),
        favicon="🏭",
    )


def _add_pages(source: BoardSource, settings: ConsoleSettings) -> None:
    park = source.park

    def overview(lang: str = "") -> None:
        language = chosen_language(lang)
        with page_frame(park, language, "/"):
            BoardPage(park_overview(park), source, View(DEFAULT_RANGE_SECONDS, language))

    def tenant(tenant_id: str, lang: str = "") -> None:
        language = chosen_language(lang)
        with page_frame(park, language, f"/tenant/{tenant_id}"):
            _tenant_page(source, tenant_id, language)

    def wastewater(lang: str = "") -> None:
        language = chosen_language(lang)
        with page_frame(park, language, "/wastewater"):
            BoardPage(wastewater_and_emissions(park), source, View(DEFAULT_RANGE_SECONDS, language))

    def year(lang: str = "") -> None:
        language = chosen_language(lang)
        with page_frame(park, language, "/year"):
            BoardPage(park_year(park), source, View(DEFAULT_RANGE_SECONDS, language))

    def mailbox(lang: str = "") -> None:
        language = chosen_language(lang)
        with page_frame(park, language, "/mailbox"):
            mailbox_page(settings.mailbox_path, park.timezone, language)

    def mail(name: str, lang: str = "") -> None:
        language = chosen_language(lang)
        with page_frame(park, language, f"/mailbox/{name}"):
            mail_page(settings.mailbox_path, name, park.timezone, language)

    def chain(lang: str = "") -> None:
        language = chosen_language(lang)
        with page_frame(park, language, "/chain"):
            chain_page(settings.ingest_url, park.timezone, language)

    def chain_history(lang: str = "") -> None:
        language = chosen_language(lang)
        with page_frame(park, language, "/chain-history"):
            BoardPage(chain_health(park), source, View(DEFAULT_RANGE_SECONDS, language))

    ui.page("/")(overview)
    ui.page("/tenant/{tenant_id}")(tenant)
    ui.page("/wastewater")(wastewater)
    ui.page("/year")(year)
    ui.page("/mailbox")(mailbox)
    ui.page("/mailbox/{name}")(mail)
    ui.page("/chain")(chain)
    ui.page("/chain-history")(chain_history)


def _tenant_page(source: BoardSource, tenant_id: str, language: str) -> None:
    park = source.park
    if tenant_id not in {firm.id for firm in park.firms()}:
        ui.label(f"{say('unknown_tenant', language)}: {tenant_id}").classes("error").props("role=alert")
        return
    view = View(DEFAULT_RANGE_SECONDS, language, tenant_id)
    BoardPage(tenant_board(park), source, view, partial(_tenant_picker, park, tenant_id))


def _tenant_picker(park: Park, tenant_id: str) -> None:
    names = {firm.id: firm.name for firm in park.firms()}
    ui.select(names, value=tenant_id, on_change=lambda change: ui.navigate.to(f"/tenant/{change.value}")).props(
        "dense outlined options-dense data-picker=tenant"
    ).style("min-width: 340px; background: #fff")
