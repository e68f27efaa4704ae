"""Points that measure once an hour or a day, and machines: slots as long as their interval, side by side."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from analytics.indicators.compute import compute_indicators
from analytics.indicators.park_view import ReportedIndicator
from analytics.indicators.store_readings import Span
from telemetry_model.park_register import Park
from telemetry_store.rows import PointSeries, ReadingRow
from telemetry_store.sqlite_store import SqliteStore

MakePark = Callable[..., Park]
Rows = Callable[..., list[ReadingRow]]
At = Callable[[str], int]
MACHINE = """
[[installations]]
id = "press"
kind = "machine"
device = "mc"
tenant = "alpha"
name_vi = "Máy ép"
name_en = "Press"
"""
MACHINE_POINTS = (
    "mc.active_power,alpha,z,energy,kW,300,",
    "mc.produced_items_interval,alpha,z,materials,items,300,",
)
DISTRICT = """
[[installations]]
id = "north"
kind = "water_district"
device = "fm"
tenant = "park"
name_vi = "Phân khu bắc"
name_en = "North district"
"""
PLANT = """
[[installations]]
id = "outlet"
kind = "wastewater_outlet"
device = "wq-out"
tenant = "park"
name_vi = "Cửa xả"
name_en = "Outlet"
flow_device = "fm"
inlet_device = "wq-in"
energy_device = "em"
"""
PLANT_POINTS = (
    "fm.flow,park,z,wastewater,m3/h,86400,",
    "wq-in.cod,park,z,wastewater,mg/l,86400,",
    "wq-out.cod,park,z,wastewater,mg/l,86400,",
    "em.active_energy_interval,park,z,energy,kWh,86400,",
)


async def values(store: SqliteStore, park: Park, span: Span, minimum: float = 0.0) -> dict[str, ReportedIndicator]:
    return {
        entry.name: entry
        for entry in await compute_indicators(store, park, span, minimum)
        if entry.subject in park.installations
    }


def daily(park: Park, point: str, days: dict[str, float], *, at_end: bool = False) -> list[ReadingRow]:
    rows: list[ReadingRow] = []
    for text, value in days.items():
        stamp = datetime.fromisoformat(text).replace(tzinfo=park.timezone)
        moment = (stamp + timedelta(days=1) if at_end else stamp).astimezone(UTC)
        rows.append(ReadingRow(PointSeries.of(park.points[point], park.id), round(moment.timestamp() * 1000), value, 0))
    return rows


async def test_energy_per_item_and_idle_share_of_a_machine_by_hand(
    filled: SqliteStore, make_park: MakePark, make_readings: Rows, at: At
) -> None:
    park, start = make_park(MACHINE, MACHINE_POINTS), at("2026-01-05T00:00")
    # An hour in twelve slots of 5 min: 8 slots at 6 kW with 10 items, 4 idle slots at 1.5 kW.
    await filled.write_readings(make_readings(park, "mc.active_power", start, [6.0] * 8 + [1.5] * 4))
    items = make_readings(park, "mc.produced_items_interval", start + 300_000, [10.0] * 8 + [0.0] * 4)
    await filled.write_readings(items)
    found = await values(filled, park, Span(start, start + 3_600_000))
    # 8 x 6 kW / 12 = 4 kWh and 4 x 1.5 / 12 = 0.5 kWh; 80 items: 4.5 x 3.6 / 80 MJ; 0.5 / 4.5.
    assert found["electricity"].value.value == pytest.approx(4.5)
    assert found["specific_energy"].value.value == pytest.approx(4.5 * 3.6 / 80)
    assert found["idle_energy_share"].value.value == pytest.approx(100 / 9)
    assert found["idle_load"].value.value == pytest.approx(1.5)
    assert {entry.value.data_capture for entry in found.values()} == {1.0}


async def test_slots_without_items_or_power_do_not_count_and_lower_the_capture(
    filled: SqliteStore, make_park: MakePark, make_readings: Rows, at: At
) -> None:
    park, start = make_park(MACHINE, MACHINE_POINTS), at("2026-01-05T00:00")
    await filled.write_readings(make_readings(park, "mc.active_power", start, [6.0] * 6))
    await filled.write_readings(make_readings(park, "mc.produced_items_interval", start + 300_000, [10.0] * 3))
    found = await values(filled, park, Span(start, start + 3_600_000))
    assert found["electricity"].value.value == pytest.approx(1.5)
    assert found["electricity"].value.data_capture == 0.25
    withheld = await values(filled, park, Span(start, start + 3_600_000), 0.8)
    assert withheld["electricity"].value.reason.startswith("only 25.0 %")


async def test_a_machine_without_item_count_or_data_says_so(filled: SqliteStore, make_park: MakePark, at: At) -> None:
    span = Span(at("2026-01-05T00:00"), at("2026-01-06T00:00"))
    uncounted = await values(filled, make_park(MACHINE, MACHINE_POINTS[:1]), span)
    assert {entry.value.reason for entry in uncounted.values()} == {"no point counts items of mc"}
    silent = await values(filled, make_park(MACHINE, MACHINE_POINTS), span)
    assert {entry.value.reason for entry in silent.values()} == {"no slot has both power and items of mc"}


async def test_night_flow_of_a_district_that_measures_hourly(
    filled: SqliteStore, make_park: MakePark, make_readings: Rows, at: At
) -> None:
    park = make_park(DISTRICT, ("fm.flow,park,z,water,m3/h,3600,",))
    start = at("2026-01-05T00:00")
    day = [30.0] * 2 + [12.0, 10.0] + [30.0] * 20
    rows = make_readings(park, "fm.flow", start, [*day, *day[:2], 14.0, 16.0, *day[4:]])
    await filled.write_readings(rows)
    found = await values(filled, park, Span(start, start + 48 * 3_600_000))
    # Lowest of 02-04 h: 10, then 14: median 12. Mean: (44 x 30 + 12 + 10 + 14 + 16) / 48.
    assert found["night_flow"].value.value == 12
    assert found["mean_flow"].value.value == pytest.approx((44 * 30 + 52) / 48)
    assert found["night_flow_share"].value.value == pytest.approx(100 * 12 / ((44 * 30 + 52) / 48))
    assert found["night_flow"].value.data_capture == 1.0


async def test_a_district_without_data_has_no_share(filled: SqliteStore, make_park: MakePark, at: At) -> None:
    park = make_park(DISTRICT, ("fm.flow,park,z,water,m3/h,3600,",))
    found = await values(filled, park, Span(at("2026-01-05T00:00"), at("2026-01-06T00:00")))
    assert found["night_flow_share"].value.reason == "fm.flow sent no valid value"
    assert found["night_flow"].value.reason == "no flow was measured at night"


async def test_a_plant_that_measures_once_a_day_is_judged_from_days_that_have_all(
    filled: SqliteStore, make_park: MakePark, at: At
) -> None:
    park = make_park(PLANT, PLANT_POINTS)
    await filled.write_readings(daily(park, "fm.flow", {"2026-01-05": 100.0, "2026-01-06": 300.0, "2026-01-07": 50.0}))
    await filled.write_readings(daily(park, "wq-in.cod", {"2026-01-05": 500.0, "2026-01-06": 400.0}))
    await filled.write_readings(daily(park, "wq-out.cod", {"2026-01-05": 50.0, "2026-01-06": 80.0, "2026-01-07": 90.0}))
    energy = {"2026-01-05": 1200.0, "2026-01-06": 3600.0, "2026-01-08": 999.0}
    await filled.write_readings(daily(park, "em.active_energy_interval", energy, at_end=True))
    found = await values(filled, park, Span(at("2026-01-05T00:00"), at("2026-01-09T00:00")))
    # 5 and 6 January alone: in 100 x 500 + 300 x 400 = 170,000, out 100 x 50 + 300 x 80 = 29,000.
    assert found["cod_removal"].value.value == pytest.approx(100 * (1 - 29 / 170))
    assert found["cod_removal"].value.data_capture == 0.5
    # 4,800 kWh over 24 h x (100 + 300) m3/h = 9,600 m3.
    assert found["treatment_energy"].value.value == pytest.approx(0.5)
    assert found["treatment_energy"].value.data_capture == 0.5


async def test_days_of_25_and_23_hours_stay_whole(filled: SqliteStore, make_park: MakePark) -> None:
    park = make_park(PLANT, PLANT_POINTS, "Australia/Melbourne")
    days = {f"2014-{month}-{day:02d}": 100.0 for month, days in (("04", (5, 6, 7)), ("10", (4, 5, 6))) for day in days}
    await filled.write_readings(daily(park, "fm.flow", days))
    energy = dict.fromkeys(days, 240.0)
    await filled.write_readings(daily(park, "em.active_energy_interval", energy, at_end=True))
    for first, last, hours in (("2014-04-05", "2014-04-08", 73), ("2014-10-04", "2014-10-07", 71)):
        begin, end = (datetime.fromisoformat(text).replace(tzinfo=park.timezone).timestamp() for text in (first, last))
        found = await values(filled, park, Span(round(begin * 1000), round(end * 1000)))
        assert found["treatment_energy"].value.inputs["treated_m3"] == pytest.approx(100 * hours)
        assert found["treatment_energy"].value.inputs["energy_kwh"] == pytest.approx(720)
        assert found["treatment_energy"].value.data_capture == 1.0


async def test_hourly_energy_makes_an_hourly_peak(
    filled: SqliteStore, make_park: MakePark, make_readings: Rows, supply: str, at: At
) -> None:
    """An hour's energy put into half an hour would double the peak."""
    park = make_park(supply, ("em.active_energy_interval,alpha,z,energy,kWh,3600,",))
    start = at("2026-01-05T00:00")
    await filled.write_readings(
        make_readings(park, "em.active_energy_interval", start + 3_600_000, [100.0] * 23 + [250.0])
    )
    found = await values(filled, park, Span(start, start + 24 * 3_600_000))
    assert found["peak_demand"].value.value == pytest.approx(250)
    assert found["peak_demand"].value.inputs["interval_minutes"] == 60
    assert found["peak_demand"].value.data_capture == 1.0


async def test_fine_and_coarse_points_meet_in_the_coarse_slots(
    filled: SqliteStore, make_park: MakePark, make_readings: Rows, at: At
) -> None:
    points = ("fm.flow,park,z,wastewater,m3/h,300,", "wq-out.cod,park,z,wastewater,mg/l,3600,")
    park = make_park(
        "".join(line for line in PLANT.splitlines(True) if "wq-in" not in line and '"em"' not in line), points
    )
    start = at("2026-01-05T00:00")
    await filled.write_readings(make_readings(park, "fm.flow", start, [100.0] * 6 + [200.0] * 6 + [50.0] * 2))
    await filled.write_readings(make_readings(park, "wq-out.cod", start, [40.0, 60.0]))
    found = await values(filled, park, Span(start, start + 2 * 3_600_000))
    # First hour: 150 m3/h x 40 mg/l; of the second only one half hour of flow is there, which is half of it.
    assert found["cod_load"].value.value == pytest.approx((150 * 40 + 50 * 60) / 2 * 24 / 1000)
