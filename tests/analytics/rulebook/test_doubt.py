"""Doubtful parts of rules: how packs state them, when they matter, how they are said."""

from datetime import date
from types import MappingProxyType
from typing import Any

import pytest

from analytics.evaluators import Outcome
from analytics.finding import Confidence, Verdict
from analytics.judging.evaluate import conclude
from analytics.rulebook import RuleError, limit_for, load_rulebook
from analytics.rulebook.doubt import Doubt, Part, capture_sentence, doubtful_parts, shipped_doubts
from analytics.rulebook.evidence import in_language
from analytics.rulebook.load import parse_packs
from analytics.rulebook.text import basis_mark
from analytics.slots.averaging import AIR_OXYGEN_PERCENT

RULE = """
[[rules]]
id = "X-1"
version = "1"
title_vi = "Bụi"
title_en = "Dust"
evaluator = "threshold_mean"
subject = "ambient_station"
medium = "air"
quantity = "pm10"
averaging = "24h"
comparison = "max"
unit = "ug/m3"
limit = 100
valid_from = 2023-09-12
citation = "An article"
confidence = "source"
"""
DOUBT = '[doubts.mean]\npart = "averaging"\nvi = "chưa đọc"\nen = "not read"\n'
TENANT = MappingProxyType({"contract_column": "A"})


def limit_of(rule_id: str, day: date = date(2026, 3, 10), **attributes: Any) -> tuple[str, ...]:
    known = MappingProxyType(attributes)
    [rule] = [r for r in load_rulebook() if r.id == rule_id and r.is_valid_on(day) and r.applies(known)]
    return tuple(doubt.name for doubt in limit_for(rule, known, day).to_confirm)


def test_a_rule_names_the_doubts_of_any_pack() -> None:
    texts = {"a.toml": f'pack = "a"\n{RULE}to_confirm = ["mean", "data-capture"]\n', "b.toml": f'pack = "b"\n{DOUBT}'}
    [rule] = parse_packs(texts)
    assert rule.to_confirm == (
        Doubt(name="mean", part=Part.AVERAGING, vi="chưa đọc", en="not read"),
        shipped_doubts()["data-capture"],
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f'pack = "a"\n{RULE}to_confirm = ["guess"]', "a.toml: X-1: to_confirm: there is no [doubts.guess]"),
        (f'pack = "a"\n{RULE}to_confirm = "mean"', "a.toml: X-1: to_confirm: must be a list of names"),
        (
            f'pack = "a"\n{DOUBT}'.replace("averaging", "colour"),
            "a.toml: doubts.mean: part: Invalid enum value 'colour'",
        ),
        (f'pack = "a"\n{DOUBT}'.replace('vi = "chưa đọc"', ""), "a.toml: doubts.mean: vi: a clause is required"),
        (f'pack = "a"\n{DOUBT}'.replace('"not read"', '""'), "a.toml: doubts.mean: en: a clause is required"),
        (f'pack = "a"\n{DOUBT}until = 2026-01-01', "a.toml: doubts.mean: until: unknown field"),
        (f'pack = "a"\n{DOUBT}last_day = "soon"', "a.toml: doubts.mean: last_day: "),
        ('pack = "a"\n[doubts]\nmean = "?"', "a.toml: doubts.mean: vi: a clause is required"),
        ('pack = "a"\ndoubts = 5', "a.toml: doubts: must be tables [doubts.NAME]"),
    ],
)
def test_a_mistake_is_named(text: str, said: str) -> None:
    with pytest.raises(RuleError) as caught:
        parse_packs({"a.toml": text})
    assert any(problem.startswith(said) for problem in caught.value.problems), caught.value.problems


def test_every_shipped_doubt_is_one_clause_in_each_language_and_is_used() -> None:
    used = {doubt.name for rule in load_rulebook() for doubt in rule.to_confirm}
    assert set(shipped_doubts()) - used == {"data-capture"}, "said where too little data keeps a verdict back"
    for doubt in shipped_doubts().values():
        assert doubt.en != doubt.vi
        assert not doubt.en.endswith(".")
        assert not doubt.vi.endswith(".")
        assert in_language(doubt.sentence(), "vi") == doubt.sentence("vi")
        assert doubtful_parts([doubt.sentence()]) == (doubt.part,)


