"""What an incident is: one rule broken at one subject, from the first exceeded period until it is released."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from analytics.finding import Finding
from analytics.findings.revision import ChangeReason


class IncidentState(StrEnum):
    """Where an incident is in its life."""

    PENDING = "pending"
    """Exceeded, but not yet for as many periods in a row as its hysteresis asks."""
    FIRING = "firing"
    RESOLVED = "resolved"


class Step(StrEnum):
    """What people are told about an incident, once each."""

    OPENED = "opened"
    RESOLVED = "resolved"
    CORRECTED = "corrected"
    """What an earlier e-mail said of a period does not hold any more; once for each correction."""


class Sense(StrEnum):
    """On which side of the limit the trouble is."""

    ABOVE = "above"
    BELOW = "below"


def sense_of(finding: Finding) -> Sense:
    """The side an exceeded finding lies on; a finding without numbers counts as above."""
    if finding.observed is not None and finding.limit is not None and finding.observed < finding.limit:
        return Sense.BELOW
    return Sense.ABOVE


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident; its labels (rule and subject) are its identity, the periods are its life.

    ``starts_ms`` is the start of the first exceeded period, ``fired_ms`` and ``updated_ms`` are when we decided,
    ``ends_ms`` is the end of the period that released it; all UTC milliseconds. ``episode`` counts how often the same
    first period was judged anew into a fresh incident.
    """

    fingerprint: str
    tenant: str
    episode: int
    state: IncidentState
    sense: Sense
    starts_ms: int
    updated_ms: int
    opened_by: Finding
    latest: Finding
    fired_ms: int | None = None
    ends_ms: int | None = None

    @property
    def id(self) -> str:
        """Stable over restarts and even over a lost state file: built from what was judged, not from a counter."""
        return f"{self.fingerprint}@{self.starts_ms}" + (f"~{self.episode}" if self.episode > 1 else "")

    def fire(self, finding: Finding, now_ms: int) -> "Incident":
        """Firing from now on."""
        return replace(self, state=IncidentState.FIRING, latest=finding, fired_ms=now_ms, updated_ms=now_ms)

    def resolve(self, finding: Finding, now_ms: int) -> "Incident":
        """Over: the finding's period released it."""
        return replace(
            self, state=IncidentState.RESOLVED, latest=finding, ends_ms=finding.period_end_ms, updated_ms=now_ms
        )

    def seen(self, finding: Finding, now_ms: int) -> "Incident":
        """Same state, newer evidence."""
        return replace(self, latest=finding, updated_ms=now_ms)


def begin_incident(finding: Finding, episode: int, now_ms: int) -> Incident:
    """A pending incident opened by an exceeded finding."""
    return Incident(
        fingerprint=finding.fingerprint,
        tenant=finding.tenant,
        episode=episode,
        state=IncidentState.PENDING,
        sense=sense_of(finding),
        starts_ms=finding.period_start_ms,
        updated_ms=now_ms,
        opened_by=finding,
        latest=finding,
    )


def past_incident(findings: Sequence[Finding], episode: int, now_ms: int) -> Incident:
    """An incident that came to light when its periods were long judged; over as soon as it is known.

    ``findings`` are its exceeded periods in order.
    """
    first, last = findings[0], findings[-1]
    begun = begin_incident(first, episode, now_ms)
    return replace(
        begun, state=IncidentState.RESOLVED, latest=last, fired_ms=now_ms, ends_ms=last.period_end_ms
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Correction:
    """What was said of a closed period, what holds now, and why; ``opens`` is the incident it tells of first, if any.

    ``incident`` is the one whose e-mail is corrected. The id depends only on what was judged and how often.
    """

    id: str
    fingerprint: str
    tenant: str
    number: int
    incident: str
    before: Finding
    after: Finding
    reason: ChangeReason | None
    decided_ms: int
    opens: str = ""

    @property
    def period_start_ms(self) -> int:
        """Which period it is about."""
        return self.after.period_start_ms


def correction_id(fingerprint: str, period_start_ms: int, number: int) -> str:
    """The id of a period's n-th correction."""
    return f"{fingerprint}@{period_start_ms}#{number}"
