"""Words for verdicts, periods, comparisons and confidence in Vietnamese and English, for e-mails and boards."""

from collections.abc import Sequence

from analytics.finding import Confidence, Verdict
from analytics.rulebook.doubt import Part, parts_to_confirm
from analytics.rulebook.rule import Averaging, Comparison, Rule

_VERDICTS = {
    Verdict.COMPLIANT: ("Đạt", "Compliant"),
    Verdict.EXCEEDED: ("Không đạt", "Limit not kept"),
    Verdict.INSUFFICIENT_DATA: ("Không đủ dữ liệu", "Insufficient data"),
}
_CONFIDENCE = {
    Confidence.SOURCE: ("theo văn bản công bố", "from a published text"),
    Confidence.PERMIT: ("theo giấy phép hoặc hợp đồng của cơ sở", "from the licence or contract"),
    Confidence.SETTING: ("thiết lập cần xác nhận, không phải quy định pháp luật", "a setting to confirm, not law"),
}
_AVERAGING = {
    Averaging.HOUR: ("trung bình 1 giờ", "1-hour mean"),
    Averaging.EIGHT_HOURS: ("trung bình trượt 8 giờ", "running 8-hour mean"),
    Averaging.DAY: ("trung bình 24 giờ", "24-hour mean"),
    Averaging.MONTH: ("trong tháng", "over the month"),
    Averaging.BILLING_PERIOD: ("trong kỳ thanh toán", "over the billing period"),
    Averaging.YEAR: ("trong năm", "over the year"),
}
_COMPARISON = {
    Comparison.MAX: ("không vượt quá", "at most"),
    Comparison.MIN: ("không thấp hơn", "at least"),
    Comparison.BETWEEN: ("trong khoảng", "between"),
    Comparison.BELOW: ("nhỏ hơn", "less than"),
    Comparison.REPORT: ("chỉ báo cáo", "reported only"),
}
CONFIDENCE_MARK = {Confidence.SOURCE: "law", Confidence.PERMIT: "permit", Confidence.SETTING: "setting"}
"""Short marks for tables; only ``law`` may be shown as law."""
_MARK_VI = {Confidence.SOURCE: "luật", Confidence.PERMIT: "giấy phép", Confidence.SETTING: "thiết lập"}


def verdict_title(verdict: Verdict, language: str) -> str:
    """``Đạt`` / ``Compliant`` and so on."""
    return _pick(_VERDICTS[verdict], language)


def confidence_text(confidence: Confidence, language: str) -> str:
    """How sure we are of a limit, as half a sentence."""
    return _pick(_CONFIDENCE[confidence], language)


def basis_mark(confidence: Confidence, parts: Sequence[Part], language: str = "en") -> str:
    """``law; averaging to confirm``: the short mark with the rule's doubtful parts; of a setting all is doubtful."""
    mark = _MARK_VI[confidence] if language == "vi" else CONFIDENCE_MARK[confidence]
    doubtful = parts_to_confirm(parts, language) if confidence is not Confidence.SETTING else ""
    return f"{mark}; {doubtful}" if doubtful else mark


def averaging_text(averaging: Averaging, language: str) -> str:
    """The averaging period in words."""
    return _pick(_AVERAGING[averaging], language)


def comparison_text(comparison: Comparison, language: str) -> str:
    """How the value is compared, in words."""
    return _pick(_COMPARISON[comparison], language)


def rule_title(rules: Sequence[Rule], rule_id: str, language: str, version: str = "") -> str:
    """The title of a rule's ``version``, else of its newest one, else the id: the rulebook does not know it."""
    versions = [rule for rule in rules if rule.id == rule_id]
    versions = [rule for rule in versions if rule.version == version] or versions
    return max(versions, key=lambda rule: rule.valid_from).title(language) if versions else rule_id


def find_rule(rules: Sequence[Rule], rule_id: str, version: str) -> Rule | None:
    """The version of a rule that a finding names."""
    return next((rule for rule in rules if rule.id == rule_id and rule.version == version), None)


def _pick(pair: tuple[str, str], language: str) -> str:
    return pair[0] if language == "vi" else pair[1]
