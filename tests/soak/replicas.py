"""Two ingest replicas, one killed and started again, first alone, then with the broker and the databases in turn."""

import argparse
import asyncio
import time
from pathlib import Path

from tests.acceptance.replica_kills import ReplicaRun, faults_of, run_replica_kills
from tests.servers.influxdb import InfluxDatabase, InfluxServer
from tests.servers.mosquitto import MosquittoServer
from tests.servers.postgres import PostgresServer
from tests.soak.part import SoakPart, SoakReport


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


def run(folder: Path, options: argparse.Namespace) -> SoakReport:
    """Once with a replica killed alone, once with the servers killed in turn as well."""
    report = SoakReport([])
    for name, servers_too in (("replica", False), ("replica_and_servers", True)):
        started = time.monotonic()
        done = run_on_fresh_servers(folder / name, options.kills, options.seed, servers_too)
        report.runs.append({"killed": name} | report_of(done) | {"seconds": round(time.monotonic() - started)})
        report.failures.extend(faults_of(done))
    return report


PART = SoakPart("two ingest replicas, one killed", {"kills": 10, "seed": 7}, run)
