"""The database restored from a backup six hours old, without and with ingest's state, then filled again."""

import argparse
import time
from pathlib import Path

from tests.acceptance.restored_backup import RestoreRun, run_restore
from tests.servers.influxdb import InfluxDatabase, InfluxServer
from tests.soak.part import SoakPart, SoakReport


def run(folder: Path, options: argparse.Namespace) -> SoakReport:
    """Eight hours of the demo park at ``--step`` seconds, in three gateways' logs."""
    report = SoakReport([])
    for state_too in (False, True):
        started = time.monotonic()
        server = InfluxServer(folder / f"influxdb-{state_too}")
        try:
            server.start()
            database = InfluxDatabase(server, "soak")
            done = run_restore(folder / f"work-{state_too}", server, database, state_too, options.step)
        finally:
            server.kill()
        seconds = round(time.monotonic() - started)
        report.runs.append({"ingest_state_restored_too": state_too} | _figures(done) | {"seconds": seconds})
        report.failures.extend(done.failures())
    return report


def _figures(done: RestoreRun) -> dict[str, object]:
    return {
        "rows_before_the_loss": len(done.before),
        "rows_after_the_restore": done.restored,
        "committed": len(done.committed),
        "stored": len(done.stored),
        "lost": len(done.committed - done.stored),
        "from_nowhere": len(done.stored - done.committed),
        "refill": {name: done.summary.get(name) for name in ("complete", "batches", "refilled", "gone", "outstanding")},
        "ledger": done.ledger._asdict(),
    }


PART = SoakPart("database restored from an old backup", {"step": 60}, run)
