"""Words in two languages, and evidence that can be said in either."""

import re

import pytest

from analytics.finding import Confidence, Verdict
from analytics.rulebook import load_rulebook
from analytics.rulebook.evidence import SENTENCES, in_language, say
from analytics.rulebook.rule import Averaging, Comparison
from analytics.rulebook.text import (
    averaging_text,
    comparison_text,
    confidence_text,
    find_rule,
    rule_title,
    verdict_title,
)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_code_has_words(language: str) -> None:
    words = [verdict_title(v, language) for v in Verdict] + [confidence_text(c, language) for c in Confidence]
    words += [averaging_text(a, language) for a in Averaging] + [comparison_text(c, language) for c in Comparison]
    assert all(words)
    assert len(set(words)) == len(words)


def test_the_newest_version_gives_the_title() -> None:
    assert rule_title(load_rulebook(), "AMB-01-PM25", "en") == "PM2.5 in ambient air, 24 h mean"


def test_an_unknown_rule_is_its_own_title() -> None:
    assert rule_title(load_rulebook(), "X-9", "vi") == "X-9"


def test_a_version_has_its_own_title() -> None:
    titles = {rule_title(load_rulebook(), "AIR-02-NOX", "en", version) for version in ("qcvn19-2024-gt-300", "none")}
    assert "NOx (as NO2) in gas-turbine flue gas at 15 % O2, 24 h mean" in titles
    assert len(titles) == 2


def test_a_finding_finds_its_rule_version() -> None:
    found = find_rule(load_rulebook(), "AMB-01-PM25", "qcvn05-2023")
    assert found is not None
    assert found.limit == 50


@pytest.mark.parametrize("key", sorted(SENTENCES))
def test_each_sentence_comes_back_in_vietnamese(key: str) -> None:
    names = sorted(set(re.findall(r"\{(\w+)\}", SENTENCES[key].en)))
    values: dict[str, object] = {name: 7.25 + place for place, name in enumerate(names)}
    expected = SENTENCES[key].vi.format(**{name: f"{value:g}" for name, value in values.items()})
    assert in_language(say(key, **values), "vi") == expected


@pytest.mark.parametrize("key", sorted(SENTENCES))
def test_both_languages_use_the_same_names(key: str) -> None:
    english, vietnamese = (set(re.findall(r"\{(\w+)\}", text)) for text in SENTENCES[key])
    assert english == vietnamese


def test_english_stays_english() -> None:
    assert in_language("No valid value in this period.", "en") == "No valid value in this period."


def test_a_foreign_sentence_is_left_alone() -> None:
    assert in_language("Something else.", "vi") == "Something else."


@pytest.mark.parametrize(
    ("value", "word"), [(0.9, "0.9"), (123456.0, "123456"), (59440.0, "59440"), (0.0, "0"), (1e-7, "1e-07"), (5, "5")]
)
def test_numbers_are_short(value: object, word: str) -> None:
    assert say("not_live", tenant=value, missing="x").startswith(f"{word}:")


@pytest.mark.parametrize(
    ("key", "values", "said"),
    [
        ("limit_fixed", {"limit": 0.9, "unit": "1", "citation": "Circular 15/2014/TT-BCT Art. 3"},
         "Giới hạn 0.9: Thông tư 15/2014/TT-BCT Điều 3."),
        ("limit_fixed", {"limit": 7, "unit": "year", "citation": "Circular 05/2025/TT-BKHDT, indicator PM.2"},
         "Giới hạn 7 năm: Thông tư 05/2025/TT-BKHĐT, chỉ số PM.2."),
        ("waste_share", {"part": 1, "whole": 2, "destinations": "reuse, recycling", "unknown": 0},
         "Chứng từ chất thải: 1 trên 2 t chuyển đến tái sử dụng, tái chế; chưa rõ nơi đến của 0 t."),
        ("energy", {"active": 1, "reactive": 2, "source": "meter registers", "observed": 0.4},
         "Điện năng tác dụng 1 kWh và phản kháng 2 kvarh, từ chỉ số công tơ: cos phi = Ap / sqrt(Ap^2 + Aq^2) = 0.4."),
        ("evidence_record", {"day": "2026-01-01", "value": 1, "document": "Decision 27, form A", "responsible": "x"},
         "Hồ sơ minh chứng ngày 2026-01-01: 1; tài liệu: Decision 27, form A; người chịu trách nhiệm: x."),
    ],
)  # fmt: skip
def test_words_taken_in_from_data_are_vietnamese_and_titles_of_documents_stay(
    key: str, values: dict[str, object], said: str
) -> None:
    assert in_language(say(key, **values), "vi") == said
