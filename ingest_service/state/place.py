"""Where ingest's state lies: a SQLite file of one ingest, or a PostgreSQL database that several replicas share."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

from ingest_service.state.schema import open_state
from service_runtime.errors import OperatorError

FORM = "postgresql://user@host:5432/database"
_SCHEMES = ("postgresql", "postgres")


class Rows(Protocol):
    """What a statement gave."""

    @property
    def rowcount(self) -> int:
        """Rows changed."""
        ...

    def fetchone(self) -> Any:
        """The next row, or ``None``."""
        ...

    def __iter__(self) -> Iterator[Any]:
        """The rows as tuples."""
        ...


class SqlConnection(Protocol):
    """A connection in autocommit mode; ``?`` stands for a parameter, whatever the database."""

    def execute(self, statement: str, parameters: Sequence[Any] = (), /) -> Rows:
        """Run one statement."""
        ...


class StatePlace(Protocol):
    """Looked into by commands and by the HTTP interface, also while the service runs."""

    def look(self) -> AbstractContextManager[SqlConnection]:
        """A connection of its own; what the database refuses is an :class:`OperatorError` that names the place."""
        ...


class SqliteFile:
    """A state file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __str__(self) -> str:
        return str(self.path)

    @contextmanager
    def look(self) -> Iterator[SqlConnection]:
        """Opens the file; a file that is not there is not made."""
        try:
            with closing(open_state(self.path, create=False)) as connection:
                yield connection
        except sqlite3.Error as error:
            raise OperatorError(f"{self.path}: {error}") from error


class PostgresPlace:
    """A database by URL; its tables lie in the schema that the connection finds first."""

    def __init__(self, url: str, password: str = "") -> None:
        self.url = url
        self.password = password
        self._name = _checked_name(url)

    def __str__(self) -> str:
        return self._name

    @contextmanager
    def look(self) -> Iterator[SqlConnection]:
        """Opens a connection; tables that are not there are not made."""
        connections = postgres_connections()
        with connections.looking(self) as connection:
            yield connection


def postgres_connections() -> Any:
    """The module that needs psycopg, loaded only when a URL asks for it."""
    try:
        from ingest_service.state import postgres_connection  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        raise OperatorError("state_url: PostgreSQL needs psycopg: pip install 'ecopark[postgres]'") from error
    return postgres_connection


def _checked_name(url: str) -> str:
    """The URL without user and options, to be shown; raises :class:`OperatorError` when it names no database."""
    try:
        parts = urlsplit(url)
        has_password = bool(parts.password) or "password" in parse_qs(parts.query)
    except ValueError as error:
        raise OperatorError(f"state_url: {error} (form: {FORM})") from error
    if has_password:
        raise OperatorError("state_url: the password does not belong in it; set state_password or state_password_file")
    if parts.scheme not in _SCHEMES:
        raise OperatorError(f"state_url '{url}': unknown kind '{parts.scheme}' (form: {FORM})")
    try:
        port = parts.port
    except ValueError as error:
        raise OperatorError(f"state_url '{url}': {error} (form: {FORM})") from error
    socket_folder = parse_qs(parts.query).get("host", [""])[0]
    database = parts.path.strip("/")
    if not database or "/" in database or not (parts.hostname or socket_folder):
        raise OperatorError(f"state_url '{url}': needs a host and a database (form: {FORM})")
    host = parts.netloc.rpartition("@")[2] or socket_folder
    return f"postgresql://{host}{f':{port}' if port and not parts.netloc else ''}/{database}"
