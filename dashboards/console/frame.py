"""What every page has: the park's name, navigation, language switch, the banner of a simulated park."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

from nicegui import app, ui

from dashboards.console.style import STYLE
from dashboards.console.texts import DEFAULT_LANGUAGE, LANGUAGES, say
from telemetry_model.park_register import Park

_BANNERS = {"simulated": "simulated", "fictional": "simulated", "replayed": "replayed"}
"""Attribute of the register -> what the banner says."""


def chosen_language(asked: str) -> str:
    """The language asked for in the address, else the one of this browser session, else Vietnamese.

    Must run while the page is first built: the session cookie goes out with it.
    """
    session = app.storage.browser
    if asked in LANGUAGES:
        session["language"] = asked
        return asked
    kept = session.get("language")
    return kept if kept in LANGUAGES else DEFAULT_LANGUAGE


def banner_key(park: Park) -> str:
    """Which warning the register asks for (``simulated``, ``replayed``), or nothing for a real park."""
    return next((key for name, key in _BANNERS.items() if park.dated.first.get(name) is True), "")


@contextmanager
def page_frame(park: Park, language: str, path: str) -> Iterator[None]:
    """The page around its content. ``path`` is the page's own address."""
    ui.add_css(STYLE)
    ui.page_title(f"{park.name(language)} · Ecopark")
    with ui.element("header").classes("top"):
        ui.label(park.name(language)).classes("name")
        with ui.element("nav"):
            for address, key in _navigation(park):
                current = path.split("/")[1] == address.split("/")[1]
                link(say(key, language), address).props("aria-current=page" if current else "")
        for code in LANGUAGES:
            same_page = f"{path}?{urlencode({'lang': code})}"
            name = "Tiếng Việt" if code == "vi" else "English"
            link(name, same_page).props("aria-current=page" if code == language else "").props(f"lang={code}")
    if warning := banner_key(park):
        ui.label(say(warning, language)).classes("banner").props(f"role=note data-banner={warning}")
    with ui.element("main"):
        yield


def link(text: str, address: str) -> ui.link:
    """A plain link."""
    return ui.link(text, address)


def _navigation(park: Park) -> list[tuple[str, str]]:
    firms = park.firms()
    tenant = [(f"/tenant/{firms[0].id}", "tenants")] if firms else []
    boards = [("/", "overview"), *tenant, ("/wastewater", "wastewater"), ("/year", "year")]
    return [*boards, ("/mailbox", "mailbox"), ("/chain", "chain"), ("/chain-history", "chain_history")]
