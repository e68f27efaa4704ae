"""What a cell says of its level and of the other parts of its rule."""

import pytest

from analytics.finding import Confidence
from analytics.rulebook.doubt import capture_sentence, shipped_doubts
from analytics.scorecard.catalogue import load_catalogue
from analytics.scorecard.cells import Cell, Origin, Outcome
from analytics.scorecard.words import TO_CONFIRM, citation_text, to_confirm_text


def cell(confidence: Confidence, *notes: str, target: float | None = 1.0) -> Cell:
    table = load_catalogue()[0]
    return Cell(
        spec=table.indicators[0], table=table, origin=Origin.COMPUTED, outcome=Outcome.MET, value=1.0, unit="%",
        target=target, comparison_word="min", citation="Decree 35/2022/ND-CP Art. 43", confidence=confidence,
        notes=notes,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("shown", "vi", "en"),
    [
        (cell(Confidence.SOURCE), "", ""),
        (cell(Confidence.SETTING), TO_CONFIRM.vi, TO_CONFIRM.en),
        (cell(Confidence.SETTING, target=None), "", ""),
        (
            cell(Confidence.SOURCE, shipped_doubts()["report-day"].sentence()),
            "hiệu lực cần xác nhận",
            "validity to confirm",
        ),
        (cell(Confidence.PERMIT, capture_sentence()), "tỷ lệ dữ liệu cần xác nhận", "data capture to confirm"),
    ],
)
def test_a_cell_names_what_is_still_to_be_confirmed(shown: Cell, vi: str, en: str) -> None:
    assert to_confirm_text(shown) == (vi, en)


def test_a_citation_is_in_either_language() -> None:
    assert citation_text(cell(Confidence.SOURCE)) == ("Nghị định 35/2022/NĐ-CP Điều 43", "Decree 35/2022/ND-CP Art. 43")
