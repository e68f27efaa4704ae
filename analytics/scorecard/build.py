"""Makes the scorecard of a park and year: judges the rules it asks for and puts the records beside them."""

from datetime import date
from pathlib import Path

from analytics.finding import Finding
from analytics.judging.deleted_time import NOTHING_DELETED, deleted_before
from analytics.judging.evaluate import judge
from analytics.judging.plan import JudgingRange
from analytics.rulebook import Rule, load_rulebook
from analytics.scorecard.assess import assess, firm_cells
from analytics.scorecard.catalogue import load_catalogue
from analytics.scorecard.cells import Scorecard
from analytics.windows import local_day, start_of_day_ms
from service_runtime.errors import OperatorError
from telemetry_model.park_register import Park
from telemetry_store.protocol import TelemetryStore
from telemetry_store.sqlite_store import SqliteStore

FIRM_TABLE = "circular-05-firms"
BANNERS = ("fictional", "simulated", "replayed")


async def build_scorecard(
    store: TelemetryStore | None, park: Park, year: int, now_ms: int, since: date | None = None
) -> Scorecard:
    """The card of ``year`` to date; without a ``store`` what meters would tell stays empty.

    ``since``: nothing measured is expected before this day (default: ``monitoring_since`` of the register).
    Raises ``UnreachableError``, and ``OperatorError`` for a year that has not begun.
    """
    zone = park.timezone
    start_ms, end_ms = start_of_day_ms(date(year, 1, 1), zone), start_of_day_ms(date(year + 1, 1, 1), zone)
    until_ms = min(end_ms, now_ms)
    if until_ms <= start_ms:
        raise OperatorError(f"--year {year}: the year has not begun, there is nothing to report")
    first_day, last_day = date(year, 1, 1), local_day(until_ms - 1, zone)
    rules = _rules(needs_store=store is not None)
    deleted = await deleted_before(store, park.id) if store is not None else NOTHING_DELETED
    span = JudgingRange(start_ms, until_ms, _since_ms(park, since), deleted_before=deleted)
    findings = await _findings(store, park, rules, span, now_ms)
    tables = load_catalogue()
    cells = assess(park, tables, load_rulebook(), findings, first_day, last_day)
    firm_specs = [spec for table in tables if table.id == FIRM_TABLE for spec in table.indicators]
    return Scorecard(
        park=park.id, name_vi=park.name_vi, name_en=park.name_en, year=year,
        is_fictional=any(park.dated.first.get(name) is True for name in BANNERS), has_store=store is not None,
        timezone=zone.key, made_at_ms=now_ms, until_ms=until_ms, cells=tuple(cells),
        firms=tuple(firm_cells(park, firm_specs, load_rulebook(), first_day, last_day)),
    )  # fmt: skip


def _rules(*, needs_store: bool) -> tuple[Rule, ...]:
    wanted = {spec.rule for table in load_catalogue() for spec in table.indicators if spec.rule}
    return tuple(
        rule for rule in load_rulebook() if rule.id in wanted and (needs_store or not rule.evaluator.needs_points)
    )


async def _findings(
    store: TelemetryStore | None, park: Park, rules: tuple[Rule, ...], span: JudgingRange, now_ms: int
) -> list[Finding]:
    if store is not None:
        return (await judge(store, park, rules, span, now_ms)).findings
    # These rules need the register alone, and a store that nobody asks opens no file.
    unasked = SqliteStore(Path("unasked.db"))
    try:
        return (await judge(unasked, park, rules, span, now_ms)).findings
    finally:
        await unasked.close()


def _since_ms(park: Park, since: date | None) -> int | None:
    first = since or park.monitoring_since
    return start_of_day_ms(first, park.timezone) if first else None
