"""The contract every store backend keeps; ``tests/contract/test_store_contract.py`` runs it against each of them."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from telemetry_store.query import SeriesQuery, SeriesResult
from telemetry_store.rows import ReadingRow, RecordRow, WriteOutcome


class StoreDescription(NamedTuple):
    """What answered: for ``doctor`` and logs."""

    kind: str
    version: str
    detail: str = ""
    lacks: tuple[str, ...] = ()
    """What this server cannot do for us, one sentence each without the subject."""


class TelemetryStore(Protocol):
    """A durable set of rows. Same measurement, tags and time is the same row; the last write wins, field by field.

    As in InfluxDB a field that a later write does not carry keeps its value: a reading without a value does not erase
    one, and a reason stays until it is written again; ``reason=""`` takes it back.

    Writes never raise for what the database says: the :class:`WriteOutcome` says it per row. When a write returns,
    accepted rows survive a crash. :meth:`select` and :meth:`check` raise ``UnreachableError`` with the address.
    """

    async def write_readings(self, rows: Sequence[ReadingRow]) -> WriteOutcome:
        """Write readings; order within a series is kept."""
        ...

    async def write_records(self, rows: Sequence[RecordRow]) -> WriteOutcome:
        """Write findings, indicators or ledger lines."""
        ...

    async def select(self, query: SeriesQuery) -> list[SeriesResult]:
        """Answer a query, groups in the order of their tag values."""
        ...

    async def delete_readings(self, measurement: str, park: str, before_ms: int) -> None:
        """Delete a park's rows of a measurement of readings that are older; raises ``UnreachableError``.

        Whatever is there by then is gone when this returns, for every reader; a server that cannot delete says so.
        """
        ...

    async def check(self) -> StoreDescription:
        """Say what answers, or raise ``UnreachableError``."""
        ...

    async def close(self) -> None:
        """Let go of connections; further calls are a mistake."""
        ...
