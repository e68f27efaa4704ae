"""Refused records on disk: kept with reason and bytes until a person looks, replays or discards them."""

import hashlib
import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from ingest_service.state.place import StatePlace
from ingest_service.state.release import Released, release
from ingest_service.state.settlement import Refusal, RepeatedRefusal
from service_runtime.errors import OperatorError
from telemetry_model.senml import MAX_PACK_BYTES

MAX_PAYLOAD_BYTES = MAX_PACK_BYTES
"""Longer payloads are cut: no pack is longer, so nothing that could ever be replayed loses a byte."""
_ALL = 2**62
_COLUMNS = "id, topic, reason, detail, payload, first_seen_ms, last_seen_ms, count"
_COUNT_UP = """
UPDATE quarantine SET last_seen_ms = ?, count = count + ? WHERE reason = ? AND topic = ? AND digest = ?
"""
_ADD = """
INSERT INTO quarantine (topic, reason, detail, payload, digest, first_seen_ms, last_seen_ms, count)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""


class QuarantinedRecord(NamedTuple):
    """One entry; ``times`` says how often exactly these bytes were counted as refused.

    It is 0 for a reading that was stored once, and refused when a refill brought it again.
    """

    id: int
    topic: str
    reason: str
    detail: str
    payload: bytes
    first_seen_ms: int
    last_seen_ms: int
    times: int


def add_refusals(connection: sqlite3.Connection, refusals: Sequence[Refusal]) -> None:
    """Within the caller's transaction; the same bytes from the same topic count up."""
    for refusal in refusals:
        topic, reason, detail, payload, at_ms = refusal
        digest = hashlib.blake2b(payload, digest_size=16).digest()
        # Not an upsert: SQLite would use up an id for each repeat, and drop_oldest counts by ids.
        times = 0 if isinstance(refusal, RepeatedRefusal) else 1
        if connection.execute(_COUNT_UP, (at_ms, times, reason, topic, digest)).rowcount == 0:
            kept = payload[:MAX_PAYLOAD_BYTES]
            connection.execute(_ADD, (topic, reason, detail, kept, digest, at_ms, at_ms, times))


def drop_oldest(connection: sqlite3.Connection, max_records: int) -> int:
    """Keep at most ``max_records``; ids only grow, so the newest id bounds the number without counting."""
    dropped = connection.execute(
        "DELETE FROM quarantine WHERE id <= (SELECT max(id) FROM quarantine) - ?", (max_records,)
    )
    return dropped.rowcount


class Quarantine:
    """Looking into the quarantine, also while the service runs."""

    def __init__(self, place: StatePlace) -> None:
        self._place = place

    def records(
        self, reason: str | None = None, limit: int | None = None, after_id: int = 0
    ) -> list[QuarantinedRecord]:
        """Oldest first."""
        with self._place.look() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM quarantine WHERE id > ? AND (? = '' OR reason = ?) ORDER BY id LIMIT ?",
                (after_id, reason or "", reason or "", _ALL if limit is None else limit),
            )
            return [QuarantinedRecord(*row) for row in rows]

    def record(self, record_id: int) -> QuarantinedRecord:
        """Raises :class:`OperatorError` when there is no such entry."""
        with self._place.look() as connection:
            query = f"SELECT {_COLUMNS} FROM quarantine WHERE id = ?"
            row = connection.execute(query, (record_id,)).fetchone()
        if row is None:
            raise OperatorError(f"{self._place}: no quarantined record {record_id}")
        return QuarantinedRecord(*row)

    def by_reason(self) -> dict[str, int]:
        """How many entries lie there, by reason."""
        with self._place.look() as connection:
            return dict(connection.execute("SELECT reason, count(*) FROM quarantine GROUP BY reason ORDER BY reason"))

    def release(self, released: Sequence[Released]) -> int:
        """Let records go whose rows are in the store, and say so in the ledger; returns how many there were."""
        with self._place.look() as connection:
            return release(connection, released)

    def discard(self, record_ids: Sequence[int]) -> int:
        """Forget entries; returns how many there were."""
        with self._place.look() as connection:
            connection.execute("BEGIN")
            found = sum(
                connection.execute("DELETE FROM quarantine WHERE id = ?", (record_id,)).rowcount
                for record_id in record_ids
            )
            connection.execute("COMMIT")
            return found
