"""The two sides of the promise: what gateways committed in their outboxes, and what lies in the store."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from telemetry_model.park_register import Park
from telemetry_model.senml_json import decode_pack
from telemetry_model.storage_schema import LEDGER
from telemetry_store.open import open_store
from telemetry_store.query import Select, SeriesQuery
from tests.acceptance.ledger import LedgerTotals

END_OF_TIME_MS = 4_102_444_800_000
Row = tuple[str, int, float | None, int]


def committed_rows(outboxes: list[Path]) -> set[Row]:
    """Every reading the gateways ever committed: point, measured-at ms, value, status."""
    rows: set[Row] = set()
    for path in outboxes:
        with closing(sqlite3.connect(path)) as connection:
            for (payload,) in connection.execute("SELECT payload FROM batches"):
                rows |= {(r.name, r.time_ms, r.value, r.status) for r in decode_pack(payload, 0)}
    return rows


def committed_batches(outboxes: list[Path]) -> int:
    """How many batches they are."""
    total = 0
    for path in outboxes:
        with closing(sqlite3.connect(path)) as connection:
            total += connection.execute("SELECT count(*) FROM batches").fetchone()[0]
    return total


def stored_rows(store_url: str, park: Park) -> set[Row]:
    """Every reading in the store, in the same form."""
    return asyncio.run(_stored_rows(store_url, park))


async def _stored_rows(store_url: str, park: Park) -> set[Row]:
    store = open_store(store_url)
    rows: set[Row] = set()
    try:
        for point in park.points.values():
            select = (Select(point.field_name), Select("status"))
            where = (("point", (point.id,)),)
            for answer in await store.select(SeriesQuery(point.medium, select, 0, END_OF_TIME_MS, where)):
                rows |= {(point.id, int(str(t)), _number(v), int(str(s))) for t, v, s in answer.rows}
    finally:
        await store.close()
    return rows


def stored_ledger(store_url: str) -> LedgerTotals:
    """What the measurement ``ledger`` adds up to over all its lines."""
    return asyncio.run(_stored_ledger(store_url))


async def _stored_ledger(store_url: str) -> LedgerTotals:
    store = open_store(store_url)
    query = SeriesQuery(
        LEDGER, tuple(map(Select, LedgerTotals._fields)), 0, END_OF_TIME_MS, group_by=("gateway", "run")
    )
    try:
        lines = [row[1:] for answer in await store.select(query) for row in answer.rows]
    finally:
        await store.close()
    return LedgerTotals(*(sum(int(str(line[column])) for line in lines) for column in range(len(LedgerTotals._fields))))


def _number(value: object) -> float | None:
    return None if value is None else float(str(value))
