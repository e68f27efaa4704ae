"""A window judged alone is the window judged with the days around it, also where clocks change by less than a slot."""

import dataclasses
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from analytics.finding import Finding
from analytics.judging.evaluate import evaluate
from analytics.judging.plan import JudgingRange
from analytics.rulebook import load_rulebook
from analytics.slots.readings_query import SlotRequest, read_slots
from telemetry_model.park_register import Park
from telemetry_store.sqlite_store import SqliteStore
from tests.analytics.conftest import build_park, readings

HOUR = 3_600_000
STATION = """
[[installations]]
id = "aq"
kind = "ambient_station"
device = "aq"
tenant = "park"
name_vi = "T"
name_en = "S"
[[installations]]
id = "supply"
kind = "electricity_supply"
device = "em"
tenant = "alpha"
name_vi = "T"
name_en = "S"
contracted_kw = 500
"""
BEFORE_CHANGE = {
    "Australia/Lord_Howe": date(2026, 4, 3),
    "Asia/Kathmandu": date(2026, 4, 3),
    "Pacific/Chatham": date(2026, 4, 3),
    "Europe/Madrid": date(2026, 10, 23),
    "Australia/Lord_Howe spring": date(2026, 10, 2),
}
"""A day two days before the clocks change, where they do."""
DAYS = 5


def a_park(zone: str, interval_seconds: int) -> Park:
    points = [f"aq.{name},park,z,air,ug/m3,{interval_seconds}," for name in ("pm10", "co", "no2")]
    points += [f"em.{name},alpha,z,energy,{unit},900,"
               for name, unit in (("active_energy_import", "kWh"), ("reactive_energy_import", "kvarh"))]  # fmt: skip
    return build_park(STATION, points, timezone=zone)


def midnights(zone: str, first: date) -> list[int]:
    days = (first + timedelta(days=number) for number in range(DAYS + 1))
    return [round(datetime(d.year, d.month, d.day, tzinfo=ZoneInfo(zone)).timestamp() * 1000) for d in days]


async def judged(store: SqliteStore, park: Park, from_ms: int, to_ms: int, since_ms: int) -> set[Finding]:
    span = JudgingRange(from_ms, to_ms, since_ms)
    found = await evaluate(store, park, load_rulebook(), span, 0)
    return {dataclasses.replace(finding, judged_at_ms=0) for finding in found if not finding.provisional}


@pytest.mark.parametrize("interval_seconds", [600, 3600, 3 * 3600])
@pytest.mark.parametrize("name", BEFORE_CHANGE)
async def test_a_day_alone_is_the_day_among_others(tmp_path: Path, name: str, interval_seconds: int) -> None:
    zone = name.removesuffix(" spring")
    edges = midnights(zone, BEFORE_CHANGE[name])
    park, store = a_park(zone, interval_seconds), SqliteStore(tmp_path / "store.db")
    count = (edges[-1] - edges[0] + 40 * HOUR) // (interval_seconds * 1000)
    for place, point in enumerate(("aq.pm10", "aq.co", "aq.no2")):
        values = [40.0 + (n * n + place) % 23 for n in range(count)]
        await store.write_readings(readings(park, point, edges[0] - 40 * HOUR, values))
    together = await judged(store, park, edges[0], edges[-1], edges[0])
    assert together
    for start, end in pairwise(edges):
        alone = await judged(store, park, start, end, edges[0])
        assert alone <= together
    await store.close()


async def test_slots_of_each_day_start_at_its_own_midnight(tmp_path: Path) -> None:
    zone, edges = "Australia/Lord_Howe", midnights("Australia/Lord_Howe", BEFORE_CHANGE["Australia/Lord_Howe"])
    park, store = a_park(zone, 1800), SqliteStore(tmp_path / "store.db")
    count = (edges[-1] - edges[0]) // 1_800_000
    await store.write_readings(readings(park, "aq.pm10", edges[0], [float(n) for n in range(count)]))
    request = SlotRequest("aq.pm10", 3600, edges[0], edges[-1])
    frame = (await read_slots(store, park, [request]))[request]
    assert set(edges[:-1]) <= set(frame.start_ms.tolist())
    assert sum(edges[2] <= start < edges[3] for start in frame.start_ms.tolist()) == 25
    await store.close()
