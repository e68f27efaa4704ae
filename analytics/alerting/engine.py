"""Findings in, incidents and e-mails out: the one door to alerting for the analytics program."""

import asyncio
import itertools
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from analytics.alerting.alert import Incident, Step
from analytics.alerting.delivery import Delivery
from analytics.alerting.hysteresis import AveragingKind, Hysteresis
from analytics.alerting.incident_store import IncidentStore
from analytics.alerting.notification import DeliveryState, Notification, message_id_of
from analytics.alerting.stages import Judgement, Notice, Reason, judge, notice_reason
from analytics.alerting.summary import AlertSummary, summarize
from analytics.finding import Finding
from service_runtime.clock import Clock
from service_runtime.logs import event
from telemetry_model.park_register import Contact, Park

CLOSE_GRACE_SECONDS = 5.0
_TOLD = {Reason.FIRST_EXCEEDANCE, Reason.RESOLVED}
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
        hysteresis: Mapping[AveragingKind, Hysteresis],
    ) -> None:
        self._park = park
        self._store = store
        self._delivery = delivery
        self._clock = clock
        self._mail_domain = mail_domain
        self._hysteresis = hysteresis
        self._delivering: asyncio.Task[None] | None = None
        interrupted = store.settle_interrupted()
        if interrupted:
            event(_log, logging.WARNING, "alert e-mails left without an answer; not sent again", count=interrupted)

    async def process(self, findings: Sequence[Finding]) -> ProcessReport:
        """Take findings in, any number of times and in any order; returns when incidents and queue are on disk.

        Also starts delivery, and raises what made it end, should it ever have ended.
        """
        judged: list[JudgedFinding] = []
        notices: list[NoticeDecision] = []
        ordered = sorted(findings, key=_period_order)
        with self._store.transaction():
            for fingerprint, own in itertools.groupby(ordered, key=lambda finding: finding.fingerprint):
                for finding, judgement in self._judge(fingerprint, own):
                    judged.append(JudgedFinding(fingerprint, finding.period_start_ms, judgement.reason))
                    if judgement.incident is not None and judgement.step is not None:
                        notices.extend(self._notify(judgement.incident, judgement.step))
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

    def _judge(self, fingerprint: str, findings: Iterable[Finding]) -> list[tuple[Finding, Judgement]]:
        """Judge one fingerprint's findings; memory is read once and written once, however many there are."""
        known = watch = self._store.watch(fingerprint)
        incident = self._store.newest_incident(fingerprint)
        touched: dict[str, Incident] = {}
        done: list[tuple[Finding, Judgement]] = []
        for finding in findings:
            judgement = judge(finding, watch, incident, self._hysteresis, self._clock.now_ms())
            watch, incident = judgement.watch or watch, judgement.incident or incident
            if judgement.incident is not None:
                touched[judgement.incident.id] = judgement.incident
            done.append((finding, judgement))
        if watch is not None and watch != known:
            self._store.save_watch(fingerprint, watch)
        for changed in touched.values():
            self._store.save_incident(changed)
        return done

    def _notify(self, incident: Incident, step: Step) -> list[NoticeDecision]:
        contacts = [contact for contact in self._park.contacts if contact.tenant == incident.tenant]
        if not contacts:
            return [NoticeDecision(incident.id, step, "", Reason.NO_CONTACT)]
        return [self._notify_one(incident, step, contact) for contact in contacts]

    def _notify_one(self, incident: Incident, step: Step, contact: Contact) -> NoticeDecision:
        person = contact.email.lower()
        told = frozenset(
            row.step
            for row in self._store.notifications(incident.id)
            if row.person == person and (row.step is step or row.state is not DeliveryState.FAILED)
        )
        reason = notice_reason(Notice(incident, step, told))
        if reason in _TOLD:
            now_ms = self._clock.now_ms()
            message_id = message_id_of(self._park.id, incident.id, step, person, self._mail_domain)
            self._store.queue(
                Notification(
                    *(incident.id, step, person, contact.name, contact.language, message_id),
                    queued_ms=now_ms,
                    next_attempt_ms=now_ms,
                )
            )
        return NoticeDecision(incident.id, step, person, reason)

    def _keep_delivering(self) -> None:
        if self._delivering is None:
            self._delivering = asyncio.create_task(self._delivery.run(), name="alert delivery")
        if self._delivering.done():
            self._delivering.result()
        self._delivery.wake()

    def _log_changes(self, judged: Sequence[JudgedFinding], notices: Sequence[NoticeDecision]) -> None:
        for item in judged:
            if item.reason in _TOLD:
                sentence = "incident opened" if item.reason is Reason.FIRST_EXCEEDANCE else "incident resolved"
                event(_log, logging.INFO, sentence, fingerprint=item.fingerprint)
        for notice in notices:
            if notice.reason is Reason.NO_CONTACT:
                sentence = "nobody to write to: contacts.csv has no line for this tenant"
                event(_log, logging.WARNING, sentence, incident=notice.incident)


def _period_order(finding: Finding) -> tuple[str, int, int, int]:
    return finding.fingerprint, finding.period_start_ms, finding.period_end_ms, finding.judged_at_ms
