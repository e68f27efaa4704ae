"""``ecopark analytics exceedances``: percentiles, counts and hours above the limit, per rule and subject."""

import asyncio
import json
from bisect import bisect_right
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import click

from analytics.bootstrap import rules_with_capture
from analytics.commands.opened_data import opened_data
from analytics.commands.report import basis_legend, utc_text
from analytics.commands.time_range import (
    capture_option,
    choice_options,
    chosen_rules,
    rule_option,
    texts,
    with_flat_rules,
)
from analytics.findings.exceedances import LOW_PERCENTILES, PERCENTILES, ExceedanceCount, Exceedances
from analytics.findings.store import write_indicators
from analytics.indicators.compute import months_of
from analytics.indicators.months import whole_months
from analytics.indicators.store_readings import Span
from analytics.judging.evaluate import judge
from analytics.judging.plan import JudgingRange, chunks
from analytics.rulebook import Rule, load_rulebook
from analytics.rulebook.rule import Comparison
from analytics.rulebook.text import basis_mark
from analytics.windows import local_text
from service_runtime.clock import SystemClock
from service_runtime.errors import OperatorError
from telemetry_model.park_register import Park
from telemetry_store.command_options import data_options, law_option, range_options
from telemetry_store.protocol import TelemetryStore

HEADER = (
    f"{'period (local)':<16} {'rule':<18} {'subject':<24} {'windows':>7} {'judged':>7} {'exceeded':>8} "
    f"{'lowest':>9} {'P2':>9} {'P5':>9} {'P50':>9} {'P95':>9} {'P98':>9} {'highest':>9} "
    f"{'limit':>11} {'unit':<7} {'hours':>8} {'longest':>8} {'data':>5}  basis"
)


@click.command(short_help="How often, how long and how far limits were not kept.")
@data_options
@range_options("the first data", "the last data")
@rule_option
@choice_options
@click.option("--by-month", is_flag=True, help="One line per calendar month instead of one for the whole range.")
@law_option
@capture_option
@click.option("--write", is_flag=True, help="With --by-month: also keep the numbers of whole months in the store.")
@click.option("--json", "as_lines", is_flag=True, help="One JSON object per line.")
def exceedances(**options: object) -> None:
    """How often, how long and how far: percentiles, exceedance counts and hours, per rule and subject.

    A window (24 h, 1 h, running 8 h ...) counts as judged when it had enough data; percentiles are of judged windows:
    P50, P95, P98 and the highest value for a limit of at most (≤, <), P50, P5, P2 and the lowest for one of at least
    (≥), all of them for a range. --json has all of them always, and `limit_signs` beside `limits`. Hours are the time
    covered by windows that did not keep their limit; overlapping windows count once. Data is the share of expected data
    over all windows. Basis says whether the limit is law, permit or setting, and which part of the rule (averaging,
    formula ...) is a setting to confirm although its limit is not.

    \b
    ecopark analytics exceedances --store sqlite:///telemetry.db --park DIR --from 2026-01-01 --to 2026-12-31
    ecopark analytics exceedances --store sqlite:///telemetry.db --park DIR --rule AMB-03-NO2 --by-month --json
    """
    asyncio.run(_exceedances(options))


async def _exceedances(options: dict[str, object]) -> None:
    if options["write"] and not options["by_month"]:
        raise OperatorError("--write keeps months: give --by-month too")
    chosen = _countable(chosen_rules(load_rulebook(), texts(options["rule_ids"])))
    capture = float(str(options["minimum_data_capture"]))
    rules = rules_with_capture(with_flat_rules(chosen, load_rulebook()), capture)
    async with opened_data(options) as data:
        store, park, choice, span, _ = data
        whole = Span(span.from_ms, span.to_ms)
        periods = months_of(park, whole) if options["by_month"] else [whole]
        wanted = {rule.id for rule in chosen}
        counted = await _counted(store, park, rules, span, periods)
        found = [e for e in counted if e.rule in wanted and choice.keeps(e.subject, e.tenant)]
        if options["write"]:
            edge_ms = max(span.deleted_before.values(), default=0)
            months = {month for month in whole_months(park, whole) if month.start_ms >= edge_ms}
            kept = [i for entry in found if Span(entry.start_ms, entry.end_ms) in months for i in entry.indicators()]
            click.echo(f"wrote {await write_indicators(store, kept)} indicator values", err=True)
    if not found:
        click.echo("nothing that was asked for is judged in this range", err=True)
    if not options["as_lines"]:
        click.echo(HEADER)
    for entry in found:
        click.echo(_as_json(entry) if options["as_lines"] else _as_row(entry, park.timezone))
    if not options["as_lines"]:
        click.echo("\n" + "\n".join(basis_legend()))


