"""``ecopark analytics rollups`` and ``retention``: make hourly and daily sums by hand, let go of old readings."""

import asyncio
import sys
from pathlib import Path

import click

from analytics.judging.deleted_time import note_deletion
from analytics.rollups.keeper import RollupKeeper
from analytics.rollups.retention import Deletion, parse_keep, plan_deletion
from analytics.rollups.roll import HOUR_MS
from analytics.windows import local_day
from service_runtime.clock import SystemClock
from service_runtime.errors import OperatorError
from service_runtime.local_times import end_ms, instant_ms
from service_runtime.text_folder import read_text_folder
from telemetry_model.park_register import Park, parse_park
from telemetry_store.command_options import data_options, range_options
from telemetry_store.open import open_store, require_existing
from telemetry_store.protocol import TelemetryStore

_DAY_MS = 24 * HOUR_MS


@click.command("rollups", short_help="Make hourly and daily sums, as the service does.")
@data_options
@range_options("where the sums end", "now")
def rollups(store_url: str, store_token: str, park_folder: str, from_text: str, to_text: str) -> None:
    """Make hourly and daily sums of what was measured; the analytics service does it by itself.

    Without --from: catch up to now, as the service does. With --from: make them again, whatever is there; only rows
    that come out different are written and counted. Sums of readings that `retention` deleted stay as they are.
    """
    if to_text and not from_text:
        raise OperatorError("--to needs --from")
    asyncio.run(_rollups(store_url, store_token, park_folder, from_text, to_text))


@click.command("retention", short_help="Delete old raw readings; their sums stay.")
@data_options
@click.option("--keep", "keeps", multiple=True, required=True, metavar="MEDIUM=DAYS", help="e.g. energy=730; repeat.")
@click.option("--delete", is_flag=True, help="Do it. Without this, only say what would be deleted.")
def retention(store_url: str, store_token: str, park_folder: str, keeps: tuple[str, ...], delete: bool) -> None:
    """Delete raw readings older than so many days; their hourly and daily sums stay.

    Findings, indicators, the ledger and all sums are never deleted, and no reading before its sums are made. Check what
    your licence and Circular 10/2021 ask you to keep before you use this. Verdicts on deleted time
    stay as they are: readings that come later for it are stored and change nothing.
    """
    asyncio.run(_retention(store_url, store_token, park_folder, keeps, delete))


async def _rollups(url: str, token: str, park_folder: str, from_text: str, to_text: str) -> None:
    park, clock = parse_park(read_text_folder(Path(park_folder))), SystemClock()
    require_existing(url)
    store = open_store(url, token)
    try:
        keeper = RollupKeeper(store, park, clock)
        if not from_text:
            work = await keeper.turn()
            click.echo(
                f"{work.rows} rows for hours and days that have closed, {work.again} made again after late readings"
            )
            return
        start = instant_ms(from_text, park.timezone, "--from") // HOUR_MS * HOUR_MS
        stop = end_ms(to_text, park.timezone, "--to") if to_text else clock.now_ms()
        stop = min(stop, clock.now_ms()) // HOUR_MS * HOUR_MS
        if start >= stop:
            raise OperatorError(f"--from {from_text}: no whole hour lies between it and --to {to_text or 'now'}")
        click.echo(f"{await _again(keeper, start, stop)} rows changed; all others stay as they were")
    finally:
        await store.close()


async def _again(keeper: RollupKeeper, start_ms: int, stop_ms: int) -> int:
    rows = 0
    parts = range(start_ms, stop_ms, _DAY_MS)
    with click.progressbar(parts, label="rollups", file=sys.stderr) as days:
        for part in days:
            rows += await keeper.roll(part, min(part + _DAY_MS, stop_ms), again=True)
    return rows


async def _retention(url: str, token: str, park_folder: str, keeps: tuple[str, ...], delete: bool) -> None:
    park = parse_park(read_text_folder(Path(park_folder)))
    wanted = [parse_keep(text) for text in keeps]
    require_existing(url)
    store = open_store(url, token)
    try:
        for medium, days in wanted:
            planned = await plan_deletion(store, park, medium, days, SystemClock().now_ms())
            await _let_go(store, park, planned, delete)
    finally:
        await store.close()


async def _let_go(store: TelemetryStore, park: Park, planned: Deletion, delete: bool) -> None:
    before = local_day(planned.before_ms, park.timezone)
    if delete and planned.readings:
        await note_deletion(store, park.id, planned.medium, planned.before_ms, planned.readings)
        await store.delete_readings(planned.medium.value, park.id, planned.before_ms)
    done = "deleted" if delete else "would be deleted (--delete does it)"
    click.echo(f"{planned.medium.value}: {planned.readings} readings before {before} {done}")
