"""What several ``ecopark analytics`` commands share: a range, and the rules, tenants and subjects asked for."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import NamedTuple

import click

from analytics.judging.deleted_time import deleted_before
from analytics.judging.plan import JudgingRange
from analytics.rulebook import Rule
from analytics.rulebook.rule import DEFAULT_MINIMUM_DATA_CAPTURE, EvaluatorKind
from analytics.slots.readings_query import data_range
from analytics.windows import local_day, local_text, start_of_day_ms
from service_runtime.clock import SystemClock
from service_runtime.errors import OperatorError
from service_runtime.local_times import end_ms, instant_ms, require_order
from telemetry_model.park_register import Park
from telemetry_store.command_options import Command
from telemetry_store.protocol import TelemetryStore


async def judging_span(
    store: TelemetryStore, park: Park, from_text: str, to_text: str, law_day: date | None
) -> JudgingRange:
    """The range of ``--from`` and ``--to`` in the park's time, or all that is stored; nothing is judged ahead of time.

    Raises ``OperatorError`` when that is nothing, ``SettingsError`` for a text that is no time, ``UnreachableError``.
    """
    zone = park.timezone
    since = start_of_day_ms(park.monitoring_since, zone) if park.monitoring_since else None
    start = instant_ms(from_text, zone, "--from") if from_text else None
    end = end_ms(to_text, zone, "--to") if to_text else None
    if start is not None and end is not None:
        require_order(start, end, from_text, to_text)
    now_ms, stored_to_ms = SystemClock().now_ms(), 0
    if start is None or end is None or end > now_ms:
        stored = await data_range(store, park)
        if stored is None:
            raise OperatorError(f"the store holds no readings of park '{park.id}': nothing to judge")
        start = stored.first_ms if start is None else start
        end = min(end, max(stored.end_ms, now_ms)) if end is not None else stored.end_ms
        stored_to_ms = stored.end_ms
    if start >= end:
        first, last = local_text(start, zone), local_text(stored_to_ms, zone)
        raise OperatorError(f"nothing to judge: there is no data from {first} on, it ends at {last}")
    if since is not None and end <= since:
        raise OperatorError(f"nothing to judge: the range ends before monitoring_since, {park.monitoring_since}")
    start = start if since is None else max(start, since)
    deleted = await deleted_before(store, park.id)
    for medium, edge_ms in sorted(deleted.items()):
        if start < edge_ms:
            day = local_day(edge_ms, zone)
            click.echo(f"{medium.value}: readings before {day} were deleted; that time is not judged anew", err=True)
    return JudgingRange(start, end, since, law_day, deleted_before=deleted)


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


class Choice(NamedTuple):
    """The tenants and subjects asked for; empty means all."""

    tenants: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()

    def keeps(self, subject: str, tenant: str) -> bool:
        """Whether something about this subject and tenant was asked for."""
        return (not self.tenants or tenant in self.tenants) and (not self.subjects or subject in self.subjects)


def choice_options(command: Command) -> Command:
    """``--tenant`` and ``--subject``, both repeatable, as ``tenants`` and ``subjects``."""
    words = "Only this installation, firm, point or park; may be repeated."
    command = click.option("--subject", "subjects", multiple=True, metavar="ID", help=words)(command)
    return click.option("--tenant", "tenants", multiple=True, metavar="ID", help="Only this firm; may be repeated.")(
        command
    )


def capture_option(command: Command) -> Command:
    """``--minimum-data-capture``, 0 to 1."""
    return click.option(
        "--minimum-data-capture",
        default=DEFAULT_MINIMUM_DATA_CAPTURE,
        type=click.FloatRange(0, 1),
        show_default=True,
        metavar="SHARE",
        help="What rests on a smaller share (0 to 1) of its data than this gets no verdict and no value.",
    )(command)


def rule_option(command: Command) -> Command:
    """``--rule``, repeatable, as ``rule_ids``."""
    return click.option("--rule", "rule_ids", multiple=True, metavar="ID", help="Only this rule; may be repeated.")(
        command
    )


def choice_of(park: Park, options: Mapping[str, object], known: Collection[str] = ()) -> Choice:
    """What ``choice_options`` got; raises ``OperatorError`` for a name that neither the register nor ``known`` has."""
    choice = Choice(texts(options["tenants"]), texts(options["subjects"]))
    for tenant in choice.tenants:
        if tenant not in park.tenants and tenant not in known:
            raise OperatorError(f"--tenant: '{tenant}' is not in tenants.csv of park '{park.id}'")
    links = {link.link for link in park.symbiosis}
    for subject in choice.subjects:
        places = (park.tenants, park.installations, park.devices, park.points, links, (park.id,), known)
        if not any(subject in place for place in places):
            raise OperatorError(f"--subject: '{subject}' is no installation, tenant or point of park '{park.id}'")
    return choice


def texts(value: object) -> tuple[str, ...]:
    """What a repeatable option holds."""
    return tuple(str(part) for part in value) if isinstance(value, (tuple, list)) else ()
