"""The limit a rule gives one installation on one day, with its citation and how sure we are of it."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from analytics.finding import Confidence
from analytics.rulebook.evidence import say
from analytics.rulebook.rule import Comparison, Formula, Rule
from telemetry_model.park_register import Installation
from telemetry_model.park_register.types import Attribute


class LimitUnknownError(ValueError):
    """The register or the calendar does not give what the limit needs; the message is an evidence sentence."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What to compare with, in ``unit``: ``value`` (max or min), or ``low`` and ``high`` (between)."""

    value: float | None
    low: float | None
    high: float | None
    unit: str
    citation: str
    confidence: Confidence
    explanation: str

    @property
    def may_be_shown_as_law(self) -> bool:
        """Only what was read in a public text may."""
        return self.confidence is Confidence.SOURCE


def limit_for(
    rule: Rule, installation: Installation | None, day: date, attributes: Mapping[str, Attribute] | None = None
) -> Limit:
    """The limit on ``day``; park rules give the park's ``attributes`` instead of an installation.

    Raises :class:`LimitUnknownError` when the rule does not hold that day, or the licence lacks what it needs.
    """
    if not rule.is_valid_on(day):
        raise LimitUnknownError(say("limit_not_valid", rule=rule.id, version=rule.version, day=day.isoformat()))
    known = installation.attributes if installation is not None else (attributes or {})
    if rule.comparison is Comparison.BETWEEN:
        words = say("limit_between", low=rule.low, high=rule.high, unit=rule.unit, citation=rule.citation)
        return Limit(None, rule.low, rule.high, rule.unit, rule.citation, rule.confidence, words)
    if rule.permit_attribute and rule.permit_attribute in known:
        return _from_register(rule, known)
    base = _base(rule, known)
    if rule.limit_by_column:
        rule = dataclasses.replace(rule, citation=f"{rule.citation}, column {known[rule.column_attribute]}")
    if rule.formula is Formula.C_KQ_KF:
        return _with_factors(rule, base, known)
    key = "limit_setting" if rule.confidence is Confidence.SETTING else "limit_fixed"
    words = say(key, limit=base, unit=rule.unit, citation=rule.citation)
    return Limit(base, None, None, rule.unit, rule.citation, rule.confidence, words)


def _from_register(rule: Rule, known: Mapping[str, Attribute]) -> Limit:
    value = _number(rule, known, rule.permit_attribute)
    words = say("limit_permit", limit=value, unit=rule.unit, attribute=rule.permit_attribute)
    confidence = Confidence.SETTING if rule.confidence is Confidence.SETTING else Confidence.PERMIT
    return Limit(value, None, None, rule.unit, rule.citation, confidence, words)


def _base(rule: Rule, known: Mapping[str, Attribute]) -> float:
    if rule.limit is not None:
        return rule.limit
    if not rule.limit_by_column:
        raise LimitUnknownError(say("limit_no_permit", attribute=rule.permit_attribute))
    column = known.get(rule.column_attribute)
    if column not in rule.limit_by_column:
        columns = ", ".join(rule.limit_by_column)
        raise LimitUnknownError(
            say("limit_no_column", attribute=rule.column_attribute, found=str(column), columns=columns)
        )
    return rule.limit_by_column[str(column)]


def _with_factors(rule: Rule, base: float, known: Mapping[str, Attribute]) -> Limit:
    """``Cmax = C x Kq x Kf``: the factors are facts of the licence, so the product is only as sure as the licence."""
    kq, kf = _number(rule, known, "kq"), _number(rule, known, "kf")
    value = round(base * kq * kf, 9)
    words = say("limit_formula", base=base, kq=kq, kf=kf, limit=value, unit=rule.unit, citation=rule.citation)
    confidence = Confidence.PERMIT if rule.confidence is Confidence.SOURCE else rule.confidence
    return Limit(value, None, None, rule.unit, rule.citation, confidence, words)


def _number(rule: Rule, known: Mapping[str, Attribute], attribute: str) -> float:
    value = known.get(attribute)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value <= 0:
        raise LimitUnknownError(say("limit_no_attribute", rule=rule.id, attribute=attribute))
    return float(value)
