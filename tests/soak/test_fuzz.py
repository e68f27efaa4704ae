"""A short fuzz of the running service: every case has an outcome, the ledger adds up, good traffic is unharmed."""

from pathlib import Path

import pytest

from tests.servers.influxdb import InfluxDatabase
from tests.servers.mosquitto import MosquittoServer
from tests.soak.fuzz import run_fuzz

CASES = 1_500


@pytest.mark.real_server
async def test_malformed_messages_and_bodies_are_all_accounted_for(
    tmp_path: Path, mosquitto: MosquittoServer, influxdb: InfluxDatabase
) -> None:
    run = await run_fuzz(tmp_path, mosquitto.url, influxdb.url, CASES, seed=3)
    assert run.failures == []
    assert run.good_stored == run.good_committed > 0
    assert run.outcomes["quarantined"] > CASES / 3
    assert {"malformed_pack", "malformed_record", "unknown_point", "time_too_old"} <= set(run.reasons)
