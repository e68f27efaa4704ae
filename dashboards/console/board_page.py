"""A board as a page: its panels on the grid, a time range, and fresh numbers every few seconds."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from nicegui import ui

from analytics.rulebook import Rule
from dashboards.board import Board
from dashboards.console.answers import PanelReader, View
from dashboards.console.elements import text_element
from dashboards.console.panel_card import PanelCard
from dashboards.console.texts import say
from dashboards.words import local_text
from service_runtime.clock import Clock
from service_runtime.errors import UnreachableError
from service_runtime.logs import event
from telemetry_model.park_register import Park

_log = logging.getLogger(__name__)
REFRESH_SECONDS = 5.0
HOUR_SECONDS = 3_600
RANGES: dict[int, str] = {
    6 * HOUR_SECONDS: "range_6h",
    24 * HOUR_SECONDS: "range_24h",
    7 * 24 * HOUR_SECONDS: "range_7d",
    30 * 24 * HOUR_SECONDS: "range_30d",
}
DEFAULT_RANGE_SECONDS = 24 * HOUR_SECONDS


@dataclass(frozen=True)
class BoardSource:
    """What board pages read from."""

    park: Park
    rules: Sequence[Rule]
    reader: PanelReader
    clock: Clock


class BoardPage:
    """One browser's view of one board."""

    def __init__(self, board: Board, source: BoardSource, view: View, tools: Callable[[], None] | None = None) -> None:
        self._board, self._source, self._view = board, source, view
        self._failed = False
        ranges = {seconds: say(key, view.language) for seconds, key in RANGES.items()}
        with ui.element("div").classes("tools"):
            text_element("h1", board.title.say(view.language))
            if tools is not None:
                tools()
            if any(panel.range_days is None for panel in board.panels):
                ui.toggle(ranges, value=view.range_seconds, on_change=lambda change: self._choose(change.value)).props(
                    f'dense unelevated no-caps toggle-color=blue-grey-7 aria-label="{say("range", view.language)}"'
                )
            self._updated = ui.label("").classes("updated")
        self._error = ui.label("").classes("error").props("role=alert data-error=store")
        self._error.set_visibility(False)
        if not board.panels:
            ui.label(say("no_points", view.language)).classes("banner")
        with ui.element("div").classes("grid"):
            self._cards = [PanelCard(panel, source.park, source.rules, view) for panel in board.panels]
        ui.timer(REFRESH_SECONDS, self.refresh)

    async def refresh(self) -> None:
        """Ask for every panel again; a store that does not answer is said once on the page."""
        view = self._view
        try:
            for card in self._cards:
                answer = await self._source.reader.answer(card.panel, view)
                if view is not self._view:
                    return
                card.show(answer)
        except UnreachableError as error:
            self._fail(error)
            return
        self._recover()
        moment = local_text(self._source.clock.now_ms(), self._source.park.timezone, seconds=True)
        self._updated.set_text(f"{say('updated', view.language)} {moment}")

    async def _choose(self, range_seconds: int) -> None:
        self._view = replace(self._view, range_seconds=range_seconds)
        await self.refresh()

    def _fail(self, error: UnreachableError) -> None:
        if not self._failed:
            event(_log, logging.WARNING, "store does not answer", board=self._board.id, error=error)
        self._failed = True
        self._error.set_text(f"{say('store_error', self._view.language)}: {error}")
        self._error.set_visibility(True)
        for card in self._cards:
            card.fail()

    def _recover(self) -> None:
        self._failed = False
        self._error.set_visibility(False)
