"""Findings in, incidents and e-mails out: the one door to alerting for the analytics program."""

import asyncio
import itertools
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from analytics.alerting.alert import Correction, Incident, Step
from analytics.alerting.case_file import CaseFile, Decision, Policy
from analytics.alerting.delivery import Delivery
from analytics.alerting.incident_store import IncidentStore
from analytics.alerting.notification import DeliveryState, Notification, message_id_of
from analytics.alerting.stages import Notice, Reason, notice_reason
from analytics.alerting.summary import AlertSummary, summarize
from analytics.finding import Finding
from analytics.findings.revision import Key, Revision, key_of
from service_runtime.clock import Clock
from service_runtime.logs import event
from telemetry_model.park_register import Contact, Park

CLOSE_GRACE_SECONDS = 5.0
_TOLD = {
    Reason.FIRST_EXCEEDANCE: "incident opened",
    Reason.RESOLVED: "incident resolved",
    Reason.LATE_EXCEEDANCE: "incident of an earlier period came to light",
    Reason.CORRECTED: "an e-mail does not hold any more, correction queued",
}
_WRITE = (Reason.FIRST_EXCEEDANCE, Reason.RESOLVED)
_NO_REVISIONS: Mapping[Key, Revision] = MappingProxyType({})
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class JudgedFinding:
    """Why a finding changed something or did not."""

    fingerprint: str
    period_start_ms: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class NoticeDecision:
    """Why a person was written to or not; ``person`` is empty when a tenant has no contact."""

    incident: str
    step: Step
    person: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class ProcessReport:
    """The answer to every "why was I told?" and "why was I not?" of one call."""

    judged: tuple[JudgedFinding, ...]
    notices: tuple[NoticeDecision, ...]


class AlertEngine:
    """Keeps incidents and queues e-mails; delivery runs beside it and never holds up an evaluation."""

    def __init__(
        self,
        park: Park,
        store: IncidentStore,
        delivery: Delivery,
        clock: Clock,
        mail_domain: str,
        policy: Policy,
    ) -> None:
        self._park = park
        self._store = store
        self._delivery = delivery
        self._clock = clock
        self._mail_domain = mail_domain
        self._policy = policy
        self._delivering: asyncio.Task[None] | None = None
        interrupted = store.settle_interrupted()
        if interrupted:
            event(_log, logging.WARNING, "alert e-mails left without an answer; not sent again", count=interrupted)

    async def process(
        self, findings: Sequence[Finding], revisions: Mapping[Key, Revision] = _NO_REVISIONS
    ) -> ProcessReport:
        """Take findings in, any number of times and in any order; returns when incidents and queue are on disk.

        ``revisions`` say why each finding is what it is now. Also starts delivery, and raises what made it end, should
        it ever have ended.
        """
        judged: list[JudgedFinding] = []
        notices: list[NoticeDecision] = []
        ordered = sorted(findings, key=_period_order)
        with self._store.transaction():
            for fingerprint, own in itertools.groupby(ordered, key=lambda finding: finding.fingerprint):
                for decision in self._decide(fingerprint, list(own), revisions):
                    judged.append(JudgedFinding(fingerprint, decision.finding.period_start_ms, decision.reason))
                    notices.extend(self._notify(decision))
        self._log_changes(judged, notices)
        self._keep_delivering()
        return ProcessReport(tuple(judged), tuple(notices))

    async def settle(self) -> int:
        """Try everything due now and return how many e-mails were sent: for programs about to end, and tests."""
        return await self._delivery.deliver_due()

    def summary(self) -> AlertSummary:
        """What happened so far, from the durable log."""
        return summarize(self._store.connection)

    async def close(self) -> None:
        """Stop delivery, letting an e-mail on its way come to its end for a few seconds, and close the file."""
        running, self._delivering = self._delivering, None
        if running is not None:
            await self._delivery.finish(running, CLOSE_GRACE_SECONDS)
        self._store.close()

    def _decide(
        self, fingerprint: str, findings: Sequence[Finding], revisions: Mapping[Key, Revision]
    ) -> list[Decision]:
        """Decide one fingerprint's findings; memory is read once and written once, however many there are."""
        case = CaseFile(
            self._store, fingerprint, findings[0].period_start_ms, self._policy, self._clock.now_ms()
        )  # fmt: skip
        decisions: list[Decision] = []
        for finding in findings:
            revision = revisions.get(key_of(finding))
            decisions.append(case.take(finding, revision.reason if revision is not None else None))
        late = case.finish()
        return [d for d in decisions if d.reason is not Reason.LATE_EXCEEDANCE or not late] + late

    def _notify(self, decision: Decision) -> list[NoticeDecision]:
        done: list[NoticeDecision] = []
        correction, persons = decision.correction, decision.persons
        if correction is not None:
            told = [c for c in self._contacts(correction.tenant) if c.email.lower() in persons]
            done += [self._correct_one(correction, contact) for contact in told]
        if decision.incident is not None and decision.step is not None:
            others = [c for c in self._contacts(decision.incident.tenant) if c.email.lower() not in persons]
            done += [self._notify_one(decision.incident, decision.step, contact) for contact in others]
            if not others and correction is None:
                done.append(NoticeDecision(decision.incident.id, decision.step, "", Reason.NO_CONTACT))
        return done

    def _contacts(self, tenant: str) -> list[Contact]:
        return [contact for contact in self._park.contacts if contact.tenant == tenant]

    def _correct_one(self, correction: Correction, contact: Contact) -> NoticeDecision:
        is_new = self._queue(correction.id, Step.CORRECTED, contact)
        reason = Reason.CORRECTED if is_new else Reason.ALREADY_NOTIFIED
        return NoticeDecision(correction.id, Step.CORRECTED, contact.email.lower(), reason)

    def _notify_one(self, incident: Incident, step: Step, contact: Contact) -> NoticeDecision:
        person = contact.email.lower()
        told = {
            row.step
            for row in self._store.notifications(incident.id)
            if row.person == person and (row.step is step or row.state is not DeliveryState.FAILED)
        }
        if person in self._store.told_by_correction(incident.id):
            told.add(Step.CORRECTED)
        reason = notice_reason(Notice(incident, step, frozenset(told)))
        if reason in _WRITE:
            self._queue(incident.id, step, contact)
        return NoticeDecision(incident.id, step, person, reason)

    def _queue(self, key: str, step: Step, contact: Contact) -> bool:
        now_ms, person = self._clock.now_ms(), contact.email.lower()
        message_id = message_id_of(self._park.id, key, step, person, self._mail_domain)
        return self._store.queue(
            Notification(
                *(key, step, person, contact.name, contact.language, message_id),
                queued_ms=now_ms,
                next_attempt_ms=now_ms,
            )
        )

    def _keep_delivering(self) -> None:
        if self._delivering is None:
            self._delivering = asyncio.create_task(self._delivery.run(), name="alert delivery")
        if self._delivering.done():
            self._delivering.result()
        self._delivery.wake()

    def _log_changes(self, judged: Sequence[JudgedFinding], notices: Sequence[NoticeDecision]) -> None:
        for item in judged:
            if item.reason in _TOLD:
                event(_log, logging.INFO, _TOLD[item.reason], fingerprint=item.fingerprint)
        for notice in notices:
            if notice.reason is Reason.NO_CONTACT:
                sentence = "nobody to write to: contacts.csv has no line for this tenant"
                event(_log, logging.WARNING, sentence, incident=notice.incident)


def _period_order(finding: Finding) -> tuple[str, int, int, int]:
    return finding.fingerprint, finding.period_start_ms, finding.period_end_ms, finding.judged_at_ms
