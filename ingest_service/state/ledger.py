"""Reads the completeness ledger: per gateway run and hour what was expected, what came, and which numbers did not.

A line's hour is that of its batches' creation. Its *span* are the sequences after the line before it, up to its own
highest: numbers nobody has seen lie in the span of the line that follows them.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from ingest_service.state.sequence_ranges import SequenceRanges

_COLUMNS = """
SELECT l.gateway, l.run, l.hour_ms, l.batches, l.duplicate, l.refilled, l.received, l.stored, l.quarantined, l.late,
    l.through_seq, l.first_seq, l.last_seq, l.revision,
    (SELECT coalesce(max(p.last_seq), 0) FROM ledger p
     WHERE p.gateway = l.gateway AND p.run = l.run AND p.last_seq < l.last_seq),
    c.base, c.stored
FROM ledger l LEFT JOIN cursors c ON c.gateway = l.gateway AND c.run = l.run
"""
_BETWEEN = " WHERE l.hour_ms >= ? AND l.hour_ms < ? AND (? = '' OR l.gateway = ?)"
_IN_ORDER = " ORDER BY l.hour_ms, l.gateway, l.run LIMIT ?"
_UNWRITTEN = " WHERE l.written_revision < l.revision"


class _Connection(Protocol):
    def execute(self, statement: str, parameters: Sequence[Any] = (), /) -> Iterable[Any]: ...


class LedgerEntry(NamedTuple):
    """One line. Batches: ``expected = batches + missing``. Readings: ``received = stored + quarantined``.

    ``batches`` came for the first time, ``duplicate`` and ``refilled`` ones came again; ``previous_seq`` ends the span
    before this one; ``missing`` are ranges, both ends included, of which neither a row nor a refusal exists (yet).
    """

    gateway: str
    run: str
    hour_ms: int
    batches: int
    duplicate: int
    refilled: int
    received: int
    stored: int
    quarantined: int
    late: int
    through_seq: int
    first_seq: int
    last_seq: int
    revision: int
    previous_seq: int
    expected: int
    missing: tuple[tuple[int, int], ...]

    @property
    def missing_count(self) -> int:
        """How many batches are missing."""
        return sum(high - low + 1 for low, high in self.missing)


def ledger_between(connection: _Connection, from_ms: int, to_ms: int, gateway: str, limit: int) -> list[LedgerEntry]:
    """Lines of the hours in ``[from_ms, to_ms)``, of one gateway or (``""``) of all, at most ``limit``."""
    rows = connection.execute(_COLUMNS + _BETWEEN + _IN_ORDER, (from_ms, to_ms, gateway, gateway, limit))
    return list(_entries(rows))


def unwritten_ledger(connection: _Connection, limit: int) -> list[LedgerEntry]:
    """Lines that changed since they were last written to the store, oldest hour first."""
    return list(_entries(connection.execute(_COLUMNS + _UNWRITTEN + _IN_ORDER, (limit,))))


def range_text(ranges: Sequence[tuple[int, int]]) -> str:
    """``3-4, 9``."""
    return ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in ranges)


def _entries(rows: Iterable[Any]) -> Iterator[LedgerEntry]:
    parsed: dict[str, SequenceRanges] = {}
    for *plain, previous, base, stored in rows:
        if base is None:
            # No numbers, no expectation: what came is all there is.
            yield LedgerEntry._make((*plain, previous, plain[3], ()))
            continue
        ranges = parsed.get(stored)
        if ranges is None:
            ranges = parsed[stored] = SequenceRanges.parse(stored)
        last = plain[12]
        begin = max(previous, base)
        # What a gateway brings from below the base was not expected, but it is here.
        unexpected = ranges.count_between(previous + 1, min(last, base))
        expected = max(last - begin, 0) + unexpected
        yield LedgerEntry._make((*plain, previous, expected, tuple(ranges.gaps(begin + 1, last))))
