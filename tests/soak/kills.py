"""kill -9 at random moments while a park is polled: the rows must be exactly what the gateways committed."""

import argparse
import time
from pathlib import Path

from deploy.local.broker import BrokerKind
from tests.acceptance.random_kills import KillRun, run_with_kills
from tests.servers.influxdb import InfluxDatabase, InfluxServer
from tests.soak.part import SoakPart, SoakReport

EMBEDDED, INSTALLED = "embedded-sqlite", "mosquitto-influxdb"


def run(folder: Path, options: argparse.Namespace) -> SoakReport:
    """Both pairs of broker and store; with the second one the database server is killed too."""
    report = SoakReport([])
    for pair in (EMBEDDED, INSTALLED):
        started = time.monotonic()
        done = _run_pair(folder / pair, pair, options.kills, options.seed)
        came_to = _figures(done) | {"seconds": round(time.monotonic() - started)}
        report.runs.append({"pair": pair, "seed": options.seed} | came_to)
        if done.committed != done.stored or not done.ledger_agrees:
            report.failures.append(f"{pair}: {came_to}")
    return report


def _run_pair(folder: Path, pair: str, kills: int, seed: int) -> KillRun:
    if pair == EMBEDDED:
        return run_with_kills(folder, BrokerKind.EMBEDDED, None, kills, seed)
    server = InfluxServer(folder / "influxdb")
    try:
        server.start()
        url = InfluxDatabase(server, "soak").url
        return run_with_kills(folder / "work", BrokerKind.MOSQUITTO, url, kills, seed, server)
    finally:
        server.kill()


def _figures(done: KillRun) -> dict[str, object]:
    return {
        "kills": done.kills,
        "committed": len(done.committed),
        "stored": len(done.stored),
        "lost": len(done.committed - done.stored),
        "from_nowhere": len(done.stored - done.committed),
        "ledger_agrees": done.ledger_agrees,
        "ledger": done.ledger._asdict(),
    }


PART = SoakPart("random kill -9 of every part", {"kills": 100, "seed": 7}, run)
