"""How far one run of one gateway is stored; decides whether a batch is new. Pure."""

from collections.abc import Iterator
from typing import NamedTuple

from ingest_service.state.sequence_ranges import SequenceRanges

FORKED = -1
"""In the place of ``through_created_ms``: two histories of this run exist."""
BEYOND_ANY_LOG = 2**53 - 1
"""Told as the stored cursor of a forked run: its gateway has no such batch, so it begins a new run."""


class RunKey(NamedTuple):
    """One life of one gateway's outbox."""

    gateway: str
    run: str


class RunCursor:
    """``through`` is what the gateway is told: every batch up to it is stored, quarantined, or given up as missing.

    ::

        base     through
          |  1 2 3  |  .  5 6     5 and 6 came out of order and wait for 4
          |  stored |

    * The first batch of an unknown run sets ``base`` to the gateway's ``oldest`` minus one.
    * A batch that comes again under the number ``through``, or under the highest one stored, but was committed at
      another instant, is another batch: the gateway's log was restored from an older copy and uses its numbers a second
      time. The run is *forked*, and stays so. What came as a duplicate may be news, so the gateway is told to begin a
      new run and send everything.
    * When a gateway's ``oldest`` is past ``through + 1``, it no longer holds what lies between: those are missing, and
      the cursor moves on. A missing batch that arrives after all is new, and no longer missing.
    """

    __slots__ = ("base", "changed_ms", "highest_created_ms", "stored", "through", "through_created_ms")

    def __init__(
        self,
        base: int,
        through: int,
        stored: SequenceRanges,
        through_created_ms: int = 0,
        highest_created_ms: int = 0,
        changed_ms: int = 0,
    ) -> None:
        self.base = base
        self.through = through
        self.stored = stored
        self.through_created_ms = through_created_ms
        """When the gateway committed batch ``through``; 0 when that is not known."""
        self.highest_created_ms = highest_created_ms
        """When it committed the highest batch stored: where ``through`` jumps to when the last hole is filled."""
        self.changed_ms = changed_ms
        """When a batch of the run came last, as far as we know."""

    @classmethod
    def starting_at(cls, oldest: int) -> "RunCursor":
        """The cursor of a run never seen before."""
        return cls(oldest - 1, oldest - 1, SequenceRanges())

    @property
    def forked(self) -> bool:
        """Whether the gateway has used its numbers twice."""
        return self.through_created_ms == FORKED

    @property
    def told(self) -> tuple[int, int]:
        """The cursor as the gateway is told it: how far, and when that batch was committed (0: not known)."""
        return (BEYOND_ANY_LOG, 0) if self.forked else (self.through, self.through_created_ms)

    @property
    def missing(self) -> int:
        """Batches up to ``through`` that were given up."""
        return self.through - self.base - self.stored.count_between(self.base + 1, self.through)

    def arrive(self, seq: int, oldest: int | None, created_ms: int = 0) -> bool:
        """Take note of a batch; ``False`` when it is a duplicate."""
        before, highest = self.through, self.stored.highest()
        known_ms = (seq == highest and self.highest_created_ms) or (seq == before and self.through_created_ms)
        if created_ms and known_ms > 0 and created_ms != known_ms:
            self.through_created_ms = FORKED
        if oldest is not None and oldest - 1 > self.through:
            self.through = oldest - 1
        is_new = seq not in self.stored
        self.stored.add(seq)
        if seq > highest:
            highest, self.highest_created_ms = seq, created_ms
        self.through = self.stored.end_of_range_at(self.through + 1) or self.through
        if self.through != before and not self.forked:
            at_highest_ms = self.highest_created_ms if self.through == highest else 0
            self.through_created_ms = created_ms if self.through == seq else at_highest_ms
        return is_new

    def holes(self) -> Iterator[tuple[int, int]]:
        """Ranges below the highest stored batch that are not stored: still open, or given up as missing."""
        return self.stored.gaps(self.base + 1, self.stored.highest())

    def copy(self) -> "RunCursor":
        """An independent copy, to be thrown away when its round fails."""
        created_ms = (self.through_created_ms, self.highest_created_ms)
        return RunCursor(self.base, self.through, self.stored.copy(), *created_ms, self.changed_ms)
