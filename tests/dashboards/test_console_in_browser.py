"""The console as an operator sees it: headless Chromium, every board in both languages, no Internet."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Route, expect

from dashboards.board import Board, PanelKind
from dashboards.boards import chain_health, park_overview, park_year, tenant_board, wastewater_and_emissions
from telemetry_model.park_register import Park
from tests.dashboards.conftest import RunningConsole
from tests.servers.chromium import headless_chromium

pytestmark = pytest.mark.browser
WAIT_MS = 60_000
DRAWN_KINDS = (PanelKind.TIMESERIES, PanelKind.BAR, PanelKind.INSTRUMENT_STATUS)
COLOURS_PAINTED = """selector => {
  const canvas = document.querySelector(selector), seen = new Set();
  const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  for (let i = 0; i < pixels.length; i += 4) if (pixels[i + 3]) seen.add(pixels.slice(i, i + 3).join());
  return seen.size;
}"""
TENANT = "det-may-kien-an"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with headless_chromium(tmp_path_factory.mktemp("chromium")) as chromium:
        yield chromium


class Visit:
    """A page that remembers what went wrong on it and whom it asked."""

    def __init__(self, page: Page, base: str) -> None:
        self.page, self.base = page, base
        self.errors: list[str] = []
        self.outside: list[str] = []
        page.set_default_timeout(WAIT_MS)
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        # What a policy forbids is reported as a request, too; only what is really asked for comes to a route.
        page.route(self._is_outside, self._stop)

    def open(self, path: str) -> Page:
        self.page.goto(self.base + path)
        return self.page

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def _is_outside(self, url: str) -> bool:
        return not url.startswith((self.base, self.base.replace("http", "ws"), "data:", "blob:", "about:"))

    def _stop(self, route: Route) -> None:
        self.outside.append(route.request.url)
        route.abort()


@pytest.fixture
def visit(browser: Browser, console: RunningConsole) -> Iterator[Visit]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    yield Visit(context.new_page(), console.url)
    context.close()


BOARDS = (
    ("/", park_overview),
    (f"/tenant/{TENANT}", tenant_board),
    ("/wastewater", wastewater_and_emissions),
    ("/year", park_year),
    ("/chain-history", chain_health),
)


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize(("path", "board_of"), BOARDS, ids=[path for path, _ in BOARDS])
def test_every_panel_of_a_board_shows_data(
    visit: Visit, park: Park, path: str, board_of: Callable[[Park], Board], language: str
) -> None:
    page = visit.open(f"{path}?lang={language}")
    board = board_of(park)
    for panel in board.panels:
        card = page.locator(f'[data-panel="{panel.key}"]')
        expect(card).to_have_attribute("data-state", "data", timeout=WAIT_MS)
        expect(card.locator("h2")).to_have_text(panel.title.say(language))
        if panel.kind in DRAWN_KINDS:
            expect(card.locator("canvas").first).to_be_visible(timeout=WAIT_MS)
    assert visit.errors == []
    assert visit.outside == []


def test_charts_are_really_painted(visit: Visit) -> None:
    page = visit.open("/")
    canvas = page.locator('[data-panel="power-by-tenant"] canvas')
    canvas.wait_for()
    page.wait_for_function(f"() => ({COLOURS_PAINTED})('[data-panel=power-by-tenant] canvas') > 10")


def test_the_page_speaks_vietnamese_until_asked_otherwise_and_remembers(visit: Visit) -> None:
    page = visit.open("/")
    expect(page.locator("h1")).to_have_text("Tổng quan khu công nghiệp")
    page.get_by_role("link", name="English").click()
    expect(page.locator("h1")).to_have_text("Park overview")
    page.get_by_role("link", name="Data chain").click()
    expect(page.locator("h1")).to_have_text("Data chain")


def test_a_made_up_park_says_so_on_every_page(visit: Visit) -> None:
    for path in ("/", "/wastewater", "/mailbox", "/chain", "/chain-history"):
        page = visit.open(f"{path}?lang=en")
        expect(page.locator('[data-banner="simulated"]')).to_contain_text("Simulated park")


def test_verdicts_are_words_not_only_colours(visit: Visit) -> None:
    page = visit.open("/?lang=en")
    expect(page.locator('[data-panel="open-exceedances"] .verdict').first).to_have_text("▲ Exceeded")
    counts = page.locator('[data-panel="verdicts"] .count')
    expect(counts).to_have_text(["2▲ Exceeded", "1? Insufficient data", "3✓ Compliant"])


@pytest.mark.parametrize(
    ("language", "basis"),
    [("en", "permit; averaging to confirm"), ("vi", "giấy phép; trung bình cần xác nhận")],
)
def test_what_is_no_law_is_said_beside_the_verdict_and_the_limit(visit: Visit, language: str, basis: str) -> None:
    page = visit.open(f"/tenant/{TENANT}?lang={language}")
    expect(page.locator('[data-panel="findings"] tbody tr', has_text="WW-05-COD")).to_contain_text(basis)
    panel = visit.open(f"/wastewater?lang={language}").locator('[data-panel="outlet-cod"]')
    words = ("Cần xác nhận, không phải luật – trung bình", "To confirm, not law – averaging")
    expect(panel.locator(".note")).to_contain_text(words[language == "en"])


def test_another_tenant_is_picked_from_the_list(visit: Visit, park: Park) -> None:
    page = visit.open(f"/tenant/{TENANT}")
    page.locator(".q-select").click()
    page.get_by_role("option", name=park.tenants["van-phong-cat-bi"].name).click()
    page.wait_for_url("**/tenant/van-phong-cat-bi")
    water = page.locator('[data-panel="water-per-day"]')
    expect(water).to_contain_text("Doanh nghiệp này không có điểm đo loại này", timeout=WAIT_MS)


def test_an_unknown_tenant_is_a_message(visit: Visit) -> None:
    page = visit.open("/tenant/nobody?lang=en")
    expect(page.get_by_role("alert")).to_have_text("The park register has no such tenant: nobody")


def test_a_shorter_range_asks_again_without_a_reload(visit: Visit) -> None:
    page = visit.open("/wastewater?lang=en")
    expect(page.locator('[data-panel="outlet-cod"]')).to_have_attribute("data-state", "data", timeout=WAIT_MS)
    page.evaluate("window.untouched = true")
    page.get_by_role("button", name="7 days").click()
    expect(page.get_by_role("button", name="7 days")).to_have_attribute("aria-pressed", "true")
    assert page.evaluate("window.untouched") is True


@pytest.mark.parametrize("path", ["/year", "/chain-history"])
def test_a_board_whose_panels_have_a_range_of_their_own_offers_no_other(visit: Visit, path: str) -> None:
    page = visit.open(f"{path}?lang=en")
    expect(page.locator(".updated")).to_contain_text("Updated 20", timeout=WAIT_MS)
    expect(page.get_by_role("button", name="7 days")).to_have_count(0)


def test_numbers_stay_fresh_by_themselves(visit: Visit) -> None:
    page = visit.open("/?lang=en")
    updated = page.locator(".updated")
    expect(updated).to_contain_text("Updated 20", timeout=WAIT_MS)
    before = updated.inner_text()
    expect(updated).not_to_have_text(before, timeout=WAIT_MS)


def test_a_mail_is_listed_and_opened_without_running_what_it_brings(visit: Visit) -> None:
    page = visit.open("/mailbox?lang=en")
    page.get_by_role("link", name="Vượt giới hạn COD: Dệt may Kiến An").click()
    expect(page.locator("dd").first).to_have_text("Vượt giới hạn COD: Dệt may Kiến An")
    frame = page.frame_locator("iframe")
    expect(frame.locator("h2")).to_have_text("COD 182 mg/l")
    expect(frame.locator("img").first).to_have_js_property("naturalWidth", 1)
    assert page.locator("iframe").get_attribute("sandbox") == "allow-popups allow-popups-to-escape-sandbox"
    assert "taken over" not in page.title()
    assert visit.outside == []


def test_pages_let_the_browser_load_no_pictures_from_elsewhere(visit: Visit) -> None:
    answer = visit.page.goto(f"{visit.base}/mailbox?lang=en")
    assert answer is not None
    assert answer.headers["content-security-policy"] == "img-src 'self' data: blob:"
    asked = "new Promise(done => Object.assign(new Image(), {onerror: () => done('none'), src: 'http://tracker.example/a'}))"
    assert visit.page.evaluate(asked) == "none"
    assert visit.outside == []


def test_a_mail_that_is_not_there_is_a_message(visit: Visit) -> None:
    page = visit.open("/mailbox/none.eml?lang=en")
    expect(page.get_by_role("alert")).to_have_text("There is no such mail: none.eml")


def test_the_chain_shows_gateways_quarantine_and_latency(visit: Visit) -> None:
    page = visit.open("/chain?lang=en")
    expect(page.locator('[data-panel="chain"]')).to_have_attribute("data-state", "data", timeout=WAIT_MS)
    expect(page.locator('[data-part="gateways"]')).to_contain_text("▲ offline")
    expect(page.locator('[data-part="quarantine"]')).to_contain_text("unknown_point")
    expect(page.locator('[data-part="latency"]')).to_contain_text("41.0 ms / 180 ms")
    assert (visit.errors, visit.outside) == ([], [])


@pytest.mark.parametrize(("language", "title"), [("en", "Completeness ledger"), ("vi", "Sổ đối soát")])
def test_the_chain_shows_the_ledger_with_missing_batches(visit: Visit, language: str, title: str) -> None:
    page = visit.open(f"/chain?lang={language}")
    ledger = page.locator('[data-part="ledger"]')
    expect(ledger.locator("h2")).to_contain_text(title, timeout=WAIT_MS)
    newest, oldest = ledger.locator("tbody tr").all()
    expect(newest).to_contain_text("2026-11-18 21:00")
    expect(oldest).to_contain_text("▲ 17-18, 40")


def test_a_broken_ingest_is_a_message_and_recovers(visit: Visit, console: RunningConsole) -> None:
    console.ingest.code = 503
    try:
        page = visit.open("/chain?lang=en")
        alert = page.locator('[data-error="chain"]')
        expect(alert).to_contain_text("/api/v1/status: HTTP 503", timeout=WAIT_MS)
    finally:
        console.ingest.code = 200
    expect(page.locator('[data-part="gateways"]')).to_be_visible(timeout=WAIT_MS)
    expect(alert).to_be_hidden()


def test_a_store_that_breaks_is_a_message_and_recovers(visit: Visit, console: RunningConsole) -> None:
    page = visit.open("/?lang=en")
    expect(page.locator('[data-panel="power-now"]')).to_have_attribute("data-state", "data", timeout=WAIT_MS)
    _rename_table(console.folder / "store.db", "reading", "hidden")
    try:
        alert = page.locator('[data-error="store"]')
        expect(alert).to_contain_text("The data store cannot be read", timeout=WAIT_MS)
    finally:
        _rename_table(console.folder / "store.db", "hidden", "reading")
    expect(alert).to_be_hidden(timeout=WAIT_MS)
    expect(page.locator('[data-panel="power-now"]')).to_have_attribute("data-state", "data", timeout=WAIT_MS)


def _rename_table(file: Path, old: str, new: str) -> None:
    connection = sqlite3.connect(file, timeout=30)
    connection.execute("PRAGMA legacy_alter_table = ON")
    connection.execute(f"ALTER TABLE {old} RENAME TO {new}")
    connection.close()
