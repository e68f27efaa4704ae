"""Numbers, units and periods as a Vietnamese or English reader expects them."""

import math
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from service_runtime.clock import utc_from_ms

UNIT_LABELS = {
    "1": "", "pH": "", "degC": "°C", "m3": "m³", "m3/h": "m³/h", "mg/Nm3": "mg/Nm³", "Nm3/h": "Nm³/h",
    "ug/m3": "µg/m³", "W/m2": "W/m²",
}  # fmt: skip
MAX_DECIMALS = 6
MAX_DIGITS_AFTER = 15
_EN_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def unit_label(unit: str) -> str:
    """A unit as it is printed; empty for pure numbers and pH."""
    return UNIT_LABELS.get(unit, unit)


def with_unit(text: str, unit: str) -> str:
    """A number and its unit, kept on one line."""
    label = unit_label(unit)
    return f"{text}\N{NO-BREAK SPACE}{label}" if label else text


def number(value: float, language: str, decimals: int | None = None) -> str:
    """About four significant digits; decimal comma in Vietnamese."""
    text = f"{value:,.{_decimals(value) if decimals is None else decimals}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    if text == "-0":
        text = "0"
    return separated(text.replace("-", "−"), language)


def separated(text: str, language: str) -> str:
    """A number printed as in English with the separators of the language: in Vietnamese ``1,345.8`` is ``1.345,8``."""
    return text.translate(str.maketrans(",.", ".,")) if language == "vi" else text


def significant(value: float, language: str, digits: int = 6) -> str:
    """As many significant digits as asked for, and every digit before the point; zeros at the end are left out."""
    leading = math.floor(math.log10(abs(value))) if value else 0
    return number(value, language, min(MAX_DIGITS_AFTER, max(0, digits - 1 - leading)))


def number_pair(observed: float, limit: float, language: str) -> tuple[str, str]:
    """Both numbers with enough digits that a value over its limit never reads like the limit."""
    decimals = _decimals(max(abs(observed), abs(limit)))
    while decimals < MAX_DECIMALS and observed != limit and round(observed, decimals) == round(limit, decimals):
        decimals += 1
    return number(observed, language, decimals), number(limit, language, decimals)


def percent(share: float, language: str) -> str:
    """``0.247`` -> ``24.7%``; one decimal below a hundred, never rounded to nothing."""
    value = share * 100
    decimals = 0 if abs(value) >= 100 else 1
    while decimals < MAX_DECIMALS and value and round(value, decimals) == 0:
        decimals += 1
    return f"{number(value, language, decimals)}%"


def share_percent(share: float, language: str) -> str:
    """A share of valid data, rounded down, so that 99.9 % never reads like all of it."""
    return f"{number(int(share * 1000 + 1e-6) / 10, language, 1)}%"


def period(start_ms: int, end_ms: int, zone: ZoneInfo, language: str) -> str:
    """A period in local time; a whole local day is named by its date alone."""
    start, end = utc_from_ms(start_ms).astimezone(zone), utc_from_ms(end_ms).astimezone(zone)
    if _is_midnight(start) and _is_midnight(end):
        last = end - timedelta(days=1)
        dates = day(start, language) if last <= start else f"{day(start, language)} – {day(last, language)}"
        return f"{dates} (00:00–24:00, {zone_label(start)})"
    if start.date() == end.date():
        return f"{start:%H:%M}–{end:%H:%M}, {day(start, language)} ({zone_label(start)})"
    return f"{start:%H:%M} {day(start, language)} – {end:%H:%M} {day(end, language)} ({zone_label(start)})"


def day(when: datetime, language: str) -> str:
    """``22/11/2026`` or ``22 Nov 2026``."""
    return f"{when:%d/%m/%Y}" if language == "vi" else f"{when.day} {_EN_MONTHS[when.month - 1]} {when.year}"


def zone_label(when: datetime) -> str:
    """The offset, which every reader understands: ``UTC+7``."""
    minutes = int((when.utcoffset() or timedelta()).total_seconds() // 60)
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02d}" if rest else "")


def _decimals(value: float) -> int:
    size = abs(value)
    if size >= 1000:
        return 0
    if size >= 10:
        return 1
    return 2 if size >= 1 else 3


def _is_midnight(when: datetime) -> bool:
    return (when.hour, when.minute, when.second) == (0, 0, 0)
