"""Runs a live chain, kills its parts at random moments, and compares what was committed with what is stored."""

import random
import time
from dataclasses import dataclass
from pathlib import Path

from deploy.local.broker import BrokerKind
from deploy.local.chain import LocalChain
from deploy.local.ingest_status import read_ingest_status
from deploy.local.workdir import Workdir
from service_runtime.errors import UnreachableError
from simulators.backlog import gateways_of
from tests.acceptance.committed_set import Row, committed_batches, committed_rows, stored_ledger, stored_rows
from tests.acceptance.ledger import LedgerTotals, ledger_totals
from tests.acceptance.simulated_park import adopt_demo_park
from tests.servers.influxdb import InfluxServer

DATABASE = "influxdb"
DRAIN_SECONDS = 120


@dataclass(frozen=True)
class KillRun:
    """What a run came to."""

    kills: dict[str, int]
    committed: set[Row]
    committed_batches: int
    stored: set[Row]
    counted_stored: int
    counted_quarantined: int
    ledger: LedgerTotals
    """As ``/api/v1/ledger`` adds it up."""
    ledger_in_store: LedgerTotals
    """As the rows of the measurement ``ledger`` add up after ingest has ended."""

    @property
    def ledger_agrees(self) -> bool:
        """The ledger in both places says what the outboxes say: all came, all is stored, nothing is missing."""
        readings = len(self.committed)
        wanted = LedgerTotals(self.committed_batches, self.committed_batches, 0, readings, readings, 0)
        counted = self.counted_stored + self.counted_quarantined
        return counted == readings and self.ledger == wanted and self.ledger_in_store == wanted


def run_with_kills(
    folder: Path, broker: BrokerKind, store_url: str | None, kills: int, seed: int, database: InfluxServer | None = None
) -> KillRun:
    """Start the demo park polling twice a second; kill a part ``kills`` times; let it drain.

    Parts are the gateways, ingest, the broker and, when there is one, the ``database`` server behind ``store_url``.
    """
    chance = random.Random(seed)
    workdir = Workdir(folder)
    workdir.create()
    park = adopt_demo_park(workdir, 0.5)
    chain = LocalChain(workdir, broker, store_url=store_url)
    gateways = gateways_of(park)
    victims = ["broker", "ingest", *gateways, *([DATABASE] if database else [])]
    outboxes = [workdir.outbox(gateway) for gateway in gateways]
    done: dict[str, int] = {}
    try:
        chain.start_broker()
        chain.start_ingest()
        chain.start_simulator(["--park", str(workdir.park), "--scenario", "bach-dang-demo"])
        for gateway in gateways:
            chain.start_gateway(gateway, resend_after_seconds=2.0, batch_max_age_seconds=0.3, stop_grace_seconds=10.0)
        _wait_for_first_rows(chain)
        for _ in range(kills):
            time.sleep(chance.uniform(0.3, 1.5))
            victim = chance.choice(victims)
            pause_seconds = chance.uniform(0.0, 0.5)
            if victim == DATABASE and database is not None:
                database.influxd.kill()
                time.sleep(pause_seconds)
                database.start()
            else:
                chain.kill_and_restart(victim, pause_seconds)
            done[victim] = done.get(victim, 0) + 1
        chain.stop(["simulator"])
        committed = _drain(chain, outboxes, gateways)
        status, ledger = read_ingest_status(chain.ingest_url), ledger_totals(chain.ingest_url)
    finally:
        chain.stop()
    return KillRun(
        kills=done,
        committed=committed,
        committed_batches=committed_batches(outboxes),
        stored=stored_rows(chain.store_url, park),
        counted_stored=status.stored,
        counted_quarantined=status.quarantined,
        ledger=ledger,
        ledger_in_store=stored_ledger(chain.store_url),
    )


def _wait_for_first_rows(chain: LocalChain) -> None:
    deadline = time.monotonic() + DRAIN_SECONDS
    while read_ingest_status(chain.ingest_url).stored == 0:
        chain.check_running()
        assert time.monotonic() < deadline, "nothing was stored before the first kill"
        time.sleep(0.2)


def _drain(chain: LocalChain, outboxes: list[Path], gateways: list[str]) -> set[Row]:
    """Wait until the store has all that was committed, then end the gateways and wait for their last batches."""
    _wait_until_settled(chain, outboxes)
    chain.stop(gateways)
    return _wait_until_settled(chain, outboxes)


def _wait_until_settled(chain: LocalChain, outboxes: list[Path]) -> set[Row]:
    deadline = time.monotonic() + DRAIN_SECONDS
    while True:
        committed = committed_rows(outboxes)
        try:
            status = read_ingest_status(chain.ingest_url)
        except UnreachableError:
            status = None
        if status is not None and status.stored + status.quarantined >= len(committed):
            return committed
        if time.monotonic() > deadline:
            return committed
        time.sleep(0.3)
