"""Months and years use what their days use: a gauge's own slots, and readings counted against those expected."""

import math
import re
from collections.abc import Callable, Sequence

import pytest

import analytics.slots.readings_query
from analytics.finding import Finding, Verdict
from analytics.judging.evaluate import judge
from analytics.judging.plan import JudgingRange
from analytics.rulebook import load_rulebook
from telemetry_model.park_register import Park
from telemetry_store.rows import ReadingRow
from telemetry_store.sqlite_store import SqliteStore

DAY_MS = 86_400_000
STATION = """
[[installations]]
id = "aq"
kind = "ambient_station"
device = "aq"
tenant = "park"
name_vi = "T"
name_en = "S"
"""
NO2 = "aq.no2,park,z,air,ug/m3,1800,"
RULES = [rule for rule in load_rulebook() if rule.id in ("AMB-02-NO2", "AMB-05-NO2", "MON-05-FLAT")]
MakeReadings = Callable[..., list[ReadingRow]]


async def year_and_days(
    store: SqliteStore, park: Park, rows: Sequence[ReadingRow], start: int, end: int
) -> tuple[Finding, list[Finding]]:
    """The verdict of the year, and those of its days."""
    await store.write_readings(rows)
    found = (await judge(store, park, RULES, JudgingRange(start, end, start), 1_900_000_000_000)).findings
    (year,) = [finding for finding in found if finding.rule == "AMB-05-NO2"]
    return year, [finding for finding in found if finding.rule == "AMB-02-NO2"]


def valid_of(finding: Finding) -> int:
    """How many values its first sentence calls valid."""
    told = re.match(r"(\d+) of \d+ expected values were valid", finding.evidence[0])
    assert told is not None
    return int(told.group(1))


async def test_a_year_counts_what_was_calibrating_as_its_days_do(
    store: SqliteStore, make_park: Callable[..., Park], make_readings: MakeReadings, at: Callable[[str], int]
) -> None:
    # One of each hour's two values is measured, the other calibrated: half of the data are there, an hour seems whole.
    park, start, end = make_park(STATION, (NO2,)), at("2025-01-01T00:00"), at("2026-01-01T00:00")
    rows = make_readings(park, "aq.no2", start, [60.0 + n % 7 for n in range(8760)], every_seconds=3600)
    rows += make_readings(park, "aq.no2", start + 1_800_000, [5.0] * 8760, status=1, every_seconds=3600)
    year, days = await year_and_days(store, park, rows, start, end)
    assert year.data_capture == 0.5
    assert year.verdict is Verdict.INSUFFICIENT_DATA
    assert "8760 of 17520 expected values were valid; 8760 calibrating" in year.evidence[0]
    assert {day.verdict for day in days} == {Verdict.INSUFFICIENT_DATA}


async def test_a_year_leaves_out_what_was_frozen_as_its_days_do(
    store: SqliteStore, make_park: Callable[..., Park], make_readings: MakeReadings, at: Callable[[str], int]
) -> None:
    # Half past one to half past seven every night: six hours of values, but only five whole hours.
    park, start, end = make_park(STATION, (NO2,)), at("2025-01-01T00:00"), at("2026-01-01T00:00")
    values = [90.0 if 3 <= n % 48 < 15 else 24.0 + n % 2 for n in range(365 * 48)]
    year, days = await year_and_days(store, park, make_readings(park, "aq.no2", start, values), start, end)
    assert (year.observed, year.data_capture, year.verdict) == (24.5, 0.75, Verdict.INSUFFICIENT_DATA)
    assert {(day.observed, day.data_capture) for day in days} == {(24.5, 0.75)}
    assert "4380 values were left out in 365 stretches in which aq.no2 stayed at exactly one value" in year.evidence[1]


async def test_a_year_has_the_values_of_its_days_and_their_exact_mean(
    store: SqliteStore, make_park: Callable[..., Park], make_readings: MakeReadings, at: Callable[[str], int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    park, start, end = make_park(STATION, (NO2,)), at("2025-01-01T00:00"), at("2026-01-01T00:00")
    values = [20.0 + (n * 37 % 101) / 10 for n in range(365 * 48)]
    rows = [row for n, row in enumerate(make_readings(park, "aq.no2", start, values)) if n % 10]
    year, days = await year_and_days(store, park, rows, start, end)
    assert valid_of(year) == sum(valid_of(day) for day in days) == len(rows)
    assert year.observed == round(math.fsum(row.value or 0.0 for row in rows) / len(rows), 9)
    # Read in many pieces or in few: the same to the last digit.
    monkeypatch.setattr(analytics.slots.readings_query, "PIECE_SLOTS", 100)
    analytics.slots.readings_query._midnights.cache_clear()
    again, _ = await year_and_days(store, park, rows[:1], start, end)
    analytics.slots.readings_query._midnights.cache_clear()
    assert again == year


LIVE_POINTS = (
    "em.active_energy_import,alpha,z,energy,kWh,60,tenant_electricity", "wm.volume,alpha,z,water,m3,60,tenant_water",
    "wb.mass,alpha,z,materials,t,60,tenant_waste", "e2.active_energy_import,beta,z,energy,kWh,60,tenant_electricity",
    "w2.volume,beta,z,water,m3,60,tenant_water", "b2.mass,beta,z,materials,t,60,tenant_waste",
)  # fmt: skip


@pytest.mark.parametrize(("every_seconds", "live"), [(3600, 0.0), (150, 0.0), (120, 100.0), (60, 100.0), (1, 0.0)])
async def test_live_data_are_readings_over_those_expected(
    store: SqliteStore, make_park: Callable[..., Park], make_readings: MakeReadings, at: Callable[[str], int],
    every_seconds: int, live: float,
) -> None:  # fmt: skip
    """A reading an hour of a meter read every minute is no live data, nor is an hour in which it sent them all."""
    park = make_park("[attributes]\neco_park = true\n", LIVE_POINTS)
    start = at("2026-09-01T00:00")
    count = min(6 * 3600, 30 * 86_400) // every_seconds if every_seconds > 1 else 3600
    rows = [
        row
        for point in park.points
        for row in make_readings(park, point, start, [1000.0 + n for n in range(count)], every_seconds=every_seconds)
    ]
    await store.write_readings(rows)
    rules = [rule for rule in load_rulebook() if rule.id == "EIP-05-LIVE"]
    span = JudgingRange(start, start + 6 * 3_600_000, start)
    (finding,) = (await judge(store, park, rules, span, 1_900_000_000_000)).findings
    assert finding.observed == live
