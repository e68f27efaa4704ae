"""One replica's lasting connection to the state: its locks, what it reads at the start, and what others have changed.

Synchronous; used by one thread at a time. A connection that breaks is opened again at the next call.
"""

import contextlib
import os
import socket
import time
import uuid
from collections.abc import Callable
from typing import NamedTuple, TypeVar

import psycopg
from psycopg import errors

from ingest_service.state.postgres_address import PostgresAddress
from ingest_service.state.postgres_connection import Connection, connect, one_line, prepare, run
from ingest_service.state.postgres_rounds import CURSOR_COLUMNS, REFILL_COLUMNS, cursor_of, refill_of
from ingest_service.state.refill import Refill
from ingest_service.state.run_cursor import RunCursor, RunKey
from service_runtime.errors import OperatorError

T = TypeVar("T")
LOCK_WAIT_SECONDS = 8.0
"""The server needs a moment to notice that an ingest was killed."""
DEADLOCK_TRIES = 5
_LOCK_CLASS = 0x65636F
_BROKER_SESSION = "broker_session"
_LAST_RECEIVED = "SELECT gateway, run, max(last_received_ms) FROM ledger GROUP BY gateway, run"
_SET = "INSERT INTO ingest_state VALUES (%s, %s) ON CONFLICT (key) DO UPDATE SET value = excluded.value"


class ReplicaName(NamedTuple):
    """Who we are; ``shares`` says that others may use the state at the same time."""

    client_id: str
    shares: bool


class Look(NamedTuple):
    """What has changed since the look before (``whole``: everything there is)."""

    whole: bool
    cursors: list[tuple[RunKey, RunCursor, int]]
    counts: dict[str, int]
    refills: dict[RunKey, Refill]
    broker_session: str
    leads: bool
    runs: int
    """How many there are in all."""


class PostgresSession:
    """Keeps the connection; :meth:`call` runs work on it and turns the database's errors into sentences."""

    def __init__(self, place: PostgresAddress, name: ReplicaName) -> None:
        self._place = place
        self._name = name
        self._connection: Connection | None = None
        self._horizon: str | None = None
        self._leads = False

    def call(self, work: Callable[[Connection], T]) -> T:
        """Raises :class:`OperatorError` (then nothing was done, or a commit's answer was lost)."""
        for attempt in range(DEADLOCK_TRIES):
            try:
                return work(self._opened())
            except (errors.DeadlockDetected, errors.SerializationFailure) as error:
                if attempt == DEADLOCK_TRIES - 1:
                    raise self._sentence(error) from error
            except psycopg.Error as error:
                if self._connection is not None and self._connection.closed:
                    self.close()
                raise self._sentence(error) from error
        raise AssertionError("unreachable")

    def look(self, connection: Connection) -> Look:
        """What other replicas have committed since the look before; the first one on a connection sees everything."""
        known = self._horizon
        # Whatever is not finished now will show up again: a number that only grows would pass over the slow ones.
        [(horizon,)] = run(connection, "SELECT pg_snapshot_xmin(pg_current_snapshot())::text")
        since = "" if known is None else " WHERE changed_by >= %s::xid8"
        query = f"SELECT {CURSOR_COLUMNS} FROM cursors{since} ORDER BY changed"
        rows = run(connection, query, () if known is None else (known,)).fetchall()
        counts = dict(run(connection, "SELECT name, value FROM counts"))
        refills = {RunKey(*row[:2]): refill_of(row) for row in run(connection, f"SELECT {REFILL_COLUMNS} FROM refills")}
        session = self._broker_session(connection)
        if not self._leads:
            self._leads = not self._name.shares or self._try_lock(connection, "leader")
        self._horizon = horizon
        # What has changed since the look before was heard about now; only at first the ledger is asked.
        received = dict.fromkeys((RunKey(*row[:2]) for row in rows), time.time_ns() // 1_000_000)
        if known is None:
            received = {RunKey(*key): ms for *key, ms in run(connection, _LAST_RECEIVED)}
        [(runs,)] = run(connection, "SELECT count(*) FROM cursors")
        cursors = []
        for row in rows:
            key, cursor = RunKey(*row[:2]), cursor_of(row)
            cursor.changed_ms = received.get(key, 0)
            cursors.append((key, cursor, row[7]))
        return Look(known is None, cursors, counts, refills, session, self._leads, runs)

    def look_at_all_next(self) -> None:
        """Runs are gone that the next look must no longer show."""
        self._horizon = None

    def begin_broker_session(self, connection: Connection) -> str:
        """A new one, for all replicas."""
        made = uuid.uuid4().hex
        run(connection, _SET, (_BROKER_SESSION, made))
        return made

    def close(self) -> None:
        """Let the connection and its locks go."""
        connection, self._connection = self._connection, None
        self._horizon, self._leads = None, False
        if connection is not None:
            connection.close()

    def break_off(self) -> None:
        """From another thread: a call that waits for a server that is silent ends with an error."""
        connection = self._connection
        if connection is not None and not connection.closed:
            with (
                contextlib.suppress(OSError, psycopg.Error),
                socket.socket(fileno=os.dup(connection.fileno())) as wire,
            ):
                wire.shutdown(socket.SHUT_RDWR)

    def _opened(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self.close()
            connection = connect(self._place)
            try:
                prepare(self._place, connection)
                self._take_place(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _take_place(self, connection: Connection) -> None:
        """A single ingest keeps everybody else out; replicas only those that call themselves as we do."""
        deadline = time.monotonic() + LOCK_WAIT_SECONDS
        while not self._try_lock(connection, "alone", shared=self._name.shares):
            if time.monotonic() > deadline:
                raise OperatorError(f"{self._place}: another ingest is using this state and does not share it")
            time.sleep(0.1)
        while not self._try_lock(connection, f"client {self._name.client_id}"):
            if time.monotonic() > deadline:
                raise OperatorError(
                    f"{self._place}: another ingest runs as mqtt_client_id '{self._name.client_id}': "
                    "every replica needs one of its own"
                )
            time.sleep(0.1)

    @staticmethod
    def _try_lock(connection: Connection, what: str, shared: bool = False) -> bool:
        statement = f"SELECT pg_try_advisory_lock{'_shared' if shared else ''}(%s, hashtext(current_schema() || %s))"
        [(taken,)] = run(connection, statement, (_LOCK_CLASS, f" {what}"))
        return bool(taken)

    @staticmethod
    def _broker_session(connection: Connection) -> str:
        row = run(connection, "SELECT value FROM ingest_state WHERE key = %s", (_BROKER_SESSION,)).fetchone()
        return str(row[0]) if row else ""

    def _sentence(self, error: psycopg.Error) -> OperatorError:
        return OperatorError(f"ingest state {self._place}: {one_line(error)}")