def test_a_clause_that_packs_no_longer_use_keeps_its_part_in_vietnamese() -> None:
    former = "To confirm, not law – averaging: as it was put before."
    assert in_language(former, "vi") == "Cần xác nhận, không phải luật – trung bình: as it was put before."
    assert doubtful_parts([former]) == (Part.AVERAGING,)
    assert in_language("To confirm, not law – colour: x.", "vi") == "To confirm, not law – colour: x."


@pytest.mark.parametrize("rule", [r for r in load_rulebook() if r.averaging == "24h" and r.evaluator.is_of_quantity])
def test_every_daily_mean_at_an_outfall_says_that_it_is_to_be_confirmed(rule: Any) -> None:
    is_outfall = rule.subject in ("wastewater_outlet", "tenant_outlet", "stack")
    assert any(doubt.part is Part.AVERAGING for doubt in rule.to_confirm) is is_outfall, rule.id


def test_a_doubt_about_a_first_day_matters_near_that_day_alone() -> None:
    licence = {"standard": "qcvn40-2011", "licensed_on": date(2012, 3, 1), "column": "B", "kq": 0.9, "kf": 1.0}
    assert limit_of("WW-01-COD", date(2012, 12, 31), **licence) == ("daily-mean", "qcvn40-2011-first-day")
    assert limit_of("WW-01-COD", date(2013, 1, 1), **licence) == ("daily-mean",)


@pytest.mark.parametrize(
    ("attributes", "named"),
    [
        ({"contract_column": "A"}, ("contract-mean", "column-a-value")),
        ({"contract_column": "B"}, ("contract-mean",)),
        ({"contract_column": "A", "contract_sulfide_mg_l": 0.3}, ("contract-mean",)),
    ],
)
def test_a_doubtful_column_matters_where_its_value_is_used(attributes: dict[str, Any], named: tuple[str, ...]) -> None:
    assert limit_of("WW-05-SULFIDE", **attributes) == named


def test_own_limits_take_the_place_of_the_table_and_its_factors() -> None:
    licence = {"standard": "qcvn40-2011", "licensed_on": date(2019, 5, 20), "column": "A"}
    assert limit_of("WW-02-PH", **licence) == ("daily-mean", "no-factors")
    assert limit_of("WW-02-PH", **licence, permit_ph_low=6.5, permit_ph_high=8.5) == ("daily-mean",)


def test_too_little_data_is_said_to_be_a_setting() -> None:
    [rule] = [rule for rule in load_rulebook() if rule.id == "AMB-02-PM10"]
    enough, little = [], []
    limit = limit_for(rule, {}, date(2026, 3, 10))
    assert conclude(rule, Outcome(50.0, 0.8, (), ()), limit, enough) is Verdict.COMPLIANT
    assert conclude(rule, Outcome(50.0, 0.79, (), ()), limit, little) is Verdict.INSUFFICIENT_DATA
    assert doubtful_parts(enough) == ()
    assert little[-1] == capture_sentence()
    assert doubtful_parts(little) == (Part.CAPTURE,)


@pytest.mark.parametrize(
    ("confidence", "parts", "language", "mark"),
    [
        (Confidence.SOURCE, (), "en", "law"),
        (Confidence.SOURCE, (Part.AVERAGING,), "en", "law; averaging to confirm"),
        (Confidence.PERMIT, (Part.AVERAGING, Part.FORMULA), "en", "permit; averaging, formula to confirm"),
        (Confidence.SOURCE, (Part.AVERAGING,), "vi", "luật; trung bình cần xác nhận"),
        (Confidence.SETTING, (Part.AVERAGING,), "en", "setting"),
    ],
)
def test_the_mark_of_a_table(confidence: Confidence, parts: tuple[Part, ...], language: str, mark: str) -> None:
    assert basis_mark(confidence, parts, language) == mark


def test_the_clause_on_oxygen_gives_the_formula_that_is_used() -> None:
    assert f"C x ({AIR_OXYGEN_PERCENT:g} - O2 reference)" in shipped_doubts()["oxygen-correction"].en
