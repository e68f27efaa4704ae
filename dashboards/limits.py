"""Limit lines for panels: the very numbers the rulebook judges with, and how sure we are that each is the law."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from analytics.finding import Confidence
from analytics.rulebook import Comparison, Limit, LimitUnknownError, Rule, limit_for
from analytics.rulebook.doubt import Doubt
from dashboards.board import LimitRef
from telemetry_model.park_register import Installation, Park


class Bound(StrEnum):
    """On which side of the line a value is in order."""

    UPPER = "upper"
    """At or below is in order."""
    LOWER = "lower"
    """At or above is in order."""


@dataclass(frozen=True, slots=True)
class LimitLine:
    """One line across a panel; ``value`` in the panel's ``unit``; ``citation`` says where it is written.

    ``start_ms`` and ``stop_ms`` cut it to the time in which it holds, where that is not all that the panel shows.
    """

    value: float
    bound: Bound
    unit: str
    confidence: Confidence
    citation: str
    start_ms: int | None = None
    stop_ms: int | None = None
    to_confirm: tuple[Doubt, ...] = ()
    """Parts of the rule, besides the number, that are settings to confirm."""


def limit_lines(
    reference: LimitRef | None, park: Park, rules: Sequence[Rule], day: date, tenant: str = ""
) -> tuple[LimitLine, ...]:
    """The lines of a panel on a local day; equal ones are drawn once, unknown ones not at all.

    With a ``tenant`` only its own installations count.
    """
    if reference is None:
        return ()
    lines: dict[LimitLine, None] = {}
    for name in reference.installations:
        installation = park.installations[name]
        if tenant and installation.tenant != tenant:
            continue
        lines.update(dict.fromkeys(_lines_of(reference.rule, installation, rules, day)))
    return tuple(lines)


def _lines_of(rule_id: str, installation: Installation, rules: Iterable[Rule], day: date) -> Iterable[LimitLine]:
    for rule in rules:
        if rule.id != rule_id or not rule.is_valid_on(day) or not rule.applies(installation.attributes_on(day)):
            continue
        try:
            limit = limit_for(rule, installation.attributes_on(day), day)
        except LimitUnknownError:
            # The finding says what the licence lacks; a board has no line to draw then.
            continue
        yield from _lines(rule, limit)


def _lines(rule: Rule, limit: Limit) -> Iterable[LimitLine]:
    bounds = {
        Comparison.MAX: ((limit.value, Bound.UPPER),),
        Comparison.MIN: ((limit.value, Bound.LOWER),),
        Comparison.BELOW: ((limit.value, Bound.UPPER),),
        Comparison.REPORT: (),
        Comparison.BETWEEN: ((limit.low, Bound.LOWER), (limit.high, Bound.UPPER)),
    }[rule.comparison]
    for value, bound in bounds:
        if value is not None:
            yield LimitLine(value, bound, limit.unit, limit.confidence, limit.citation, to_confirm=limit.to_confirm)
