"""What the completeness ledger adds up to, as the running service tells it."""

import json
import urllib.request
from typing import NamedTuple


class LedgerTotals(NamedTuple):
    """Batches: ``expected = batches + missing``; readings: ``received = stored + quarantined``."""

    expected: int
    batches: int
    missing: int
    received: int
    stored: int
    quarantined: int


def ledger_totals(ingest_url: str) -> LedgerTotals:
    """Over all gateways, runs and hours."""
    address = f"{ingest_url}/api/v1/ledger?from=2000-01-01T00:00:00Z"
    with urllib.request.urlopen(address, timeout=30) as answer:
        totals = json.load(answer)["totals"]
    batches, readings = totals["batches"], totals["readings"]
    return LedgerTotals(
        batches["expected"], batches["received"], batches["missing"],
        readings["received"], readings["stored"], readings["quarantined"],
    )  # fmt: skip
