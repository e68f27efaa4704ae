"""Carries the completeness ledger from the state file into the store, where boards and exports find it."""

import asyncio
import logging

from ingest_service.state.ingest_state import IngestState
from ingest_service.state.ledger import LedgerEntry, range_text
from service_runtime.errors import OperatorError
from service_runtime.logs import event
from telemetry_model.storage_schema import LEDGER
from telemetry_store.protocol import TelemetryStore
from telemetry_store.rows import RecordRow

WRITE_INTERVAL_SECONDS = 15.0
LINES_AT_A_TIME = 1_000
MAX_RANGES = 100
"""A stored line names this many ranges of missing batches; ``/api/v1/ledger`` names all."""
_log = logging.getLogger(__name__)


class LedgerWriter:
    """Lines are cumulative per hour, so writing one again only replaces it."""

    def __init__(self, store: TelemetryStore, state: IngestState, park: str) -> None:
        self._store = store
        self._state = state
        self._park = park

    async def run(self, interval_seconds: float = WRITE_INTERVAL_SECONDS) -> None:
        """Until cancelled."""
        problem = ""
        while True:
            await asyncio.sleep(interval_seconds)
            try:
                await self.write_once()
            except OperatorError as error:
                if str(error) != problem:
                    event(_log, logging.ERROR, "ledger not written, trying again", detail=error)
                problem = str(error)
            else:
                problem = ""

    async def write_once(self) -> int:
        """Write what has changed; returns how many lines the store took. Lines it kept are tried the next time.

        Of several replicas one writes: an older line must not come after a newer one.
        """
        written = 0
        if not self._state.leads:
            return written
        while lines := await self._state.unwritten_ledger(LINES_AT_A_TIME):
            outcome = await self._store.write_records([self._row(line) for line in lines])
            for rejection in outcome.rejected:
                event(_log, logging.ERROR, "store refused a ledger line", detail=rejection.detail)
            kept = set(outcome.kept)
            settled = [line for index, line in enumerate(lines) if index not in kept]
            await self._state.mark_written(settled)
            written += len(settled)
            if kept or len(lines) < LINES_AT_A_TIME:
                break
        return written

    def _row(self, line: LedgerEntry) -> RecordRow:
        return RecordRow(
            LEDGER,
            {"gateway": line.gateway, "park": self._park, "run": line.run},
            line.hour_ms,
            {
                "received": line.received,
                "stored": line.stored,
                "quarantined": line.quarantined,
                "duplicate": line.duplicate,
                "late": line.late,
                "missing": line.missing_count,
                "through_seq": line.through_seq,
                "expected": line.expected,
                "batches": line.batches,
                "refilled": line.refilled,
                "missing_sequences": _short(line.missing),
            },
        )


def _short(missing: tuple[tuple[int, int], ...]) -> str:
    text = range_text(missing[:MAX_RANGES])
    return text if len(missing) <= MAX_RANGES else f"{text}, …"
