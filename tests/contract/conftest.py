"""The stores under contract: each test runs against the embedded store and against a real InfluxDB."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from telemetry_store.open import open_store
from telemetry_store.protocol import TelemetryStore
from tests.servers.influxdb import InfluxDatabase


@pytest.fixture(params=["sqlite", pytest.param("influxdb", marks=pytest.mark.real_server)])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TelemetryStore]:
    """An empty store of either kind."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/store.db"
    else:
        database: InfluxDatabase = request.getfixturevalue("influxdb")
        url = database.url
    opened = open_store(url)
    yield opened
    await opened.close()
