"""The limit a rule gives one installation on one day, with its citation and how sure we are of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

from analytics.finding import Confidence
from analytics.rulebook.doubt import Doubt, Part
from analytics.rulebook.evidence import say
from analytics.rulebook.rule import Comparison, EvaluatorKind, Formula, Rule
from telemetry_model.park_register.dated import Attribute
from telemetry_model.units import UNIT_SUFFIX

_WITHOUT_LICENCE = ("ambient_station", "park", "point")


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
    attributes: tuple[str, ...] = ()
    """The register attributes it rests on."""
    to_confirm: tuple[Doubt, ...] = ()
    """Parts of the rule, besides the number, that this comparison rests on and that were not read in a text."""

    @property
    def may_be_shown_as_law(self) -> bool:
        """Only what was read in a public text may."""
        return self.confidence is Confidence.SOURCE


def limit_for(rule: Rule, known: Mapping[str, Attribute], day: date) -> Limit:
    """The limit on ``day`` for an installation, or the park, of which the attributes ``known`` are in force then.

    Raises :class:`LimitUnknownError` when the rule does not hold that day, or the licence lacks what it needs.
    """
    if not rule.is_valid_on(day):
        raise LimitUnknownError(say("limit_not_valid", rule=rule.id, version=rule.version, day=day.isoformat()))
    limit, doubts = _limit(rule, known), _to_confirm(rule, known, day)
    return replace(limit, to_confirm=doubts) if doubts else limit


def _to_confirm(rule: Rule, known: Mapping[str, Attribute], day: date) -> tuple[Doubt, ...]:
    if not rule.to_confirm:
        return ()
    ends = "_low" if rule.comparison is Comparison.BETWEEN else ""
    own = any(f"{name}{ends}" in known for name in permit_attributes(rule))
    is_corrected = (
        rule.evaluator is not EvaluatorKind.CORRECTED_MEAN or known.get("already_at_reference_o2") is not True
    )
    column = str(known.get(rule.column_attribute, "")) if rule.limit_by_column else ""
    return tuple(
        doubt
        for doubt in rule.to_confirm
        if doubt.matters(day, column)
        and not (own and doubt.part.is_of_the_table)
        and (is_corrected or doubt.part is not Part.FORMULA)
    )


def _limit(rule: Rule, known: Mapping[str, Attribute]) -> Limit:
    if rule.comparison is Comparison.REPORT:
        return Limit(None, None, None, rule.unit, rule.citation, rule.confidence, say("report_only"))
    if rule.comparison is Comparison.BETWEEN:
        return _range(rule, known)
    own = next((name for name in permit_attributes(rule) if name in known), "")
    if own:
        return _from_register(rule, known, own)
    base = _base(rule, known)
    citation = f"{rule.citation}, column {known[rule.column_attribute]}" if rule.limit_by_column else rule.citation
    if rule.formula is not None:
        return _with_factors(rule, rule.formula, base, citation, known)
    key = "limit_setting" if rule.confidence is Confidence.SETTING else "limit_fixed"
    words = say(key, limit=base, unit=rule.unit, citation=citation)
    return Limit(base, None, None, rule.unit, citation, rule.confidence, words, attributes=_column(rule))


def permit_attributes(rule: Rule) -> tuple[str, ...]:
    """Register attributes that give the limit instead of the pack, the first that is set goes first.

    Every rule that holds a mean at an installation against a limit takes ``permit_<quantity>_<unit>``; ambient air
    does not, because nobody has a licence for it and one number would stand for several averaging times.
    """
    has_licence = rule.evaluator.is_of_quantity and rule.subject not in _WITHOUT_LICENCE
    return _permit_names(rule.permit_attribute, rule.quantity if has_licence else None, rule.unit)


@cache
def _permit_names(stated: str, quantity: str | None, unit: str) -> tuple[str, ...]:
    names = [stated] if stated else []
    if quantity is not None:
        names.append("_".join(part for part in ("permit", quantity, UNIT_SUFFIX.get(unit, "")) if part))
    return tuple(dict.fromkeys(names))


def limit_attributes(rule: Rule) -> tuple[str, ...]:
    """Every register attribute on which the limit of a rule may rest."""
    own = permit_attributes(rule)
    if rule.comparison is Comparison.BETWEEN:
        return tuple(f"{name}_{side}" for name in own for side in ("low", "high"))
    return (*own, *_column(rule), *(rule.formula.factors if rule.formula is not None else ()))


def keeps(comparison: Comparison, observed: float, limit: Limit) -> bool:
    """Whether the observed value keeps the limit; reaching the limit keeps it, except for ``below``."""
    if comparison is Comparison.REPORT:
        return True
    if comparison is Comparison.BETWEEN:
        return (limit.low is None or observed >= limit.low) and (limit.high is None or observed <= limit.high)
    value = limit.value if limit.value is not None else 0.0
    if comparison is Comparison.MAX:
        return observed <= value
    return observed >= value if comparison is Comparison.MIN else observed < value


def _range(rule: Rule, known: Mapping[str, Attribute]) -> Limit:
    for name in permit_attributes(rule):
        if f"{name}_low" in known and f"{name}_high" in known:
            low, high = _number(rule, known, f"{name}_low"), _number(rule, known, f"{name}_high")
            words = say("limit_permit_between", low=low, high=high, unit=rule.unit, attribute=name)
            rests_on = (f"{name}_low", f"{name}_high")
            return Limit(None, low, high, rule.unit, rule.citation, _own_confidence(rule), words, attributes=rests_on)
        if f"{name}_low" in known or f"{name}_high" in known:
            # One end of a licensed range: the other end is not known, and the published one is not the licence's.
            both = f"{name}_low + {name}_high"
            raise LimitUnknownError(say("limit_table_missing", citation=rule.citation, attribute=both))
    if rule.low is None or rule.high is None:
        attribute = " + ".join(f"{name}_low, {name}_high" for name in permit_attributes(rule))
        raise LimitUnknownError(say("limit_table_missing", citation=rule.citation, attribute=attribute))
    key = "limit_between_setting" if rule.confidence is Confidence.SETTING else "limit_between"
    words = say(key, low=rule.low, high=rule.high, unit=rule.unit, citation=rule.citation)
    return Limit(None, rule.low, rule.high, rule.unit, rule.citation, rule.confidence, words)


def _from_register(rule: Rule, known: Mapping[str, Attribute], attribute: str) -> Limit:
    value = _number(rule, known, attribute)
    words = say("limit_permit", limit=value, unit=rule.unit, attribute=attribute)
    return Limit(
        value, None, None, rule.unit, rule.citation, _own_confidence(rule, attribute), words, attributes=(attribute,)
    )


def _own_confidence(rule: Rule, attribute: str = "") -> Confidence:
    """A figure of the licence is the licence's; a level the operator chose for himself stays a setting."""
    chosen = rule.confidence is Confidence.SETTING and attribute == rule.permit_attribute != ""
    return Confidence.SETTING if chosen else Confidence.PERMIT


