"""The state file's tables and how a connection to it is opened."""

import sqlite3
from pathlib import Path

from ingest_service.state.ledger import unwritten_ledger
from service_runtime.errors import OperatorError

SCHEMA_VERSION = 3
BUSY_TIMEOUT_SECONDS = 5.0
_TABLES = """
CREATE TABLE cursors (
    gateway TEXT NOT NULL, run TEXT NOT NULL, base INTEGER NOT NULL, through INTEGER NOT NULL, stored TEXT NOT NULL,
    changed INTEGER NOT NULL, through_created_ms INTEGER NOT NULL, highest_created_ms INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (gateway, run)
) WITHOUT ROWID;
CREATE INDEX cursors_changed ON cursors (changed);
CREATE TABLE counts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE ledger (
    gateway TEXT NOT NULL, run TEXT NOT NULL, hour_ms INTEGER NOT NULL,
    received INTEGER NOT NULL, stored INTEGER NOT NULL, quarantined INTEGER NOT NULL, duplicate INTEGER NOT NULL,
    late INTEGER NOT NULL, through_seq INTEGER NOT NULL,
    revision INTEGER NOT NULL DEFAULT 1, written_revision INTEGER NOT NULL DEFAULT 0,
    batches INTEGER NOT NULL DEFAULT 0, refilled INTEGER NOT NULL DEFAULT 0, first_seq INTEGER NOT NULL DEFAULT 0,
    last_seq INTEGER NOT NULL DEFAULT 0, last_received_ms INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (gateway, run, hour_ms)
) WITHOUT ROWID;
CREATE INDEX ledger_unwritten ON ledger (hour_ms) WHERE written_revision < revision;
CREATE TABLE refills (
    gateway TEXT NOT NULL, run TEXT NOT NULL, since_ms INTEGER NOT NULL, from_seq INTEGER NOT NULL,
    to_seq INTEGER NOT NULL, started_ms INTEGER NOT NULL, arrived TEXT NOT NULL, PRIMARY KEY (gateway, run)
) WITHOUT ROWID;
CREATE TABLE quarantine (
    id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL,
    payload BLOB NOT NULL, digest BLOB NOT NULL, first_seen_ms INTEGER NOT NULL, last_seen_ms INTEGER NOT NULL,
    count INTEGER NOT NULL
);
CREATE UNIQUE INDEX quarantine_same ON quarantine (reason, topic, digest);
"""


_TO_VERSION_2 = """
ALTER TABLE cursors ADD COLUMN through_created_ms INTEGER NOT NULL DEFAULT 0;
CREATE INDEX cursors_changed ON cursors (changed);
ALTER TABLE ledger DROP COLUMN missing;
ALTER TABLE ledger ADD COLUMN batches INTEGER NOT NULL DEFAULT 0;
ALTER TABLE ledger ADD COLUMN refilled INTEGER NOT NULL DEFAULT 0;
ALTER TABLE ledger ADD COLUMN first_seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE ledger ADD COLUMN last_seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE ledger ADD COLUMN last_received_ms INTEGER NOT NULL DEFAULT 0;
UPDATE ledger SET last_seq = through_seq, last_received_ms = hour_ms, revision = revision + 1;
CREATE TABLE refills (
    gateway TEXT NOT NULL, run TEXT NOT NULL, since_ms INTEGER NOT NULL, from_seq INTEGER NOT NULL,
    to_seq INTEGER NOT NULL, started_ms INTEGER NOT NULL, arrived TEXT NOT NULL, PRIMARY KEY (gateway, run)
) WITHOUT ROWID;
"""
_TO_VERSION_3 = "ALTER TABLE cursors ADD COLUMN highest_created_ms INTEGER NOT NULL DEFAULT 0"


def open_state(path: Path, *, create: bool) -> sqlite3.Connection:
    """A connection in autocommit mode; raises :class:`OperatorError` naming the file.

    Every commit is on disk when it returns (WAL with ``synchronous=FULL``). The connection may be handed to another
    thread, but is used by one at a time.
    """
    if not create and not path.is_file():
        raise OperatorError(f"{path}: no such ingest state file (state_path)")
    try:
        connection = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, timeout=BUSY_TIMEOUT_SECONDS
        )  # fmt: skip
    except sqlite3.Error as error:
        raise OperatorError(f"{path}: cannot be opened as the ingest state file ({error})") from error
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == 0 and create:
            connection.executescript(f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version={SCHEMA_VERSION}; COMMIT;")
        elif version in (1, 2) and create:
            _migrate(connection, version)
        elif version != SCHEMA_VERSION:
            raise OperatorError(f"{path}: state of version {version}, this program knows version {SCHEMA_VERSION}")
    except sqlite3.Error as error:
        connection.close()
        raise OperatorError(f"{path}: not usable as the ingest state file ({error})") from error
    except OperatorError:
        connection.close()
        raise
    return connection


def _migrate(connection: sqlite3.Connection, version: int) -> None:
    connection.execute("BEGIN IMMEDIATE")
    if version == 1:
        _to_version_2(connection)
    connection.execute(_TO_VERSION_3)
    connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
    connection.execute("COMMIT")


def _to_version_2(connection: sqlite3.Connection) -> None:
    """Version 1 knew no spans: they are taken from its cursor's place at the end of each hour."""
    for statement in _TO_VERSION_2.split(";"):
        connection.execute(statement)
    entries = unwritten_ledger(connection, -1)
    connection.executemany(
        "UPDATE ledger SET batches = ?, first_seq = ? WHERE gateway = ? AND run = ? AND hour_ms = ?",
        [(e.expected - e.missing_count, e.previous_seq + 1 if e.last_seq else 0, *e[:3]) for e in entries],
    )
