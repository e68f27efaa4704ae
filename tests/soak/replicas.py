"""Two ingest replicas, one killed and started again, first alone, then with the broker and the databases in turn.

``python -m tests.soak.replicas [--kills N] [--seed S]``; results go to docs/results/replicas.json. Exit code 1 when a
row is lost or added, or a count is wrong.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.acceptance.replica_kills import ReplicaRun, faults_of, run_replica_kills
from tests.servers.influxdb import InfluxDatabase, InfluxServer
from tests.servers.mosquitto import MosquittoServer
from tests.servers.postgres import PostgresServer

RESULTS = Path(__file__).resolve().parents[2] / "docs" / "results"


def run_on_fresh_servers(folder: Path, kills: int, seed: int, servers_too: bool) -> ReplicaRun:
    """Mosquitto, InfluxDB and PostgreSQL of our own, gone again afterwards; ``servers_too``: killed as well."""
    folder.mkdir()
    broker, influx = MosquittoServer(folder / "mosquitto"), InfluxServer(folder / "influxdb")
    postgres = PostgresServer()
    work = folder / "work"
    work.mkdir()
    try:
        for server in (broker, influx, postgres):
            server.start()
        database = InfluxDatabase(influx, "replicas")
        state_url = postgres.database("replicas")
        others = [postgres, broker, influx] if servers_too else []
        return asyncio.run(run_replica_kills(work, broker.url, database, state_url, kills, seed, others))
    finally:
        postgres.remove()
        influx.kill()
        broker.kill()


def report_of(run: ReplicaRun) -> dict[str, object]:
    """What is written down."""
    return {
        "kills": run.kills,
        "batches": run.batches,
        "committed": len(run.committed),
        "stored": len(run.stored),
        "lost": len(run.committed - run.stored),
        "from_nowhere": len(run.stored - run.committed),
        "counted_stored": run.counted_stored,
        "counted_quarantined": run.counted_quarantined,
        "duplicate_batches": run.duplicates,
        "ledger": run.ledger,
        "ledger_in_store": run.ledger_in_store,
        "cursors_at_the_end": run.cursors_retained == run.cursors_expected,
        "faults": faults_of(run),
    }


def main() -> None:
    """Run once and write it down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    runs: dict[str, dict[str, object]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, servers_too in (("replica", False), ("replica_and_servers", True)):
            started = time.monotonic()
            run = run_on_fresh_servers(Path(folder, name), arguments.kills, arguments.seed, servers_too)
            runs[name] = {"seconds": round(time.monotonic() - started), **report_of(run)}
    report = {
        "recipe": f"python -m tests.soak.replicas --kills {arguments.kills} --seed {arguments.seed}",
        "date": datetime.now(UTC).date().isoformat(),
        "killed": runs,
    }
    text = json.dumps(report, indent=2) + "\n"
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "replicas.json").write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    if any(run["faults"] for run in runs.values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
