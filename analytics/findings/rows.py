"""Findings and their revisions as rows of the store, and back."""

from analytics.finding import Confidence, Finding, Verdict
from analytics.findings.revision import ChangeReason, KnownFinding, Revision, finding_digest
from analytics.rulebook.doubt import doubtful_parts
from telemetry_model.storage_schema import FINDING_REVISIONS, FINDINGS
from telemetry_store.rows import FieldValue, RecordRow

FINDING_COLUMNS = (
    "verdict", "observed", "limit", "unit", "data_capture", "minimum_data_capture", "period_end_ms",
    "judged_at_ms", "provisional", "rule_version", "citation", "confidence", "points", "evidence", "absent",
)  # fmt: skip
REVISION_COLUMNS = ("known_at_ms", "change_reason", "rule_digest", "register_digest")
_VERSION_LETTERS = 12
_MAY_BE_ABSENT = ("observed", "limit", "margin_percent")


def record_of(finding: Finding, revision: Revision) -> RecordRow:
    """The row of the current finding: tags park, rule, subject, tenant; time is the start of the period."""
    fields = {**_fields(finding, revision), "revision": revision.number}
    return RecordRow(FINDINGS, _tags(finding), finding.period_start_ms, fields)


def revision_record_of(finding: Finding, revision: Revision) -> RecordRow:
    """The row that stays: as :func:`record_of`, with the number of the revision and what it says as tags.

    Two programs may come to the same number at the same moment: the second must not take the place of the first.
    """
    tags = {
        **_tags(finding), "revision": str(revision.number), "version": finding_digest(finding)[:_VERSION_LETTERS]
    }  # fmt: skip
    return RecordRow(FINDING_REVISIONS, tags, finding.period_start_ms, _fields(finding, revision))


def margin_percent(finding: Finding) -> float | None:
    """How far the observed value lies from the limit, in percent of the limit: positive above, negative below it."""
    if finding.observed is None or not finding.limit:
        return None
    return round(100 * (finding.observed - finding.limit) / abs(finding.limit), 3)


def to_confirm_of(finding: Finding) -> str:
    """The parts of its rule that its evidence calls doubtful, apart by blanks: for boards, which read no sentences."""
    return " ".join(doubtful_parts(finding.evidence))


def finding_of(park: str, tags: dict[str, str], time_ms: object, cells: dict[str, object]) -> Finding:
    """From a row that was read back."""
    absent = str(cells["absent"] or "").split()
    return Finding(
        rule=tags["rule"],
        rule_version=str(cells["rule_version"]),
        park=park,
        subject=tags["subject"],
        tenant=tags["tenant"],
        period_start_ms=int(str(time_ms)),
        period_end_ms=int(str(cells["period_end_ms"])),
        verdict=Verdict(str(cells["verdict"])),
        observed=observed_of(cells),
        limit=_number(cells["limit"]) if "limit" not in absent else None,
        unit=str(cells["unit"] or ""),
        data_capture=_number(cells["data_capture"]) or 0.0,
        minimum_data_capture=_number(cells["minimum_data_capture"]) or 0.0,
        citation=str(cells["citation"] or ""),
        confidence=Confidence(str(cells["confidence"] or Confidence.SETTING)),
        judged_at_ms=int(str(cells["judged_at_ms"])),
        points=tuple(str(cells["points"] or "").split()),
        evidence=tuple(str(cells["evidence"] or "").split("\n")),
        provisional=bool(cells["provisional"]),
    )


def observed_of(cells: dict[str, object]) -> float | None:
    """From the cells ``observed``, ``absent`` and ``data_capture`` of a row."""
    has_data = (_number(cells["data_capture"]) or 0.0) > 0
    # A database that merges the fields of a row may still hold the value of an earlier judgement: no data, no value.
    return _number(cells["observed"]) if has_data and "observed" not in str(cells["absent"] or "").split() else None


def known_finding_of(park: str, tags: dict[str, str], time_ms: object, cells: dict[str, object]) -> KnownFinding:
    """From a row of ``finding_revisions``."""
    return KnownFinding(finding_of(park, tags, time_ms, cells), revision_of(tags["revision"], cells))


def revision_of(number: object, cells: dict[str, object]) -> Revision:
    """From the :data:`REVISION_COLUMNS` of a row."""
    return Revision(
        int(str(number)),
        int(str(cells["known_at_ms"])),
        ChangeReason(str(cells["change_reason"])),
        str(cells["rule_digest"] or ""),
        str(cells["register_digest"] or ""),
    )


def _tags(finding: Finding) -> dict[str, str]:
    return {"park": finding.park, "rule": finding.rule, "subject": finding.subject, "tenant": finding.tenant}


def _fields(finding: Finding, revision: Revision) -> dict[str, FieldValue]:
    numbers = {"observed": finding.observed, "limit": finding.limit, "margin_percent": margin_percent(finding)}
    return {
        "verdict": finding.verdict.value,
        "verdict_code": finding.verdict.code,
        "unit": finding.unit,
        "data_capture": float(finding.data_capture),
        "minimum_data_capture": float(finding.minimum_data_capture),
        "period_end_ms": finding.period_end_ms,
        "judged_at_ms": finding.judged_at_ms,
        "provisional": finding.provisional,
        "rule_version": finding.rule_version,
        "citation": finding.citation,
        "confidence": finding.confidence.value,
        "points": " ".join(finding.points),
        "evidence": "\n".join(finding.evidence),
        "to_confirm": to_confirm_of(finding),
        "absent": " ".join(name for name in _MAY_BE_ABSENT if numbers[name] is None),
        "digest": finding_digest(finding),
        "known_at_ms": revision.known_at_ms,
        "change_reason": revision.reason.value,
        "rule_digest": revision.rule_digest,
        "register_digest": revision.register_digest,
        **{name: float(number) for name, number in numbers.items() if number is not None},
    }


def _number(cell: object) -> float | None:
    return float(cell) if isinstance(cell, (int, float)) else None
