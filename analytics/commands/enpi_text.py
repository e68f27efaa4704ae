"""A firm's energy review in words, Vietnamese and English."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from analytics.indicators.energy_review import COOLING_DRIVER, EnergyReview, ReviewedMonth
from analytics.indicators.reasons import confidence_in, say_in
from analytics.wording import separated


class _Pair(NamedTuple):
    vi: str
    en: str

    def say(self, language: str, **values: object) -> str:
        return (self.vi if language == "vi" else self.en).format(**values)


_TEXTS: Mapping[str, _Pair] = {
    "baseline": _Pair(
        "{tenant}: đường cơ sở năng lượng = {model} kWh mỗi tháng",
        "{tenant}: baseline energy = {model} kWh a month",
    ),
    "usable": _Pair("dùng được", "usable"),
    "not_usable": _Pair("KHÔNG dùng được: giải thích quá ít", "NOT usable: it explains too little"),
    "fit": _Pair(
        "  R2 = {r2}, CV(RMSE) = {cv}: {usable} (cần 0,75 và 25 %, là thiết lập)",
        "  R2 = {r2}, CV(RMSE) = {cv}: {usable} (needs 0.75 and 25 %, settings)",
    ),
    "left_out": _Pair("  {month}  bỏ ra: {reason}", "  {month}  left out: {reason}"),
    "data": _Pair("dữ liệu", "data"),
    "month": _Pair("tháng", "month"),
    "energy": _Pair("điện kWh", "energy kWh"),
    "from": _Pair("theo", "from"),
    "expected": _Pair("dự tính", "expected"),
    "ratio": _Pair("tỷ số", "ratio"),
    "saved": _Pair("đã tiết kiệm", "saved so far"),
    "meter": _Pair("công tơ", "meter"),
    "bill": _Pair("hóa đơn", "bill"),
    "spread": _Pair(" +/- {spread} (một độ lệch chuẩn)", " +/- {spread} (one standard deviation)"),
    "none": _Pair("không có ({reason})", "none ({reason})"),
    "specific": _Pair("Năng lượng trên sản phẩm = {value}", "Energy per product = {value}"),
    "electricity_alone": _Pair(
        "  chỉ tính điện: các dạng năng lượng khác không có công tơ, còn định mức tính tất cả",
        "  electricity alone: other carriers are not metered, a norm counts all of them",
    ),
    "norm_none": _Pair("Định mức: không có ({reason})", "Norm: none ({reason})"),
    "norm": _Pair(
        "Định mức: {value} {unit} ({ended}): bằng {percent} % định mức",
        "Norm: {value} {unit} ({ended}): {percent} % of it",
    ),
    "expired": _Pair("HẾT HIỆU LỰC ngày {day}, định mức cuối cùng được biết", "EXPIRED on {day}, the last one known"),
    "valid_from": _Pair("từ {day}", "from {day}"),
}
_DRIVERS_VI = {COOLING_DRIVER: "độ ngày làm mát"}


def review_lines(found: EnergyReview, tenant: str, language: str) -> Iterator[str]:
    """The review for people in ``vi`` or ``en``: baseline, a line a month, the EnPI, energy per product, its norm."""
    base = found.baseline
    names = [_DRIVERS_VI.get(name, name) if language == "vi" else name for name in base.drivers]
    slopes = (separated(f"{slope:,.6g}", language) for slope in base.fit.slopes)
    terms = "".join(f" + {slope} x {name}" for slope, name in zip(slopes, names, strict=True))
    intercept = separated(f"{base.fit.intercept:,.6g}", language)
    yield _say("baseline", language, tenant=tenant, model=f"{intercept}{terms}")
    r_squared = "-" if base.fit.r_squared is None else separated(f"{base.fit.r_squared:.3f}", language)
    usable = _say("usable" if base.is_usable else "not_usable", language)
    yield _say("fit", language, r2=r_squared, cv=separated(f"{base.cv_rmse:.1%}", language), usable=usable)
    month, energy, source, data, expected, ratio, saved = (
        _say(key, language) for key in ("month", "energy", "from", "data", "expected", "ratio", "saved")
    )
    yield f"  {month:<8} {energy:>12} {source:<8} {data:>7} {expected:>13} {'+/-':>9} {ratio:>6} {saved:>13}"
    for line in found.months:
        yield _month_line(line, language)
    for one in found.left_out:
        yield _say("left_out", language, month=f"{one.month:%Y-%m}", reason=say_in(one.reason, language))
    performance = found.performance
    spread = performance.standard_uncertainty
    more = _say("spread", language, spread=separated(f"{spread:.2g}", language)) if spread else ""
    yield f"EnPI = {_value(performance.value, '', performance.reason, language)}{more}"
    yield f"  {confidence_in(performance.basis.confidence, language)}: {performance.basis.source}"
    if performance.basis.note:
        yield f"  {say_in(performance.basis.note, language)}"
    yield from _specific_lines(found, language)


def _month_line(line: ReviewedMonth, language: str) -> str:
    ratio = "-" if line.ratio is None else separated(f"{line.ratio:.3f}", language)
    energy = separated(f"{line.month.energy.value:>12,.0f}", language)
    numbers = separated(
        f"{line.month.energy.data_capture:>7.1%} {line.expected.value:>13,.0f} "
        f"{line.expected.standard_uncertainty:>9,.0f}", language,
    )  # fmt: skip
    saved = separated(f"{-line.saving.value:>13,.0f}", language)
    return f"  {line.month.month:%Y-%m}  {energy} {_say(line.month.source, language):<8} {numbers} {ratio:>6} {saved}"


def _specific_lines(found: EnergyReview, language: str) -> Iterator[str]:
    if found.specific is not None:
        value = _value(found.specific.value, found.specific.unit, found.specific.reason, language)
        yield _say("specific", language, value=value)
        yield _say("electricity_alone", language)
    if found.norm is None:
        yield _say("norm_none", language, reason=say_in(found.norm_reason, language))
        return
    norm = found.norm.norm
    day = norm.valid_to if found.norm.is_expired else norm.valid_from
    ended = _say("expired" if found.norm.is_expired else "valid_from", language, day=day)
    percent = separated(f"{found.norm.percent_of_norm:.1f}", language)
    yield _say(
        "norm", language, value=separated(f"{norm.value:,.6g}", language), unit=norm.unit, ended=ended, percent=percent
    )
    yield f"  {confidence_in(norm.confidence, language)}: {norm.source}"


def _value(value: float | None, unit: str, reason: str, language: str) -> str:
    if value is None:
        return _say("none", language, reason=say_in(reason, language))
    return f"{separated(f'{value:,.4g}', language)} {unit}".strip()


def _say(key: str, language: str, **values: object) -> str:
    return _TEXTS[key].say(language, **values)
