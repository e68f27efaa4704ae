"""Whether an analyser can measure far enough above the limit: its upper range over the limit, the smallest ratio."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from analytics.evaluators.context import Context, Judge, Outcome, nothing
from analytics.rulebook.evidence import say
from analytics.rulebook.limits import LimitUnknownError, limit_for
from analytics.rulebook.load import load_rulebook
from analytics.rulebook.rule import EvaluatorKind
from analytics.windows import Window, local_day
from telemetry_model.park_register import Installation, Park
from telemetry_model.units import UNIT_SUFFIX


class _Limit(NamedTuple):
    quantity: str
    attribute: str
    rule: str
    value: float


def analyser_range(context: Context) -> Judge:
    """Judge ``analyser_range_<quantity>_<unit>`` of the register over every limit that holds for the installation."""
    installation = context.installation
    if installation is None:
        return lambda _: nothing((), say("range_no_limit"))

    def judge(window: Window) -> Outcome:
        day = local_day(window.end_ms - 1, context.park.timezone)
        known = installation.attributes_on(day)
        limits = list(_limits(context.park, installation, day))
        if not limits:
            return nothing((), say("range_no_limit"))
        ratios: list[float] = []
        evidence: list[str] = []
        for limit in limits:
            high = known.get(limit.attribute)
            if isinstance(high, bool) or not isinstance(high, (int, float)):
                evidence.append(say("range_unknown", quantity=limit.quantity, attribute=limit.attribute))
                continue
            ratio = round(high / limit.value, 9)
            ratios.append(ratio)
            evidence.append(
                say("range_of", quantity=limit.quantity, high=high, limit=limit.value, rule=limit.rule,
                    observed=round(ratio, 3))
            )  # fmt: skip
        if len(ratios) < len(limits):
            return nothing((), *evidence)
        return Outcome(min(ratios), 1.0, tuple(evidence), ())

    return judge


def _limits(park: Park, installation: Installation, day: date) -> Iterable[_Limit]:
    measured = {point.quantity.name for point in park.points_of_device(installation.device)}
    known = installation.attributes_on(day)
    for rule in load_rulebook():
        holds = rule.subject == installation.kind and rule.is_valid_on(day) and rule.applies(known)
        mean = rule.evaluator in (EvaluatorKind.THRESHOLD_MEAN, EvaluatorKind.CORRECTED_MEAN)
        # A thermometer is no analyser of this article: what counts is a concentration.
        if not holds or not mean or rule.quantity not in measured or not rule.unit.startswith("mg/"):
            continue
        try:
            value = limit_for(rule, known, day).value
        except LimitUnknownError:
            continue
        if value:
            suffix = UNIT_SUFFIX.get(rule.unit, "")
            yield _Limit(rule.quantity, f"analyser_range_{rule.quantity}_{suffix}", rule.id, value)
