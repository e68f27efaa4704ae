"""Runs a scenario through ingest's own pipeline and the rulebook, in this process, and compares with its truth."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from analytics.anomalies.anomaly import Anomaly
from analytics.anomalies.anomaly_store import write_anomalies
from analytics.anomalies.watch import find_anomalies
from analytics.finding import Finding, Verdict
from analytics.findings.revision import KnownFinding
from analytics.judging.evaluate import evaluate
from analytics.judging.plan import JudgingRange
from analytics.rulebook import load_rulebook
from deploy.local.scenario_ingest import ScenarioIngest
from deploy.local.scenario_revisions import ScenarioRecord
from deploy.local.shown_only import ShownOnly, shown_only
from deploy.local.workdir import PARKS
from service_runtime.errors import OperatorError
from service_runtime.text_folder import read_text_folder
from simulators.arrivals import arrivals, first_mishap_ms
from simulators.scenario import MS_PER_HOUR, ExpectedFinding, PlacedScenario, Scenario, check_against_park
from telemetry_model.park_register import Park, parse_park
from telemetry_store.open import open_store

DEFAULT_TODAY = date(2026, 11, 23)
"""Day 0 of a scenario that names none."""
FindingKey = tuple[int | None, str, str, str]
AnomalyKey = tuple[int, str, str]
RevisionKey = tuple[int, str, str, str, str]


@dataclass(frozen=True)
class Comparison:
    """What must come out against what did, by (day, rule, subject, verdict); day ``None`` is a period to date."""

    expected: tuple[ExpectedFinding, ...]
    seen: Counter[FindingKey]

    @property
    def missing(self) -> list[FindingKey]:
        """Expected and not seen, or not as often as expected."""
        return sorted((key for key, windows in self._wanted.items() if not _fits(self.seen[key], windows)), key=str)

    @property
    def unexpected(self) -> list[FindingKey]:
        """Seen and not expected."""
        return sorted((key for key in self.seen if key not in self._wanted), key=str)

    @property
    def precision(self) -> float:
        """Share of what was seen that was expected; 1 when nothing was seen."""
        return 1 - len(self.unexpected) / len(self.seen) if self.seen else 1.0

    @property
    def recall(self) -> float:
        """Share of what was expected that was seen; 1 when nothing was expected."""
        return 1 - len(self.missing) / len(self._wanted) if self._wanted else 1.0

    @property
    def _wanted(self) -> dict[FindingKey, int | None]:
        return {(e.day, e.rule, e.subject, e.verdict): e.windows for e in self.expected}


@dataclass(frozen=True)
class AnomalyComparison:
    """Which anomalies must be noticed against which were; keys are (day, rule, subject)."""

    expected: frozenset[AnomalyKey]
    noticed: dict[AnomalyKey, Anomaly]

    @property
    def missing(self) -> list[AnomalyKey]:
        """Expected and not noticed."""
        return sorted(self.expected - self.noticed.keys())

    @property
    def unexpected(self) -> list[AnomalyKey]:
        """Noticed and not expected."""
        return sorted(self.noticed.keys() - self.expected)


@dataclass(frozen=True)
class ScenarioResult:
    """What a run came to."""

    scenario: Scenario
    park: Park
    readings: int
    stored: int
    quarantined: int
    duplicates: int
    findings: list[Finding]
    final: Comparison
    before: Comparison | None
    """Just before the first late or corrected readings came, where the scenario says what was known then."""
    not_compliant: tuple[str, ...]
    """``RULE/subject`` that had to be judged and compliant, and were not."""
    anomalies: AnomalyComparison
    revisions: frozenset[RevisionKey] = frozenset()
    """What late or corrected readings made of exceedances, by (day, rule, subject, verdict, reason)."""
    corrections: frozenset[str] = frozenset()
    """``RULE/subject`` about which people got a correction."""
    letters: int = 0
    """Written to people of the register; they stay in the run's own mailbox."""

    @property
    def shown_only(self) -> ShownOnly:
        """How many of the exceeded findings alert nobody."""
        exceeded = (f for f in self.findings if f.verdict is Verdict.EXCEEDED)
        return shown_only(((f.rule, f.rule_version) for f in exceeded), load_rulebook())

    @property
    def revised_as_expected(self) -> bool:
        """The revisions and corrections of the scenario's truth, no more and no less."""
        wanted = {(e.day, e.rule, e.subject, e.verdict, e.reason) for e in self.scenario.expected_revisions}
        return self.revisions == wanted and self.corrections == frozenset(self.scenario.expected_corrections)

    @property
    def holds(self) -> bool:
        """Nothing more and nothing less than the truth."""
        comparisons = [self.final, *([self.before] if self.before else [])]
        return (
            not any(c.missing or c.unexpected for c in comparisons)
            and not self.not_compliant
            and self.revised_as_expected
            and not (self.anomalies.missing or self.anomalies.unexpected)
            and self.quarantined == self.scenario.expected_quarantined
            and self.stored + self.quarantined == self.readings
        )


