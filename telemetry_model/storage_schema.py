"""The names the telemetry store uses: measurements, tags and fields. Boards and rules may use no other."""

from enum import StrEnum

from telemetry_model.quantities import QUANTITIES, Kind, Medium, Quantity

READING_TAGS = ("device", "park", "point", "tenant", "zone")
"""Tags of every reading, from the park register only, in the order they are written."""

FIELD_STATUS = "status"
FIELD_REASON = "reason"

FINDINGS = "findings"
FINDING_REVISIONS = "finding_revisions"
"""Every version of every finding, so that what was known on a day can be asked for."""
INDICATORS = "indicators"
ANOMALIES = "anomalies"
LEDGER = "ledger"
ROLLUP_PROGRESS = "rollup_progress"
"""Up to when rollups are made; the row's time says so for the hours."""
DELETIONS = "deletions"
"""Before when raw readings of a medium were deleted (the row's time): nothing is formed anew from what came later."""
LATE_ARRIVALS = "late_arrivals"
"""Where readings were written long after they were measured: which verdicts and sums must be formed anew."""
QUALITY_FLAGS = "quality_flags"
"""What was noted about readings, at their times, and about gateways' clocks; the readings stay as they are."""

RECORD_TAGS: dict[str, tuple[str, ...]] = {
    FINDINGS: ("park", "rule", "subject", "tenant"),
    FINDING_REVISIONS: ("park", "revision", "rule", "subject", "tenant", "version"),
    INDICATORS: ("indicator", "park", "subject", "tenant"),
    LEDGER: ("gateway", "park", "run"),
    LATE_ARRIVALS: ("device", "park", "replica"),
    ROLLUP_PROGRESS: ("park",),
    QUALITY_FLAGS: ("flag", "gateway", "park", "point"),
    DELETIONS: ("medium", "park"),
    ANOMALIES: ("park", "rule", "subject", "tenant"),
}
_FINDING_FIELDS = (
    "verdict", "verdict_code", "observed", "limit", "margin_percent", "unit", "data_capture", "period_end_ms",
    "judged_at_ms", "provisional", "rule_version", "evidence", "minimum_data_capture", "citation", "confidence",
    "points", "absent", "digest", "known_at_ms", "change_reason", "rule_digest", "register_digest",
    "to_confirm",
)  # fmt: skip
RECORD_FIELDS: dict[str, tuple[str, ...]] = {
    FINDINGS: (*_FINDING_FIELDS, "revision"),
    FINDING_REVISIONS: _FINDING_FIELDS,
    INDICATORS: ("value", "unit", "data_capture", "period_end_ms"),
    LEDGER: ("received", "stored", "quarantined", "duplicate", "late", "missing", "through_seq",
             "expected", "batches", "refilled", "missing_sequences"),
    LATE_ARRIVALS: ("oldest_ms", "newest_ms", "readings"),
    ROLLUP_PROGRESS: ("marks_through_ms",),
    QUALITY_FLAGS: ("observed", "limit", "value"),
    DELETIONS: ("readings",),
    ANOMALIES: ("verdict", "day_start_ms", "day_end_ms", "start_ms", "end_ms", "observed", "expected", "unit", "points",
                "said_vi", "said_en", "method", "noticed_at_ms"),
}  # fmt: skip


def reading_fields(medium: Medium) -> set[str]:
    """All value fields a measurement can have, in each quantity's own unit."""
    return {field for _, field in _fields(medium)}


def _fields(medium: Medium) -> list[tuple[Quantity, str]]:
    return [(q, q.field_name(q.unit)) for (m, _), q in QUANTITIES.items() if m is medium]


class RollupPeriod(StrEnum):
    """Lengths of rollups: hours of UTC, and calendar days of the park."""

    HOURLY = "hourly"
    DAILY = "daily"


ROLLUP_COLUMNS: dict[Kind, tuple[str, ...]] = {
    Kind.GAUGE: ("mean", "min", "max", "count"),
    Kind.COUNTER: ("first", "last", "count"),
    Kind.INTERVAL: ("sum", "count"),
}
"""What is kept of a period, by how values of a quantity combine; of valid readings only."""


def rollup_measurement(medium: Medium | str, period: RollupPeriod) -> str:
    """Where the rollups of a medium are, e.g. ``energy_hourly``."""
    return f"{Medium(medium).value}_{period.value}"


def rollup_field(field: str, column: str) -> str:
    """The field of one column of a rollup, e.g. ``active_power_kw_mean``."""
    return f"{field}_{column}"


def rollup_fields(medium: Medium) -> set[str]:
    """All fields a rollup of this medium can have."""
    return {
        rollup_field(field, column) for quantity, field in _fields(medium) for column in ROLLUP_COLUMNS[quantity.kind]
    }


def rollup_source(measurement: str) -> Medium | None:
    """The medium a measurement is a rollup of; ``None`` when it is none."""
    found = ((medium, period) for medium in Medium for period in RollupPeriod)
    return next((medium for medium, period in found if rollup_measurement(medium, period) == measurement), None)


def measurements() -> tuple[str, ...]:
    """Every measurement of the store."""
    rollups = (rollup_measurement(medium, period) for medium in Medium for period in RollupPeriod)
    return (*(m.value for m in Medium), *rollups, *RECORD_TAGS)
