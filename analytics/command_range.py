"""What several ``ecopark analytics`` commands share: the range to look at and the rules asked for."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import click

from analytics.deleted_time import deleted_before
from analytics.plan import JudgingRange
from analytics.readings_query import data_range
from analytics.rulebook import Rule
from analytics.rulebook.rule import EvaluatorKind
from analytics.settings import instant_ms
from analytics.windows import local_day, start_of_day_ms
from service_runtime.errors import OperatorError, SettingsError
from telemetry_model.park_register import Park
from telemetry_store.protocol import TelemetryStore


async def judging_span(
    store: TelemetryStore, park: Park, from_text: str, to_text: str, law_day: date | None
) -> JudgingRange:
    """The range of ``--from`` and ``--to`` in the park's time, or all that is stored.

    Raises ``OperatorError`` when that is nothing, ``SettingsError`` for a text that is no time, ``UnreachableError``.
    """
    zone = park.timezone
    since = start_of_day_ms(park.monitoring_since, zone) if park.monitoring_since else None
    start = instant_ms(from_text, zone, "--from") if from_text else None
    end = end_ms(to_text, zone, "--to") if to_text else None
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
    deleted = await deleted_before(store, park.id)
    for medium, edge_ms in sorted(deleted.items()):
        if start < edge_ms:
            day = local_day(edge_ms, zone)
            click.echo(f"{medium.value}: readings before {day} were deleted; that time is not judged anew", err=True)
    return JudgingRange(start, end, since, law_day, deleted_before=deleted)


def end_ms(text: str, zone: ZoneInfo, what: str) -> int:
    """As ``instant_ms``, but a date means its end; raises ``SettingsError`` naming the option."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return instant_ms(text, zone, what)
    return start_of_day_ms(day + timedelta(days=1), zone)


def local_date(text: str, what: str) -> date:
    """``YYYY-MM-DD``; raises ``SettingsError`` naming the option."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(f"{what}: '{text}' is not a date (YYYY-MM-DD)") from error


def chosen_rules(known: tuple[Rule, ...], wanted: tuple[str, ...]) -> tuple[Rule, ...]:
    """Those of ``known`` with an id in ``wanted``, or all; raises ``OperatorError`` for an id there is not."""
    names = {rule.id for rule in known}
    for rule_id in wanted:
        if rule_id not in names:
            raise OperatorError(f"no rule '{rule_id}' (`ecopark rules list` lists them)")
    return tuple(rule for rule in known if not wanted or rule.id in wanted)


def with_flat_rules(chosen: tuple[Rule, ...], known: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """``chosen`` and the rules that find frozen values.

    Frozen values are left out of every mean: without those rules one rule asked for alone would be judged from other
    values than when it is judged with all.
    """
    return chosen + tuple(rule for rule in known if rule.evaluator is EvaluatorKind.FLAT_LINE and rule not in chosen)


def texts(value: object) -> tuple[str, ...]:
    """What a repeatable option holds."""
    return tuple(str(part) for part in value) if isinstance(value, (tuple, list)) else ()
