"""What the service needs of its state, whether one ingest keeps it in a file or several share it in a database."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from ingest_service.state.ledger import LedgerEntry
from ingest_service.state.refill import NO_LOGS, LogRange, Refill
from ingest_service.state.run_cursor import RunCursor, RunKey
from ingest_service.state.settlement import Settlement


class StaleRoundError(Exception):
    """Another replica has settled a batch of this round meanwhile: nothing was committed, judge the round anew.

    :attr:`IngestState.cursors` and :attr:`IngestState.refills` know by now what the other one did.
    """


class IngestState(Protocol):
    """Cursors, counts and refills as committed, the last time we looked; changed only by commits."""

    cursors: dict[RunKey, RunCursor]
    counts: Counter[str]
    refills: dict[RunKey, Refill]

    @property
    def is_joint(self) -> bool:
        """Whether a commit settles with other replicas and so needs to know each batch as it arrived."""
        ...

    @property
    def leads(self) -> bool:
        """Whether this is the one replica that asks for missing batches and writes the ledger to the store."""
        ...

    @property
    def broker_session(self) -> str:
        """What ``StoredCursor.session`` says: the same for all replicas."""
        ...

    @property
    def problem(self) -> str:
        """Why the state cannot be used just now; empty when it can."""
        ...

    def latest_runs(self) -> dict[str, RunKey]:
        """The most recently changed run of each gateway."""
        ...

    async def commit(self, settlement: Settlement) -> int:
        """All of it or nothing; returns how many old quarantine records had to go.

        Raises ``OperatorError``, and :class:`StaleRoundError` when replicas share the state.
        """
        ...

    async def refresh(self) -> None:
        """Look what other replicas have committed."""
        ...

    async def begin_broker_session(self) -> None:
        """The broker had forgotten us: gateways shall send again what is not stored."""
        ...

    async def begin_refills(
        self, since_ms: int, gateways: Collection[str], now_ms: int, logs: Mapping[RunKey, LogRange] = NO_LOGS
    ) -> dict[RunKey, Refill]:
        """Accept what was created or received since then once more, of these gateways or (none named) of all.

        ``logs`` says what the gateways hold since then: for what this state knows nothing of.
        """
        ...

    async def unwritten_ledger(self, limit: int) -> list[LedgerEntry]:
        """Ledger lines that changed since they were last written to the store, oldest hour first."""
        ...

    async def mark_written(self, lines: Sequence[LedgerEntry]) -> None:
        """The store holds these revisions."""
        ...

    async def watch(self) -> None:
        """Keep up with other replicas until cancelled."""
        ...

    async def close(self) -> None:
        """Finish what was begun and let go."""
        ...
