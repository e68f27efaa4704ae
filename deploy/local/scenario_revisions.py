"""What late or corrected readings of a scenario change: revisions of its verdicts, and corrections to people."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

from analytics.alerting import delivery
from analytics.alerting.alert import Step
from analytics.alerting.bootstrap import build_alert_engine
from analytics.alerting.engine import ProcessReport
from analytics.alerting.sender import Outcome, SendResult
from analytics.alerting.stages import Reason
from analytics.finding import Finding, Verdict
from analytics.findings.revision import Basis, KnownFinding, key_of
from analytics.findings.store import read_revisions, record_findings
from analytics.judging.plan import JudgingRange
from analytics.rulebook import Rule
from analytics.settings import AnalyticsSettings
from service_runtime.clock import ManualClock
from telemetry_model.park_register import Park
from telemetry_store.protocol import TelemetryStore


class TakenMail:
    """The mailbox of a scenario: says yes to everything, and nothing leaves this process."""

    def __init__(self) -> None:
        self.letters = 0

    async def send(self, _message: EmailMessage, before_text_leaves: Callable[[], None], /) -> SendResult:
        """Take it."""
        before_text_leaves()
        self.letters += 1
        return SendResult(Outcome.SENT)


@contextmanager
def without_postal_lines() -> Iterator[None]:
    """``alert e-mail sent`` in a log would read as if a letter had left: what goes wrong is still logged."""
    log = logging.getLogger(delivery.__name__)
    before = log.level
    log.setLevel(logging.WARNING)
    try:
        yield
    finally:
        log.setLevel(before)


class ScenarioRecord:
    """Writes verdicts as the service does, tells the alert engine, and remembers whom a correction was written to."""

    def __init__(self, park: Park, store: TelemetryStore, rules: Sequence[Rule], folder: Path, start_ms: int) -> None:
        settings = AnalyticsSettings(
            park_folder="-", store_url="-", state_path=str(folder / "analytics-state.db"), smtp_host="-",
            mail_from="ecopark@example.org",
        )  # fmt: skip
        self._park = park
        self._store = store
        self._basis = Basis.of(park, rules)
        self._silent = {(rule.id, rule.version) for rule in rules if not rule.notify}
        self._clock = ManualClock(start_ms)
        self._mail = TakenMail()
        self._engine = build_alert_engine(settings, park, store, self._clock, rules, self._mail)
        self.corrections: set[str] = set()
        """``RULE/subject`` about which someone got a correction."""

    @property
    def letters(self) -> int:
        """How many were written so far; they stay here."""
        return self._mail.letters

    async def keep(self, findings: Sequence[Finding], now_ms: int) -> None:
        """Write what changed and tell those who must hear of it."""
        self._clock.advance(max(0, now_ms - self._clock.now_ms()) / 1000)
        recorded = await record_findings(self._store, findings, self._basis)
        told = [finding for finding in findings if (finding.rule, finding.rule_version) not in self._silent]
        report = await self._engine.process(told, recorded.revisions)
        self.corrections |= _corrected(report)
        await self._engine.settle()

    async def revisions(self, span: JudgingRange) -> list[KnownFinding]:
        """Every later version of a closed period that is, or took the place of, an exceedance."""
        found: list[KnownFinding] = []
        before: KnownFinding | None = None
        for known in await read_revisions(self._store, self._park.id, span.from_ms, span.to_ms):
            is_next = before is not None and key_of(before.finding) == key_of(known.finding)
            verdicts = {known.finding.verdict, before.finding.verdict if before is not None else None}
            if is_next and Verdict.EXCEEDED in verdicts and not known.finding.provisional:
                found.append(known)
            before = known
        return found

    async def close(self) -> None:
        """Let go of the state."""
        await self._engine.close()


def _corrected(report: ProcessReport) -> set[str]:
    written = any(notice.step is Step.CORRECTED and notice.reason is Reason.CORRECTED for notice in report.notices)
    return {item.fingerprint for item in report.judged if item.reason is Reason.CORRECTED} if written else set()
