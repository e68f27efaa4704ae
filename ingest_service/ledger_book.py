"""Looking into the completeness ledger, also while the service runs."""

from typing import Any

from ingest_service.state.ledger import LedgerEntry, ledger_between
from ingest_service.state.place import StatePlace
from service_runtime.clock import utc_from_ms
from service_runtime.errors import OperatorError

MAX_LINES = 10_000
"""A larger answer is refused: ask for a shorter time or for one gateway."""


class LedgerTooLongError(OperatorError):
    """More lines than one answer may have."""


class LedgerBook:
    """Reads only."""

    def __init__(self, place: StatePlace) -> None:
        self._place = place

    def lines(self, from_ms: int, to_ms: int, gateway: str = "") -> list[LedgerEntry]:
        """Lines of the hours that touch ``[from_ms, to_ms)``, by hour, gateway and run.

        Raises :class:`LedgerTooLongError`, or :class:`OperatorError` when the state cannot be read.
        """
        first_hour_ms = from_ms - from_ms % 3_600_000
        with self._place.look() as connection:
            found = ledger_between(connection, first_hour_ms, to_ms, gateway, MAX_LINES + 1)
        if len(found) > MAX_LINES:
            raise LedgerTooLongError(f"more than {MAX_LINES} lines: ask for a shorter time or for one gateway")
        return found


def ledger_document(lines: list[LedgerEntry]) -> dict[str, Any]:
    """The JSON document of ``/api/v1/ledger`` and ``ecopark ingest ledger --json``: lines, and their sums."""
    documents = [line_document(line) for line in lines]
    groups = ("batches", "readings")
    empty: dict[str, dict[str, int]] = {
        "batches": dict.fromkeys(("expected", "received", "missing", "duplicate", "refilled"), 0),
        "readings": dict.fromkeys(("received", "stored", "quarantined", "late"), 0),
    }
    totals = {
        group: {name: sum(document[group][name] for document in documents) for name in empty[group]} for group in groups
    }
    return {"totals": totals, "lines": documents}


def line_document(line: LedgerEntry) -> dict[str, Any]:
    """One line."""
    return {
        "gateway": line.gateway,
        "run": line.run,
        "hour": utc_from_ms(line.hour_ms).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "batches": {
            "expected": line.expected,
            "received": line.batches,
            "missing": line.missing_count,
            "duplicate": line.duplicate,
            "refilled": line.refilled,
        },
        "readings": {
            "received": line.received,
            "stored": line.stored,
            "quarantined": line.quarantined,
            "late": line.late,
        },
        "sequences": [line.first_seq, line.last_seq],
        "missing_sequences": [list(span) for span in line.missing],
    }
