"""The demo, run as a user would: backlog, live polling, verdicts, alerts, letters, report."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.servers.process import require_binary


def run_demo(folder: Path, *arguments: str) -> dict[str, Any]:
    """Run it to its end; the report."""
    report = folder / "out.json"
    command = [sys.executable, "-m", "ecopark", "demo", "--no-browser", "--report", str(report), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    result: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    assert json.loads(done.stdout) == result
    return result


def assert_keeps_its_promises(result: dict[str, Any]) -> None:
    readings = result["readings"]
    assert readings["published"] == readings["stored"] + readings["quarantined"]
    assert readings["published"] > 500_000
    assert readings["missing"] == 0
    assert all(result["verdicts"][name] > 0 for name in ("compliant", "exceeded", "insufficient_data"))
    assert result["alerts"]["expected"] == result["alerts"]["raised"] > 0
    assert result["emails"]["vi"] > 0
    assert result["emails"]["en"] > 0
    latency_ms = result["latency_ms"]
    assert "not measured" in latency_ms.get("note", "") or 0 < latency_ms["p50"] <= latency_ms["p99"]
    assert {"broker", "ingest", "analytics", "console", "simulator"} <= set(result["rss_mb"])


@pytest.mark.slow
def test_the_demo_with_the_embedded_broker(tmp_path: Path) -> None:
    assert_keeps_its_promises(run_demo(tmp_path, "--for", "1", "--broker", "embedded"))


@pytest.mark.slow
@pytest.mark.real_server
def test_the_demo_with_mosquitto(tmp_path: Path) -> None:
    require_binary("mosquitto")
    assert_keeps_its_promises(run_demo(tmp_path, "--for", "1", "--broker", "mosquitto"))
