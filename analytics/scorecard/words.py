"""The words of a scorecard in Vietnamese and English: states, units, numbers, levels, headings."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from analytics.evaluators.evidence_choice import YES_NO_UNIT
from analytics.rulebook.citation import cite_in
from analytics.rulebook.doubt import parts_to_confirm
from analytics.rulebook.rule import Comparison
from analytics.rulebook.text import comparison_text
from analytics.scorecard.cells import Cell, FirmState, Origin, Outcome


class Words(NamedTuple):
    """One text in both languages."""

    vi: str
    en: str

    def of(self, language: str) -> str:
        """The text in ``vi`` or ``en``."""
        return self.vi if language == "vi" else self.en


OUTCOMES: Mapping[Outcome, tuple[str, Words]] = {
    Outcome.MET: ("✓", Words("Đạt", "Met")),
    Outcome.NOT_MET: ("✗", Words("Chưa đạt", "Not met")),
    Outcome.REPORTED: ("•", Words("Đã báo cáo", "Reported")),
    Outcome.UNKNOWN: ("?", Words("Chưa kết luận được", "Cannot be told")),
}
ORIGINS: Mapping[Origin, tuple[str, Words]] = {
    Origin.COMPUTED: ("▣", Words("Tính toán", "Computed")),
    Origin.EVIDENCED: ("▤", Words("Có hồ sơ", "Evidenced")),
    Origin.EMPTY: ("○", Words("Còn trống", "Empty")),
}
FIRM_STATES: Mapping[FirmState, tuple[str, Words]] = {
    FirmState.YES: ("✓", Words("Có", "Yes")),
    FirmState.NO: ("✗", Words("Không", "No")),
    FirmState.MISSING: ("○", Words("Chưa có hồ sơ", "No record")),
    FirmState.NOT_ASKED: ("–", Words("Không thuộc diện", "Not asked")),
}
_UNITS = {
    "links": Words("liên kết", "links"),
    "d": Words("ngày", "days"),
    "year": Words("năm", "years"),
    "cases": Words("vụ", "cases"),
    "1": Words("", ""),
}
NO_BREAK = "\u00a0"
"""A number and its unit stay on one line."""
YES, NO = Words("Có", "Yes"), Words("Không", "No")
TO_CONFIRM = Words("mức cần xác nhận, không phải luật", "level to be confirmed, not law")
NO_STORE = Words(
    "Không có kho dữ liệu đo (--store): các chỉ số từ công tơ để trống.",
    "No store of readings was given (--store): indicators from meters stay empty.",
)
MISSING = Words("Còn thiếu để đạt", "What is missing to pass")
NOTHING_MISSING = Words("Không thiếu gì trong các tiêu chí bắt buộc.", "Nothing is missing among what is required.")
FICTIONAL = Words(
    "Dữ liệu mô phỏng hoặc hư cấu: không dùng làm hồ sơ.", "Simulated or fictional data: not for an application."
)


def number_text(value: float, unit: str, language: str) -> str:
    """A value with its unit: ``12,5 %`` in Vietnamese, ``12.5 %`` in English; yes or no for a record of that kind."""
    if unit == YES_NO_UNIT:
        return (YES if value > 0 else NO).of(language)
    text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    if language == "vi":
        text = text.translate(str.maketrans(",.", ".,"))
    name = _UNITS[unit].of(language) if unit in _UNITS else unit
    if value == 1 and unit in _UNITS and language == "en":
        name = name.removesuffix("s")
    return f"{text}{NO_BREAK}{name}".strip()


def value_text(cell: Cell, language: str) -> str:
    """The cell's value, or a dash."""
    return "—" if cell.value is None else number_text(cell.value, cell.unit, language)


def target_text(cell: Cell, language: str) -> str:
    """The level in words: ``at least 20 %``; empty where there is none."""
    if cell.target is None:
        return ""
    level = number_text(cell.target, cell.unit, language)
    if cell.unit == YES_NO_UNIT:
        return level
    return f"{comparison_text(Comparison(cell.comparison_word), language)} {level}"


def to_confirm_text(cell: Cell) -> Words:
    """That the level, or another part of its rule, is still to be confirmed; empty where all was read."""
    if cell.target is not None and cell.is_setting:
        return TO_CONFIRM
    words = (parts_to_confirm(cell.doubtful_parts, language) for language in ("vi", "en"))
    return Words(*words)


def citation_text(cell: Cell) -> Words:
    """Where the level stands, in the words of either language."""
    return Words(cite_in(cell.citation, "vi"), cell.citation)


def period_text(cell: Cell, zone: ZoneInfo) -> Words:
    """The local days a value is about; empty when it is about none."""
    if cell.period is None:
        return Words("", "")
    first = _day(cell.period.start_ms, zone)
    last = _day(cell.period.end_ms - 1, zone)
    if cell.period.is_open:
        return Words(f"từ {first} đến nay", f"from {first} to date")
    return Words(f"{first} đến {last}", f"{first} to {last}")


def needs_text(cell: Cell, language: str) -> str:
    """What is needed to fill the cell or to meet the level."""
    return cell.spec.needs_vi if language == "vi" else cell.spec.needs_en


def moment_text(time_ms: int, zone: ZoneInfo) -> str:
    """A local minute."""
    return datetime.fromtimestamp(time_ms / 1000, tz=UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M")


def _day(time_ms: int, zone: ZoneInfo) -> str:
    return moment_text(time_ms, zone)[:10]
