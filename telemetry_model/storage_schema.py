"""The names the telemetry store uses: measurements, tags and fields. Boards and rules may use no other."""

from telemetry_model.quantities import QUANTITIES, Medium

READING_TAGS = ("device", "park", "point", "tenant", "zone")
"""Tags of every reading, from the park register only, in the order they are written."""

FIELD_STATUS = "status"
FIELD_REASON = "reason"

FINDINGS = "findings"
FINDING_REVISIONS = "finding_revisions"
"""Every version of every finding, so that what was known on a day can be asked for."""
INDICATORS = "indicators"
LEDGER = "ledger"
LATE_ARRIVALS = "late_arrivals"
"""Where readings were written long after they were measured: which verdicts and sums must be formed anew."""

RECORD_TAGS: dict[str, tuple[str, ...]] = {
    FINDINGS: ("park", "rule", "subject", "tenant"),
    FINDING_REVISIONS: ("park", "revision", "rule", "subject", "tenant"),
    INDICATORS: ("indicator", "park", "subject", "tenant"),
    LEDGER: ("gateway", "park", "run"),
    LATE_ARRIVALS: ("device", "park", "replica"),
}
_FINDING_FIELDS = (
    "verdict", "verdict_code", "observed", "limit", "margin_percent", "unit", "data_capture", "period_end_ms",
    "judged_at_ms", "provisional", "rule_version", "evidence", "minimum_data_capture", "citation", "confidence",
    "points", "absent", "digest", "known_at_ms", "change_reason", "rule_digest", "register_digest",
)  # fmt: skip
RECORD_FIELDS: dict[str, tuple[str, ...]] = {
    FINDINGS: (*_FINDING_FIELDS, "revision"),
    FINDING_REVISIONS: _FINDING_FIELDS,
    INDICATORS: ("value", "unit", "data_capture", "period_end_ms"),
    LEDGER: ("received", "stored", "quarantined", "duplicate", "late", "missing", "through_seq",
             "expected", "batches", "refilled", "missing_sequences"),
    LATE_ARRIVALS: ("oldest_ms", "newest_ms", "readings"),
}  # fmt: skip


def reading_fields(medium: Medium) -> set[str]:
    """All value fields a measurement can have, in each quantity's own unit."""
    return {q.field_name(q.unit) for (m, _), q in QUANTITIES.items() if m is medium}


def measurements() -> tuple[str, ...]:
    """Every measurement of the store."""
    return (*(m.value for m in Medium), FINDINGS, FINDING_REVISIONS, INDICATORS, LEDGER, LATE_ARRIVALS)
