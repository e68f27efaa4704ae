"""A refill: batches that are stored already and shall be accepted once more, because the store lost their rows."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from ingest_service.state.run_cursor import RunCursor, RunKey
from ingest_service.state.sequence_ranges import SequenceRanges


class LogRange(NamedTuple):
    """Batches a gateway says its log holds, both ends included."""

    from_seq: int
    to_seq: int


NO_LOGS: Mapping[RunKey, LogRange] = MappingProxyType({})


class Refill:
    """Sequences ``from_seq`` to ``to_seq`` of one run; each is accepted again once, then it is a duplicate as ever."""

    __slots__ = ("arrived", "from_seq", "since_ms", "started_ms", "to_seq")

    def __init__(
        self, since_ms: int, from_seq: int, to_seq: int, started_ms: int, arrived: SequenceRanges | None = None
    ) -> None:
        self.since_ms = since_ms
        self.from_seq = from_seq
        self.to_seq = to_seq
        self.started_ms = started_ms
        self.arrived = arrived or SequenceRanges()

    def wants(self, seq: int) -> bool:
        """Whether this batch is still to come."""
        return self.from_seq <= seq <= self.to_seq and seq not in self.arrived

    def outstanding(self, oldest_held: int = 0) -> Iterator[tuple[int, int]]:
        """Ranges still to come, without those below ``oldest_held``, which no gateway can bring."""
        return self.arrived.gaps(max(self.from_seq, oldest_held), self.to_seq)

    @property
    def total(self) -> int:
        """How many batches there are."""
        return self.to_seq - self.from_seq + 1

    @property
    def arrived_count(self) -> int:
        """How many of them came."""
        return self.arrived.count_between(self.from_seq, self.to_seq)


def span_of(ledger_from: int | None, cursor: RunCursor | None, log: LogRange | None) -> tuple[int, int] | None:
    """What a refill of one run asks for: what the ledger says came since then, and what was before all we know.

    A state that was lost has no cursor, or one that begins where the gateway stood when we first heard it again: what
    lies below its base was stored in a life that we have forgotten. What lies above the cursor comes by itself.
    """
    if cursor is None:
        return (log.from_seq, log.to_seq) if log is not None and log.from_seq <= log.to_seq else None
    forgotten = log is not None and log.from_seq <= min(cursor.base, log.to_seq)
    if ledger_from is None:
        return (log.from_seq, min(cursor.base, log.to_seq)) if log is not None and forgotten else None
    from_seq = min(ledger_from, log.from_seq) if log is not None and forgotten else ledger_from
    return from_seq, cursor.stored.highest()
