"""What is divided or subtracted is counted over one stretch: rules and indicators alike, registers and intervals."""

from collections.abc import Callable

import pytest

from analytics.indicators.compute import compute_indicators
from analytics.indicators.store_readings import Span
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
SUPPLY = """
[[installations]]
id = "s"
kind = "electricity_supply"
device = "em"
tenant = "alpha"
name_vi = "C"
name_en = "S"
contracted_kw = 500
"""
WATER = (
    "wi.volume,park,z,water,m3,3600,water_intake", "wt.volume,alpha,z,water,m3,3600,tenant_water",
    "wr.volume,park,z,wastewater,m3,3600,wastewater_reused",
    "wo.volume,park,z,wastewater,m3,3600,wastewater_discharged", "pc.produced_items,alpha,z,materials,items,3600,",
)  # fmt: skip


async def test_intervals_missing_on_either_side_are_left_out_on_both(
    store: SqliteStore, make_park: MakePark, make_readings: Rows, at: At
) -> None:
    """Day: 30 kWh and 40 kvarh an hour, night: 40 and 30. Ten days; of the first two all kWh of the day are missing."""
    park = make_park(
        SUPPLY, ("em.active_energy_interval,alpha,z,energy,kWh,3600,",
                 "em.reactive_energy_interval,alpha,z,energy,kvarh,3600,")
    )  # fmt: skip
    start = at("2026-04-01T00:00")
    used = [(30.0, 40.0) if 6 <= hour % 24 < 18 else (40.0, 30.0) for hour in range(240)]
    active = [None if hour < 48 and 6 <= hour % 24 < 18 else kwh for hour, (kwh, _) in enumerate(used)]
    rows = make_readings(park, "em.active_energy_interval", start + HOUR_MS, active)
    rows += make_readings(park, "em.reactive_energy_interval", start + HOUR_MS, [kvarh for _, kvarh in used])
    await store.write_readings(rows)
    rules = [rule for rule in load_rulebook() if rule.id == "EN-03-PF"]
    (found,) = await evaluate(store, park, rules, JudgingRange(start, start + 240 * HOUR_MS), start)
    kwh, kvarh = 120 * 40 + 96 * 30, 120 * 30 + 96 * 40
    assert found.observed == pytest.approx(kwh / (kwh**2 + kvarh**2) ** 0.5, abs=1e-9)
    assert found.data_capture == pytest.approx(216 / 240)
    assert "Compared over the 216 of 240 intervals in which every amount is known." in found.evidence


async def test_water_and_use_per_item_are_of_the_stretch_that_all_meters_know(
    store: SqliteStore, make_park: MakePark, make_readings: Rows, at: At
) -> None:
    """In 20 m3/h, used 15, items 5 an hour; reused 10 = discharged. Use and discharge are dark at the end."""
    park, start = make_park("", WATER), at("2026-04-01T00:00")
    rows = []
    for point, rate, hours in (("wi.volume", 20, 100), ("wt.volume", 15, 85), ("pc.produced_items", 5, 100),
                               ("wr.volume", 10, 100), ("wo.volume", 10, 90)):  # fmt: skip
        rows += make_readings(park, point, start, [1000.0 + rate * hour for hour in range(hours + 1)])
    await store.write_readings(rows)
    found = {(i.name, i.subject): i.value for i in await compute_indicators(store, park, span_of(start, 100), 0.8)}
    assert found["water_balance", "test-park"].value == 85 * (20 + 10 - 15)
    assert found["water_balance", "test-park"].data_capture == pytest.approx(0.85)
    assert found["water_reuse_share", "test-park"].value == 50
    assert found["specific_water_use", "alpha"].value == 3


async def test_registers_that_share_no_time_give_no_ratio(
    store: SqliteStore, make_park: MakePark, make_readings: Rows, at: At
) -> None:
    park, start = make_park("", WATER), at("2026-04-01T00:00")
    rows = make_readings(park, "wr.volume", start, [10.0 * hour for hour in range(40)])
    rows += make_readings(park, "wo.volume", start + 60 * HOUR_MS, [10.0 * hour for hour in range(40)])
    await store.write_readings(rows)
    found = {(i.name, i.subject): i.value for i in await compute_indicators(store, park, span_of(start, 100), 0.0)}
    assert found["water_reuse_share", "test-park"].reason == "the registers have no stretch in common"


@pytest.mark.parametrize("tenant", ["alpha", "beta"])
async def test_a_sub_meter_with_the_role_of_the_meter_above_it_is_not_counted_twice(
    store: SqliteStore, make_park: MakePark, make_readings: Rows, at: At, tenant: str
) -> None:
    table = (
        "point,tenant,zone,medium,unit,interval_seconds,role,parent\nwi.volume,park,z,water,m3,3600,water_intake,\n"
        "w1.volume,alpha,z,water,m3,3600,tenant_water,\n"
        f"w2.volume,{tenant},z,water,m3,3600,tenant_water,w1.volume\n"
    )
    park, start = make_park("", (), tables={"points.csv": table}), at("2026-04-01T00:00")
    rows = []
    for point, rate in (("wi.volume", 10), ("w1.volume", 10), ("w2.volume", 6)):
        rows += make_readings(park, point, start, [1000.0 + rate * hour for hour in range(101)])
    await store.write_readings(rows)
    found = {
        (i.name, i.subject): i.value.value for i in await compute_indicators(store, park, span_of(start, 100), 0.8)
    }
    assert found["water_use", "alpha"] == 1000
    assert found["water_use", "beta"] == (600 if tenant == "beta" else None)
    assert found["water_balance", "test-park"] == 0


def span_of(start_ms: int, hours: int) -> Span:
    return Span(start_ms, start_ms + hours * HOUR_MS)
