"""JSON says each sentence in both languages, and evidence with the name of its sentence."""

from string import Formatter

from analytics.commands.both_languages import evidence_objects, said
from analytics.rulebook.evidence import SENTENCES, code_of


def test_a_reason_is_two_fields() -> None:
    assert said("reason", "no water was used") == {
        "reason_vi": "không dùng nước",
        "reason_en": "no water was used",
    }
    assert said("note", "") == {"note_vi": "", "note_en": ""}


def test_evidence_has_its_name_and_both_languages() -> None:
    assert evidence_objects(["No valid value in this period."]) == [
        {"code": "no_data", "vi": "Không có giá trị hợp lệ trong kỳ này.", "en": "No valid value in this period."}
    ]


def test_a_sentence_of_nobody_stays_without_a_name() -> None:
    assert evidence_objects(["Something else.", ""]) == [{"code": "", "vi": "Something else.", "en": "Something else."}]


def test_who_changes_an_answer_does_not_change_the_next() -> None:
    (first,) = evidence_objects(["Something else."])
    first["vi"] = "changed"
    assert evidence_objects(["Something else."])[0]["vi"] == "Something else."


def test_every_sentence_has_a_name_of_its_own() -> None:
    assert len({sentence.vi for sentence in SENTENCES.values()}) == len(SENTENCES)
    for key, sentence in SENTENCES.items():
        names = {name: "7" for _, name, _, _ in Formatter().parse(sentence.en) if name}
        assert code_of(sentence.en.format(**names)) == key
