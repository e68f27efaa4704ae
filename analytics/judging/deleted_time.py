"""Of which time raw readings were deleted: what was formed from them stays as it is, and is never formed anew.

Readings that come later for such a time stand alone. A verdict or a sum made of them would be made of a part.
"""

from collections.abc import Mapping
from types import MappingProxyType

from analytics.slots.readings_query import FAR_AHEAD_MS, LONG_AGO_MS
from service_runtime.errors import UnreachableError
from telemetry_model.quantities import Medium
from telemetry_model.storage_schema import DELETIONS
from telemetry_store.protocol import TelemetryStore
from telemetry_store.query import Select, SeriesQuery
from telemetry_store.rows import RecordRow

Edges = Mapping[Medium, int]
"""By medium, the instant (ms) before which raw readings were deleted."""
NOTHING_DELETED: Edges = MappingProxyType({})


async def deleted_before(store: TelemetryStore, park: str) -> Edges:
    """What the store says was deleted of a park; raises ``UnreachableError``."""
    query = SeriesQuery(
        DELETIONS, (Select("readings"),), LONG_AGO_MS, FAR_AHEAD_MS, where=(("park", (park,)),), group_by=("medium",)
    )
    return {
        Medium(result.tags["medium"]): max(int(row[0] or 0) for row in result.rows)
        for result in await store.select(query)
        if result.rows
    }


async def note_deletion(store: TelemetryStore, park: str, medium: Medium, before_ms: int, readings: int) -> None:
    """Say it in the store; before anything is deleted, so that no crash can hide it. Raises ``UnreachableError``."""
    row = RecordRow(DELETIONS, {"medium": medium.value, "park": park}, before_ms, {"readings": readings})
    outcome = await store.write_records([row])
    if outcome.kept or outcome.rejected:
        raise UnreachableError(f"store: the deletion could not be noted: {outcome.kept_detail}")
