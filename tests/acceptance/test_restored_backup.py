"""A database and ingest's state restored from a backup six hours old become what they were, from the gateways' logs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.restored_backup import run_restore
from tests.servers.influxdb import InfluxDatabase, InfluxServer

STEP_SECONDS = 1_200


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[InfluxServer]:
    """Not the one all tests share: this one loses its disk."""
    server = InfluxServer(tmp_path / "influxdb")
    try:
        server.start()
        yield server
    finally:
        server.kill()


@pytest.mark.slow
@pytest.mark.real_server
def test_a_backup_six_hours_old_is_filled_again_from_the_gateways_logs(
    tmp_path: Path, own_server: InfluxServer
) -> None:
    database = InfluxDatabase(own_server, "park")
    done = run_restore(tmp_path / "work", own_server, database, True, STEP_SECONDS, ["gw-utilities"])
    assert done.restored < len(done.before) / 2
    assert done.failures() == []
