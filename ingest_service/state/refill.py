"""A refill: batches that are stored already and shall be accepted once more, because the store lost their rows."""

from collections.abc import Iterator

from ingest_service.state.sequence_ranges import SequenceRanges


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
