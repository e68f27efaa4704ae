"""Runs the worked examples of the packs: register and observed value in, limit and verdict out, no store needed."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from analytics.finding import Verdict
from analytics.rulebook.limits import Limit, LimitUnknownError, keeps, limit_for
from analytics.rulebook.rule import Comparison, Example, Rule

AIR_OXYGEN_PERCENT = 21.0


class ExampleResult(NamedTuple):
    """One example and what was wrong with it; no ``problems`` means it came out as written."""

    rule: Rule
    number: int
    problems: tuple[str, ...]

    @property
    def place(self) -> str:
        """Rule, version, example and the article they rest on."""
        return f"{self.rule.id}, version {self.rule.version}, example {self.number} ({self.rule.citation})"


def run_examples(rules: Sequence[Rule]) -> Iterable[ExampleResult]:
    """Every example of every rule version; a version without one is a result with a problem."""
    for rule in rules:
        if not rule.examples:
            yield ExampleResult(rule, 0, ("no worked example",))
        for number, example in enumerate(rule.examples, start=1):
            yield ExampleResult(rule, number, tuple(_problems(rule, example)))


def observed_of(rule: Rule, example: Example) -> float | None:
    """The observed value: as given, or corrected to reference oxygen: ``C x (21 - O2_ref) / (21 - O2)``."""
    if example.raw is None or example.o2_percent is None:
        return example.observed
    stated = example.attributes.get("o2_reference_percent", rule.o2_reference_percent)
    reference = float(stated or 0.0)
    return example.raw * (AIR_OXYGEN_PERCENT - reference) / (AIR_OXYGEN_PERCENT - example.o2_percent)


def _problems(rule: Rule, example: Example) -> Iterable[str]:
    if not rule.applies(example.attributes):
        yield f"the rule does not apply to {dict(example.attributes)}"
    try:
        limit: Limit | None = limit_for(rule, example.attributes, example.day or rule.valid_from)
        words = limit.explanation if limit else ""
    except LimitUnknownError as error:
        limit, words = None, str(error)
    for name, expected in (("value", example.limit), ("low", example.low), ("high", example.high)):
        found = getattr(limit, name, None)
        if expected is not None and (found is None or not math.isclose(found, expected, rel_tol=1e-9)):
            yield f"limit {found}, expected {expected}"
    if example.says not in words:
        yield f"'{example.says}' is not in '{words}'"
    verdict = _verdict(rule.comparison, observed_of(rule, example), limit)
    if verdict is not example.verdict:
        yield f"verdict {verdict}, expected {example.verdict}"


def _verdict(comparison: Comparison, observed: float | None, limit: Limit | None) -> Verdict:
    if observed is None or limit is None:
        return Verdict.INSUFFICIENT_DATA
    return Verdict.COMPLIANT if keeps(comparison, observed, limit) else Verdict.EXCEEDED
