"""The ``ecopark analytics`` commands: run the service, judge a stored range by hand, look at the rules."""

import asyncio
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from analytics.bootstrap import load_park, rules_with_capture, run_analytics
from analytics.circular_command import circular
from analytics.enpi_command import enpi
from analytics.evaluate import Judgement, judge
from analytics.findings_store import write_findings, write_indicators
from analytics.indicators.compute import compute_indicators, months_of
from analytics.indicators.report import INDICATOR_HEADER, indicator_json, indicator_row
from analytics.indicators.store_readings import Span
from analytics.plan import JudgingRange
from analytics.readings_query import data_range
from analytics.report import HEADER, as_json, as_row, explain, rule_line
from analytics.rulebook import Rule, load_rulebook
from analytics.rulebook.examples import run_examples
from analytics.rulebook.rule import DEFAULT_MINIMUM_DATA_CAPTURE
from analytics.settings import AnalyticsSettings, instant_ms
from analytics.store_file import refuse_missing_file
from analytics.windows import start_of_day_ms
from service_runtime.clock import SystemClock
from service_runtime.errors import OperatorError, SettingsError
from service_runtime.settings import load_settings
from telemetry_model.park_register import Park
from telemetry_store.open import open_store
from telemetry_store.protocol import TelemetryStore

PROGRESS_FROM_MS = 100 * 86_400_000


@click.group()
def analytics() -> None:
    """Judge what was measured against the rules, alert, and write to tenants."""


@analytics.command()
@click.option("--settings", "settings_file", type=click.Path(dir_okay=False, path_type=Path), help="A TOML file.")
@click.option("--park-folder", help="The park register's folder.")
@click.option("--store-url", help="sqlite:///file.db or influxdb://host:8086/bucket?org=name.")
@click.option("--state-path", help="The file that keeps incidents and the notification log.")
def run(settings_file: Path | None, park_folder: str | None, store_url: str | None, state_path: str | None) -> None:
    """Judge, write findings and alert until SIGTERM or Ctrl-C."""
    overrides = {"park_folder": park_folder, "store_url": store_url, "state_path": state_path}
    asyncio.run(run_analytics(load_settings(AnalyticsSettings, "analytics", settings_file, overrides=overrides)))


@analytics.command()
@click.option("--store", "store_url", required=True, help="sqlite:///file.db or influxdb://host:8086/bucket?org=name.")
@click.option("--store-token", default="", envvar="ECOPARK_ANALYTICS_STORE_TOKEN", help="API token of InfluxDB.")
@click.option("--park", "park_folder", required=True, help="The park register's folder.")
@click.option("--from", "from_text", default="", help="Date or time, local to the park. Default: the first data.")
@click.option("--to", "to_text", default="", help="A date (that day included) or a time. Default: the last data.")
@click.option("--rule", "rule_ids", multiple=True, help="Only this rule; may be repeated.")
@click.option("--law-of", "--as-of", "law_text", default="", help="Judge all data under the law of this date.")
@click.option("--minimum-data-capture", default=DEFAULT_MINIMUM_DATA_CAPTURE, type=click.FloatRange(0, 1))
@click.option("--write", is_flag=True, help="Also write findings and indicators to the store.")
@click.option("--json", "as_lines", is_flag=True, help="One JSON object per line.")
def evaluate(**options: object) -> None:
    """Judge a stored range and print one finding per line."""
    asyncio.run(_evaluate(options))


@analytics.command()
@click.option("--store", "store_url", required=True, help="sqlite:///file.db or influxdb://host:8086/bucket?org=name.")
@click.option("--store-token", default="", envvar="ECOPARK_ANALYTICS_STORE_TOKEN", help="API token of InfluxDB.")
@click.option("--park", "park_folder", required=True, help="The park register's folder.")
@click.option("--from", "from_text", default="", help="Date or time, local to the park. Default: the first data.")
@click.option("--to", "to_text", default="", help="A date (that day included) or a time. Default: the last data.")
@click.option("--by-month", is_flag=True, help="One value per calendar month instead of one for the whole range.")
@click.option("--law-of", "law_text", default="", help="Price electricity under the tariff of this date.")
@click.option("--minimum-data-capture", default=DEFAULT_MINIMUM_DATA_CAPTURE, type=click.FloatRange(0, 1))
@click.option("--json", "as_lines", is_flag=True, help="One JSON object per line.")
def indicators(**options: object) -> None:
    """Compute what the register's points allow, and say why where they do not."""
    asyncio.run(_indicators(options))


analytics.add_command(circular)
analytics.add_command(enpi)


@analytics.group()
def rules() -> None:
    """The rulebook: what is judged, with which limit, under which article."""


@rules.command("list")
def list_rules() -> None:
    """One line per rule version, beginning with its id; `law`, `permit` or `setting` says how sure the limit is."""
    for rule in load_rulebook():
        click.echo(rule_line(rule))


