"""Anomalies at the terminal and in the service: printed beside findings, stored once a day, sent to nobody."""

import asyncio
import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from analytics.anomalies.anomaly_store import read_anomalies
from analytics.bootstrap import AnalyticsService
from analytics.command import analytics
from analytics.finding import Finding
from analytics.settings import AnalyticsSettings
from service_runtime.clock import ManualClock
from telemetry_model.park_register import Park, parse_park
from telemetry_store.rows import ReadingRow
from telemetry_store.sqlite_store import SqliteStore

FILES = {
    "park.toml": 'id = "p"\nname_vi = "K"\nname_en = "P"\n',
    "tenants.csv": "tenant,name,sector\npark,P,operator\n",
    "points.csv": "point,tenant,zone,medium,unit,interval_seconds\nwq.ph,park,z,wastewater,pH,900\n",
    "contacts.csv": "tenant,name,email,language\n",
}
At = Callable[[str], int]


@pytest.fixture
def folder(tmp_path: Path, make_readings: Callable[..., list[ReadingRow]], at: At) -> Path:
    """A park folder and a store whose pH probe stands still for three hours on the third day."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    values = [7 + 0.2 * math.sin(number) for number in range(3 * 96)]
    values[2 * 96 + 40 : 2 * 96 + 52] = [7.11] * 12

    async def fill() -> None:
        store = SqliteStore(tmp_path / "store.db")
        await store.write_readings(make_readings(parse_park(FILES), "wq.ph", at("2026-06-01"), values))
        await store.close()

    asyncio.run(fill())
    return tmp_path


def run(folder: Path, command: str, *more: str) -> Result:
    where = ("--store", f"sqlite:///{folder}/store.db", "--park", str(folder))
    return CliRunner().invoke(analytics, [command, *where, *more], catch_exceptions=False)


def test_the_command_says_it_in_the_wanted_language(folder: Path) -> None:
    assert (
        "wq.ph: from 2026-06-03 10:00 to 2026-06-03 13:00 repeated exactly 7.11 12 times"
        in run(folder, "anomalies").stdout
    )
    assert "wq.ph: từ 2026-06-03 10:00" in run(folder, "anomalies", "--language", "vi").stdout


def test_the_command_prints_json_and_writes(folder: Path) -> None:
    done = run(folder, "anomalies", "--json", "--write")
    assert [json.loads(line)["rule"] for line in done.stdout.splitlines()] == ["AN-03"]
    assert "wrote 1 anomalies" in done.stderr
    assert "wrote 0 anomalies" in run(folder, "anomalies", "--write").stderr


def test_evaluate_tells_them_apart_from_findings_and_only_when_asked(folder: Path) -> None:
    findings = run(folder, "evaluate", "--json").stdout.splitlines()
    both = run(folder, "evaluate", "--json", "--anomalies").stdout.splitlines()
    assert [json.loads(line)["verdict"] for line in both[len(findings) :]] == ["noticed"]
    assert "noticed" not in {json.loads(line)["verdict"] for line in findings}
    table = run(folder, "evaluate", "--anomalies").stdout
    assert "Noticed (observations, no verdicts on law):" in table


class Listener:
    """Remembers which rules the alert engine would hear of."""

    def __init__(self) -> None:
        self.heard: set[str] = set()

    async def process(self, findings: Sequence[Finding], /, *_: object) -> None:
        self.heard |= {finding.rule for finding in findings}

    async def close(self) -> None:
        """Nothing to let go of."""


async def test_the_service_stores_them_once_a_day_and_tells_nobody(folder: Path, at: At) -> None:
    park: Park = parse_park(FILES)
    store, clock, listener = SqliteStore(folder / "store.db"), ManualClock(at("2026-06-04T01:00")), Listener()
    settings = AnalyticsSettings(
        park_folder="-", store_url="-", state_path=str(folder / "state.db"), smtp_host="-", mail_from="e@example.org",
        evaluate_from="2026-06-01",
    )  # fmt: skip
    service = AnalyticsService(settings, park, store, listener, clock)
    try:
        assert await service.turn() is not None
        span = at("2026-06-01"), at("2026-06-05")
        [first] = await read_anomalies(store, park.id, *span)
        clock.advance(3600)
        assert await service.turn() is not None
        assert await read_anomalies(store, park.id, *span) == [first]
    finally:
        await store.close()
    assert first.anomaly.noticed_at_ms == at("2026-06-04T01:00")
    assert not {rule for rule in listener.heard if rule.startswith("AN-")}
