"""Long runs with random kills: ``python -m tests.soak [--kills N] [--seed S]``; results go to docs/results as JSON."""

import argparse
import json
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from deploy.local.broker import BrokerKind
from tests.acceptance.random_kills import run_with_kills
from tests.servers.influxdb import InfluxDatabase, InfluxServer

RESULTS = Path(__file__).resolve().parents[2] / "docs" / "results"
PAIRS = {"embedded-sqlite": BrokerKind.EMBEDDED, "mosquitto-influxdb": BrokerKind.MOSQUITTO}


def run_pair(name: str, kills: int, seed: int) -> dict[str, object]:
    """One pair of broker and store; says what was committed, stored, lost and added."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        if name == "mosquitto-influxdb":
            server = InfluxServer(Path(folder, "influxdb"))
            try:
                server.start()
                url = InfluxDatabase(server, "soak").url
                run = run_with_kills(Path(folder, "work"), PAIRS[name], url, kills, seed)
            finally:
                server.kill()
        else:
            run = run_with_kills(Path(folder, "work"), PAIRS[name], None, kills, seed)
    return {
        "pair": name,
        "seed": seed,
        "kills": run.kills,
        "committed": len(run.committed),
        "stored": len(run.stored),
        "lost": len(run.committed - run.stored),
        "from_nowhere": len(run.stored - run.committed),
        "ledger_agrees": run.counted_stored + run.counted_quarantined == len(run.committed),
        "seconds": round(time.monotonic() - started),
    }


def main() -> None:
    """Run both pairs; exit 1 when a single row is lost or added."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    results = [run_pair(name, arguments.kills, arguments.seed) for name in PAIRS]
    report = {"recipe": f"python -m tests.soak --kills {arguments.kills} --seed {arguments.seed}",
              "date": datetime.now(UTC).date().isoformat(), "runs": results}  # fmt: skip
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "random-kills.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(report, indent=2) + "\n")
    if any(run["lost"] or run["from_nowhere"] or not run["ledger_agrees"] for run in results):
        sys.exit(1)


if __name__ == "__main__":
    main()
