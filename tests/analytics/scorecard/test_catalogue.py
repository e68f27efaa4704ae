"""The tables of indicators: complete, in both languages, and with the confidence that their sources allow."""

import pytest

from analytics.finding import Confidence
from analytics.rulebook import load_rulebook
from analytics.scorecard.catalogue import load_catalogue, parse_tables, record_names
from service_runtime.errors import OperatorError

TABLES = {table.id: table for table in load_catalogue()}
PARK_CODES = [
    "ENV.1",
    "ENV.3",
    "ENV.4",
    "ENV.5",
    "ENV.6",
    "PM.1",
    "PM.2",
    "PM.3",
    "PM.4",
    "SOC.3",
    "SOC.5",
    "SOC.7",
    "ECO.1",
    "ECO.2",
    "ECO.3",
    "ECO.4",
    "ECO.5",
    "ECO.6",
]
TABLE = (
    'id = "t"\ntitle_vi = "x"\ntitle_en = "x"\nnote_vi = "x"\nnote_en = "x"\nis_required = true\n'
    '[[indicators]]\nid = "A"\ntitle_vi = "x"\ntitle_en = "x"\nneeds_vi = "x"\nneeds_en = "x"\n'
)


def test_the_18_park_and_5_firm_indicators_of_the_circular_are_there() -> None:
    assert [spec.id for spec in TABLES["circular-05-park"].indicators] == PARK_CODES
    assert [s.id for s in TABLES["circular-05-firms"].indicators] == ["ENV.2", "SOC.1", "SOC.2", "SOC.4", "SOC.6"]


def test_the_framework_is_a_benchmark_of_settings_and_never_required() -> None:
    framework = TABLES["eip-framework-2"]
    assert not framework.is_required
    assert framework.confidence is Confidence.SETTING
    assert all(spec.confidence is None for spec in framework.indicators)
    assert {pillar.id for pillar in framework.pillars} == {"management", "environment", "social", "economic"}


def test_what_was_not_read_in_the_decree_is_a_setting() -> None:
    specs = {spec.id: spec for spec in TABLES["decree-35"].indicators}
    assert specs["D35-1b"].confidence is Confidence.SOURCE
    assert specs["D35-2b-ISO"].confidence is Confidence.SETTING
    assert specs["D35-3b"].confidence is Confidence.SETTING
    rules = {rule.id: rule for rule in load_rulebook()}
    for name in ("D35-2a", "D35-2b", "D35-3a"):
        assert rules[specs[name].rule].confidence is Confidence.SETTING, name


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_every_text_is_there_in_both_languages(table: object) -> None:
    for spec in TABLES[table.id].indicators:  # type: ignore[attr-defined]
        for text in (spec.title_vi, spec.title_en, spec.needs_vi, spec.needs_en):
            assert text.strip(), spec.id
        assert spec.title_vi != spec.title_en, spec.id


def test_records_may_be_named_after_rules_and_indicators() -> None:
    assert {"EIP-06-DEVELOPER", "ENV.4", "EIF-SOC-9", "EN-05-AUDIT"} <= record_names()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('rule = "EIP-99"', "a.toml: A: rule: the rulebook has no rule 'EIP-99'"),
        ('kind = "yes_no"\ncitation = "c"', "A: confidence: required"),
        ('kind = "yes_no"\nconfidence = "source"', "A: citation: required"),
        ('citation = "c"\nconfidence = "source"', "A: target: a percent needs a target"),
        ('rule = "EIP-02-LINKS"\npillar = "x"', "A: pillar: 'x' is not a pillar"),
        ('colour = "red"', "unknown field `colour`"),
    ],
)
def test_a_wrong_entry_is_named(more: str, said: str) -> None:
    with pytest.raises(OperatorError) as told:
        parse_tables({"a.toml": TABLE + more + "\n"}, load_rulebook())
    assert said in str(told.value)


def test_an_id_is_there_once() -> None:
    entry = TABLE + 'rule = "EIP-02-LINKS"\n'
    with pytest.raises(OperatorError, match="A: id: is there twice"):
        parse_tables({"a.toml": entry, "b.toml": entry}, load_rulebook())
