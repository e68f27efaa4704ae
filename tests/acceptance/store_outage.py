"""Stops the database under a live chain for a while, watches memory, and compares what was committed with the rows."""

import csv
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import NamedTuple

from deploy.local.broker import BrokerKind
from deploy.local.chain import LocalChain
from deploy.local.ingest_status import read_ingest_status
from deploy.local.workdir import PARKS, Workdir
from service_runtime.errors import UnreachableError
from simulators.backlog import gateways_of
from telemetry_model.park_register import Park
from tests.acceptance.committed_set import Row, committed_batches, committed_rows, stored_ledger, stored_rows
from tests.acceptance.ledger import LedgerTotals, ledger_totals
from tests.acceptance.simulated_park import adopt_demo_park
from tests.servers.influxdb import InfluxDatabase, InfluxServer

CATCH_UP_SECONDS = 600.0


class OutagePlan(NamedTuple):
    """Every device is polled each ``poll_seconds``; memory is noted each ``sample_seconds``."""

    warm_up_seconds: float
    down_seconds: float
    poll_seconds: float
    sample_seconds: float


class Sample(NamedTuple):
    """One look: seconds since the database was stopped (negative before), and resident memory by program."""

    at_seconds: float
    rss_mb: dict[str, float]
    readings_stored: int
    batches_waiting: int


@dataclass(frozen=True)
class OutageRun:
    """What a run came to."""

    live_rate: float
    """Readings per second of the park as its register has it."""
    fed_rate: float
    """Readings per second in this run."""
    samples: list[Sample]
    caught_up_seconds: float
    """From the database's return until nothing committed before it was outstanding."""
    committed: set[Row]
    committed_batches: int
    stored: set[Row]
    ledger: LedgerTotals
    ledger_in_store: LedgerTotals

    @property
    def ledger_agrees(self) -> bool:
        """All that was committed came, once, and is stored; in the service and in the store."""
        batches, readings = self.committed_batches, len(self.committed)
        return self.ledger == self.ledger_in_store == LedgerTotals(batches, batches, 0, readings, readings, 0)

    def rss_change(self, program: str) -> tuple[float, float, float]:
        """Median MB before the outage (its second half), and lowest and highest share of it during the outage."""
        before = [s for s in self.samples if s.at_seconds < 0]
        usual = median(s.rss_mb[program] for s in before[len(before) // 2 :])
        during = [s.rss_mb[program] / usual for s in self.samples if s.at_seconds >= 0]
        return usual, min(during), max(during)


class _Watch:
    """Takes samples of the running chain."""

    def __init__(self, chain: LocalChain, every_seconds: float) -> None:
        self._chain = chain
        self._every_seconds = every_seconds
        self.samples: list[Sample] = []

    def during(self, seconds: float, stopped_at: float) -> None:
        """Sample for so long; ``stopped_at`` is the monotonic moment that counts as 0."""
        end = time.monotonic() + seconds
        while (now := time.monotonic()) < end:
            self._chain.check_running()
            status = read_ingest_status(self._chain.ingest_url)
            health = [gateway["health"] for gateway in status.raw["gateways"].values() if gateway["health"]]
            waiting = sum(one["batches_pending"] + one["batches_sent"] for one in health)
            self.samples.append(Sample(round(now - stopped_at, 1), self._chain.rss_mb(), status.stored, waiting))
            time.sleep(min(self._every_seconds, max(0.0, end - time.monotonic())))


def run_outage(folder: Path, server: InfluxServer, database: InfluxDatabase, plan: OutagePlan) -> OutageRun:
    """The demo park with a broker of the usual limits; the database server is stopped, and started again."""
    workdir = Workdir(folder)
    workdir.create()
    park = adopt_demo_park(workdir, plan.poll_seconds)
    chain = LocalChain(workdir, BrokerKind.MOSQUITTO, store_url=database.url)
    gateways = gateways_of(park)
    outboxes = [workdir.outbox(gateway) for gateway in gateways]
    watch = _Watch(chain, plan.sample_seconds)
    try:
        chain.start_broker()
        chain.start_ingest()
        chain.start_simulator(["--park", str(workdir.park), "--scenario", "bach-dang-demo"])
        for gateway in gateways:
            chain.start_gateway(gateway)
        _wait_until(lambda: _settled(chain) > 0)
        began = time.monotonic()
        watch.during(plan.warm_up_seconds, began + plan.warm_up_seconds)
        server.influxd.stop()
        watch.during(plan.down_seconds, time.monotonic())
        polled_seconds = time.monotonic() - began
        held = len(committed_rows(outboxes))
        server.start()
        back = time.monotonic()
        _wait_until(lambda: _settled(chain) >= held)
        caught_up_seconds = time.monotonic() - back
        chain.stop(["simulator"])
        chain.stop(gateways)
        committed = committed_rows(outboxes)
        _wait_until(lambda: _settled(chain) >= len(committed))
        ledger = ledger_totals(chain.ingest_url)
    finally:
        chain.stop()
    return OutageRun(
        live_rate=_live_rate(park),
        fed_rate=held / polled_seconds,
        samples=watch.samples,
        caught_up_seconds=caught_up_seconds,
        committed=committed,
        committed_batches=committed_batches(outboxes),
        stored=stored_rows(database.url, park),
        ledger=ledger,
        ledger_in_store=stored_ledger(database.url),
    )


def _live_rate(park: Park) -> float:
    """Readings per second of the park as it is in the repository."""
    with (PARKS / "bach-dang" / "devices.csv").open(encoding="utf-8", newline="") as file:
        polls = {device["device"]: float(device["poll_seconds"]) for device in csv.DictReader(file)}
    return sum(1 / polls[point.device] for point in park.points.values() if point.device in polls)


def _settled(chain: LocalChain) -> int:
    try:
        status = read_ingest_status(chain.ingest_url)
    except UnreachableError:
        return 0
    return status.stored + status.quarantined


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + CATCH_UP_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "the chain stands still"
        time.sleep(0.3)
