"""The gateway's log on disk: what is committed here is ours to deliver, whatever happens to power, process or broker.

One SQLite file is one *run*. A batch is *stored* when its sequence is not above the stored cursor, *sent* while this
process remembers a PUBACK for it, else *pending*. "Sent" is not written down: after a restart it goes again anyway.
"""

import contextlib
import logging
import os
import sqlite3
import uuid
import weakref
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from gateway.outbox_lock import lock_outbox
from service_runtime.clock import Clock
from service_runtime.errors import OperatorError
from service_runtime.logs import event
from telemetry_model.reading import Reading
from telemetry_model.senml_json import encode_pack

_log = logging.getLogger(__name__)
_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS batches (
    seq INTEGER PRIMARY KEY, created_ms INTEGER NOT NULL, readings INTEGER NOT NULL, payload BLOB NOT NULL
);
"""
_PRUNE_STEP = 500
_MS_PER_DAY = 86_400_000


class OutboxLimits(NamedTuple):
    """When stored batches leave the log."""

    max_bytes: int = 4_000_000_000
    max_age_days: int = 60


class OutboxBatch(NamedTuple):
    """One committed batch; ``payload`` is its SenML pack, the same bytes at every sending."""

    seq: int
    created_ms: int
    readings: int
    payload: bytes


class OutboxCounts(NamedTuple):
    """Batches by state; ``dropped_unstored`` is over the whole life of the file."""

    pending: int
    sent: int
    stored: int
    dropped_unstored: int


class CursorOutcome(StrEnum):
    """What a stored cursor meant to us."""

    MOVED = "moved"
    UNCHANGED = "unchanged"
    UNKNOWN_RUN = "unknown_run"
    BEYOND_LOG = "beyond_log"
    """It knows batches of our run that our file never had, or another one under the same number: the file is an older
    copy. A new run was begun."""


class Outbox:
    """Synchronous; one caller at a time, from any thread. Holds ``<file>.lock`` while it lives."""

    def __init__(self, connection: sqlite3.Connection, lock: int, clock: Clock, limits: OutboxLimits) -> None:
        self._db = connection
        self._clock = clock
        self._limits = limits
        self._sent: set[int] = set()
        self._run = str(self._meta("run", ""))
        self._next_seq = int(self._meta("next_seq", 1))
        self._stored_through = int(self._meta("stored_through", 0))
        # Last: as long as this constructor can fail, the lock is its caller's to release.
        self._unlock = weakref.finalize(self, os.close, lock)

    @classmethod
    def open(cls, path: Path, clock: Clock, limits: OutboxLimits = OutboxLimits()) -> "Outbox":  # noqa: B008
        """Open or create the log. A file that is no longer a database is put aside and a new run begins.

        Raises :class:`OperatorError` when the place cannot be written or another program has the file open.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = lock_outbox(path)
            try:
                return cls._open_locked(path, lock, clock, limits)
            except BaseException:
                os.close(lock)
                raise
        except OSError as error:
            raise OperatorError(f"outbox {path}: {error.strerror}") from error

    @classmethod
    def _open_locked(cls, path: Path, lock: int, clock: Clock, limits: OutboxLimits) -> "Outbox":
        try:
            return cls(_connect(path), lock, clock, limits)
        except sqlite3.OperationalError as error:
            raise OperatorError(f"outbox {path}: {error}") from error
        except sqlite3.DatabaseError as error:
            aside = _put_aside(path, clock.now_ms())
            event(_log, logging.ERROR, "outbox was damaged: put aside, a new run begins", file=aside, error=error)
            return cls(_connect(path), lock, clock, limits)

    @property
    def run(self) -> str:
        """The id of this life of the file."""
        return self._run

    @property
    def next_seq(self) -> int:
        """The sequence the next batch will get."""
        return self._next_seq

    @property
    def stored_through(self) -> int:
        """The cursor: everything up to it is stored (0: nothing yet)."""
        return self._stored_through

    @property
    def sent(self) -> int:
        """How many batches are sent and not yet stored."""
        return len(self._sent)

    @property
    def readings_committed(self) -> int:
        """Over the whole life of the file."""
        return int(self._meta("readings_committed", 0))

    def commit(self, batches: Sequence[Sequence[Reading]], units: Mapping[str, str]) -> list[int]:
        """Append all batches in one transaction; returns their sequences once they are on the disk."""
        symbols = dict(units)
        rows = [(len(batch), encode_pack(batch, symbols)) for batch in batches if batch]
        if not rows:
            return []
        now, first = self._clock.now_ms(), self._next_seq
        with self._transaction():
            self._db.executemany(
                "INSERT INTO batches VALUES (?, ?, ?, ?)",
                [(first + i, now, count, payload) for i, (count, payload) in enumerate(rows)],
            )
            self._set_meta("next_seq", first + len(rows))
            self._set_meta("readings_committed", self.readings_committed + sum(count for count, _ in rows))
        self._next_seq = first + len(rows)
        return list(range(first, self._next_seq))

    def next_to_send(self, limit: int, skip: frozenset[int] = frozenset()) -> list[OutboxBatch]:
        """The oldest pending batches; ``skip`` names those that are under way."""
        passed_over = self._sent | skip
        rows = self._db.execute(
            "SELECT seq FROM batches WHERE seq > ? ORDER BY seq LIMIT ?",
            (self._stored_through, limit + len(passed_over)),
        )
        wanted = [seq for (seq,) in rows if seq not in passed_over][:limit]
        if not wanted:
            return []
        return [batch for batch in self.range(wanted[0], wanted[-1]) if batch.seq not in passed_over]

    def range(self, from_seq: int, to_seq: int) -> Iterator[OutboxBatch]:
        """Batches still in the log, both ends included, in order."""
        rows = self._db.execute("SELECT * FROM batches WHERE seq BETWEEN ? AND ? ORDER BY seq", (from_seq, to_seq))
        return (OutboxBatch(*row) for row in rows)

    def already_sent(self, from_seq: int, to_seq: int) -> list[OutboxBatch]:
        """Batches of this range that the broker has had before, stored or not; pending ones are not among them."""
        batches = self.range(from_seq, to_seq)
        return [batch for batch in batches if batch.seq <= self._stored_through or batch.seq in self._sent]

    def mark_sent(self, seqs: Sequence[int]) -> None:
        """The broker has them."""
        self._sent.update(seq for seq in seqs if seq > self._stored_through)

    def reset_sent(self) -> int:
        """Everything sent but not stored is pending again; returns how many."""
        count = len(self._sent)
        self._sent.clear()
        return count

    def mark_stored_through(self, run: str, seq: int, created_ms: int = 0) -> CursorOutcome:
        """Move the cursor of this run forward; a cursor never moves back.

        ``created_ms`` is when the stored batch ``seq`` was committed (0: not told). Ours under that number being of
        another instant, it is another batch. Two histories of one run are taken for one only when both committed that
        number in the same millisecond, which takes chance: the second begins after the first was lost.
        """
        if run != self._run:
            return CursorOutcome.UNKNOWN_RUN
        if seq >= self._next_seq or self._holds_another(seq, created_ms):
            self._begin_run()
            return CursorOutcome.BEYOND_LOG
        if seq <= self._stored_through:
            return CursorOutcome.UNCHANGED
        with self._transaction():
            self._set_meta("stored_through", seq)
        self._stored_through = seq
        self._sent = {other for other in self._sent if other > seq}
        return CursorOutcome.MOVED

    def oldest_unstored(self) -> int:
        """The lowest sequence that is not stored and still here; the next sequence when there is none."""
        row = self._db.execute("SELECT min(seq) FROM batches WHERE seq > ?", (self._stored_through,)).fetchone()
        return int(row[0]) if row[0] is not None else self._next_seq

    def oldest_unstored_created_ms(self) -> int | None:
        """When the oldest unstored batch was committed, UTC milliseconds."""
        row = self._db.execute("SELECT created_ms FROM batches WHERE seq = ?", (self.oldest_unstored(),)).fetchone()
        return int(row[0]) if row else None

    def oldest_kept(self) -> int:
        """The lowest sequence a resend can still bring; the next sequence when the log is empty."""
        row = self._db.execute("SELECT min(seq) FROM batches").fetchone()
        return int(row[0]) if row[0] is not None else self._next_seq

    def first_since(self, since_ms: int) -> int:
        """The first batch committed then or later; the next sequence when there is none.

        Found by halving: the log may hold millions, and their times grow, but for steps of the clock.
        """
        low, high = self.oldest_kept(), self._next_seq
        while low < high:
            middle = (low + high) // 2
            row = self._db.execute("SELECT created_ms FROM batches WHERE seq = ?", (middle,)).fetchone()
            if row is not None and row[0] < since_ms:
                low = middle + 1
            else:
                high = middle
        return low

    def counts(self) -> OutboxCounts:
        """From sequences alone: rows are contiguous, because they only ever leave at the old end."""
        unstored = self._next_seq - self.oldest_unstored()
        stored = self._next_seq - self.oldest_kept() - unstored
        return OutboxCounts(unstored - len(self._sent), len(self._sent), stored, int(self._meta("dropped_unstored", 0)))

    def prune(self, now_ms: int) -> int:
        """Let stored batches go by age, then by size; unstored ones by size as the last resort. Returns dropped ones.

        The file does not shrink: freed pages are used again, so it stays at its limit.
        """
        with self._transaction():
            self._db.execute(
                "DELETE FROM batches WHERE seq <= ? AND created_ms < ?",
                (self._stored_through, now_ms - self._limits.max_age_days * _MS_PER_DAY),
            )
        while self.bytes_used() > self._limits.max_bytes and self._delete_oldest(self._stored_through):
            pass
        dropped = 0
        try:
            while self.bytes_used() > self._limits.max_bytes and (gone := self._delete_oldest(self._next_seq)):
                dropped += gone
        finally:
            if dropped:
                self._sent = {seq for seq in self._sent if seq >= self.oldest_kept()}
                event(_log, logging.ERROR, "outbox is full: batches dropped before they were stored", batches=dropped)
        return dropped

    def bytes_used(self) -> int:
        """Pages in use, without those that are free to be used again."""
        pages, free, size = (
            self._db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)

    def close(self) -> None:
        """Close the file and let others have it."""
        self._db.close()
        self._unlock()

    def _begin_run(self) -> None:
        """Everything in the log becomes unstored again, under a new name; what was stored already is a duplicate."""
        old, run = self._run, uuid.uuid4().hex
        with self._transaction():
            self._set_meta("run", run)
            self._set_meta("stored_through", 0)
        self._run, self._stored_through = run, 0
        self._sent.clear()
        event(_log, logging.ERROR, "outbox file is older than what was stored of it: a new run begins", old=old)

    def _holds_another(self, seq: int, created_ms: int) -> bool:
        """Whether our batch ``seq`` was committed at another instant; not when it is no longer here."""
        if created_ms == 0 or seq < 1:
            return False
        row = self._db.execute("SELECT created_ms FROM batches WHERE seq = ?", (seq,)).fetchone()
        return row is not None and row[0] != created_ms

    def _delete_oldest(self, through: int) -> int:
        """As many of the oldest as the excess asks for by average size, at most so many at once.

        Those beyond the cursor are counted as dropped in the same transaction: no drop is ever silent.
        """
        rows, used = self._next_seq - self.oldest_kept(), self.bytes_used()
        step = min(_PRUNE_STEP, 1 + rows * (used - self._limits.max_bytes) // used)
        with self._transaction():
            cursor = self._db.execute(
                "DELETE FROM batches WHERE seq IN (SELECT seq FROM batches WHERE seq <= ? ORDER BY seq LIMIT ?)",
                (through, step),
            )
            if through > self._stored_through and cursor.rowcount:
                self._set_meta("dropped_unstored", int(self._meta("dropped_unstored", 0)) + cursor.rowcount)
        return cursor.rowcount

    def _meta(self, key: str, default: str | int) -> str | int:
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return row[0] if row else default

    def _set_meta(self, key: str, value: str | int) -> None:
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.executescript(_SCHEMA)
        connection.execute("INSERT OR IGNORE INTO meta VALUES ('run', ?)", (uuid.uuid4().hex,))
        connection.execute("SELECT min(seq), max(seq) FROM batches").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _put_aside(path: Path, now_ms: int) -> Path:
    aside = path.with_name(f"{path.name}.damaged-{now_ms}")
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            os.replace(f"{path}{suffix}", f"{aside}{suffix}")
    return aside