def _countable(rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """Those that hold measured values against a limit."""
    return tuple(rule for rule in rules if rule.evaluator.needs_points and rule.comparison is not Comparison.REPORT)


async def _counted(
    store: TelemetryStore, park: Park, rules: Sequence[Rule], span: JudgingRange, periods: Sequence[Span]
) -> list[Exceedances]:
    """A window belongs to the period in which it starts; one that began before the first belongs to the first."""
    counts = [ExceedanceCount(rules) for _ in periods]
    starts = [period.start_ms for period in periods]
    now_ms = SystemClock().now_ms()
    for part in chunks(park, span):
        found = (await judge(store, park, rules, part, now_ms)).findings
        for finding in found:
            counts[max(0, bisect_right(starts, finding.period_start_ms) - 1)].add((finding,))
    return [
        entry
        for period, count in zip(periods, counts, strict=True)
        for entry in count.summaries(period.start_ms, period.end_ms)
    ]


def _as_json(entry: Exceedances) -> str:
    fields = {
        "rule": entry.rule,
        "subject": entry.subject,
        "tenant": entry.tenant,
        "park": entry.park,
        "period_start": utc_text(entry.start_ms),
        "period_end": utc_text(entry.end_ms),
        "windows": entry.windows,
        "judged": entry.judged,
        "exceeded": entry.exceeded,
        **{f"p{share}": value for share, value in entry.percentiles.items()},
        "lowest": entry.lowest,
        "highest": entry.highest,
        "limits": list(entry.limits),
        "limit_signs": list(entry.signs),
        "unit": entry.unit,
        "hours": round(entry.hours, 6),
        "longest_hours": round(entry.longest_hours, 6),
        "data_capture": round(entry.data_capture, 6),
        "citation": entry.citation,
        "confidence": entry.confidence.value,
        "to_confirm": list(entry.to_confirm),
    }
    return json.dumps(fields, ensure_ascii=False)


def _as_row(entry: Exceedances, zone: ZoneInfo) -> str:
    values = " ".join("-".rjust(9) if value is None else f"{value:>9.5g}" for value in _numbers(entry))
    signed = zip(entry.signs, entry.limits, strict=True)
    limits = ", ".join(f"{sign} {limit:g}".strip() for sign, limit in signed) or "-"
    return (
        f"{local_text(entry.start_ms, zone):<16} {entry.rule:<18} {entry.subject:<24} {entry.windows:>7} "
        f"{entry.judged:>7} {entry.exceeded:>8} {values} {limits:>11} {entry.unit:<7} {entry.hours:>8.6g} "
        f"{entry.longest_hours:>8.6g} {100 * entry.data_capture:>4.0f}%  "
        f"{basis_mark(entry.confidence, entry.to_confirm)}"
    )


def _numbers(entry: Exceedances) -> list[float | None]:
    """From the lowest to the highest; ``None`` at the end that breaks no limit of this rule."""
    low = [entry.lowest, *(entry.percentiles[share] for share in reversed(LOW_PERCENTILES[1:]))]
    high = [*(entry.percentiles[share] for share in PERCENTILES[1:]), entry.highest]
    return [
        *(value if entry.holds_minimum else None for value in low),
        entry.percentiles[50],
        *(value if entry.holds_maximum else None for value in high),
    ]
