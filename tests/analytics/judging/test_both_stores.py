"""The verdicts are the same on the embedded store and on a real InfluxDB."""

from collections.abc import Callable

import pytest

from analytics.findings.store import read_findings, write_findings, write_indicators
from analytics.indicators.compute import compute_indicators
from analytics.indicators.store_readings import Span
from analytics.judging.evaluate import judge
from analytics.judging.plan import JudgingRange
from analytics.rulebook import load_rulebook
from analytics.slots.readings_query import data_range
from telemetry_model.park_register import Park
from telemetry_store.protocol import TelemetryStore
from telemetry_store.rows import ReadingRow

INSTALLATIONS = """
[[installations]]
id = "aq"
kind = "ambient_station"
device = "aq"
tenant = "park"
name_vi = "T"
name_en = "S"

[[installations]]
id = "alpha-supply"
kind = "electricity_supply"
device = "em"
tenant = "alpha"
name_vi = "C"
name_en = "S"
contracted_kw = 500

[[installations]]
id = "beta-supply"
kind = "electricity_supply"
device = "ei"
tenant = "beta"
name_vi = "C"
name_en = "S"
contracted_kw = 500
"""
POINTS = (
    "aq.pm10,park,z,air,ug/m3,900,", "em.active_energy_import,alpha,z,energy,kWh,900,tenant_electricity",
    "em.reactive_energy_import,alpha,z,energy,kvarh,900,", "ei.active_energy_interval,beta,z,energy,kWh,900,",
    "ei.reactive_energy_interval,beta,z,energy,kvarh,900,",
)  # fmt: skip


@pytest.mark.real_server
async def test_the_same_readings_give_the_same_findings(
    sqlite_store: TelemetryStore,
    influx_store: TelemetryStore,
    make_park: Callable[..., Park],
    make_readings: Callable[..., list[ReadingRow]],
    at: Callable[[str], int],
) -> None:
    park, start = make_park(INSTALLATIONS, POINTS), at("2026-03-01T00:00")
    rows = make_readings(park, "aq.pm10", start, [90.0 + n % 23 for n in range(288)])
    rows[40:60] = make_readings(park, "aq.pm10", start + 40 * 900_000, [500.0] * 20, status=1)
    rows[70:75] = make_readings(park, "aq.pm10", start + 70 * 900_000, [None] * 5)
    for place, point in enumerate(list(park.points)[1:3]):
        rows += make_readings(park, point, start, [n * (3.0 - place) for n in range(288)])
    for place, point in enumerate(list(park.points)[3:]):
        rows += make_readings(park, point, start + 900_000, [3.0 - place] * 288)
    span = JudgingRange(start, at("2026-03-04T00:00"), start)
    answers = []
    for store in (sqlite_store, influx_store):
        assert (await store.write_readings(rows)).accepted == len(rows)
        assert await data_range(store, park) == (start, at("2026-03-04T00:00"))
        found = await judge(store, park, load_rulebook(), span, 1_800_000_000_000)
        assert await write_findings(store, found.findings) == len(found.findings)
        assert await write_findings(store, found.findings) == 0
        assert await write_indicators(store, found.indicators) == len(found.indicators) > 0
        assert await write_indicators(store, found.indicators) == 0
        assert await read_findings(store, park.id, at("2026-01-01T00:00"), span.to_ms) == found.findings
        answers.append(found)
    assert answers[0] == answers[1]
    assert len(answers[0].findings) >= 8


@pytest.mark.real_server
async def test_the_same_readings_give_the_same_indicators(
    sqlite_store: TelemetryStore,
    influx_store: TelemetryStore,
    make_park: Callable[..., Park],
    make_readings: Callable[..., list[ReadingRow]],
    at: Callable[[str], int],
) -> None:
    priced = INSTALLATIONS.replace("contracted_kw = 500", 'contracted_kw = 500\nvoltage_level = "22kv"')
    park, start = make_park(priced, POINTS), at("2026-03-01T00:00")
    rows: list[ReadingRow] = []
    for place, point in enumerate(list(park.points)[1:3]):
        rows += make_readings(park, point, start, [n * (3.0 - place) for n in range(289)])
    for place, point in enumerate(list(park.points)[3:]):
        rows += make_readings(park, point, start + 900_000, [3.0 - place] * 288)
    answers = []
    for store in (sqlite_store, influx_store):
        await store.write_readings(rows)
        answers.append(await compute_indicators(store, park, Span(start, at("2026-03-04T00:00")), 0.8))
    assert answers[0] == answers[1]
    costs = [found.value.value for found in answers[0] if found.name == "time_of_use_cost"]
    # A register and interval energies of the same use: the same bill.
    assert len(costs) == 2
    assert costs[0] == pytest.approx(costs[1])
