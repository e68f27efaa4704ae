"""The ``ecopark analytics`` commands: run the service, judge a stored range by hand, look at the rules."""

import asyncio
from pathlib import Path

import click

from analytics.anomalies.anomaly_store import write_anomalies
from analytics.anomalies.report import as_json as anomaly_json
from analytics.anomalies.report import as_lines as anomaly_lines
from analytics.anomalies.watch import find_anomalies
from analytics.bootstrap import rules_with_capture, run_analytics
from analytics.commands.circular import circular
from analytics.commands.enpi import enpi
from analytics.commands.exceedances import exceedances
from analytics.commands.health import health
from analytics.commands.known import findings
from analytics.commands.opened_data import opened_data
from analytics.commands.report import HEADER, as_json, as_row, explain, legend, rule_line
from analytics.commands.time_range import (
    capture_option,
    choice_options,
    chosen_rules,
    rule_option,
    texts,
    with_flat_rules,
)
from analytics.findings.revision import Basis
from analytics.findings.store import write_findings, write_indicators
from analytics.indicators.compute import compute_indicators, months_of
from analytics.indicators.months import kept_indicators, whole_months
from analytics.indicators.months_again import still_there
from analytics.indicators.report import INDICATOR_HEADERS, indicator_json, indicator_row
from analytics.indicators.store_readings import Span
from analytics.judging.evaluate import Judgement, judge
from analytics.rollups.command import retention, rollups
from analytics.rulebook import load_rulebook
from analytics.rulebook.examples import run_examples
from analytics.rulebook.text import find_rule
from analytics.settings import AnalyticsSettings
from service_runtime.clock import SystemClock
from service_runtime.errors import OperatorError
from service_runtime.settings import load_settings
from telemetry_store.command_options import data_options, law_option, range_options
from telemetry_store.protocol import TelemetryStore

PROGRESS_FROM_MS = 100 * 86_400_000


@click.group()
def analytics() -> None:
    """Judge what was measured against the rules, alert, and write to tenants."""


analytics.add_command(findings)


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
@data_options
@range_options("the first data", "the last data")
@rule_option
@choice_options
@law_option
@capture_option
@click.option("--write", is_flag=True, help="Also write findings and indicators to the store.")
@click.option("--anomalies", "with_anomalies", is_flag=True, help="Also what was noticed, after the findings.")
@click.option("--json", "as_lines", is_flag=True, help="One JSON object per line.")
def evaluate(**options: object) -> None:
    """Judge a stored range and print one finding per line.

    A legend of verdicts and bases follows the table; --json prints findings alone.

    \b
    ecopark analytics evaluate --store sqlite:///telemetry.db --park DIR
    ecopark analytics evaluate --store sqlite:///telemetry.db --park DIR --from 2026-11-01 --rule WW-01-COD --json
    """
    asyncio.run(_evaluate(options))


@analytics.command(short_help="Energy, cost, water, emissions ..., or why there is none.")
@data_options
@range_options("the first data", "the last data")
@click.option("--by-month", is_flag=True, help="One value per calendar month instead of one for the whole range.")
@choice_options
@law_option
@capture_option
@click.option("--write", is_flag=True, help="With --by-month: also keep the values of whole months in the store.")
@click.option("--language", type=click.Choice(["vi", "en"]), default="en", show_default=True)
@click.option("--json", "as_lines", is_flag=True, help="One JSON object per line.")
def indicators(**options: object) -> None:
    """Compute what the register's points allow, and say why where they do not.

    \b
    ecopark analytics indicators --store sqlite:///telemetry.db --park DIR --from 2026-11-01 --to 2026-11-30
    """
    asyncio.run(_indicators(options))


analytics.add_command(health)


@analytics.command(short_help="What looks wrong although no limit is touched.")
@data_options
@range_options("the first data", "the last data")
@choice_options
@click.option("--write", is_flag=True, help="Also write them to the store; what is no longer seen is withdrawn there.")
@click.option("--language", type=click.Choice(["vi", "en"]), default="en", show_default=True)
@click.option("--json", "as_lines", is_flag=True, help="One JSON object per line.")
def anomalies(**options: object) -> None:
    """Say what looks wrong although no limit is touched: one sentence each.

    Discharge by night, flow without load, frozen sensors, sensors that disagree with the laboratory, meters that
    disagree with their sub-meters, energy outside its baseline. Whole local days are looked at, each against the days
    before it. These are observations with their numbers, not verdicts on law.

    \b
    ecopark analytics anomalies --store sqlite:///telemetry.db --park DIR --from 2026-06-01 --to 2026-06-30
    """
    asyncio.run(_anomalies(options))


analytics.add_command(rollups)
analytics.add_command(retention)
analytics.add_command(exceedances)
analytics.add_command(circular)
analytics.add_command(enpi)


@analytics.group(short_help="The rulebook: list, explain, check.")
def rules() -> None:
    """The rulebook: what is judged, with which limit, under which article."""


