"""The ``ecopark scorecard`` command."""

import asyncio
from pathlib import Path

import click

from analytics.scorecard.as_json import scorecard_json
from analytics.scorecard.build import build_scorecard
from analytics.scorecard.cells import Scorecard
from analytics.scorecard.html_page import scorecard_page
from analytics.windows import local_day
from service_runtime.clock import SystemClock
from service_runtime.errors import OperatorError
from service_runtime.local_times import local_date
from service_runtime.text_folder import read_text_folder
from telemetry_model.park_register import parse_park
from telemetry_store.command_options import optional_store, park_option
from telemetry_store.open import open_store, require_existing


@click.command()
@park_option
@click.option("--year", type=click.IntRange(2000, 2200), help="The year to report. Default: the current one.")
@optional_store("Compute from what was measured, too")
@click.option(
    "--since", "since_text", default="", metavar="DAY", help="Expect no data before this day (monitoring_since)."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of the table.")
@click.option("--html", "html_file", type=click.Path(dir_okay=False, path_type=Path), help="Write one HTML file.")
@click.option("--language", type=click.Choice(["vi", "en"]), default="en", show_default=True)
def scorecard(
    park_folder: str,
    year: int | None,
    store_url: str,
    store_token: str,
    since_text: str,
    as_json: bool,
    html_file: Path | None,
    language: str,
) -> None:
    """Say where the park stands as an eco-industrial park, and what is missing to pass.

    Criteria of Decree 35/2022, the 18 park and 5 firm indicators of Circular 05/2025, and the pillars of the
    International Framework 2.0. Each is computed from meters and the register, or backed by a record of evidence.csv,
    or honestly empty with what is needed. Levels that were not read in a published text are marked to be confirmed.

    \b
      ecopark scorecard --park deploy/parks/bach-dang --year 2026
      ecopark scorecard --park DIR --store sqlite:///telemetry.db --html scorecard.html --language vi
    """
    card = asyncio.run(_card(park_folder, year, store_url, store_token, since_text))
    if html_file is not None:
        _write(html_file, card, language)
    if as_json:
        click.echo(scorecard_json(card))
    elif html_file is None:
        _print(card, language)


async def _card(park_folder: str, year: int | None, url: str, token: str, since_text: str) -> Scorecard:
    park = parse_park(read_text_folder(Path(park_folder)))
    now_ms = SystemClock().now_ms()
    chosen = year or local_day(now_ms, park.timezone).year
    since = local_date(since_text, "--since") if since_text else None
    if not url:
        return await build_scorecard(None, park, chosen, now_ms, since)
    require_existing(url)
    store = open_store(url, token)
    try:
        await store.check()
        return await build_scorecard(store, park, chosen, now_ms, since)
    finally:
        await store.close()


def _write(file: Path, card: Scorecard, language: str) -> None:
    try:
        file.write_text(scorecard_page(card, language), encoding="utf-8")
    except OSError as error:
        raise OperatorError(f"{file}: cannot be written ({error.strerror})") from error
    click.echo(f"{file}: written", err=True)


def _print(card: Scorecard, language: str) -> None:
    from rich.console import Console  # noqa: PLC0415 - JSON and HTML need no terminal library

    from analytics.scorecard.terminal import print_scorecard  # noqa: PLC0415

    print_scorecard(card, language, Console(highlight=False))
