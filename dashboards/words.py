"""Words both renderings share: verdicts, instrument states, limit labels, units, numbers and times for people."""

from collections.abc import Iterable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from analytics.finding import Confidence, Verdict
from analytics.rulebook.doubt import Part, doubts_sentence, parts_to_confirm
from analytics.rulebook.text import basis_mark
from dashboards.board import Text
from dashboards.limits import Bound, LimitLine
from telemetry_model.park_register import Park
from telemetry_model.reading import InstrumentStatus

VERDICTS: dict[Verdict, Text] = {
    Verdict.COMPLIANT: Text("Đạt", "Compliant"),
    Verdict.EXCEEDED: Text("Vượt giới hạn", "Exceeded"),
    Verdict.INSUFFICIENT_DATA: Text("Chưa đủ dữ liệu", "Insufficient data"),
}
CONFIDENCES: dict[Confidence, Text] = {
    Confidence.SOURCE: Text("", ""),
    Confidence.PERMIT: Text("theo giấy phép/hợp đồng", "from permit/contract"),
    Confidence.SETTING: Text("cần xác nhận", "to be confirmed"),
}
_SHORT_CONFIDENCES: dict[Confidence, Text] = CONFIDENCES | {
    Confidence.PERMIT: Text("giấy phép/hợp đồng", "permit/contract"),
}
_PARTLY = Text("một phần cần xác nhận", "partly to be confirmed")
SETTING_TO_CONFIRM = Text("thiết lập cần xác nhận", "setting to confirm")
INSTRUMENT_STATES: dict[InstrumentStatus, Text] = {
    InstrumentStatus.MEASURING: Text("Đo", "Measuring"),
    InstrumentStatus.CALIBRATING: Text("Hiệu chuẩn", "Calibrating"),
    InstrumentStatus.FAULT: Text("Hỏng", "Fault"),
}
ANOMALY_RULES: dict[str, Text] = {
    "AN-01": Text("Xả nước thải ban đêm", "Discharge by night"),
    "AN-02": Text("Có lưu lượng mà không có tải lượng", "Flow without load"),
    "AN-03": Text("Đầu đo bị đứng", "Frozen sensor"),
    "AN-04": Text("Đầu đo lệch so với phòng thí nghiệm", "Sensor disagrees with the laboratory"),
    "AN-05": Text("Công tơ không khớp tổng các công tơ con", "Meter disagrees with the sum of its sub-meters"),
    "AN-06": Text("Điện năng ngoài đường cơ sở", "Energy outside its baseline"),
}
NO_STATUS = Text("Không có dữ liệu", "No data")
_BOUNDS: dict[Bound, Text] = {
    Bound.UPPER: Text("giới hạn", "limit"),
    Bound.LOWER: Text("giới hạn dưới", "lower limit"),
}
_UNIT_SYMBOLS = {
    "m3": "m³", "m3/h": "m³/h", "ug/m3": "µg/m³", "mg/Nm3": "mg/Nm³", "Nm3/h": "Nm³/h", "degC": "°C", "1": "",
}  # fmt: skip


def anomaly_title(rule: str, language: str) -> str:
    """Id and title of a kind of anomaly; the id alone of one we have no words for."""
    title = ANOMALY_RULES.get(rule)
    return f"{rule} · {title.say(language)}" if title else rule


def unit_symbol(unit: str) -> str:
    """The unit as people write it: ``m3`` is ``m³``; a pure number has none."""
    return _UNIT_SYMBOLS.get(unit, unit)


def number_text(value: float | None, language: str) -> str:
    """Three or more significant digits, decimal comma and thousands point in Vietnamese; a dash for ``None``."""
    if value is None:
        return "–"
    size = abs(value)
    decimals = 0 if size >= 100 or size == 0 else 1 if size >= 10 else 2
    text = f"{value:,.{decimals}f}"
    return text.translate(str.maketrans(",.", ".,")) if language == "vi" else text


def share_text(percent: float, language: str) -> str:
    """As :func:`number_text`, but what is not whole is never rounded to 100: one lost reading must show."""
    for decimals in (1, 2, 3, 4):
        text = f"{percent:.{decimals}f}"
        if percent >= 100 or not text.startswith("100"):
            break
    else:
        text = "< 100"
    return text.replace(".", ",") if language == "vi" else text


def count_text(count: int, language: str) -> str:
    """A whole number, thousands apart."""
    text = f"{count:,}"
    return text.replace(",", ".") if language == "vi" else text


def quantity_text(value: float | None, unit: str, language: str) -> str:
    """Number and unit, e.g. ``67,5 mg/l``."""
    symbol = unit_symbol(unit)
    return f"{number_text(value, language)} {symbol}".strip() if value is not None else "–"


def local_text(time_ms: int, zone: ZoneInfo, *, seconds: bool = False) -> str:
    """Date and time in the park's zone, ``2026-11-23 14:05``; the same in both languages."""
    moment = datetime.fromtimestamp(time_ms / 1000, tz=UTC).astimezone(zone)
    return moment.strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")


def limit_label(limit: LimitLine, language: str) -> str:
    """``giới hạn 67,5 mg/l (cần xác nhận)``: what is no public law is said to be none."""
    word = _BOUNDS[limit.bound].say(language)
    parts = tuple(dict.fromkeys(doubt.part for doubt in limit.to_confirm))
    is_whole = limit.confidence is Confidence.SETTING
    doubts = (CONFIDENCES[limit.confidence].say(language), "" if is_whole else parts_to_confirm(parts, language))
    said = "; ".join(doubt for doubt in doubts if doubt)
    return f"{word} {quantity_text(limit.value, limit.unit, language)}" + (f" ({said})" if said else "")


def limit_mark(limit: LimitLine, language: str) -> str:
    """``giới hạn 67,5 (giấy phép/hợp đồng; một phần cần xác nhận)``: short, for a line of a chart.

    The axis has the unit, and the words beside the chart say which part is to be confirmed.
    """
    is_partly_doubtful = limit.confidence is not Confidence.SETTING and limit.to_confirm
    marks = (_SHORT_CONFIDENCES[limit.confidence].say(language), _PARTLY.say(language) if is_partly_doubtful else "")
    said = "; ".join(mark for mark in marks if mark)
    text = f"{_BOUNDS[limit.bound].say(language)} {number_text(limit.value, language)}"
    return f"{text} ({said})" if said else text


def doubts_text(limits: Iterable[LimitLine], language: str) -> str:
    """What the lines rest on besides their numbers that is still to be confirmed, each once; empty: nothing."""
    return doubts_sentence(dict.fromkeys(doubt for limit in limits for doubt in limit.to_confirm), language)


def basis_text(confidence: str, to_confirm: str, language: str) -> str:
    """``luật; trung bình cần xác nhận``, from the stored words of a finding; empty for what we do not know."""
    if confidence not in set(Confidence):
        return ""
    if confidence == Confidence.SETTING:
        return SETTING_TO_CONFIRM.say(language)
    parts = [Part(name) for name in to_confirm.split() if name in set(Part)]
    return basis_mark(Confidence(confidence), parts, language)


def device_name(park: Park, device: str, language: str) -> str:
    """The name of the installation a device watches over, else the device's id."""
    for installation in park.installations.values():
        if installation.device == device:
            return installation.name_vi if language == "vi" else installation.name_en
    return device
