"""Everything one round changes in the state: drafted while records are admitted, committed in one transaction."""

import uuid
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from ingest_service.state.run_cursor import RunCursor, RunKey

HOUR_MS = 3_600_000


class Count(StrEnum):
    """The persistent counters; each reading and batch is counted once, also across crashes and redelivery."""

    READINGS_RECEIVED = "readings_received"
    READINGS_STORED = "readings_stored"
    READINGS_QUARANTINED = "readings_quarantined"
    READINGS_NO_VALUE = "readings_no_value"
    READINGS_LATE = "readings_late"
    BATCHES_RECEIVED = "batches_received"
    BATCHES_STORED = "batches_stored"
    BATCHES_DUPLICATE = "batches_duplicate"
    BATCHES_REFILLED = "batches_refilled"
    READINGS_REFILLED = "readings_refilled"
    QUARANTINE_DROPPED = "quarantine_dropped"
    RUNS_DROPPED = "runs_dropped"


REFUSED_PREFIX = "refused:"
"""Counter names for refusals by reason start with this."""

FLAGGED_PREFIX = "flagged:"
"""Counter names for flagged readings by flag start with this."""


class LedgerKey(NamedTuple):
    """One line of the completeness ledger: a gateway's run in one hour (of the batches' creation, UTC)."""

    gateway: str
    run: str
    hour_ms: int


@dataclass(slots=True)
class LedgerLine:
    """``received``, ``stored``, ``quarantined`` and ``late`` count readings; ``batches`` (those that came for the first
    time), ``duplicate`` and ``refilled`` count batches. ``first_seq`` and ``last_seq`` (0: none) span the new ones.
    """

    received: int = 0
    stored: int = 0
    quarantined: int = 0
    duplicate: int = 0
    late: int = 0
    through_seq: int = 0
    batches: int = 0
    refilled: int = 0
    first_seq: int = 0
    last_seq: int = 0
    last_received_ms: int = 0

    def batch_came(self, seq: int, received_at_ms: int) -> None:
        """A batch that was not here before; ``seq`` is 0 for one without a number."""
        self.batches += 1
        self.last_received_ms = max(self.last_received_ms, received_at_ms)
        if seq:
            self.first_seq = min(self.first_seq, seq) if self.first_seq else seq
            self.last_seq = max(self.last_seq, seq)


class Refusal(NamedTuple):
    """One entry for the quarantine."""

    topic: str
    reason: str
    detail: str
    payload: bytes
    seen_at_ms: int


class RepeatedRefusal(Refusal):
    """One of a batch that a refill brought: the ledger counted it when it first came."""

    __slots__ = ()


class Fate(StrEnum):
    """What a round makes of a numbered batch."""

    NEW = "new"
    REFILLED = "refilled"
    DUPLICATE = "duplicate"


class Arrival(NamedTuple):
    """A numbered batch as it came, so that replicas can settle jointly what each has judged alone."""

    key: LedgerKey
    seq: int
    oldest: int | None
    created_ms: int
    fate: Fate


@dataclass(slots=True)
class Settlement:
    """The draft of one transaction; ``token`` is its name, should nobody know whether it was committed."""

    cursors: dict[RunKey, RunCursor] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    ledger: dict[LedgerKey, LedgerLine] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    refilled: dict[RunKey, set[int]] = field(default_factory=dict)
    arrivals: list[Arrival] = field(default_factory=list)
    dropped_runs: list[RunKey] = field(default_factory=list)
    """They give their places to runs that begin."""
    token: str = field(default_factory=lambda: uuid.uuid4().hex)

    def line(self, key: LedgerKey) -> LedgerLine:
        """The ledger line of this hour, made when it is first needed."""
        line = self.ledger.get(key)
        if line is None:
            line = self.ledger[key] = LedgerLine()
        return line

    def refuse(self, refusal: Refusal, key: LedgerKey) -> None:
        """Put a record into quarantine and count it."""
        self.refusals.append(refusal)
        self.counts[Count.READINGS_QUARANTINED] += 1
        self.counts[REFUSED_PREFIX + refusal.reason] += 1
        self.line(key).quarantined += 1
