"""``ecopark analytics findings``: what is known of each period, and what was known on a given day."""

import asyncio
import json
from collections.abc import Iterable
from typing import NamedTuple
from zoneinfo import ZoneInfo

import click

from analytics.bootstrap import load_park
from analytics.command_range import end_ms
from analytics.finding import Finding
from analytics.findings_store import read_revisions
from analytics.report import finding_fields, utc_text
from analytics.revision import KnownFinding, Revision, key_of, known_at
from analytics.settings import instant_ms
from analytics.windows import local_text
from service_runtime.clock import SystemClock
from telemetry_model.park_register import Park
from telemetry_store.open import open_store, require_existing

DAY_MS = 86_400_000
DEFAULT_RANGE_DAYS = 62
HEADER = (
    f"  {'period (local)':<16} {'rule':<18} {'subject':<28} {'verdict':<18} {'observed':>10} {'limit':>10} "
    f"{'unit':<7} {'data':>5}  revision, known since, reason"
)


class Then(NamedTuple):
    """One period: what was known at the asked instant (``None``: nothing yet), what is known now, and all versions."""

    then: KnownFinding | None
    now: KnownFinding
    revisions: tuple[KnownFinding, ...]

    @property
    def changed(self) -> bool:
        """Whether another version holds now."""
        return self.then is None or self.then.revision.number != self.now.revision.number


def then_and_now(revisions: Iterable[KnownFinding], at_ms: int) -> list[Then]:
    """Per period, in order; ``revisions`` are in order.

    Left out is what was not known then only because the period was not over, or had been over for less than a day when
    it was first judged: nobody could have known it sooner.
    """
    every = list(revisions)
    then = known_at(every, at_ms)
    versions: dict[object, list[KnownFinding]] = {}
    for known in every:
        versions.setdefault(key_of(known.finding), []).append(known)
    periods = [Then(then.get(key_of(found[-1].finding)), found[-1], tuple(found)) for found in versions.values()]
    return [period for period in periods if period.then is not None or _came_late(period, at_ms)]


def _came_late(period: Then, at_ms: int) -> bool:
    first, end_ms = period.revisions[0], period.now.finding.period_end_ms
    return end_ms <= at_ms and first.revision.known_at_ms - end_ms > DAY_MS


@click.command("findings")
@click.option("--store", "store_url", required=True, help="sqlite:///file.db or influxdb://host:8086/bucket?org=name.")
@click.option("--store-token", default="", envvar="ECOPARK_ANALYTICS_STORE_TOKEN", help="API token of InfluxDB.")
@click.option("--park", "park_folder", required=True, help="The park register's folder.")
@click.option("--as-of", "as_of", default="", help="A date (its end) or a time, local to the park. Default: now.")
@click.option("--from", "from_text", default="", help="First start of a period. Default: 62 days before --as-of.")
@click.option("--to", "to_text", default="", help="Last start of a period: a date (included) or a time.")
@click.option("--rule", "rules", multiple=True, help="Only this rule; may be repeated.")
@click.option("--subject", "subjects", multiple=True, help="Only this installation, tenant or point; may be repeated.")
@click.option("--changed", "only_changed", is_flag=True, help="Only periods of which something else is known now.")
@click.option("--json", "as_lines", is_flag=True, help="One JSON object per period, with all its versions.")
def findings(
    store_url: str, store_token: str, park_folder: str, as_lines: bool, only_changed: bool, **asked: object
) -> None:
    """Print what was known on a day, and what is known now.

    Every verdict that was ever written stays in the store with the time since when it was known and the reason why it
    took the place of the one before. Lines that begin with `!` are no longer what holds: the line below, beginning with
    `>`, is what is known now. `*` after a verdict marks a period judged to date.

    \b
    What did we know on 3 November, and what has changed since?
      ecopark analytics findings --store sqlite:///telemetry.db --park DIR --as-of 2026-11-03
    Only what has changed:
      ecopark analytics findings --store ... --park DIR --as-of 2026-11-03 --changed
    """
    park = load_park(park_folder)
    zone = park.timezone
    at_ms = end_ms(str(asked["as_of"]), zone, "--as-of") if asked["as_of"] else SystemClock().now_ms()
    stop = end_ms(str(asked["to_text"]), zone, "--to") if asked["to_text"] else at_ms
    start = instant_ms(str(asked["from_text"]), zone, "--from") if asked["from_text"] else None
    start = stop - DEFAULT_RANGE_DAYS * DAY_MS if start is None else start
    wanted = tuple(tuple(map(str, _sequence(asked[name]))) for name in ("rules", "subjects"))
    require_existing(store_url)
    every = asyncio.run(_read(store_url, store_token, park, (start, stop), wanted))
    if not as_lines:
        click.echo(f"known at {local_text(at_ms, zone)} ({zone.key})\n{HEADER}")
    shown = [period for period in then_and_now(every, at_ms) if period.changed or not only_changed]
    for period in shown:
        click.echo(as_json(period, at_ms) if as_lines else "\n".join(as_rows(period, zone)))
    if not shown and not as_lines:
        click.echo("nothing else is known now" if only_changed and every else "no finding in this range")


async def _read(
    store_url: str, token: str, park: Park, span: tuple[int, int], wanted: tuple[tuple[str, ...], ...]
) -> list[KnownFinding]:
    store = open_store(store_url, token)
    try:
        await store.check()
        return await read_revisions(store, park.id, *span, rules=wanted[0], subjects=wanted[1])
    finally:
        await store.close()


def as_rows(period: Then, zone: ZoneInfo) -> Iterable[str]:
    """One line, or two when another version holds now."""
    if period.then is None:
        finding = period.now.finding
        start = local_text(finding.period_start_ms, zone)
        yield f"! {start:<16} {finding.rule:<18} {finding.subject:<28} not known yet"
    else:
        yield ("! " if period.changed else "  ") + _row(period.then.finding, period.then.revision, zone)
    if period.changed:
        yield "> " + _row(period.now.finding, period.now.revision, zone)


def as_json(period: Then, at_ms: int) -> str:
    """One line: what was known then and what is known now, and every version with reason and digests."""
    document = {
        "as_of": utc_text(at_ms),
        "changed": period.changed,
        "then": _version(period.then) if period.then is not None else None,
        "now": _version(period.now),
        "revisions": [_version(known) for known in period.revisions],
    }
    return json.dumps(document, ensure_ascii=False)


def _version(known: KnownFinding) -> dict[str, object]:
    revision = known.revision
    return {
        "revision": revision.number,
        "known_at": utc_text(revision.known_at_ms),
        "reason": revision.reason.value,
        "rule_digest": revision.rule_digest,
        "register_digest": revision.register_digest,
        "finding": finding_fields(known.finding),
    }


def _row(finding: Finding, revision: Revision, zone: ZoneInfo) -> str:
    observed = "-" if finding.observed is None else f"{finding.observed:.5g}"
    limit = "-" if finding.limit is None else f"{finding.limit:.5g}"
    return (
        f"{local_text(finding.period_start_ms, zone):<16} {finding.rule:<18} {finding.subject:<28} "
        f"{finding.verdict + '*' * finding.provisional:<18} {observed:>10} {limit:>10} {finding.unit:<7} "
        f"{100 * finding.data_capture:>4.0f}%  {revision.number}, {local_text(revision.known_at_ms, zone)}, "
        f"{revision.reason.value}"
    )


def _sequence(value: object) -> tuple[object, ...]:
    return tuple(value) if isinstance(value, (tuple, list)) else ()
