"""One fingerprint's memory during one call: findings go in, and what people must be told comes out."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from analytics.alerting.alert import Correction, Incident, IncidentState, Step, correction_id, past_incident
from analytics.alerting.corrections import (
    MAX_CORRECTIONS_PER_PERIOD,
    Letter,
    continues,
    covers,
    is_material,
    letters_about,
)
from analytics.alerting.hysteresis import AveragingKind, Hysteresis, Weight, averaging_kind
from analytics.alerting.incident_store import IncidentStore
from analytics.alerting.stages import Judgement, Reason, Watch, judge
from analytics.finding import Finding, Verdict
from analytics.findings.revision import ChangeReason


class Decision(NamedTuple):
    """What became of a finding: perhaps a step of an incident to tell, perhaps a correction for those it concerns."""

    finding: Finding
    reason: Reason
    incident: Incident | None = None
    step: Step | None = None
    correction: Correction | None = None
    persons: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Policy:
    """What holds for every fingerprint."""

    hysteresis: Mapping[AveragingKind, Hysteresis]
    late_alert_ms: int
    """An exceedance that comes to light later than this after its period is told to nobody."""


class CaseFile:
    """Read once, written once, however many findings there are; give findings in the order of their periods."""

    def __init__(self, store: IncidentStore, fingerprint: str, from_ms: int, policy: Policy, now_ms: int) -> None:
        self._store = store
        self._fingerprint = fingerprint
        self._policy = policy
        self._now_ms = now_ms
        self._known = self._watch = store.watch(fingerprint)
        self._incident = store.newest_incident(fingerprint)
        known = store.incidents_since(fingerprint, from_ms) if self._incident is not None else []
        self._incidents = {incident.id: incident for incident in known}
        self._corrections = store.corrections_since(fingerprint, from_ms) if known else []
        self._touched: dict[str, Incident] = {}
        self._new_corrections: list[Correction] = []
        self._late: list[Finding] = []

    def take(self, finding: Finding, reason: ChangeReason | None) -> Decision:
        """Decide; ``reason`` is why the finding is what it is now, if that is known."""
        if reason is ChangeReason.DATA_MISSING:
            return Decision(finding, Reason.DATA_MISSING_KEEPS_STATE)
        self._hand_over(finding)
        letter = self._letter_to_correct(finding, reason)
        judgement = judge(finding, self._watch, self._incident, self._policy.hysteresis, self._now_ms)
        self._watch, self._incident = judgement.watch or self._watch, judgement.incident or self._incident
        if judgement.incident is not None:
            self._keep(judgement.incident)
        if letter is not None:
            return self._correct(letter, finding, reason, judgement)
        if judgement.reason is Reason.OLDER_PERIOD:
            return Decision(finding, self._late_reason(finding))
        return Decision(finding, judgement.reason, judgement.incident, judgement.step)

    def finish(self) -> list[Decision]:
        """Write the memory down; one e-mail tells of all exceedances that came to light late."""
        decisions: list[Decision] = []
        if self._late and len(self._late) >= self._policy.hysteresis[averaging_kind(self._late[0])].fire_after:
            incident = self._past(self._late)
            decisions.append(Decision(self._late[0], Reason.LATE_EXCEEDANCE, incident, Step.OPENED))
        if self._watch is not None and self._watch != self._known:
            self._store.save_watch(self._fingerprint, self._watch)
        for incident in self._touched.values():
            self._store.save_incident(incident)
        for correction in self._new_corrections:
            self._store.save_correction(correction)
        return decisions

    def _hand_over(self, finding: Finding) -> None:
        """Another tenant answers from this period on: the incident before is over for the one before, unsaid."""
        incident, watch = self._incident, self._watch
        if incident is None or watch is None or incident.tenant == finding.tenant:
            return
        if finding.period_start_ms < watch.through_ms:
            return
        if incident.state is not IncidentState.RESOLVED:
            self._incident = replace(
                incident, state=IncidentState.RESOLVED, ends_ms=finding.period_start_ms, updated_ms=self._now_ms
            )
            self._keep(self._incident)
        if finding.period_start_ms > watch.through_ms:
            self._watch = Watch(watch.through_ms, Weight.UNKNOWN)

    def _letter_to_correct(self, finding: Finding, reason: ChangeReason | None) -> Letter | None:
        """The newest e-mail about the finding's period that someone got, when it does not hold any more."""
        if not self._incidents:
            return None
        for letter in letters_about(finding.period_start_ms, list(self._incidents.values()), self._corrections):
            if self._store.told(letter.key, letter.step):
                return letter if is_material(letter.finding, finding, reason) else None
        return None

    def _correct(self, letter: Letter, finding: Finding, reason: ChangeReason | None, judgement: Judgement) -> Decision:
        number = 1 + sum(c.period_start_ms == finding.period_start_ms for c in self._corrections)
        if number > MAX_CORRECTIONS_PER_PERIOD:
            return Decision(finding, Reason.FLAPPING)
        opened = judgement.incident if judgement.step is Step.OPENED else None
        is_news = finding.verdict is Verdict.EXCEEDED and letter.finding.verdict is not Verdict.EXCEEDED
        if is_news and judgement.reason is Reason.OLDER_PERIOD and not self._is_covered(finding):
            opened = self._past([finding])
        correction = Correction(
            id=correction_id(self._fingerprint, finding.period_start_ms, number),
            fingerprint=self._fingerprint,
            tenant=finding.tenant,
            number=number,
            incident=letter.incident,
            before=letter.finding,
            after=finding,
            reason=reason,
            decided_ms=self._now_ms,
            opens=opened.id if opened is not None else "",
        )
        self._new_corrections.append(correction)
        self._corrections.append(correction)
        step = Step.OPENED if opened is not None else None
        return Decision(
            finding, Reason.CORRECTED, opened, step, correction, self._store.told(letter.key, letter.step)
        )  # fmt: skip

    def _late_reason(self, finding: Finding) -> Reason:
        is_over = finding.verdict is Verdict.EXCEEDED and not finding.provisional
        if not is_over or self._is_covered(finding):
            return Reason.OLDER_PERIOD
        before = next((known for known in self._incidents.values() if continues(known, finding)), None)
        if before is not None:
            self._keep(replace(before, latest=finding, ends_ms=finding.period_end_ms))
            return Reason.OLDER_PERIOD
        if self._now_ms - finding.period_end_ms > self._policy.late_alert_ms:
            return Reason.TOO_LATE_TO_TELL
        self._late.append(finding)
        return Reason.LATE_EXCEEDANCE

    def _past(self, findings: list[Finding]) -> Incident:
        start = findings[0].period_start_ms
        episode = 1 + sum(known.starts_ms == start for known in self._incidents.values())
        incident = past_incident(findings, episode, self._now_ms)
        self._keep(incident)
        return incident

    def _is_covered(self, finding: Finding) -> bool:
        return any(covers(incident, finding) for incident in self._incidents.values())

    def _keep(self, incident: Incident) -> None:
        self._incidents[incident.id] = self._touched[incident.id] = incident
