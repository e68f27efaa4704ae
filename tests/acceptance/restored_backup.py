"""A database (and ingest's state, if wanted) from a backup six hours old, filled again from the gateways' logs."""

import json
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local.broker import BrokerKind
from deploy.local.chain import LocalChain
from deploy.local.child_process import ecopark_command
from deploy.local.ingest_status import read_ingest_status
from deploy.local.workdir import Workdir
from gateway.outbox import Outbox
from service_runtime.clock import ManualClock, utc_from_ms
from service_runtime.errors import UnreachableError
from simulators.backlog import backlog, gateways_of
from simulators.scenario import load_scenario
from telemetry_model.park_register import Park
from telemetry_model.reading import Reading
from tests.acceptance.committed_set import Row, committed_batches, committed_rows, stored_ledger, stored_rows
from tests.acceptance.ledger import LedgerTotals, ledger_totals
from tests.acceptance.simulated_park import adopt_demo_park
from tests.servers.influxdb import InfluxDatabase, InfluxServer

HOUR_MS = 3_600_000
HOURS_BEFORE, HOURS_LOST = 2, 6
BATCH_READINGS = 200
WAIT_SECONDS = 120.0


@dataclass(frozen=True)
class RestoreRun:
    """What a run came to."""

    before: set[Row]
    """All rows of the database that had never failed."""
    restored: int
    """Rows after the restore, before the refill."""
    committed: set[Row]
    committed_batches: int
    stored: set[Row]
    """In the end, with what was polled meanwhile."""
    summary: dict[str, Any]
    """What ``ecopark ingest refill`` printed."""
    exit_code: int
    ledger: LedgerTotals
    ledger_in_store: LedgerTotals

    def failures(self) -> list[str]:
        """What is not as promised."""
        found = []
        if not self.before <= self.stored or self.stored != self.committed:
            found.append(f"{len(self.committed - self.stored)} rows lost, {len(self.stored - self.committed)} too many")
        if self.exit_code or not self.summary["complete"] or self.summary["gone"]:
            found.append(f"refill: exit code {self.exit_code}, {self.summary}")
        batches, readings = self.committed_batches, len(self.committed)
        wanted = LedgerTotals(batches, batches, 0, readings, readings, 0)
        if self.ledger != wanted or self.ledger_in_store != wanted:
            found.append(f"the ledger says {self.ledger}, in the store {self.ledger_in_store}, wanted {wanted}")
        return found