@rules.command("explain")
@click.argument("rule_id")
def explain_rule(rule_id: str) -> None:
    """Everything about one rule: limit, period, validity, citation, confidence."""
    for number, rule in enumerate(_chosen(load_rulebook(), (rule_id,))):
        click.echo(("\n" if number else "") + "\n".join(explain(rule)))


@rules.command("check")
@click.option("--verbose", is_flag=True, help="Also print the examples that came out as written.")
def check_rules(verbose: bool) -> None:
    """Run every worked example of the rulebook; ends with an error when one does not come out as written."""
    results = list(run_examples(load_rulebook()))
    failed = [result for result in results if result.problems]
    for result in results if verbose else failed:
        click.echo(f"{result.place}: {'; '.join(result.problems) or 'as written'}", err=bool(result.problems))
    versions = len({(result.rule.id, result.rule.version) for result in results})
    click.echo(f"{len(results)} worked examples of {versions} rule versions: {len(failed)} failed")
    if failed:
        raise click.exceptions.Exit(1)


async def _evaluate(options: dict[str, object]) -> None:
    chosen = _chosen(load_rulebook(), tuple(str(r) for r in _sequence(options["rule_ids"])))
    ready = rules_with_capture(chosen, float(str(options["minimum_data_capture"])))
    park = load_park(str(options["park_folder"]))
    law_day = _date(str(options["law_text"]), "--law-of") if options["law_text"] else None
    url = str(options["store_url"])
    refuse_missing_file(url)
    store = open_store(url, str(options["store_token"]))
    try:
        await store.check()
        span = await _span(store, park, str(options["from_text"]), str(options["to_text"]), law_day)
        long = span.to_ms - span.from_ms >= PROGRESS_FROM_MS
        found = await judge(store, park, ready, span, SystemClock().now_ms(), _progress if long else None)
        if options["write"]:
            await _write(store, found)
    finally:
        await store.close()
    if not options["as_lines"]:
        click.echo(HEADER)
    for finding in found.findings:
        click.echo(as_json(finding) if options["as_lines"] else as_row(finding, park.timezone))


async def _indicators(options: dict[str, object]) -> None:
    park = load_park(str(options["park_folder"]))
    law_day = _date(str(options["law_text"]), "--law-of") if options["law_text"] else None
    url = str(options["store_url"])
    refuse_missing_file(url)
    store = open_store(url, str(options["store_token"]))
    if not options["as_lines"]:
        click.echo(INDICATOR_HEADER)
    try:
        await store.check()
        wanted = await _span(store, park, str(options["from_text"]), str(options["to_text"]), law_day)
        whole = Span(wanted.from_ms, wanted.to_ms)
        for span in months_of(park, whole) if options["by_month"] else [whole]:
            capture = float(str(options["minimum_data_capture"]))
            for found in await compute_indicators(store, park, span, capture, law_day):
                click.echo(
                    indicator_json(found, park.id) if options["as_lines"] else indicator_row(found, park.timezone)
                )
    finally:
        await store.close()


async def _span(store: TelemetryStore, park: Park, from_text: str, to_text: str, law_day: date | None) -> JudgingRange:
    zone = park.timezone
    since = start_of_day_ms(park.monitoring_since, zone) if park.monitoring_since else None
    start = instant_ms(from_text, zone, "--from") if from_text else None
    end = _end_ms(to_text, zone) if to_text else None
    if start is None or end is None:
        stored = await data_range(store, park)
        if stored is None:
            raise OperatorError(f"the store holds no readings of park '{park.id}': nothing to judge")
        start = stored.first_ms if start is None else start
        end = stored.end_ms if end is None else end
    start = max(start, since) if since is not None else start
    if start >= end:
        began = f" (monitoring_since {park.monitoring_since})" if since is not None and start == since else ""
        raise OperatorError(f"nothing to judge: the range begins after it ends{began}")
    return JudgingRange(start, end, since, law_day)


def _end_ms(text: str, zone: ZoneInfo) -> int:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return instant_ms(text, zone, "--to")
    return start_of_day_ms(day + timedelta(days=1), zone)


def _date(text: str, what: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(f"{what}: '{text}' is not a date (YYYY-MM-DD)") from error


def _chosen(known: tuple[Rule, ...], wanted: tuple[str, ...]) -> tuple[Rule, ...]:
    names = {rule.id for rule in known}
    for rule_id in wanted:
        if rule_id not in names:
            raise OperatorError(f"no rule '{rule_id}' (`ecopark rules list` lists them)")
    return tuple(rule for rule in known if not wanted or rule.id in wanted)


def _progress(done_ms: int, total_ms: int) -> None:
    click.echo(f"judged {100 * done_ms // total_ms} %", err=True)


async def _write(store: TelemetryStore, found: Judgement) -> None:
    findings = await write_findings(store, found.findings)
    indicators = await write_indicators(store, found.indicators)
    click.echo(f"wrote {findings} findings and {indicators} indicator values", err=True)


def _sequence(value: object) -> tuple[object, ...]:
    return tuple(value) if isinstance(value, (tuple, list)) else ()
