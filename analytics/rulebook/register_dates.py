"""Evidence of when the register's attributes began to hold: which licence a verdict rests on, and since when."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from types import MappingProxyType

from analytics.rulebook.evidence import say
from analytics.rulebook.limits import Limit, limit_attributes
from analytics.rulebook.rule import Averaging, EvaluatorKind, Rule
from telemetry_model.park_register import DatedAttributes

EVALUATOR_ATTRIBUTES: Mapping[EvaluatorKind, tuple[str, ...]] = MappingProxyType(
    {
        EvaluatorKind.CORRECTED_MEAN: ("o2_reference_percent", "already_at_reference_o2"),
        EvaluatorKind.LICENSED_AMOUNT: ("licensed_flow_m3_day", "flow_point"),
        EvaluatorKind.SPECIFIC_ENERGY: ("energy_carriers",),
    }
)
"""Attributes a calculation reads beside those of the limit and of whom the rule applies to."""
_FACTS = (EvaluatorKind.REGISTER_SHARE, EvaluatorKind.REGISTER_VALUE)
_LIMITS_OF_ALL = ("analyser_range_", "permit_", "standard", "column", "kq", "kf", "kp", "kv")
"""An analyser's range is held against every limit of its installation."""


def judged_attributes(rule: Rule, limit: Limit | str) -> tuple[str, ...]:
    """The attributes that decided on the rule and its limit: those of the day whose law a period is judged by.

    Where there is no limit but the reason why, every attribute that could give one counts.
    """
    of_limit = limit.attributes if isinstance(limit, Limit) else limit_attributes(rule)
    of_window = ("billing_day",) if rule.averaging is Averaging.BILLING_PERIOD else ()
    conditions = (condition.attribute for condition in rule.applies_to)
    return tuple(dict.fromkeys((*conditions, *of_limit, *EVALUATOR_ATTRIBUTES.get(rule.evaluator, ()), *of_window)))


def stated_attributes(rule: Rule, dated: DatedAttributes) -> tuple[str, ...]:
    """The attributes that are themselves what is observed: as at the last day of a period."""
    if rule.evaluator is EvaluatorKind.ANALYSER_RANGE:
        named = (name for change in dated.changes for name in (*change.attributes, *change.without))
        return tuple(dict.fromkeys(name for name in named if name.startswith(_LIMITS_OF_ALL)))
    return (*rule.numerator_attributes, *rule.denominator_attributes) if rule.evaluator in _FACTS else ()


def register_sentences(
    rule: Rule, limit: Limit | str, dated: DatedAttributes, day: date, last_day: date
) -> Iterator[str]:
    """Since when the attributes hold that a period was judged by, and which of them change before it is over.

    ``day`` is the one whose law and register count, ``last_day`` the last one of the period that is judged.
    """
    names = judged_attributes(rule, limit)
    yield from _since(names, dated, day)
    yield from _since((name for name in stated_attributes(rule, dated) if name not in names), dated, last_day)
    for change, name in dated.changed_between(names, day, last_day):
        yield say("register_changes", attribute=name, since=change.first_day.isoformat(), day=day.isoformat())


def _since(names: Iterable[str], dated: DatedAttributes, day: date) -> Iterator[str]:
    for name in names:
        change = dated.since(name, day)
        if change is None:
            continue
        key = "register_since" if name in change.attributes else "register_ended"
        key = f"{key}_document" if change.document else key
        yield say(
            key, attribute=name, value=change.attributes.get(name, ""), since=change.first_day.isoformat(),
            document=change.document,
        )  # fmt: skip
