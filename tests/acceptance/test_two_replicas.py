"""Two ingest replicas share the readings; one is killed and started again: rows = published set, counted once."""

from pathlib import Path

import pytest

from tests.acceptance.replica_kills import faults_of, run_replica_kills
from tests.servers.influxdb import InfluxDatabase
from tests.servers.mosquitto import MosquittoServer

KILLS = 3


@pytest.mark.slow
@pytest.mark.real_server
async def test_a_replica_that_is_killed_again_and_again_loses_and_doubles_nothing(
    mosquitto: MosquittoServer, influxdb: InfluxDatabase, postgres_url: str, tmp_path: Path
) -> None:
    run = await run_replica_kills(tmp_path, mosquitto.url, influxdb, postgres_url, KILLS, seed=3)
    assert faults_of(run) == []
    assert len(run.committed) > 500
