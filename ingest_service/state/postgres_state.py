"""The state that replicas share: what it says here is what all of them had committed when we last looked.

All database work runs in one thread, so the event loop never waits for it and a look never overtakes a commit.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from ingest_service.state.ingest_state import StaleRoundError
from ingest_service.state.joint_round import first_arrivals
from ingest_service.state.ledger import LedgerEntry, unwritten_ledger
from ingest_service.state.postgres_address import PostgresAddress
from ingest_service.state.postgres_connection import Connection, Looking
from ingest_service.state.postgres_rounds import Committed, commit_round, read_cursors, read_refills
from ingest_service.state.postgres_session import Look, PostgresSession, ReplicaName
from ingest_service.state.refill import NO_LOGS, LogRange, Refill, span_of
from ingest_service.state.run_cursor import RunCursor, RunKey
from ingest_service.state.settlement import Settlement
from service_runtime.errors import OperatorError
from service_runtime.logs import event

T = TypeVar("T")
LOOK_INTERVAL_SECONDS = 0.5
SILENT_SECONDS = 10.0
"""A call that takes longer makes the service not ready."""
GIVE_UP_SECONDS = 40.0
"""Longer than any time-out the server knows: it does not answer at all, and the connection is broken off."""
CLOSE_SECONDS = 5.0
_REFILL_FROM = """
SELECT gateway, run, min(first_seq) FROM ledger
WHERE first_seq > 0 AND (hour_ms + 3600000 > %s OR last_received_ms >= %s) GROUP BY gateway, run ORDER BY 1, 2
"""
_BEGIN_REFILL = """
INSERT INTO refills VALUES (%s, %s, %s, %s, %s, %s, '') ON CONFLICT (gateway, run) DO UPDATE SET
    since_ms = excluded.since_ms, from_seq = excluded.from_seq, to_seq = excluded.to_seq,
    started_ms = excluded.started_ms, arrived = ''
