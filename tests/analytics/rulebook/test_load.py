"""Rule packs: what does not load, and how the mistake is named."""

import subprocess
import sys
from collections.abc import Mapping

import pytest

from analytics.finding import Confidence
from analytics.rulebook import RuleError, load_rulebook
from analytics.rulebook.load import parse_packs
from analytics.rulebook.rule import Condition, Operator

GOOD: Mapping[str, str] = {
    "id": '"X-1"', "version": '"1"', "title_vi": '"Bụi"', "title_en": '"Dust"', "evaluator": '"threshold_mean"',
    "subject": '"ambient_station"', "medium": '"air"', "quantity": '"pm10"', "averaging": '"24h"',
    "comparison": '"max"', "unit": '"ug/m3"', "limit": "100", "valid_from": "2023-09-12",
    "citation": '"An article"', "confidence": '"source"',
}  # fmt: skip


def pack(*rules: Mapping[str, str | None]) -> dict[str, str]:
    text = 'pack = "test"\n'
    for changes in rules or ({},):
        entry = {key: value for key, value in {**GOOD, **changes}.items() if value is not None}
        text += "[[rules]]\n" + "".join(f"{key} = {value}\n" for key, value in entry.items())
    return {"test.toml": text}


def problems(texts: dict[str, str]) -> tuple[str, ...]:
    with pytest.raises(RuleError) as caught:
        parse_packs(texts)
    return caught.value.problems


def test_a_good_rule_loads_with_its_pack() -> None:
    (rule,) = parse_packs(pack())
    assert (rule.id, rule.pack, rule.limit, rule.confidence) == ("X-1", "test", 100.0, Confidence.SOURCE)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"citation": None}, "test.toml: X-1: citation: required"),
        ({"citation": '""'}, "test.toml: X-1: citation: required"),
        ({"limit": '"much"'}, "test.toml: X-1: limit: Expected `float | null`, got `str`"),
        ({"limit": None}, "test.toml: X-1: limit: one of limit, limit_by_column or permit_attribute is required"),
        ({"limt": "4"}, "test.toml: X-1: limt: unknown field"),
        ({"evaluator": '"guess"'}, "test.toml: X-1: evaluator: Invalid enum value 'guess'"),
        ({"confidence": '"sure"'}, "test.toml: X-1: confidence: Invalid enum value 'sure'"),
        ({"quantity": '"gold"'}, "test.toml: X-1: quantity: 'gold' is not a quantity of medium 'air'"),
        ({"unit": '"mg/l"'}, "test.toml: X-1: unit: 'mg/l', but pm10 is measured in ug/m3"),
        ({"unit": '"furlong"'}, "test.toml: X-1: unit: unknown unit 'furlong'"),
        ({"valid_to": "2020-01-01"}, "test.toml: X-1: valid_to: 2020-01-01 is before valid_from 2023-09-12"),
        ({"minimum_data_capture": "80"}, "test.toml: X-1: minimum_data_capture: 80 is not between 0 and 1"),
        ({"comparison": '"between"'}, "test.toml: X-1: low: a rule that compares 'between' needs low < high"),
        ({"formula": '"c_kq_kf"', "limit": None, "permit_attribute": '"x"'},
         "test.toml: X-1: formula: c_kq_kf needs the base value C in limit or limit_by_column"),
        ({"applies_to": "{ licensed_on_before = 5 }"},
         "test.toml: X-1: applies_to.licensed_on_before: must be a date (YYYY-MM-DD, unquoted)"),
        ({"applies_to": '{ capacity_mw_above = "big" }'},
         "test.toml: X-1: applies_to.capacity_mw_above: must be a number"),
        ({"evaluator": '"corrected_mean"'}, "test.toml: X-1: o2_reference_percent: required for corrected_mean"),
        ({"evaluator": '"share"'}, "test.toml: X-1: numerator_roles: share needs numerator_roles"),
        ({"quantities": '["air.gold"]'}, "test.toml: X-1: quantities: 'air.gold' is not medium.quantity"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_with_file_rule_and_field(changes: dict[str, str | None], said: str) -> None:
    assert any(line.startswith(said) for line in problems(pack(changes)))


def test_all_mistakes_are_told_at_once() -> None:
    found = problems(pack({"citation": None}, {"id": '"X-2"', "unit": '"furlong"'}))
    assert {line.split(": ")[1] for line in found} == {"X-1", "X-2"}


def test_a_rule_without_id_is_named_by_its_place() -> None:
    assert "test.toml: rule no. 1: id: required" in problems(pack({"id": None}))


def test_two_versions_of_a_rule_must_not_overlap() -> None:
    (line,) = problems(pack({}, {"version": '"2"', "valid_from": "2026-01-01"}))
    assert line == "test: X-1: valid_from: versions 1 and 2 overlap"


def test_two_versions_that_follow_one_another_load() -> None:
    assert len(parse_packs(pack({"valid_to": "2025-12-31"}, {"version": '"2"', "valid_from": "2026-01-01"}))) == 2


def test_a_broken_file_is_named() -> None:
    assert problems({"x.toml": "pack = "})[0].startswith("x.toml: not valid TOML")


def test_a_pack_without_rules_is_named() -> None:
    assert problems({"x.toml": 'pack = "x"'}) == ("x.toml: rules: at least one [[rules]] table is required",)


def test_conditions_are_read_from_the_key() -> None:
    (rule,) = parse_packs(pack({"applies_to": '{ column = "A", capacity_mw_at_most = 300 }'}))
    assert rule.applies_to == (
        Condition("column", Operator.IS, "A"),
        Condition("capacity_mw", Operator.AT_MOST, 300),
    )


def test_every_rule_of_the_product_has_a_citation_and_both_titles() -> None:
    for rule in load_rulebook():
        assert rule.citation
        assert rule.title_vi
        assert rule.title_en


def test_no_rule_of_the_product_says_source_where_a_value_is_to_be_confirmed() -> None:
    doubtful = [rule for rule in load_rulebook() if "to be confirmed" in rule.citation]
    assert doubtful
    assert {rule.confidence for rule in doubtful} == {Confidence.SETTING}


def test_the_rulebook_loads_without_pandas() -> None:
    code = (
        "import sys, analytics.rulebook, analytics.rulebook.text, analytics.rulebook.evidence, analytics.finding;"
        "analytics.rulebook.load_rulebook(); print('pandas' in sys.modules or 'numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
