"""Registers from half hour to half hour: interpolated where they are read rarely, never over a gap."""

from collections.abc import Callable
from datetime import datetime

import pytest

from analytics.indicators.compute import compute_indicators
from analytics.indicators.store_readings import Span, read_points
from analytics.judging.evaluate import evaluate
from analytics.judging.plan import JudgingRange
from analytics.rulebook import load_rulebook
from analytics.windows import HOUR_MS
from telemetry_model.park_register import Park
from telemetry_store.rows import ReadingRow
from telemetry_store.sqlite_store import SqliteStore

MakePark = Callable[..., Park]
Rows = Callable[..., list[ReadingRow]]
At = Callable[[str], int]
ENERGY = "em.active_energy_import"
MINUTE_MS = 60_000
SUPPLY = """
[[installations]]
id = "s"
kind = "electricity_supply"
device = "em"
tenant = "alpha"
name_vi = "C"
name_en = "S"
contracted_kw = 500
voltage_level = "22kv"

[[installations]]
id = "f"
kind = "facility"
tenant = "alpha"
name_vi = "N"
name_en = "F"
tou_customer = true
"""


def park_read_every(make_park: MakePark, seconds: int) -> Park:
    return make_park(SUPPLY, (f"{ENERGY},alpha,z,energy,kWh,{seconds},tenant_electricity",))


async def slots_of(store: SqliteStore, park: Park, start: int, end: int) -> list[tuple[float, float, float]]:
    found = await read_points(store, park, [park.points[ENERGY]], Span(start, end), frozenset({ENERGY}))
    return [((s.start_ms - start) / HOUR_MS, (s.end_ms - start) / HOUR_MS, s.value) for s in found[ENERGY].slots]


async def test_a_register_read_within_a_quarter_is_interpolated_at_the_half_hour(
    store: SqliteStore, make_park: MakePark, make_readings: Rows, at: At
) -> None:
    """Read at :14, :29, :44, :59: +15 kWh a quarter up to 01:14, +30 after. At 01:00 it stands 1/15 after :59, at 01:30
    1/15 after 01:29: from 01:00 to 01:30 14 + 30 + 2 kWh."""
    park, start = park_read_every(make_park, 900), at("2026-03-10T00:00")
    values = [100.0 + 15 * n for n in range(9)] + [220.0 + 30 * n for n in range(1, 9)]
    rows = make_readings(park, ENERGY, start - 46 * MINUTE_MS, values)
    await store.write_readings(rows)
    slots = await slots_of(store, park, start, start + 2 * HOUR_MS)
    assert [slot[:2] for slot in slots] == [(0, 0.5), (0.5, 1), (1, 1.5), (1.5, 2)]
    assert [slot[2] for slot in slots] == pytest.approx([30, 30, 14 + 30 + 2, 60])


async def test_a_gap_is_one_piece_between_registers_that_are_known(
    store: SqliteStore, make_park: MakePark, make_readings: Rows, at: At
) -> None:
    park, start = park_read_every(make_park, 900), at("2026-03-10T00:00")
    rows = make_readings(park, ENERGY, start, [15.0 * n for n in range(25)])
    gap = [r for r in rows if not start + 80 * MINUTE_MS < r.time_ms < start + 200 * MINUTE_MS]
    await store.write_readings(gap)
    slots = await slots_of(store, park, start, start + 6 * HOUR_MS)
    assert (1.0, 3.5, 150.0) in slots
    assert sum(slot[2] for slot in slots) == pytest.approx(360)


async def test_what_was_counted_before_the_first_known_half_hour_is_not_lost(
    store: SqliteStore, make_park: MakePark, make_readings: Rows, at: At
) -> None:
    park, start = park_read_every(make_park, 900), at("2026-03-10T00:00")
    await store.write_readings(make_readings(park, ENERGY, start + 14 * MINUTE_MS, [15.0 * n for n in range(16)]))
    slots = await slots_of(store, park, start, start + 3 * HOUR_MS)
    assert slots[0][:2] == (pytest.approx(14 / 60), 0.5)
    assert slots[0][2] == pytest.approx(16)


async def test_hourly_registers_are_whole_and_have_a_peak(
    store: SqliteStore, make_park: MakePark, make_readings: Rows, at: At
) -> None:
    park, start = park_read_every(make_park, 3600), at("2026-03-10T00:00")
    values, hours = [0.0], [100.0] * 10 + [300.0] + [100.0] * 13
    for used in hours:
        values.append(values[-1] + used)
    await store.write_readings(make_readings(park, ENERGY, start, values))
    every = await compute_indicators(store, park, Span(start, start + 24 * HOUR_MS), 0.8)
    found = {i.name: i.value for i in every if i.subject in ("alpha", "s")}
    assert (found["electricity"].value, found["electricity"].data_capture) == (2600, 1.0)
    assert (found["peak_demand"].value, found["peak_demand"].inputs["interval_minutes"]) == (300, 60)
    assert found["time_of_use_cost"].data_capture == 1.0


async def test_the_peak_share_of_a_register_read_at_the_fourteenth_minute(
    store: SqliteStore, make_park: MakePark, make_readings: Rows, at: At
) -> None:
    """400 kW from 17:00 to 20:00 but on Sundays, else 40 kW, added up by the minute: 57.5 % in the hours of peak. The
    reading of 17:14 spreads its quarter hour evenly: one minute of it, and one of 20:14's, are taken for the other."""
    park, start, end = park_read_every(make_park, 900), at("2026-03-01T00:00"), at("2026-04-01T00:00")
    values, energy, peak, whole = [], 0.0, 0.0, 0.0
    for minute in range(-46, 31 * 1440 + 60):
        if (minute + 46) % 15 == 0:
            values.append(1000 + energy)
        local = datetime.fromtimestamp((start + minute * MINUTE_MS) / 1000, tz=park.timezone)
        is_workday = local.isoweekday() < 7
        used = (400 if is_workday and 17 <= local.hour < 20 else 40) / 60
        energy += used
        if 0 <= minute < 31 * 1440:
            is_peak = (9, 30) <= (local.hour, local.minute) < (11, 30) or 17 <= local.hour < 20
            whole, peak = whole + used, peak + used * (is_peak and is_workday)
    await store.write_readings(make_readings(park, ENERGY, start - 46 * MINUTE_MS, values))
    rules = [rule for rule in load_rulebook() if rule.id == "EN-04-PEAK"]
    (finding,) = await evaluate(store, park, rules, JudgingRange(start, end), end)
    assert 100 * peak / whole == pytest.approx(57.54, abs=0.01)
    assert finding.observed == pytest.approx(100 * peak / whole, abs=0.6)
    assert any("is read every 15 min: its register at each half hour is interpolated" in w for w in finding.evidence)


async def test_a_faulty_reading_after_the_period_makes_no_energy_in_it(
    store: SqliteStore, make_park: MakePark, make_readings: Rows, at: At
) -> None:
    park, start = park_read_every(make_park, 900), at("2026-03-10T00:00")
    end = start + 24 * HOUR_MS
    rows = make_readings(park, ENERGY, start - 16 * MINUTE_MS, [9e9, *(1000.0 + 15 * n for n in range(97))])
    await store.write_readings(rows)
    slots = await slots_of(store, park, start, end)
    assert min(slot[2] for slot in slots) >= 0
    assert max(slot[2] for slot in slots) <= 30