@rules.command("list", short_help="One line per rule version, beginning with its id.")
def list_rules() -> None:
    """One line per rule version, beginning with its id; `law`, `permit` or `setting` says how sure the limit is.

    `law+?` means that the number is law and something else about the rule is still to be confirmed, such as the period
    it is averaged over: `ecopark rules explain ID` says what.
    """
    for rule in load_rulebook():
        click.echo(rule_line(rule))


@rules.command("explain", short_help="Everything about one rule.")
@click.argument("rule_id")
def explain_rule(rule_id: str) -> None:
    """Everything about one rule: limit, period, validity, citation, confidence."""
    for number, rule in enumerate(chosen_rules(load_rulebook(), (rule_id,))):
        click.echo(("\n" if number else "") + "\n".join(explain(rule)))


@rules.command("check", short_help="Run every worked example of the rulebook.")
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
    _refuse_to_keep_other_law(options)
    chosen = chosen_rules(load_rulebook(), texts(options["rule_ids"]))
    ready = rules_with_capture(with_flat_rules(chosen, load_rulebook()), float(str(options["minimum_data_capture"])))
    async with opened_data(options) as data:
        store, park, choice, span, _ = data
        long = span.to_ms - span.from_ms >= PROGRESS_FROM_MS
        found = await judge(store, park, ready, span, SystemClock().now_ms(), _progress if long else None)
        wanted = {rule.id for rule in chosen}
        found = Judgement(
            [f for f in found.findings if f.rule in wanted and choice.keeps(f.subject, f.tenant)],
            [i for i in found.indicators if choice.keeps(i.subject, i.tenant)],
        )
        if options["write"]:
            is_cut = bool(options["to_text"])
            await _write(store, found, Basis.of(park, ready), span.to_ms if is_cut else None)
        seen = await find_anomalies(store, park, span, SystemClock().now_ms()) if options["with_anomalies"] else None
    seen = None if seen is None else [a for a in seen if choice.keeps(a.subject, a.tenant)]
    if not options["as_lines"]:
        click.echo(HEADER)
    for finding in found.findings:
        rule = find_rule(chosen, finding.rule, finding.rule_version)
        click.echo(as_json(finding) if options["as_lines"] else as_row(finding, park.timezone, rule))
    if not found.findings:
        click.echo("nothing that was asked for is judged in this range", err=True)
    if not options["as_lines"]:
        click.echo("\n" + "\n".join(legend()))
    if seen is not None:
        lines = [anomaly_json(a) for a in seen] if options["as_lines"] else ["", *anomaly_lines(seen, "en")]
        click.echo("\n".join(lines), nl=bool(lines))


async def _anomalies(options: dict[str, object]) -> None:
    async with opened_data(options) as data:
        store, park, choice, span, _ = data
        seen = await find_anomalies(store, park, span, SystemClock().now_ms())
        if options["write"]:
            written = await write_anomalies(store, park.id, seen, span.from_ms, span.to_ms)
            click.echo(f"wrote {written} anomalies", err=True)
    seen = [a for a in seen if choice.keeps(a.subject, a.tenant)]
    lines = [anomaly_json(a) for a in seen] if options["as_lines"] else anomaly_lines(seen, str(options["language"]))
    click.echo("\n".join(lines), nl=bool(lines))


async def _indicators(options: dict[str, object]) -> None:
    _refuse_to_keep_other_law(options)
    if options["write"] and not options["by_month"]:
        raise OperatorError("--write keeps months: give --by-month too")
    async with opened_data(options) as data:
        store, park, choice, wanted, law_day = data
        if not options["as_lines"]:
            click.echo(INDICATOR_HEADERS[str(options["language"])])
        whole, written = Span(wanted.from_ms, wanted.to_ms), 0
        months = still_there(park, whole_months(park, whole), wanted.deleted_before)
        for span in months_of(park, whole) if options["by_month"] else [whole]:
            capture = float(str(options["minimum_data_capture"]))
            values = [
                value
                for value in await compute_indicators(store, park, span, capture, law_day)
                if choice.keeps(value.subject, value.tenant)
            ]
            for found in values:
                click.echo(
                    indicator_json(found, park.id)
                    if options["as_lines"]
                    else indicator_row(found, park.timezone, str(options["language"]))
                )
            if options["write"] and span in months:
                written += await write_indicators(store, kept_indicators(values, park))
        if options["write"]:
            click.echo(f"wrote {written} indicator values", err=True)


def _refuse_to_keep_other_law(options: dict[str, object]) -> None:
    if options["write"] and options["law_text"]:
        raise OperatorError("--write keeps what holds under the law of its own day: leave out --law-of")


def _progress(done_ms: int, total_ms: int) -> None:
    click.echo(f"judged {100 * done_ms // total_ms} %", err=True)


async def _write(store: TelemetryStore, found: Judgement, basis: Basis, cut_ms: int | None) -> None:
    """With a range cut at will only the periods that lie within it: a part must not take the place of a whole."""
    findings = [f for f in found.findings if cut_ms is None or f.period_end_ms <= cut_ms]
    written = await write_findings(store, findings, basis)
    whole = [i for i in found.indicators if cut_ms is None or i.period_end_ms <= cut_ms]
    indicators = await write_indicators(store, whole)
    click.echo(f"wrote {written} findings and {indicators} indicator values", err=True)
