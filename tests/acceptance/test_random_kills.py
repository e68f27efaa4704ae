"""kill -9 of every part at random moments: rows in the store = the set the gateways committed, the ledger agrees."""

from pathlib import Path

import pytest

from deploy.local.broker import BrokerKind
from tests.acceptance.random_kills import DATABASE, KillRun, run_with_kills
from tests.servers.influxdb import InfluxDatabase

KILLS = 20


def assert_exact(run: KillRun) -> None:
    assert sum(run.kills.values()) == KILLS
    assert len(run.committed) > 500
    assert run.committed - run.stored == set(), "lost"
    assert run.stored - run.committed == set(), "appeared from nowhere"
    assert run.ledger_agrees, "counted twice or not at all"


@pytest.mark.slow
def test_embedded_broker_and_sqlite_lose_and_double_nothing(tmp_path: Path) -> None:
    assert_exact(run_with_kills(tmp_path, BrokerKind.EMBEDDED, None, KILLS, seed=1))


@pytest.mark.slow
@pytest.mark.real_server
def test_mosquitto_and_influxdb_lose_and_double_nothing(tmp_path: Path, influxdb: InfluxDatabase) -> None:
    run = run_with_kills(tmp_path, BrokerKind.MOSQUITTO, influxdb.url, KILLS, seed=2, database=influxdb.server)
    assert run.kills[DATABASE] > 0
    assert_exact(run)