"""
_MARK_WRITTEN = "UPDATE ledger SET written_revision = %s WHERE gateway = %s AND run = %s AND hour_ms = %s"
_log = logging.getLogger(__name__)


class PostgresState:
    """An :class:`~ingest_service.state.ingest_state.IngestState`; raises :class:`OperatorError` when made in vain."""

    def __init__(self, place: PostgresAddress, name: ReplicaName, quarantine_max_records: int) -> None:
        self._place = place
        self._replica = name.client_id
        self._quarantine_max_records = quarantine_max_records
        self._session = PostgresSession(place, name)
        self.cursors: dict[RunKey, RunCursor] = {}
        self.counts: Counter[str] = Counter()
        self.refills: dict[RunKey, Refill] = {}
        self.is_joint = True
        self.leads = False
        self.broker_session = ""
        self._changed: dict[RunKey, int] = {}
        self._failure = ""
        self._asked_at: float | None = None
        self._take(self._session.call(self._session.look))
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ingest-state")

    @property
    def problem(self) -> str:
        """Why the database cannot be used just now."""
        waited = self._waited_seconds()
        if waited > SILENT_SECONDS:
            return f"ingest state {self._place}: no answer for {waited:.0f} s"
        return self._failure

    def latest_runs(self) -> dict[str, RunKey]:
        """The most recently changed run of each gateway."""
        return {key.gateway: key for key in self.cursors}

    async def commit(self, settlement: Settlement) -> int:
        """Joint with the other replicas; see :func:`~ingest_service.state.postgres_rounds.commit_round`."""
        known, keep = dict(self._changed), self._quarantine_max_records
        try:
            done: Committed = await self._run(
                lambda connection: commit_round(connection, settlement, self._replica, known, keep)
            )
        except StaleRoundError:
            await self._reload(list(first_arrivals(settlement)))
            raise
        for key in settlement.cursors.keys() & done.cursors.keys():
            done.cursors[key].changed_ms = settlement.cursors[key].changed_ms
            self._note(key, done.cursors[key], done.changed[key])
        for key in settlement.dropped_runs:
            self._forget(key)
        self.refills.update(done.refills)
        for name, value in done.counts.items():
            self.counts[name] = value
        return done.dropped

    async def refresh(self) -> None:
        """Look what the others have done."""
        self._take(await self._run(self._session.look))

    async def begin_broker_session(self) -> None:
        """Every replica says the new one from its next look on."""
        self.broker_session = await self._run(self._session.begin_broker_session)

    async def begin_refills(
        self, since_ms: int, gateways: Collection[str], now_ms: int, logs: Mapping[RunKey, LogRange] = NO_LOGS
    ) -> dict[RunKey, Refill]:
        """As in a state file; the other replicas learn of it by looking."""

        def begin(connection: Connection) -> dict[RunKey, Refill]:
            with connection.transaction():
                found = connection.execute(_REFILL_FROM.encode(), (since_ms, since_ms)).fetchall()
                first = {RunKey(gateway, name): seq for gateway, name, seq in found}
                keys = [key for key in {**first, **logs} if not gateways or key.gateway in gateways]
                cursors, _ = read_cursors(connection, keys)
                begun = {
                    key: Refill(since_ms, *span, now_ms)
                    for key in keys
                    if (span := span_of(first.get(key), cursors.get(key), logs.get(key)))
                }
                for key in sorted(begun):
                    refill = begun[key]
                    values = (*key, refill.since_ms, refill.from_seq, refill.to_seq, refill.started_ms)
                    connection.execute(_BEGIN_REFILL.encode(), values)
            return begun

        begun = await self._run(begin)
        self.refills.update(begun)
        return begun

    async def unwritten_ledger(self, limit: int) -> list[LedgerEntry]:
        """Ledger lines that changed since they were last written to the store, oldest hour first."""
        return await self._run(lambda connection: unwritten_ledger(Looking(connection), limit))

    async def mark_written(self, lines: Sequence[LedgerEntry]) -> None:
        """The store holds these revisions."""
        marks = [(line.revision, line.gateway, line.run, line.hour_ms) for line in lines]

        def mark(connection: Connection) -> None:
            with connection.transaction(), connection.cursor() as cursor:
                cursor.executemany(_MARK_WRITTEN.encode(), marks)

        if marks:
            await self._run(mark)

    async def watch(self) -> None:
        """Look regularly; say once when the database goes and when it is back."""
        said = ""
        looking: asyncio.Task[None] | None = None
        try:
            while True:
                if looking is None or looking.done():
                    looking = asyncio.create_task(self._look_safely())
                await asyncio.wait({looking}, timeout=LOOK_INTERVAL_SECONDS)
                if self._waited_seconds() > GIVE_UP_SECONDS:
                    self._session.break_off()
                if bool(self.problem) != bool(said):
                    level, sentence = (logging.ERROR, self.problem) if self.problem else (logging.INFO, "state is back")
                    event(_log, level, sentence)
                said = self.problem
                await asyncio.sleep(LOOK_INTERVAL_SECONDS)
        finally:
            if looking is not None:
                looking.cancel()

    async def close(self) -> None:
        """Finish what was begun, unless the database does not answer."""
        closing = asyncio.get_running_loop().run_in_executor(self._thread, self._session.close)
        done, _ = await asyncio.wait({closing}, timeout=CLOSE_SECONDS)
        if not done:
            self._session.break_off()
            await closing
        self._thread.shutdown()

    async def _look_safely(self) -> None:
        try:
            await self.refresh()
        except OperatorError:
            # Kept in ``problem``.
            return

    async def _run(self, work: Callable[[Connection], T]) -> T:
        def timed() -> T:
            self._asked_at = time.monotonic()
            try:
                return self._session.call(work)
            finally:
                self._asked_at = None

        try:
            found = await asyncio.get_running_loop().run_in_executor(self._thread, timed)
        except OperatorError as error:
            self._failure, self.leads = str(error), False
            raise
        self._failure = ""
        return found

    def _waited_seconds(self) -> float:
        asked_at = self._asked_at
        return 0.0 if asked_at is None else time.monotonic() - asked_at

    async def _reload(self, keys: list[RunKey]) -> None:
        """Exactly what the database says of these runs, also when it says nothing."""
        cursors, changed = await self._run(lambda connection: read_cursors(connection, keys))
        refills = await self._run(lambda connection: read_refills(connection, keys))
        for key in keys:
            before = self.cursors.get(key)
            self._forget(key)
            if key in cursors:
                cursors[key].changed_ms = before.changed_ms if before is not None else 0
                self._note(key, cursors[key], changed[key])
        self.refills.update(refills)

    def _take(self, look: Look) -> None:
        if look.whole:
            self.cursors.clear()
            self._changed.clear()
            self.counts.clear()
        for key, cursor, changed in look.cursors:
            self._note(key, cursor, changed)
        for name, value in look.counts.items():
            self.counts[name] = value
        if len(self.cursors) > look.runs:
            # Another replica has dropped some.
            self._session.look_at_all_next()
        self.refills = dict(look.refills)
        self.broker_session = look.broker_session
        self.leads = look.leads

    def _forget(self, key: RunKey) -> None:
        self._changed.pop(key, None)
        self.cursors.pop(key, None)
        self.refills.pop(key, None)

    def _note(self, key: RunKey, cursor: RunCursor, changed: int) -> None:
        """The run that changed last is the last of its gateway; what we know already is left where it is."""
        if changed <= self._changed.get(key, 0):
            return
        self._changed[key] = changed
        self.cursors.pop(key, None)
        self.cursors[key] = cursor
