"""Where ingest's state lies: a SQLite file of one ingest, or a PostgreSQL database that several replicas share."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

from ingest_service.state.postgres_address import PostgresAddress
from ingest_service.state.schema import open_state
from service_runtime.errors import OperatorError


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


class PostgresPlace(PostgresAddress):
    """The same, to be looked into."""

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
