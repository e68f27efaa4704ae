"""The demo park, findings with sensible defaults, and an engine on real parts, for the alerting tests."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from analytics.alerting.bootstrap import build_alert_engine
from analytics.alerting.engine import AlertEngine
from analytics.finding import Confidence, Finding, Verdict
from service_runtime.clock import ManualClock
from service_runtime.text_folder import read_text_folder
from telemetry_model.park_register import Park, parse_park
from telemetry_store.protocol import TelemetryStore
from tests.servers.smtp import SmtpServer

DAY_MS = 86_400_000
DAY_ONE_MS = int(datetime(2026, 11, 21, 17, tzinfo=UTC).timestamp() * 1000)
"""Midnight of 22 November 2026 in Viet Nam."""
PARK_FOLDER = Path(__file__).parents[3] / "deploy" / "parks" / "bach-dang"

COD = Finding(
    rule="WW-01-COD",
    rule_version="2011.1",
    park="bach-dang",
    subject="central-wwtp-outlet",
    tenant="park",
    period_start_ms=DAY_ONE_MS,
    period_end_ms=DAY_ONE_MS + DAY_MS,
    verdict=Verdict.EXCEEDED,
    observed=84.2,
    limit=67.5,
    unit="mg/l",
    data_capture=0.97,
    minimum_data_capture=0.8,
    citation="QCVN 40:2011/BTNMT, Table 1, COD",
    confidence=Confidence.SOURCE,
    judged_at_ms=DAY_ONE_MS + DAY_MS,
    points=("wq-central.cod",),
    evidence=("The mean of the 1400 valid values is 84.2 mg/l.",),
)


def cod(day: int = 1, observed: float | None = 84.2, **changes: Any) -> Finding:
    """The central outlet's COD of a day, exceeded above 67.5 mg/l, insufficient when nothing was observed."""
    start = DAY_ONE_MS + (day - 1) * DAY_MS
    verdict = Verdict.INSUFFICIENT_DATA
    if observed is not None:
        verdict = Verdict.EXCEEDED if observed > 67.5 else Verdict.COMPLIANT
    base = replace(
        COD, period_start_ms=start, period_end_ms=start + DAY_MS, observed=observed, verdict=verdict,
        judged_at_ms=start + DAY_MS,
    )  # fmt: skip
    return replace(base, **changes)


@dataclass(frozen=True)
class Settings:
    """What alerting reads of the analytics settings."""

    state_path: str
    smtp_port: int
    smtp_host: str = "127.0.0.1"
    smtp_username: str = ""
    smtp_password: str = ""
    smtp_starttls: bool = False
    smtp_ca_file: str = ""
    mail_from: str = "canh-bao@kcn-bach-dang.example.vn"
    console_url: str = "http://127.0.0.1:8000"
    late_alert_days: int = 92


@pytest.fixture(scope="session")
def park() -> Park:
    """The demo park, as an operator has it on disk."""
    return parse_park(read_text_folder(PARK_FOLDER))


@pytest.fixture
def clock() -> ManualClock:
    """The evening after the first day's judgement."""
    return ManualClock(DAY_ONE_MS + 2 * DAY_MS)


@pytest.fixture
def state_path(tmp_path: Path) -> Path:
    """Where alerting keeps its memory."""
    return tmp_path / "analytics-state.db"


StartEngine = Callable[..., AlertEngine]


@pytest.fixture
async def start_engine(
    park: Park, clock: ManualClock, state_path: Path, smtp_server: SmtpServer, sqlite_store: TelemetryStore
) -> AsyncIterator[StartEngine]:
    """Starts engines on the same state file, one after the other, as restarts do."""
    engines: list[AlertEngine] = []

    def start(**settings: Any) -> AlertEngine:
        known = settings.pop("park", park)
        values = {"state_path": str(state_path), "smtp_port": smtp_server.port, **settings}
        engines.append(build_alert_engine(Settings(**values), known, sqlite_store, clock))
        return engines[-1]

    yield start
    for engine in engines:
        await engine.close()
