"""The table's signs: how an observed value has to stand to its limit, whichever way the rule compares."""

from dataclasses import replace

import pytest

from analytics.commands.report import legend, numbers_of
from analytics.finding import Confidence, Finding, Verdict
from analytics.findings.limit_sign import limit_sign
from analytics.rulebook import Rule, load_rulebook
from analytics.rulebook.rule import Comparison

OK, OVER = Verdict.COMPLIANT, Verdict.EXCEEDED
FINDING = Finding(
    "R", "1", "p", "s", "park", 0, 1, OK, 7.0, 9.0, "", 1.0, 0.8, "", Confidence.SOURCE, judged_at_ms=1
)  # fmt: skip


def a_rule(comparison: Comparison) -> Rule:
    return next(rule for rule in load_rulebook() if rule.comparison is comparison)


@pytest.mark.parametrize(
    ("comparison", "sign"),
    [(Comparison.MAX, "≤"), (Comparison.MIN, "≥"), (Comparison.BELOW, "<"), (Comparison.REPORT, "")],
)
def test_one_limit_has_the_sign_of_its_rule(comparison: Comparison, sign: str) -> None:
    assert limit_sign(FINDING, a_rule(comparison)) == sign


@pytest.mark.parametrize(
    ("observed", "limit", "verdict", "sign"),
    [
        (8.9, 9.0, OK, "≤"),
        (9.4, 9.0, OVER, "≤"),
        (5.6, 5.5, OK, "≥"),
        (5.5, 5.5, OK, "≥"),
        (4.0, 5.5, OVER, "≥"),
        (9.0, 9.0, OK, "≤"),
        (None, 9.0, Verdict.INSUFFICIENT_DATA, "≤"),
    ],
)
def test_of_two_limits_the_sign_is_that_of_the_nearer(
    observed: float | None, limit: float, verdict: Verdict, sign: str
) -> None:
    rule = replace(a_rule(Comparison.BETWEEN), low=5.5, high=9.0)
    assert limit_sign(replace(FINDING, observed=observed, limit=limit, verdict=verdict), rule) == sign


def test_the_legend_has_a_line_for_every_verdict_and_every_basis() -> None:
    lines = list(legend())
    assert [line.split()[1] for line in lines if line.startswith("verdict ")] == list(Verdict)
    assert [line.split()[1] for line in lines if line.startswith("basis ")] == ["law:", "permit:", "setting:"]


def test_a_value_over_its_limit_never_reads_like_the_limit() -> None:
    over = replace(FINDING, observed=75.0000004, limit=75.0)
    assert numbers_of(over) == ("75.0000004", "75")
    assert numbers_of(replace(FINDING, observed=75.0, limit=75.0)) == ("75", "75")
