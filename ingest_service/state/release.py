"""What a replay releases from the quarantine is corrected in the ledger, by a line of its own: no line is rewritten."""

from collections.abc import Sequence
from typing import NamedTuple

from ingest_service.batch_identity import REPLAYED
from ingest_service.state.place import SqlConnection
from ingest_service.state.settlement import HOUR_MS

_TAKE_OUT = "DELETE FROM quarantine WHERE id = ? RETURNING count, first_seen_ms"
_CORRECT = """
INSERT INTO ledger (gateway, run, hour_ms, received, stored, quarantined, duplicate, late, through_seq, batches,
    refilled, first_seq, last_seq, last_received_ms)
VALUES (?, ?, ?, ?, ?, ?, 0, ?, 0, 0, 0, 0, 0, 0)
ON CONFLICT (gateway, run, hour_ms) DO UPDATE SET received = ledger.received + excluded.received,
    stored = ledger.stored + excluded.stored, quarantined = ledger.quarantined + excluded.quarantined,
    late = ledger.late + excluded.late, revision = ledger.revision + 1
"""


class Released(NamedTuple):
    """A record whose rows are in the store now: ``readings`` of them, ``late`` ones among them.

    ``counted_as`` is the gateway, or what else the ledger called the sender when it came, ``source`` what it calls it
    now: they differ for a topic that was not mapped.
    """

    record_id: int
    counted_as: str
    source: str
    readings: int
    late: int


def release(connection: SqlConnection, released: Sequence[Released]) -> int:
    """Take records out of the quarantine and correct the ledger, in one transaction; returns how many were there.

    A record counted as one quarantined reading for each time it came, in the hour it came first. A whole pack was one
    reading until somebody could read it.
    """
    found = 0
    connection.execute("BEGIN")
    for record_id, counted_as, source, readings, late in released:
        entry = connection.execute(_TAKE_OUT, (record_id,)).fetchone()
        if entry is None:
            continue
        times, first_seen_ms = entry
        hour_ms = first_seen_ms - first_seen_ms % HOUR_MS
        stored = times * readings
        connection.execute(_CORRECT, (counted_as, REPLAYED, hour_ms, -times, 0, -times, 0))
        connection.execute(_CORRECT, (source, REPLAYED, hour_ms, stored, stored, 0, times * late))
        found += 1
    connection.execute("COMMIT")
    return found
