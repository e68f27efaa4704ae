"""Deletes raw readings older than the operator wants to keep them, but never one whose hour is not rolled up yet.

Nothing is deleted unless ``ecopark analytics retention`` is asked to, per medium, with a number of days; rollups,
findings, the ledger and all other records stay for ever.
"""

from typing import NamedTuple

from analytics.slots.readings_query import FAR_AHEAD_MS, LONG_AGO_MS
from analytics.windows import local_day, start_of_day_ms
from service_runtime.errors import OperatorError
from telemetry_model.park_register import Park
from telemetry_model.quantities import Medium
from telemetry_model.storage_schema import FIELD_STATUS, ROLLUP_PROGRESS
from telemetry_store.protocol import TelemetryStore
from telemetry_store.query import Aggregate, Select, SeriesQuery

LEAST_DAYS = 460
"""A year's verdict needs its whole year, and is formed anew for 60 days after it; some time to run the command in."""
DAY_MS = 86_400_000


class Deletion(NamedTuple):
    """What is older than wished: how many readings, measured before when."""

    medium: Medium
    before_ms: int
    readings: int


def parse_keep(text: str) -> tuple[Medium, int]:
    """``energy=730`` as medium and days; raises ``OperatorError``."""
    name, _, days = text.partition("=")
    known = ", ".join(medium.value for medium in Medium)
    if name not in {medium.value for medium in Medium}:
        raise OperatorError(f"--keep '{text}': no medium '{name}' (known: {known})")
    if not days.isdigit() or int(days) < LEAST_DAYS:
        raise OperatorError(f"--keep '{text}': a whole number of days, at least {LEAST_DAYS}")
    return Medium(name), int(days)


async def plan_deletion(store: TelemetryStore, park: Park, medium: Medium, days: int, now_ms: int) -> Deletion:
    """What of a medium is older than ``days`` local days; raises ``OperatorError`` where it is not rolled up."""
    zone = park.timezone
    before_ms = start_of_day_ms(local_day(now_ms - days * DAY_MS, zone), zone)
    query = SeriesQuery(
        medium.value, (Select(FIELD_STATUS, Aggregate.COUNT, "n"),), LONG_AGO_MS, before_ms,
        where=(("park", (park.id,)),),
    )  # fmt: skip
    readings = sum(int(row[1] or 0) for result in await store.select(query) for row in result.rows)
    if readings and await _rolled_up_to_ms(store, park) < before_ms:
        raise OperatorError(
            f"{medium.value}: not all readings before {local_day(before_ms, zone)} are rolled up yet;"
            " run `ecopark analytics rollups` first"
        )
    return Deletion(medium, before_ms, readings)


async def _rolled_up_to_ms(store: TelemetryStore, park: Park) -> int:
    query = SeriesQuery(
        ROLLUP_PROGRESS, (Select("marks_through_ms"),), LONG_AGO_MS, FAR_AHEAD_MS,
        where=(("park", (park.id,)),), descending=True, limit=1,
    )  # fmt: skip
    times = [int(row[0] or 0) for result in await store.select(query) for row in result.rows]
    return max(times, default=LONG_AGO_MS)
