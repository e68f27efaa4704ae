"""How anomalies are printed: a sentence for people, JSON lines for programs."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from analytics.anomalies.anomaly import RULES, Anomaly


def as_lines(anomalies: Sequence[Anomaly], language: str) -> list[str]:
    """A heading that says what these are, and one line each."""
    if not anomalies:
        return ["Không có bất thường nào." if language == "vi" else "No anomaly was noticed."]
    heading = (
        "Bất thường được nhận thấy (quan sát, không phải kết luận theo pháp luật):"
        if language == "vi"
        else "Noticed (observations, no verdicts on law):"
    )
    return [heading, *(f"  {a.rule}  {RULES[a.rule].title(language)}. {a.said(language)}" for a in anomalies)]


def as_json(anomaly: Anomaly) -> str:
    """One line: every field; times as ISO 8601 UTC, and ``verdict`` is always ``noticed``."""
    fields = {
        "rule": anomaly.rule,
        "verdict": "noticed",
        "park": anomaly.park,
        "subject": anomaly.subject,
        "tenant": anomaly.tenant,
        "period_start": _utc(anomaly.day_start_ms),
        "period_end": _utc(anomaly.day_end_ms),
        "start": _utc(anomaly.start_ms),
        "end": _utc(anomaly.end_ms),
        "observed": anomaly.observed,
        "expected": anomaly.expected,
        "unit": anomaly.unit,
        "points": list(anomaly.points),
        "said_vi": anomaly.said_vi,
        "said_en": anomaly.said_en,
        "method": anomaly.method,
        "confidence": "setting",
    }
    return json.dumps(fields, ensure_ascii=False)


def _utc(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, tz=UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
