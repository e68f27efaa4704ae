"""Pack to rows as the ingest pipeline does it: decoding, the register's check of every record, the rows."""

import time
from pathlib import Path

from ingest_service.admission import Admission, Admitter
from ingest_service.bindings import ParkBindings
from tests.bench.cpu import cpu_seconds_of
from tests.bench.figures import Figure
from tests.bench.workload import GATEWAY, PACK_READINGS, demo_park, packs

PACKS = 500
SINGLES = 50_000


async def measure(_folder: Path) -> list[Figure]:
    """Packs of 200 and packs of one; every record is admitted."""
    park, now_ms = demo_park(), time.time_ns() // 1_000_000
    admitter = Admitter(ParkBindings(park))
    large = packs(park, PACKS, PACK_READINGS, now_ms - 3_600_000)
    single = packs(park, SINGLES, 1, now_ms - 3_600_000)

    def admit(payload: bytes) -> Admission:
        return admitter.admit(GATEWAY, payload, now_ms)

    if any(admit(payload).refused for payload in large):
        raise RuntimeError("the benchmark's readings must all be admitted")
    return [
        Figure("packs of 200", PACKS * PACK_READINGS / cpu_seconds_of(admit, large), "records/CPU s"),
        Figure("packs of one", SINGLES / cpu_seconds_of(admit, single), "records/CPU s"),
    ]
