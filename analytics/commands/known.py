"""``ecopark analytics findings``: what is known of each period, and what was known on a given day."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import NamedTuple

import click

from analytics.bootstrap import load_park
from analytics.commands.known_text import HEADER, as_json, as_rows, totals
from analytics.commands.time_range import choice_of, choice_options, rule_option, texts
from analytics.findings.known_then import DAY_MS, Then, then_and_now
from analytics.findings.revision import KnownFinding
from analytics.findings.store import read_revisions
from analytics.rulebook import load_rulebook
from analytics.windows import local_text
from service_runtime.clock import SystemClock
from service_runtime.errors import OperatorError
from service_runtime.local_times import end_ms, instant_ms, require_order
from telemetry_model.park_register import Park
from telemetry_store.command_options import data_options, range_options
from telemetry_store.open import open_store, require_existing
from telemetry_store.protocol import TelemetryStore

DEFAULT_RANGE_DAYS = 62
PIECE_MS = 31 * DAY_MS
"""As much is read at a time."""
PROGRESS_FROM_MS = 100 * DAY_MS


class _Asked(NamedTuple):
    at_ms: int
    from_ms: int
    to_ms: int
    rules: tuple[str, ...]
    tenants: tuple[str, ...]
    subjects: tuple[str, ...]


@click.command("findings", short_help="What was known on a day, and what is known now.")
@data_options
@click.option("--as-of", "as_of", default="", show_default="now", metavar="TIME",
              help="What was known at the end of this day, or at this moment, in park time.")  # fmt: skip
@range_options("62 days before --to", "--as-of")
@rule_option
@choice_options
@click.option("--changed", "only_changed", is_flag=True, help="Only periods of which something else is known now.")
@click.option("--all", "with_all", is_flag=True, help="Also periods that are, and were, compliant.")
@click.option("--json", "as_lines", is_flag=True, help="One JSON object per line: every period with all its versions.")
def findings(
    store_url: str, store_token: str, park_folder: str, as_lines: bool, only_changed: bool, with_all: bool,
    **options: object,
) -> None:  # fmt: skip
    """Print what was known on a day, and what is known now: the newest period first.

    Printed is what needs reading: limits not kept, and periods without a verdict for want of data, then or now. The
    last lines count all periods by verdict; --all and --json print all. A period is in the range when it starts there.

    Every verdict that was ever written stays in the store with the time since when it was known and the reason why it
    took the place of the one before. Lines that begin with `!` are no longer what holds: the line below, beginning with
    `>`, is what is known now. `*` after a verdict marks a period judged to date.

    \b
    What needs reading of the last two months?
      ecopark analytics findings --store sqlite:///telemetry.db --park DIR
    What did we know at the end of 3 November, and what has changed since?
      ecopark analytics findings --store sqlite:///telemetry.db --park DIR --as-of 2026-11-03
    Only what has changed:
      ecopark analytics findings --store ... --park DIR --as-of 2026-11-03 --changed
    """
    park = load_park(park_folder)
    asked = _asked(park, options)
    require_existing(store_url)
    every = asyncio.run(_read(store_url, store_token, park, asked))
    _require_known_names(park, options, asked, every)
    periods = then_and_now(every, asked.at_ms)
    shown = _shown(periods, with_all or as_lines, only_changed)
    if as_lines:
        for period in shown:
            click.echo(as_json(period, asked.at_ms))
        return
    known_at, first, last = (local_text(ms, park.timezone) for ms in (asked.at_ms, asked.from_ms, asked.to_ms))
    click.echo(f"known at {known_at}, periods from {first} to {last} ({park.timezone.key})\n{HEADER}")
    rules = load_rulebook()
    for period in shown:
        click.echo("\n".join(as_rows(period, park.timezone, rules)))
    if only_changed and not shown:
        click.echo("nothing else is known now")
    click.echo("\n" + "\n".join(totals(periods, periods if only_changed else shown)))


def _asked(park: Park, options: Mapping[str, object]) -> _Asked:
    zone = park.timezone
    as_of, first, last = (str(options[name]) for name in ("as_of", "from_text", "to_text"))
    at_ms = end_ms(as_of, zone, "--as-of") if as_of else SystemClock().now_ms()
    stop = end_ms(last, zone, "--to") if last else at_ms
    start = instant_ms(first, zone, "--from") if first else stop - DEFAULT_RANGE_DAYS * DAY_MS
    require_order(start, stop, first, last or as_of or "now")
    wanted = (texts(options[name]) for name in ("rule_ids", "tenants", "subjects"))
    return _Asked(at_ms, start, stop, *wanted)


def _require_known_names(
    park: Park, options: Mapping[str, object], asked: _Asked, found: Sequence[KnownFinding]
) -> None:
    """What an older rulebook or register named is known by what it left in the store."""
    choice_of(park, options, {name for known in found for name in (known.finding.subject, known.finding.tenant)})
    rules = {rule.id for rule in load_rulebook()} | {known.finding.rule for known in found}
    for rule_id in asked.rules:
        if rule_id not in rules:
            raise OperatorError(f"no rule '{rule_id}' (`ecopark rules list` lists them)")


def _shown(periods: Sequence[Then], with_all: bool, only_changed: bool) -> list[Then]:
    newest_first = sorted(periods, key=lambda period: -period.now.finding.period_start_ms)
    if only_changed:
        return [period for period in newest_first if period.changed]
    return [period for period in newest_first if with_all or period.needs_reading]


async def _read(store_url: str, token: str, park: Park, asked: _Asked) -> list[KnownFinding]:
    store = open_store(store_url, token)
    try:
        await store.check()
        return [known async for piece in _pieces(store, park, asked) for known in piece]
    finally:
        await store.close()


async def _pieces(store: TelemetryStore, park: Park, asked: _Asked) -> AsyncIterator[list[KnownFinding]]:
    whole = asked.to_ms - asked.from_ms
    for start in range(asked.from_ms, asked.to_ms, PIECE_MS):
        stop = min(start + PIECE_MS, asked.to_ms)
        yield await read_revisions(store, park.id, start, stop, asked.rules, asked.subjects, asked.tenants)
        if whole >= PROGRESS_FROM_MS:
            click.echo(f"read {100 * (stop - asked.from_ms) // whole} %", err=True)
