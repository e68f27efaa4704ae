"""How indicators are printed: JSON lines for programs, a table for people."""

import json
from zoneinfo import ZoneInfo

from analytics.commands.both_languages import said
from analytics.commands.report import utc_text
from analytics.indicators.names import indicator_name
from analytics.indicators.park_view import ReportedIndicator
from analytics.indicators.reasons import confidence_in, say_in
from analytics.windows import local_text
from analytics.wording import significant

INDICATOR_HEADERS = {
    "vi": f"{'kỳ (giờ khu)':<16} {'chỉ số':<32} {'đối tượng':<28} {'giá trị':>16} {'+/-':>10} {'đơn vị':<7} "
    f"{'d.liệu':>6}  {'mã':<20} căn cứ",
    "en": f"{'period (local)':<16} {'indicator':<32} {'subject':<28} {'value':>16} {'+/-':>10} {'unit':<7} {'data':>6}"
    f"  {'id':<20} basis",
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
    number = "-" if value.value is None else significant(value.value, language)
    spread = "" if value.standard_uncertainty is None else significant(value.standard_uncertainty, language, 2)
    row = (
        f"{local_text(found.span.start_ms, zone):<16} {indicator_name(found.name, language):<32} {found.subject:<28} "
        f"{number:>16} {spread:>10} {value.unit:<7} {100 * value.data_capture:>5.0f}%  {found.name:<20} "
        f"{confidence_in(value.basis.confidence, language)}"
    )
    return f"{row}: {say_in(value.reason, language)}" if value.value is None else row
