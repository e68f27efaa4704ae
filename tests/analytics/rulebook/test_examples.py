"""Worked examples: they all come out, each version has both verdicts, and a changed limit names its article."""

import dataclasses
from types import MappingProxyType

import pytest

from analytics.finding import Confidence, Verdict
from analytics.rulebook import Comparison, EvaluatorKind, Rule, load_rulebook
from analytics.rulebook.examples import observed_of, run_examples
from analytics.rulebook.rule import Example

RULES = load_rulebook()
SETTINGS_THAT_WRITE = {"AMB-01-PM25", "EIP-05-LIVE", "MON-05-FLAT", "REN-SHARE", "WW-03-TEMP"}
SECTION_11 = (
    *(f"EIP-0{n}" for n in range(1, 10)), *(f"EIF-0{n}" for n in range(1, 7)), *(f"WW-0{n}" for n in range(1, 7)),
    "AIR-01", "AIR-02", "AIR-03", "AMB-01", "AMB-02", "AMB-03", "AMB-04", "NOI-01",
    *(f"MON-0{n}" for n in range(1, 9)), "GHG-01", "GHG-02", "GHG-03", *(f"EN-0{n}" for n in range(1, 6)),
    "CE-01", "CE-02",
)  # fmt: skip


def named(rule: Rule) -> str:
    return f"{rule.id}-{rule.version}"


def rule_of(rule_id: str, version: str) -> Rule:
    return next(rule for rule in RULES if (rule.id, rule.version) == (rule_id, version))


@pytest.mark.parametrize("rule", RULES, ids=named)
def test_every_worked_example_comes_out(rule: Rule) -> None:
    failed = [f"{result.place}: {result.problems}" for result in run_examples([rule]) if result.problems]
    assert not failed


@pytest.mark.parametrize("rule", RULES, ids=named)
def test_every_version_shows_both_sides_of_its_limit(rule: Rule) -> None:
    verdicts = {example.verdict for example in rule.examples}
    assert Verdict.COMPLIANT in verdicts or rule.comparison is Comparison.BETWEEN
    assert Verdict.EXCEEDED in verdicts or rule.comparison is Comparison.REPORT
    assert Verdict.INSUFFICIENT_DATA in verdicts or rule.limit_table_loaded
    columns = {example.attributes.get(rule.column_attribute) for example in rule.examples}
    assert columns >= set(rule.limit_by_column)


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.limit is not None], ids=named)
def test_a_changed_limit_fails_and_names_the_article(rule: Rule) -> None:
    changed = dataclasses.replace(rule, limit=(rule.limit or 0.0) * 1.1 + 0.7)
    failed = [result for result in run_examples([changed]) if result.problems]
    assert failed
    assert all(rule.citation in result.place for result in failed)


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.limit_by_column], ids=named)
def test_a_changed_cell_of_a_table_fails(rule: Rule) -> None:
    for column, limit in rule.limit_by_column.items():
        table = MappingProxyType({**rule.limit_by_column, column: limit * 1.1})
        changed = dataclasses.replace(rule, limit_by_column=table)
        assert any(result.problems for result in run_examples([changed])), column


@pytest.mark.parametrize("family", SECTION_11)
def test_every_rule_family_of_the_reference_is_there(family: str) -> None:
    assert any(rule.id == family or rule.id.startswith(f"{family}-") for rule in RULES)


def test_a_version_without_example_is_a_problem() -> None:
    (result,) = run_examples([dataclasses.replace(RULES[0], examples=())])
    assert result.problems == ("no worked example",)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"attributes": {}}, "does not apply"),
        ({"verdict": Verdict.COMPLIANT, "observed": 200.0}, "verdict exceeded"),
        ({"limit": 80.0}, "limit 74.25, expected 80.0"),
        ({"says": "moon"}, "'moon' is not in"),
    ],
)
def test_a_wrong_example_is_told(changes: dict[str, object], said: str) -> None:
    rule = rule_of("WW-01-COD", "qcvn40-2011")
    example: Example = dataclasses.replace(rule.examples[0], **changes)  # type: ignore[arg-type]
    (result,) = run_examples([dataclasses.replace(rule, examples=(example,))])
    assert any(said in problem for problem in result.problems), result.problems


def test_a_raw_value_is_corrected_to_reference_oxygen() -> None:
    rule = rule_of("AIR-02-NOX", "qcvn19-2024-biomass")
    assert observed_of(rule, Example(verdict=Verdict.EXCEEDED, raw=150.0, o2_percent=14.0)) == 300.0


def test_records_and_settings_write_to_nobody() -> None:
    writing = {rule.id for rule in RULES if rule.notify}
    assert not {rule.id for rule in RULES if rule.evaluator is EvaluatorKind.EVIDENCE} & writing
    assert {rule.id for rule in RULES if rule.notify and rule.confidence is Confidence.SETTING} == SETTINGS_THAT_WRITE