def park_of(scenario: Scenario) -> Park:
    """The register as the scenario has it; raises ``OperatorError`` for a park that does not come with Ecopark."""
    folder = PARKS / scenario.park
    if not folder.is_dir():
        known = ", ".join(sorted(path.name for path in PARKS.iterdir() if path.is_dir()))
        raise OperatorError(f"scenario {scenario.name}: no park '{scenario.park}' (known: {known})")
    first_day = (scenario.today or DEFAULT_TODAY) - timedelta(days=scenario.run_days)
    return parse_park(scenario.register.applied(read_text_folder(folder), first_day))


async def run_scenario(
    scenario: Scenario, folder: Path, store_url: str = "", seed: int | None = None
) -> ScenarioResult:
    """Simulate, deliver, judge, compare; ``folder`` takes ingest's state and, without a ``store_url``, the store."""
    park = park_of(scenario)
    check_against_park(scenario, park)
    placed = scenario.on(scenario.today or DEFAULT_TODAY, park.timezone, seed)
    start_ms = placed.day_ms(-scenario.run_days)
    end_ms = placed.day_ms(0) + round(scenario.until_hour * MS_PER_HOUR)
    packs = await asyncio.to_thread(arrivals, park, placed, start_ms, end_ms)
    span = JudgingRange(start_ms, end_ms, since_ms=start_ms)
    checkpoint_ms = first_mishap_ms(placed)
    store = open_store(store_url or f"sqlite:///{folder / 'telemetry.db'}")
    try:
        ingest = ScenarioIngest(park, store, folder)
        record = ScenarioRecord(park, store, load_rulebook(), folder, start_ms)
        try:
            before: Comparison | None = None
            if checkpoint_ms is not None:
                await ingest.take([pack for pack in packs if pack.received_at_ms < checkpoint_ms])
                packs = [pack for pack in packs if pack.received_at_ms >= checkpoint_ms]
                early = await evaluate(store, park, load_rulebook(), span, checkpoint_ms)
                await record.keep(early, checkpoint_ms)
                before = Comparison(scenario.expected_before, _not_compliant(early, placed))
            await ingest.take(packs)
            judged_at_ms = max(end_ms, ingest.now_ms)
            findings = await evaluate(store, park, load_rulebook(), span, judged_at_ms)
            await record.keep(findings, judged_at_ms)
            revisions = await record.revisions(span)
            anomalies = await find_anomalies(store, park, span, judged_at_ms)
            await write_anomalies(store, park.id, anomalies, span.from_ms, span.to_ms)
        finally:
            await record.close()
            await ingest.close()
    finally:
        await store.close()
    return ScenarioResult(
        scenario, park, ingest.readings, ingest.stored, ingest.quarantined, ingest.duplicates, findings,
        Comparison(scenario.expected_findings, _not_compliant(findings, placed)), before,
        tuple(_missed_compliance(scenario.expected_compliant, findings)), _compare_anomalies(anomalies, placed),
        frozenset(_revision_key(known, placed) for known in revisions), frozenset(record.corrections), record.letters,
    )  # fmt: skip


def _revision_key(known: KnownFinding, placed: PlacedScenario) -> RevisionKey:
    finding = known.finding
    day = day_of(finding.period_start_ms, placed)
    return day, finding.rule, finding.subject, finding.verdict.value, known.revision.reason.value


def day_of(time_ms: int, placed: PlacedScenario) -> int:
    """The local day of an instant relative to today."""
    return (datetime.fromtimestamp(time_ms / 1000, placed.timezone).date() - placed.today).days


def _not_compliant(findings: Sequence[Finding], placed: PlacedScenario) -> Counter[FindingKey]:
    return Counter(
        (None if f.provisional else day_of(f.period_start_ms, placed), f.rule, f.subject, f.verdict.value)
        for f in findings
        if f.verdict is not Verdict.COMPLIANT
    )


def _compare_anomalies(anomalies: Sequence[Anomaly], placed: PlacedScenario) -> AnomalyComparison:
    expected = frozenset((e.day, e.rule, e.subject) for e in placed.scenario.expected_anomalies)
    noticed = {(day_of(a.day_start_ms, placed), a.rule, a.subject): a for a in anomalies}
    return AnomalyComparison(expected, noticed)


def _missed_compliance(wanted: Iterable[str], findings: Sequence[Finding]) -> Iterable[str]:
    verdicts: dict[str, set[Verdict]] = {}
    for finding in findings:
        verdicts.setdefault(finding.fingerprint, set()).add(finding.verdict)
    return [name for name in wanted if verdicts.get(name) != {Verdict.COMPLIANT}]


def _fits(seen: int, windows: int | None) -> bool:
    return seen > 0 if windows is None else seen == windows