class _Scene:
    """The park's gateways with eight hours of measured time in their logs, ingest and InfluxDB."""

    def __init__(
        self, folder: Path, server: InfluxServer, database: InfluxDatabase, step_seconds: int, gateways: Sequence[str]
    ) -> None:
        self.workdir = Workdir(folder)
        self.workdir.create()
        self.server, self.database = server, database
        self.park: Park = adopt_demo_park(self.workdir, poll_seconds=2.0)
        self.chain = LocalChain(self.workdir, BrokerKind.MOSQUITTO, store_url=database.url)
        self.gateways = list(gateways) or gateways_of(self.park)
        self.outboxes = [self.workdir.outbox(gateway) for gateway in self.gateways]
        self._step_seconds = step_seconds
        self._backup, self._state_backup = folder / "backup", folder / "backup-state.db"

    def measure(self, start_ms: int, end_ms: int) -> None:
        """What the gateways would have committed in this time, batch by batch, at the time they would have."""
        now = utc_from_ms(end_ms).astimezone(self.park.timezone)
        placed = load_scenario("bach-dang-demo").on(now.date(), self.park.timezone)
        clock = ManualClock(start_ms)
        units = {point.id: point.unit for point in self.park.points.values()}
        logs = {gateway: Outbox.open(self.workdir.outbox(gateway), clock) for gateway in self.gateways}
        waiting: dict[str, list[Reading]] = {gateway: [] for gateway in self.gateways}
        for time_ms, gateway, readings in backlog(self.park, placed, start_ms, end_ms, self._step_seconds):
            clock.advance((time_ms - clock.now_ms()) / 1000)
            if gateway not in waiting:
                continue
            waiting[gateway] += readings
            if len(waiting[gateway]) >= BATCH_READINGS:
                logs[gateway].commit([waiting[gateway]], units)
                waiting[gateway] = []
        for gateway, log in logs.items():
            log.commit([waiting[gateway]], units)
            log.close()

    def run_gateways(self) -> None:
        """They find no devices: what they poll is "no value" with a reason, and goes the same way."""
        for gateway in self.gateways:
            self.chain.start_gateway(gateway, stop_grace_seconds=30.0)

    def settle(self) -> set[Row]:
        """Wait until all that is committed is stored, also what the gateways commit in stopping; the store's rows."""
        self._wait_until_stored(len(committed_rows(self.outboxes)))
        self.chain.stop(self.gateways)
        self._wait_until_stored(len(committed_rows(self.outboxes)))
        return self.rows()

    def _wait_until_stored(self, readings: int) -> None:
        deadline = time.monotonic() + WAIT_SECONDS
        while (stored := self._stored()) < readings:
            assert time.monotonic() < deadline, f"only {stored} of {readings} readings are stored"
            time.sleep(0.2)

    def _stored(self) -> int:
        try:
            return read_ingest_status(self.chain.ingest_url).stored
        except UnreachableError:
            return 0

    def rows(self) -> set[Row]:
        return stored_rows(self.database.url, self.park)

    def back_up(self) -> None:
        """The database while it runs, and ingest's state beside it."""
        self.server.backup(self.database.name, self._backup)
        state, copied = self.workdir.ingest_state, self._state_backup
        with closing(sqlite3.connect(state)) as live, closing(sqlite3.connect(copied)) as copy:
            live.backup(copy)

    def lose_and_restore(self, state_too: bool) -> None:
        """Ingest stands still; the database is gone and comes back from the backup; its state only if wanted."""
        self.chain.children["ingest"].stop()
        self.server.lose_everything()
        self.server.start()
        self.server.restore(self.database.name, self._backup)
        if state_too:
            for suffix in ("-wal", "-shm"):
                Path(f"{self.workdir.ingest_state}{suffix}").unlink(missing_ok=True)
            shutil.copy(self._state_backup, self.workdir.ingest_state)

    def refill(self, since_ms: int) -> "subprocess.CompletedProcess[str]":
        settings = str(self.workdir.settings / "ingest.toml")
        order = ["ingest", "refill", "--settings", settings, "--since", utc_from_ms(since_ms).isoformat()]
        command = ecopark_command(*order, *(part for name in self.gateways for part in ("--gateway", name)))
        return subprocess.run(command, capture_output=True, text=True, timeout=WAIT_SECONDS, check=False)


def run_restore(
    folder: Path,
    server: InfluxServer,
    database: InfluxDatabase,
    state_too: bool,
    step_seconds: int = 60,
    gateways: Sequence[str] = (),
) -> RestoreRun:
    """Two hours, a backup, six more hours, the loss, the restore, the refill; ``gateways``: all unless named."""
    scene = _Scene(folder, server, database, step_seconds, gateways)
    now_ms = time.time_ns() // 1_000_000 // 60_000 * 60_000
    backup_ms = now_ms - HOURS_LOST * HOUR_MS
    try:
        scene.chain.start_broker()
        scene.chain.start_ingest()
        scene.measure(backup_ms - HOURS_BEFORE * HOUR_MS, backup_ms)
        scene.run_gateways()
        scene.settle()
        scene.back_up()
        scene.measure(backup_ms, now_ms)
        scene.run_gateways()
        before = scene.settle()
        scene.lose_and_restore(state_too)
        restored = len(scene.rows())
        scene.chain.children["ingest"].start()
        scene.run_gateways()
        done = _refill_when_ready(scene, backup_ms)
        stored = scene.settle()
        ledger = ledger_totals(scene.chain.ingest_url)
    finally:
        scene.chain.stop()
    return RestoreRun(
        before=before,
        restored=restored,
        committed=committed_rows(scene.outboxes),
        committed_batches=committed_batches(scene.outboxes),
        stored=stored,
        summary=json.loads(done.stdout) if done.stdout else {"complete": False, "gone": 0, "stderr": done.stderr},
        exit_code=done.returncode,
        ledger=ledger,
        ledger_in_store=stored_ledger(database.url),
    )


def _refill_when_ready(scene: _Scene, since_ms: int) -> "subprocess.CompletedProcess[str]":
    deadline = time.monotonic() + WAIT_SECONDS
    while (done := scene.refill(since_ms)).returncode and ("refused" in done.stderr or "not heard" in done.stderr):
        assert time.monotonic() < deadline, done.stderr
        time.sleep(0.3)
    return done
