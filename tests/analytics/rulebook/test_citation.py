"""Citations in Vietnamese: no English word is left over, and ids are no words."""

import re

import pytest

from analytics.rulebook import load_rulebook
from analytics.rulebook.citation import cite_in
from analytics.scorecard.catalogue import load_catalogue

NAMES = frozenset({"Ellen", "MacArthur", "Foundation", "renewable_share_target_percent"})
VIETNAMESE = """alpha amoni asen ban beta cadimi cho chu clo clorua coliform con crom florua ghi hai khi kho khu khung
    mangan nguy nhau niken phenol pho quy sau sinh sunfua tham theo thay thi trong trung tuabin xianua"""
RULE_CITATIONS = {rule.citation for rule in load_rulebook()}
CARD_CITATIONS = {
    text for table in load_catalogue() for text in (table.citation, *(s.citation for s in table.indicators))
}


@pytest.mark.parametrize("citation", sorted((RULE_CITATIONS | CARD_CITATIONS) - {""}))
def test_a_vietnamese_citation_keeps_no_english_word(citation: str) -> None:
    words = re.findall(r"\w{3,}", cite_in(citation, "vi"))
    plain = [word for word in words if re.fullmatch(r"[A-Za-z][a-z_]+", word)]
    assert [word for word in plain if word.lower() not in re.findall(r"\w+", VIETNAMESE) and word not in NAMES] == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Decree 08/2022/ND-CP Art. 97", "Nghị định 08/2022/NĐ-CP Điều 97"),
        ("QCVN 40:2011/BTNMT, lead", "QCVN 40:2011/BTNMT, chì"),
        ("aq-north.lead", "aq-north.lead"),
        ("lead-works", "lead-works"),
        ("em-iron.active", "em-iron.active"),
    ],
)
def test_words_are_translated_and_ids_are_not(text: str, said: str) -> None:
    assert cite_in(text, "vi") == said
    assert cite_in(text, "en") == text
