"""One round into PostgreSQL: the runs it touches are locked, judged jointly, and all of it is committed or nothing.

Rows are locked in one order by every replica: runs, ledger lines, quarantine, counts, each of them sorted.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ingest_service.state.ingest_state import StaleRoundError
from ingest_service.state.joint_round import first_arrivals, settle_jointly
from ingest_service.state.postgres_connection import Connection, run
from ingest_service.state.quarantine import MAX_PAYLOAD_BYTES
from ingest_service.state.refill import Refill
from ingest_service.state.run_cursor import RunCursor, RunKey
from ingest_service.state.sequence_ranges import SequenceRanges
from ingest_service.state.settlement import Arrival, Count, RepeatedRefusal, Settlement

CURSOR_COLUMNS = "gateway, run, base, through, stored, through_created_ms, highest_created_ms, changed"
REFILL_COLUMNS = "gateway, run, since_ms, from_seq, to_seq, started_ms, arrived"
_OF_RUNS = " WHERE (gateway, run) IN (SELECT * FROM unnest(%s::text[], %s::text[])) ORDER BY gateway, run"
_NEW_RUN = """
INSERT INTO cursors (gateway, run, base, through, stored, through_created_ms)
VALUES (%s, %s, %s, %s, '', 0) ON CONFLICT DO NOTHING
"""
_MOVE_CURSOR = """
UPDATE cursors SET base = %s, through = %s, stored = %s, through_created_ms = %s, highest_created_ms = %s,
    changed = nextval('cursor_changes'), changed_by = pg_current_xact_id()
WHERE gateway = %s AND run = %s RETURNING changed
"""
_ADD_TO_LEDGER = """
INSERT INTO ledger AS l (gateway, run, hour_ms, received, stored, quarantined, duplicate, late, through_seq, batches,
    refilled, first_seq, last_seq, last_received_ms)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (gateway, run, hour_ms) DO UPDATE SET received = l.received + excluded.received,
    stored = l.stored + excluded.stored, quarantined = l.quarantined + excluded.quarantined,
    duplicate = l.duplicate + excluded.duplicate, late = l.late + excluded.late, through_seq = excluded.through_seq,
    batches = l.batches + excluded.batches, refilled = l.refilled + excluded.refilled,
    first_seq = CASE WHEN l.first_seq = 0 OR excluded.first_seq = 0 THEN greatest(l.first_seq, excluded.first_seq)
        ELSE least(l.first_seq, excluded.first_seq) END,
    last_seq = greatest(l.last_seq, excluded.last_seq),
    last_received_ms = greatest(l.last_received_ms, excluded.last_received_ms), revision = l.revision + 1
"""
# A late batch can also close a hole that the next hour's line has in its span.
_TOUCH_NEXT_HOUR = """
UPDATE ledger SET revision = revision + 1 WHERE gateway = %s AND run = %s AND hour_ms =
    (SELECT min(hour_ms) FROM ledger WHERE gateway = %s AND run = %s AND hour_ms > %s)
