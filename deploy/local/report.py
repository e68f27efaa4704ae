"""What a run of the local park came to: published against stored, verdicts, alerts, letters, delay and memory."""

from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from email import message_from_bytes
from pathlib import Path
from typing import Any, NamedTuple

from analytics.alerting.summary import read_alert_summary
from analytics.finding import Verdict
from analytics.rulebook import load_rulebook
from deploy.local.ingest_status import IngestStatus
from deploy.local.shown_only import shown_only
from deploy.local.workdir import Workdir
from gateway.outbox import Outbox
from ingest_service.latency import WINDOW_SECONDS
from service_runtime.clock import SystemClock
from simulators.scenario import Scenario
from telemetry_model.storage_schema import FINDINGS
from telemetry_store.open import open_store
from telemetry_store.query import Select, SeriesQuery

FOREVER_MS = 4_102_444_800_000
AlertKey = tuple[str, str]
FindingKey = tuple[str, str, str]


class Expectation(NamedTuple):
    """What the scenario promised and what came out."""

    expected: set[AlertKey]
    raised: set[AlertKey]

    @property
    def holds(self) -> bool:
        """Exactly the promised ones."""
        return self.expected == self.raised


def readings_committed(workdir: Workdir, gateways: Iterable[str]) -> int:
    """How many readings the gateways' outboxes took in, over their whole life."""
    total = 0
    for gateway in gateways:
        with closing(Outbox.open(workdir.outbox(gateway), SystemClock())) as outbox:
            total += outbox.readings_committed
    return total


async def latest_findings(store_url: str) -> list[dict[str, Any]]:
    """Every stored finding with rule and its version, subject, verdict and period start."""
    store = open_store(store_url)
    try:
        query = SeriesQuery(FINDINGS, (Select("verdict"), Select("provisional"), Select("rule_version")), 0, FOREVER_MS,
                            group_by=("rule", "subject"))  # fmt: skip
        answers = await store.select(query)
    finally:
        await store.close()
    return [
        {**answer.tags, "period_start_ms": row[0], "verdict": row[1], "provisional": row[2], "rule_version": row[3]}
        for answer in answers
        for row in answer.rows
    ]


def letters_by_language(mailbox: Path) -> dict[str, int]:
    """Letters in the mail sink by their Content-Language."""
    counts: Counter[str] = Counter({"vi": 0, "en": 0})
    for file in sorted(mailbox.glob("*.eml")):
        counts[message_from_bytes(file.read_bytes()).get("Content-Language", "unknown")] += 1
    return dict(counts)


def alerts_of(workdir: Workdir, scenario: Scenario) -> Expectation:
    """The scenario's promised alerts against those raised."""
    expected = {(alert.rule, alert.subject) for alert in scenario.expected_alerts}
    raised = set(read_alert_summary(workdir.analytics_state).raised)
    return Expectation(expected, raised)


def is_all_told(workdir: Workdir, scenario: Scenario) -> bool:
    """Whether the promised alerts were raised and their letters have left: a letter is queued with its alert."""
    return alerts_of(workdir, scenario).holds and not read_alert_summary(workdir.analytics_state).waiting


def latency_of(live: IngestStatus, live_seconds: float) -> dict[str, Any]:
    """Committed to stored, live batches only, milliseconds; ``None`` while those of the drain are among the last."""
    if live_seconds < WINDOW_SECONDS:
        reason = f"not measured: live for {live_seconds:.0f} s, and the drain is in the last {WINDOW_SECONDS:.0f} s"
        return {"p50": None, "p99": None, "note": reason}
    return {"p50": live.p50_ms, "p99": live.p99_ms}


def build_report(
    published: int,
    ingest: IngestStatus,
    latency_ms: dict[str, Any],
    findings: list[dict[str, Any]],
    alerts: Expectation,
    letters: dict[str, int],
    rss_mb: dict[str, float],
) -> dict[str, Any]:
    """The JSON of ``ecopark demo --report``."""
    verdicts = Counter(str(finding["verdict"]) for finding in findings)
    exceeded = (f for f in findings if f["verdict"] == Verdict.EXCEEDED)
    shown = shown_only(((str(f["rule"]), str(f["rule_version"])) for f in exceeded), load_rulebook())
    return {
        "readings": {
            "published": published,
            "stored": ingest.stored,
            "quarantined": ingest.quarantined,
            "missing": published - ingest.stored - ingest.quarantined,
        },
        "verdicts": {name: verdicts.get(name, 0) for name in ("compliant", "exceeded", "insufficient_data")},
        "alerts": {
            "expected": len(alerts.expected),
            "raised": len(alerts.raised),
            "not_raised": sorted("/".join(key) for key in alerts.expected - alerts.raised),
            "not_expected": sorted("/".join(key) for key in alerts.raised - alerts.expected),
            "exceeded_shown_only": shown.shown,
            "note_vi": shown.say("vi"),
            "note_en": shown.say("en"),
        },
        "emails": letters,
        "latency_ms": latency_ms,
        "rss_mb": rss_mb,
    }
