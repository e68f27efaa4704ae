"""Real servers and stores for every test: a broker, a database, a mail server, all on loopback and always stopped."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import settings

from telemetry_store.open import open_store
from telemetry_store.protocol import TelemetryStore
from tests.servers.influxdb import InfluxDatabase, InfluxServer
from tests.servers.mosquitto import MosquittoServer
from tests.servers.postgres import PostgresServer
from tests.servers.smtp import SmtpServer

# No test depends on time: an example may take as long as a busy machine makes it take.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[MosquittoServer]:
    """A broker of its own for each test."""
    server = MosquittoServer(tmp_path / "mosquitto")
    try:
        server.start()
        yield server
    finally:
        server.kill()


@pytest.fixture(scope="session")
def influx_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxServer]:
    """One InfluxDB for the whole run; tests take :func:`influxdb` instead."""
    server = InfluxServer(tmp_path_factory.mktemp("influxdb"))
    try:
        server.start()
        yield server
    finally:
        server.kill()


@pytest.fixture
def influxdb(influx_server: InfluxServer) -> Iterator[InfluxDatabase]:
    """A fresh database on a server that runs, also when the test before stopped it."""
    influx_server.start()
    database = InfluxDatabase(influx_server, f"test_{uuid4().hex[:12]}")
    yield database
    influx_server.start()
    database.drop()


@pytest.fixture
async def influx_store(influxdb: InfluxDatabase) -> AsyncIterator[TelemetryStore]:
    """A store on a fresh InfluxDB database."""
    store = open_store(influxdb.url)
    yield store
    await store.close()


@pytest.fixture
async def sqlite_store(tmp_path: Path) -> AsyncIterator[TelemetryStore]:
    """A store in a fresh file."""
    store = open_store(f"sqlite:///{tmp_path}/store.db")
    yield store
    await store.close()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One PostgreSQL for the whole run; tests take :func:`postgres_url` instead."""
    server = PostgresServer()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> str:
    """The URL of an empty database on a server that runs, also when the test before stopped it."""
    postgres_server.start()
    return postgres_server.database(f"test_{uuid4().hex[:12]}")


@pytest.fixture
def smtp_server() -> Iterator[SmtpServer]:
    """A mail server that keeps what it gets."""
    server = SmtpServer()
    server.start()
    yield server
    server.stop()
