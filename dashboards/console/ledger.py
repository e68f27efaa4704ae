"""Asks ingest for its completeness ledger: ``GET /api/v1/ledger`` as typed, tolerant structs."""

import msgspec

from dashboards.console.chain import ask_ingest

SHOWN_LINES = 30
SHOWN_RANGES = 5


class LedgerBatches(msgspec.Struct, frozen=True):
    """``expected = received + missing``; the others came again."""

    expected: int = 0
    received: int = 0
    missing: int = 0
    duplicate: int = 0
    refilled: int = 0


class LedgerReadings(msgspec.Struct, frozen=True):
    """``received = stored + quarantined``."""

    received: int = 0
    stored: int = 0
    quarantined: int = 0
    late: int = 0


class LedgerLine(msgspec.Struct, frozen=True):
    """One gateway run in one hour (of the batches' creation, UTC)."""

    gateway: str
    run: str
    hour: str
    batches: LedgerBatches = LedgerBatches()
    readings: LedgerReadings = LedgerReadings()
    missing_sequences: list[tuple[int, int]] = []

    def missing_text(self) -> str:
        """The first few ranges, ``3-4, 9``."""
        ranges = [str(low) if low == high else f"{low}-{high}" for low, high in self.missing_sequences]
        return ", ".join(ranges[:SHOWN_RANGES]) + (", …" if len(ranges) > SHOWN_RANGES else "")


class Ledger(msgspec.Struct, frozen=True):
    """The last 24 hours."""

    lines: list[LedgerLine] = []

    def newest(self) -> list[LedgerLine]:
        """The lines to show: latest hour first, gateways in order."""
        by_gateway = sorted(self.lines, key=lambda line: (line.gateway, line.run))
        return sorted(by_gateway, key=lambda line: line.hour, reverse=True)[:SHOWN_LINES]


async def fetch_ledger(ingest_url: str) -> Ledger:
    """Raises :class:`UnreachableError` naming the address and what is wrong with its answer."""
    return await ask_ingest(ingest_url, "ledger", Ledger)
