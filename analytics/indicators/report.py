"""How indicators are printed: JSON lines for programs, a table for people."""

import json
from zoneinfo import ZoneInfo

from analytics.commands.both_languages import said
from analytics.commands.report import utc_text
from analytics.indicators.park_view import ReportedIndicator
from analytics.indicators.reasons import confidence_in, say_in
from analytics.windows import local_text

INDICATOR_HEADERS = {
    "vi": f"{'kỳ (giờ khu)':<16} {'chỉ số':<20} {'đối tượng':<28} {'giá trị':>14} {'+/-':>10} {'đơn vị':<7} "
    f"{'d.liệu':>6}  căn cứ",
    "en": f"{'period (local)':<16} {'indicator':<20} {'subject':<28} {'value':>14} {'+/-':>10} {'unit':<7} {'data':>5}"
    "  basis",
}


def indicator_json(found: ReportedIndicator, park: str) -> str:
    """One line: the value (``null`` when it cannot be told, and why), its period, inputs and basis."""
    value = found.value
    fields = {
        "indicator": found.name,
        "park": park,
        "subject": found.subject,
        "tenant": found.tenant,
        "period_start": utc_text(found.span.start_ms),
        "period_end": utc_text(found.span.end_ms),
        "value": value.value,
        "unit": value.unit,
        "standard_uncertainty": value.standard_uncertainty,
        "data_capture": round(value.data_capture, 6),
        **said("reason", value.reason),
        "inputs": dict(value.inputs),
        "source": value.basis.source,
        "confidence": value.basis.confidence.value,
        **said("note", value.basis.note),
    }
    return json.dumps(fields, ensure_ascii=False)


def indicator_row(found: ReportedIndicator, zone: ZoneInfo, language: str = "en") -> str:
    """One line of the table; the reason follows where there is no value, in ``vi`` or ``en``."""
    value = found.value
    number = "-" if value.value is None else f"{value.value:,.6g}"
    spread = "" if value.standard_uncertainty is None else f"{value.standard_uncertainty:.2g}"
    row = (
        f"{local_text(found.span.start_ms, zone):<16} {found.name:<20} {found.subject:<28} {number:>14} {spread:>10} "
        f"{value.unit:<7} {100 * value.data_capture:>4.0f}%  {confidence_in(value.basis.confidence, language)}"
    )
    return f"{row}: {say_in(value.reason, language)}" if value.value is None else row
