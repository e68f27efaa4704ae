"""What an anomaly says, one sentence a rule, in Vietnamese and English, with its numbers and local times."""

from typing import NamedTuple
from zoneinfo import ZoneInfo

from analytics.anomalies.anomaly import (
    BYPASS,
    ENERGY,
    FROZEN_SENSOR,
    LABORATORY,
    METER_TREE,
    NIGHT_DISCHARGE,
    Sighting,
)
from analytics.windows import local_text


class _Pair(NamedTuple):
    vi: str
    en: str


_SENTENCES = {
    NIGHT_DISCHARGE.id: _Pair(
        "{subject}: từ {start} đến {end} chảy ra nhiều hơn thường lệ {excess} m³: {observed} m³/h so với trung vị "
        "{expected} m³/h của {nights} đêm trước.",
        "{subject}: from {start} to {end} {excess} m³ more than usual flowed out: {observed} m³/h against a median of "
        "{expected} m³/h over the {nights} nights before.",
    ),
    BYPASS.id: _Pair(
        "{subject}: từ {start} đến {end} lưu lượng {flow} m³/h vẫn chảy nhưng chỉ mang {observed} kg/h thay vì khoảng "
        "{expected} kg/h: nồng độ {concentration} mg/l, thường là {usual} mg/l.",
        "{subject}: from {start} to {end} a flow of {flow} m³/h went on but carried only {observed} kg/h instead of "
        "about {expected} kg/h: {concentration} mg/l where {usual} mg/l is usual.",
    ),
    FROZEN_SENSOR.id: _Pair(
        "{subject}: từ {start} đến {end} đứng yên ở đúng giá trị {value} trong {observed} lần đo liên tiếp; trong hồ "
        "sơ của thiết bị, hai giá trị liên tiếp bằng nhau ở {chance} % số lần, nên một chuỗi không nên dài quá "
        "{expected}.",
        "{subject}: from {start} to {end} stood at exactly {value} for {observed} readings in a row; in the "
        "instrument's own record {chance} % of the values equal the one before, so a run should not exceed {expected}.",
    ),
    LABORATORY.id: _Pair(
        "{subject}: lúc {start} thiết bị chỉ {observed} {unit} còn phòng thí nghiệm {expected} {unit}; chênh lệch gấp "
        "{en} lần độ không đảm bảo của cả hai.",
        "{subject}: at {start} the instrument showed {observed} {unit} where the laboratory found {expected} {unit}; "
        "the difference is {en} times the uncertainty of both.",
    ),
    METER_TREE.id: _Pair(
        "{subject}: trong ngày đếm {total} {unit} còn các công tơ con đếm {parts} {unit}; phần còn lại {observed} "
        "{unit}, thường là {expected} {unit} ± {limit} {unit}.",
        "{subject}: counted {total} {unit} in the day and its sub-meters {parts} {unit}; the remainder is {observed} "
        "{unit} where {expected} {unit} ± {limit} {unit} is usual.",
    ),
    ENERGY.id: _Pair(
        "{subject}: trong ngày dùng {observed} kWh; sản lượng {driver} sản phẩm giải thích {expected} kWh, từ {low} "
        "đến {high} kWh theo {days} ngày trước.",
        "{subject}: used {observed} kWh in the day; a production of {driver} items explains {expected} kWh, {low} to "
        "{high} kWh by the {days} days before.",
    ),
}


def say(rule: str, subject: str, sighting: Sighting, zone: ZoneInfo) -> tuple[str, str]:
    """The sentence in Vietnamese and in English."""
    words = {
        "subject": subject,
        "start": local_text(sighting.start_ms, zone),
        "end": local_text(sighting.end_ms, zone),
        "unit": sighting.unit,
    }
    figures = {"observed": sighting.observed, "expected": sighting.expected, **sighting.facts}
    numbers_en = {name: _number(value) for name, value in figures.items()}
    numbers_vi = {name: text.replace(".", ",") for name, text in numbers_en.items()}
    pair = _SENTENCES[rule]
    return pair.vi.format(**words, **numbers_vi), pair.en.format(**words, **numbers_en)


def _number(value: float) -> str:
    """Three significant digits, but every digit before the point; a decimal point, as in English."""
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}"