"""
_REFILL_PROGRESS = "UPDATE refills SET arrived = %s WHERE gateway = %s AND run = %s"
# First an update: an insert that becomes one uses up an id, and the oldest are dropped by counting ids.
_COUNT_UP = "UPDATE quarantine SET last_seen_ms = %s, count = count + %s WHERE digest = %s"
_QUARANTINE = """
INSERT INTO quarantine AS q (topic, reason, detail, payload, digest, first_seen_ms, last_seen_ms, count)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (digest) DO UPDATE SET last_seen_ms = excluded.last_seen_ms, count = q.count + excluded.count
"""
_DROP_OLDEST = "DELETE FROM quarantine WHERE id <= (SELECT max(id) FROM quarantine) - %s"
_ADD_COUNTS = """
INSERT INTO counts AS c (name, value) SELECT * FROM unnest(%s::text[], %s::bigint[]) ORDER BY 1
ON CONFLICT (name) DO UPDATE SET value = c.value + excluded.value RETURNING name, value
"""
# Not one in which another replica has taken a batch meanwhile.
_DROP_RUN = "DELETE FROM cursors WHERE gateway = %s AND run = %s AND changed = %s"
_DROP_REFILL = "DELETE FROM refills WHERE gateway = %s AND run = %s"
_NAME_ROUND = """
INSERT INTO replicas VALUES (%s, %s) ON CONFLICT (replica) DO UPDATE SET last_round = excluded.last_round
"""


class Committed(NamedTuple):
    """How cursors, counts and refills stand after the round; ``changed`` orders the states of a run."""

    cursors: dict[RunKey, RunCursor]
    changed: dict[RunKey, int]
    refills: dict[RunKey, Refill]
    counts: dict[str, int]
    dropped: int


def commit_round(
    connection: Connection, settlement: Settlement, replica: str, known: Mapping[RunKey, int], max_records: int
) -> Committed:
    """Raises ``psycopg.Error``, and :class:`StaleRoundError`; then nothing has changed.

    ``known`` are the runs the round knew, and which change made them what it took them for.

    A round whose commit was not answered may have been committed: its token tells, and it is not counted twice.
    """
    first = first_arrivals(settlement)
    with connection.transaction():
        last = run(connection, "SELECT last_round FROM replicas WHERE replica = %s", (replica,)).fetchone()
        if last is not None and last[0] == settlement.token:
            return _as_it_stands(connection, list(first))
        _begin_runs(connection, {key: arrival for key, arrival in first.items() if key not in known})
        cursors, _ = read_cursors(connection, list(first), for_update=True)
        if len(cursors) < len(first):
            raise StaleRoundError("a run is no longer known")
        refills = read_refills(connection, list(first), for_update=True)
        settle_jointly(settlement, cursors, refills)
        changed = {key: _move_cursor(connection, key, cursor) for key, cursor in cursors.items()}
        _add_to_ledger(connection, settlement)
        _many(connection, _REFILL_PROGRESS, [(str(refill.arrived), *key) for key, refill in refills.items()])
        dropped = _add_refusals(connection, settlement, max_records)
        runs_dropped = _drop_runs(connection, settlement, known)
        numbers = [*settlement.counts.items(), (Count.QUARANTINE_DROPPED, dropped), (Count.RUNS_DROPPED, runs_dropped)]
        counts = _add_counts(connection, [(str(name), number) for name, number in numbers if number])
        run(connection, _NAME_ROUND, (replica, settlement.token))
    return Committed(cursors, changed, refills, counts, dropped)


def read_cursors(
    connection: Connection, keys: list[RunKey], for_update: bool = False
) -> tuple[dict[RunKey, RunCursor], dict[RunKey, int]]:
    """The cursors of these runs, and which change of the table made them what they are."""
    if not keys:
        return {}, {}
    lock = " FOR UPDATE" if for_update else ""
    rows = run(connection, f"SELECT {CURSOR_COLUMNS} FROM cursors{_OF_RUNS}{lock}", _columns(keys)).fetchall()
    return {RunKey(*row[:2]): cursor_of(row) for row in rows}, {RunKey(*row[:2]): row[7] for row in rows}


def read_refills(connection: Connection, keys: list[RunKey], for_update: bool = False) -> dict[RunKey, Refill]:
    """The refills under way for these runs."""
    if not keys:
        return {}
    lock = " FOR UPDATE" if for_update else ""
    rows = run(connection, f"SELECT {REFILL_COLUMNS} FROM refills{_OF_RUNS}{lock}", _columns(keys))
    return {RunKey(*row[:2]): refill_of(row) for row in rows}


def cursor_of(row: tuple[object, ...]) -> RunCursor:
    """From a row of :data:`CURSOR_COLUMNS`."""
    base, through, through_created_ms, highest_created_ms = (int(str(row[place])) for place in (2, 3, 5, 6))
    return RunCursor(base, through, SequenceRanges.parse(str(row[4])), through_created_ms, highest_created_ms)


def refill_of(row: tuple[object, ...]) -> Refill:
    """From a row of :data:`REFILL_COLUMNS`."""
    since_ms, from_seq, to_seq, started_ms = (int(str(value)) for value in row[2:6])
    return Refill(since_ms, from_seq, to_seq, started_ms, SequenceRanges.parse(str(row[6])))


def _as_it_stands(connection: Connection, keys: list[RunKey]) -> Committed:
    cursors, changed = read_cursors(connection, keys)
    counts = dict(run(connection, "SELECT name, value FROM counts"))
    return Committed(cursors, changed, read_refills(connection, keys), counts, 0)


def _begin_runs(connection: Connection, arrivals: dict[RunKey, Arrival]) -> None:
    for key, arrival in arrivals.items():
        start = RunCursor.starting_at(arrival.oldest or arrival.seq)
        run(connection, _NEW_RUN, (*key, start.base, start.through))


def _drop_runs(connection: Connection, settlement: Settlement, known: Mapping[RunKey, int]) -> int:
    """Returns how many went."""
    gone = 0
    for key in sorted(settlement.dropped_runs):
        if run(connection, _DROP_RUN, (*key, known.get(key, 0))).rowcount:
            run(connection, _DROP_REFILL, key)
            gone += 1
    return gone


def _move_cursor(connection: Connection, key: RunKey, cursor: RunCursor) -> int:
    created_ms = (cursor.through_created_ms, cursor.highest_created_ms)
    values = (cursor.base, cursor.through, str(cursor.stored), *created_ms, *key)
    [(changed,)] = run(connection, _MOVE_CURSOR, values)
    return int(changed)


def _add_to_ledger(connection: Connection, settlement: Settlement) -> None:
    lines = sorted(settlement.ledger.items())
    _many(
        connection,
        _ADD_TO_LEDGER,
        [
            (*key, line.received, line.stored, line.quarantined, line.duplicate, line.late, line.through_seq,
             line.batches, line.refilled, line.first_seq, line.last_seq, line.last_received_ms)
            for key, line in lines
        ],
    )  # fmt: skip
    _many(connection, _TOUCH_NEXT_HOUR, [(*key[:2], *key) for key, line in lines if line.last_seq])


def _add_refusals(connection: Connection, settlement: Settlement, max_records: int) -> int:
    """Returns how many old records had to go."""
    if not settlement.refusals:
        return 0
    records = []
    for refusal in settlement.refusals:
        topic, reason, detail = (_storable(text) for text in refusal[:3])
        sender = f"{reason}\n{topic}\n".encode()
        # The index holds a digest alone: a topic may be longer than what an index takes.
        digest = hashlib.blake2b(sender + refusal.payload, digest_size=16).digest()
        at_ms = refusal.seen_at_ms
        times = 0 if isinstance(refusal, RepeatedRefusal) else 1
        payload = refusal.payload[:MAX_PAYLOAD_BYTES]
        records.append((digest, (topic, reason, detail, payload, digest, at_ms, at_ms, times)))
    for digest, values in sorted(records, key=lambda record: record[0]):
        if run(connection, _COUNT_UP, (*values[-2:], digest)).rowcount == 0:
            run(connection, _QUARANTINE, values)
    return run(connection, _DROP_OLDEST, (max_records,)).rowcount


def _add_counts(connection: Connection, counts: list[tuple[str, int]]) -> dict[str, int]:
    if not counts:
        return {}
    names, numbers = zip(*counts, strict=True)
    return dict(run(connection, _ADD_COUNTS, (list(names), list(numbers))))


def _storable(text: str) -> str:
    """PostgreSQL takes neither NUL nor half a surrogate pair, and what was refused may hold anything."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def _columns(keys: Iterable[RunKey]) -> tuple[list[str], list[str]]:
    pairs = list(keys)
    return [key.gateway for key in pairs], [key.run for key in pairs]


def _many(connection: Connection, statement: str, rows: list[tuple[object, ...]]) -> None:
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(statement.encode(), rows)
