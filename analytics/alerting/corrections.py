"""When an earlier e-mail does not hold any more, and when a late exceedance is news; pure."""

from collections.abc import Sequence
from typing import NamedTuple

from analytics.alerting.alert import Correction, Incident, Step
from analytics.finding import Finding, Verdict
from analytics.findings.revision import ChangeReason

MATERIAL_SHARE = 0.05
"""A number has changed when it moved by more than this share of its limit (of itself, when there is no limit)."""
MAX_CORRECTIONS_PER_PERIOD = 5
"""A period whose verdict keeps changing has been written about often enough."""


class Letter(NamedTuple):
    """An e-mail that stated a verdict on a closed period: what it said, and where it is in the notification log."""

    finding: Finding
    incident: str
    key: str
    step: Step
    written_ms: int


def letters_about(
    period_start_ms: int, incidents: Sequence[Incident], corrections: Sequence[Correction]
) -> list[Letter]:
    """Every e-mail that stated a verdict on a period, the newest first."""
    found: list[Letter] = []
    for incident in incidents:
        opened, latest = incident.opened_by, incident.latest
        if incident.fired_ms is not None and opened.period_start_ms == period_start_ms:
            found.append(Letter(opened, incident.id, incident.id, Step.OPENED, incident.fired_ms))
        if incident.ends_ms is not None and latest.period_start_ms == period_start_ms:
            found.append(Letter(latest, incident.id, incident.id, Step.RESOLVED, incident.updated_ms))
    found += [
        Letter(c.after, c.incident, c.id, Step.CORRECTED, c.decided_ms)
        for c in corrections
        if c.period_start_ms == period_start_ms
    ]
    return sorted(found, key=lambda letter: (letter.written_ms, letter.step is Step.CORRECTED), reverse=True)


def is_material(before: Finding, after: Finding, reason: ChangeReason | None) -> bool:
    """Whether someone who read ``before`` must be told of ``after``.

    Figures to date change by their nature. Without a known reason a verdict is not taken back for lack of data.
    """
    if before.provisional or after.provisional:
        return False
    if before.verdict is not after.verdict:
        return after.verdict is not Verdict.INSUFFICIENT_DATA or reason is not None
    return after.verdict is Verdict.EXCEEDED and _number_changed(before, after)


def covers(incident: Incident, finding: Finding) -> bool:
    """Whether a finding's period begins within the life of an incident: who knows of the one knows of the other."""
    start = finding.period_start_ms
    return incident.starts_ms <= start and (incident.ends_ms is None or start < incident.ends_ms)


def continues(incident: Incident, finding: Finding) -> bool:
    """Whether a finding's period follows at once on an incident that came to light late."""
    was_late = incident.ends_ms is not None and incident.fired_ms is not None and incident.fired_ms >= incident.ends_ms
    return was_late and incident.latest.verdict is Verdict.EXCEEDED and incident.ends_ms == finding.period_start_ms


def _number_changed(before: Finding, after: Finding) -> bool:
    if before.limit != after.limit or before.unit != after.unit:
        return True
    if before.observed is None or after.observed is None:
        return before.observed is not after.observed
    return abs(after.observed - before.observed) > MATERIAL_SHARE * abs(before.limit or before.observed)
