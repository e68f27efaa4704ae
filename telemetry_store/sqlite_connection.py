"""Opens the embedded store's file with the settings every connection needs, and says plainly when it cannot."""

import sqlite3
import time
from pathlib import Path

from service_runtime.errors import UnreachableError

SCHEMA_VERSION = 1
BUSY_TIMEOUT_SECONDS = 5.0
_LOOK_AGAIN_SECONDS = 0.02


def connect(path: Path, busy_timeout_seconds: float = BUSY_TIMEOUT_SECONDS) -> sqlite3.Connection:
    """A connection in autocommit mode; the file and its tables are made when they are not there yet.

    Raises :class:`UnreachableError` naming the path. The connection may be closed from another thread.
    """
    try:
        has_folder = path.parent.is_dir()
    except OSError as error:
        raise UnreachableError(f"sqlite {path}: {error.strerror}") from error
    if not has_folder:
        raise UnreachableError(f"sqlite {path}: no such folder {path.parent}")
    try:
        database = sqlite3.connect(
            path, timeout=busy_timeout_seconds, isolation_level=None, check_same_thread=False, cached_statements=64
        )
    except sqlite3.Error as error:
        raise UnreachableError(f"sqlite {path}: {error}") from error
    try:
        _prepare(database, path, busy_timeout_seconds)
    except sqlite3.Error as error:
        database.close()
        raise UnreachableError(f"sqlite {path}: {error}") from error
    except UnreachableError:
        database.close()
        raise
    return database


def _prepare(database: sqlite3.Connection, path: Path, busy_timeout_seconds: float) -> None:
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA_VERSION:
        raise UnreachableError(f"sqlite {path}: schema {version} is newer than this program's ({SCHEMA_VERSION})")
    if version < SCHEMA_VERSION:
        _begin_wal(database, busy_timeout_seconds)
        schema = Path(__file__).with_name("sqlite_schema.sql").read_text(encoding="utf-8")
        database.executescript(f"BEGIN IMMEDIATE; {schema} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")
    # FULL: a commit is on disk when it returns, also in WAL mode.
    database.execute("PRAGMA synchronous = FULL")
    database.execute("PRAGMA cache_size = -32000")
    # 64 MB: with thousands of series each row of a round lies on a page of its own; a page written in several rounds
    # then goes into the file once.
    database.execute("PRAGMA wal_autocheckpoint = 16000")
    database.execute("PRAGMA temp_store = MEMORY")


def _begin_wal(database: sqlite3.Connection, busy_timeout_seconds: float) -> None:
    """SQLite does not wait here by itself while another program makes the same file at the same moment."""
    deadline = time.monotonic() + busy_timeout_seconds
    while True:
        try:
            database.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_LOOK_AGAIN_SECONDS)
        else:
            return


def file_number(path: Path) -> int:
    """What tells one file from another of the same name; 0 when there is none."""
    try:
        return path.stat().st_ino
    except OSError:
        return 0