def _column(rule: Rule) -> tuple[str, ...]:
    return (rule.column_attribute,) if rule.limit_by_column else ()


def _base(rule: Rule, known: Mapping[str, Attribute]) -> float:
    if rule.limit is not None:
        return rule.limit
    if not rule.limit_table_loaded:
        attribute = " / ".join(permit_attributes(rule))
        raise LimitUnknownError(say("limit_table_missing", citation=rule.citation, attribute=attribute))
    if not rule.limit_by_column:
        raise LimitUnknownError(say("limit_no_permit", attribute=rule.permit_attribute))
    column = known.get(rule.column_attribute)
    if column not in rule.limit_by_column:
        columns = ", ".join(rule.limit_by_column)
        raise LimitUnknownError(
            say("limit_no_column", attribute=rule.column_attribute, found=str(column), columns=columns)
        )
    return rule.limit_by_column[str(column)]


def _with_factors(rule: Rule, formula: Formula, base: float, citation: str, known: Mapping[str, Attribute]) -> Limit:
    """``Cmax = C x K1 x K2``: the factors are facts of the licence, so the product is only as sure as the licence."""
    first, second = (_number(rule, known, name) for name in formula.factors)
    value = round(base * first * second, 9)
    names = dict(zip(("first", "second"), (name.capitalize() for name in formula.factors), strict=True))
    key = "limit_formula_setting" if rule.confidence is Confidence.SETTING else "limit_formula"
    words = say(key, base=base, **names, k1=first, k2=second, limit=value, unit=rule.unit, citation=citation)
    confidence = Confidence.PERMIT if rule.confidence is Confidence.SOURCE else rule.confidence
    rests_on = (*_column(rule), *formula.factors)
    return Limit(value, None, None, rule.unit, citation, confidence, words, attributes=rests_on)


def _number(rule: Rule, known: Mapping[str, Attribute], attribute: str) -> float:
    value = known.get(attribute)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value <= 0:
        raise LimitUnknownError(say("limit_no_attribute", rule=rule.id, attribute=attribute))
    return float(value)
