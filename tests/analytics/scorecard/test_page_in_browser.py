"""The scorecard page as a management board sees it: one file, no request, no error, both languages, wide and narrow."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.servers.chromium import headless_chromium

ROOT = Path(__file__).resolve().parents[3]
DEMO_PARK = ROOT / "deploy" / "parks" / "bach-dang"
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with headless_chromium(tmp_path_factory.mktemp("chromium")) as chromium:
        yield chromium


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made by the command in a process of its own: Playwright keeps this one's event loop."""
    file = tmp_path_factory.mktemp("card") / "card.html"
    command = [sys.executable, "-m", "ecopark", "scorecard", "--park", str(DEMO_PARK), "--year", "2026"]
    subprocess.run([*command, "--html", str(file), "--language", "vi"], cwd=ROOT, check=True, capture_output=True)
    return file


@pytest.mark.parametrize("width", [1440, 390], ids=["desktop", "narrow"])
def test_both_languages_without_errors_or_requests(browser: Browser, page_file: Path, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    errors: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(page_file.as_uri())
    assert seen(page, "Bảng điểm khu công nghiệp sinh thái")
    assert seen(page, "Còn thiếu để đạt")
    assert not seen(page, "What is missing to pass")
    page.click("#language")
    assert seen(page, "What is missing to pass")
    assert seen(page, "Solutions for workers' housing, social works and public services")
    assert not seen(page, "Còn thiếu để đạt")
    assert page.title().startswith("Eco-park scorecard 2026")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.close()
    assert errors == []
    assert [url for url in asked if url != page_file.as_uri() and not url.startswith("data:")] == []


def test_states_are_told_by_word_and_symbol_and_paper_shows_what_is_open(browser: Browser, page_file: Path) -> None:
    page = browser.new_page()
    page.goto(page_file.as_uri())
    states = page.eval_on_selector_all("td .state", "all => all.map(each => each.innerText.trim())")
    assert states
    assert all(state[0] in "✓✗•?○–" and len(state) > 2 for state in states), set(states)
    page.locator("summary").first.click()
    page.emulate_media(media="print")
    assert page.locator("summary").first.is_visible()
    assert page.locator("summary >> visible=true").count() == 1
    assert not page.locator("#language").is_visible()
    assert page.locator("table.firms tbody tr").count() == 10
    page.close()


def test_the_file_names_no_address_to_load_from(page_file: Path) -> None:
    text = page_file.read_text(encoding="utf-8")
    for loading in ("src=", "@import", "url(", "fetch(", "http://", "https://"):
        assert loading not in text, loading


def seen(page: Page, words: str) -> bool:
    return words in page.inner_text("main")
