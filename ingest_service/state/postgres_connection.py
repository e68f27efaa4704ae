"""Connections to the state's PostgreSQL database, its tables, and its errors in one sentence each."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

import psycopg
from psycopg import conninfo

from ingest_service.state.postgres_address import PostgresAddress
from service_runtime.errors import OperatorError, UnreachableError

SCHEMA_VERSION = "2"
OLDEST_SERVER = 130_000
CONNECT_TIMEOUT_SECONDS = 5
# What a replica holds that vanished without a word, another one waits for: so the server gives it up soon.
_SESSION = {
    "synchronous_commit": "on",
    "lock_timeout": "10s",
    "statement_timeout": "30s",
    "idle_in_transaction_session_timeout": "20s",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "client_encoding": "UTF8",
}
_TABLES = """
CREATE TABLE ingest_state (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE SEQUENCE cursor_changes;
CREATE TABLE cursors (
    gateway TEXT NOT NULL, run TEXT NOT NULL, base BIGINT NOT NULL, through BIGINT NOT NULL, stored TEXT NOT NULL,
    through_created_ms BIGINT NOT NULL, highest_created_ms BIGINT NOT NULL DEFAULT 0,
    changed BIGINT NOT NULL DEFAULT nextval('cursor_changes'),
    changed_by XID8 NOT NULL DEFAULT pg_current_xact_id(), PRIMARY KEY (gateway, run)
);
CREATE INDEX cursors_changed ON cursors (changed_by);
CREATE TABLE counts (name TEXT PRIMARY KEY, value BIGINT NOT NULL);
CREATE TABLE ledger (
    gateway TEXT NOT NULL, run TEXT NOT NULL, hour_ms BIGINT NOT NULL,
    received BIGINT NOT NULL, stored BIGINT NOT NULL, quarantined BIGINT NOT NULL, duplicate BIGINT NOT NULL,
    late BIGINT NOT NULL, through_seq BIGINT NOT NULL, batches BIGINT NOT NULL, refilled BIGINT NOT NULL,
    first_seq BIGINT NOT NULL, last_seq BIGINT NOT NULL, last_received_ms BIGINT NOT NULL,
    revision BIGINT NOT NULL DEFAULT 1, written_revision BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (gateway, run, hour_ms)
);
CREATE INDEX ledger_unwritten ON ledger (hour_ms) WHERE written_revision < revision;
CREATE INDEX ledger_spans ON ledger (gateway, run, last_seq);
CREATE TABLE refills (
    gateway TEXT NOT NULL, run TEXT NOT NULL, since_ms BIGINT NOT NULL, from_seq BIGINT NOT NULL,
    to_seq BIGINT NOT NULL, started_ms BIGINT NOT NULL, arrived TEXT NOT NULL, PRIMARY KEY (gateway, run)
);
CREATE TABLE quarantine (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, topic TEXT NOT NULL, reason TEXT NOT NULL,
    detail TEXT NOT NULL, payload BYTEA NOT NULL, digest BYTEA NOT NULL UNIQUE, first_seen_ms BIGINT NOT NULL,
    last_seen_ms BIGINT NOT NULL, count BIGINT NOT NULL
);
CREATE TABLE replicas (replica TEXT PRIMARY KEY, last_round TEXT NOT NULL);
"""

Connection = psycopg.Connection[tuple[Any, ...]]


class Looking:
    """A :class:`~ingest_service.state.place.SqlConnection`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def execute(self, statement: str, parameters: Sequence[Any] = (), /) -> "psycopg.Cursor[tuple[Any, ...]]":
        return run(self._connection, statement.replace("?", "%s"), parameters)


def run(connection: Connection, statement: str, parameters: Sequence[Any] = ()) -> "psycopg.Cursor[tuple[Any, ...]]":
    """Run one statement."""
    return connection.execute(statement.encode(), parameters)


@contextmanager
def looking(place: PostgresAddress) -> Iterator[Looking]:
    """A connection for one look or one small change."""
    with closing(connect(place)) as connection:
        try:
            _check_version(place, connection)
            yield Looking(connection)
        except psycopg.Error as error:
            raise OperatorError(f"{place}: {one_line(error)}") from error


def connect(place: PostgresAddress) -> Connection:
    """A connection in autocommit mode; raises :class:`OperatorError` naming the address."""
    try:
        options = conninfo.conninfo_to_dict(place.url)
    except psycopg.ProgrammingError as error:
        raise OperatorError(f"state_url: {one_line(error)}") from error
    settings = " ".join(f"-c {name}={value}" for name, value in _SESSION.items())
    options["options"] = f"{options.get('options') or ''} {settings}".strip()
    options.setdefault("connect_timeout", CONNECT_TIMEOUT_SECONDS)
    options.setdefault("tcp_user_timeout", 20_000)
    options.setdefault("application_name", "ecopark-ingest")
    if place.password:
        options["password"] = place.password
    try:
        connection = psycopg.connect(conninfo.make_conninfo("", **options), autocommit=True)
    except psycopg.Error as error:
        raise UnreachableError(f"ingest state {place}: {one_line(error)}") from error
    if connection.info.server_version < OLDEST_SERVER:
        version = connection.info.server_version // 10_000
        connection.close()
        raise OperatorError(f"ingest state {place}: PostgreSQL {version} is too old, 13 or later is needed")
    return connection


def prepare(place: PostgresAddress, connection: Connection) -> None:
    """Make the tables in an empty database; raises :class:`OperatorError` for a state of another version."""
    with connection.transaction():
        # Two replicas may start on an empty database at the same time.
        run(connection, "SELECT pg_advisory_xact_lock(hashtext(current_schema() || 'ecopark-ingest-tables'))")
        version = _version(connection)
        if version == "1":
            run(connection, "ALTER TABLE cursors ADD COLUMN highest_created_ms BIGINT NOT NULL DEFAULT 0")
            run(connection, "UPDATE ingest_state SET value = %s WHERE key = 'version'", (SCHEMA_VERSION,))
        elif version is None:
            connection.execute(_TABLES.encode())
            run(connection, "INSERT INTO ingest_state VALUES ('version', %s)", (SCHEMA_VERSION,))
    _check_version(place, connection)


def one_line(error: BaseException) -> str:
    """What the database said first."""
    text = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    return text.removeprefix("connection failed: ")


def _version(connection: Connection) -> str | None:
    found = run(connection, "SELECT to_regclass('ingest_state') IS NOT NULL").fetchone()
    if not found or not found[0]:
        return None
    row = run(connection, "SELECT value FROM ingest_state WHERE key = 'version'").fetchone()
    return str(row[0]) if row else None


def _check_version(place: PostgresAddress, connection: Connection) -> None:
    version = _version(connection)
    if version is None:
        raise OperatorError(f"{place}: no ingest state in this database (state_url)")
    if version != SCHEMA_VERSION:
        raise OperatorError(f"{place}: state of version {version}, this program knows version {SCHEMA_VERSION}")
