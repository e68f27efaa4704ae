"""The one reader: slots, their states, interval ends, local days, and the range of data."""

from collections.abc import Callable

import numpy as np

from analytics.slots.data_capture import SlotState
from analytics.slots.readings_query import SlotRequest, data_range, read_slots, slot_seconds_of
from telemetry_model.park_register import Park
from telemetry_store.rows import ReadingRow
from telemetry_store.sqlite_store import SqliteStore

MINUTE = 60_000
ParkBuilder = Callable[..., Park]
Rows = Callable[..., list[ReadingRow]]
POINTS = ("wq.cod,park,z,wastewater,mg/l,300,", "em.active_energy_interval,park,z,energy,kWh,900,",
          "em.active_energy_import,park,z,energy,kWh,60,", "lab.cod,park,z,wastewater,mg/l,86400,")  # fmt: skip


async def test_slots_hold_the_mean_of_valid_readings_only(
    store: SqliteStore, make_park: ParkBuilder, make_readings: Rows, at: Callable[[str], int]
) -> None:
    park, start = make_park(points=POINTS), at("2026-03-10T00:00")
    await store.write_readings(make_readings(park, "wq.cod", start, [10.0, 20.0, 30.0], every_seconds=60))
    await store.write_readings(make_readings(park, "wq.cod", start + 3 * MINUTE, [900.0], status=1))
    request = SlotRequest("wq.cod", 300, start, start + 60 * MINUTE)
    frame = (await read_slots(store, park, [request]))[request]
    assert frame.table()[["start_ms", "mean", "low", "high", "state"]].to_numpy().tolist() == [
        [start, 20.0, 10.0, 30.0, SlotState.VALID]
    ]


async def test_each_kind_of_invalid_slot_keeps_its_state(
    store: SqliteStore, make_park: ParkBuilder, make_readings: Rows, at: Callable[[str], int]
) -> None:
    park, start = make_park(points=POINTS), at("2026-03-10T00:00")
    for place, (value, status) in enumerate([(1.0, 0), (2.0, 1), (3.0, 2), (None, 0)]):
        await store.write_readings(make_readings(park, "wq.cod", start + place * 5 * MINUTE, [value], status=status))
    request = SlotRequest("wq.cod", 300, start, start + 60 * MINUTE)
    frame = (await read_slots(store, park, [request]))[request]
    assert frame.state.tolist() == [
        SlotState.VALID, SlotState.CALIBRATING, SlotState.FAULT, SlotState.UNCERTAIN,
    ]  # fmt: skip
    assert np.isnan(frame.mean).tolist() == [False, True, True, True]


async def test_an_interval_belongs_to_the_slot_it_ends(
    store: SqliteStore, make_park: ParkBuilder, make_readings: Rows, at: Callable[[str], int]
) -> None:
    park, midnight = make_park(points=POINTS), at("2026-03-10T00:00")
    point = "em.active_energy_interval"
    await store.write_readings(make_readings(park, point, midnight, [1.0, 2.0, 4.0]))
    request = SlotRequest(point, 900, midnight, midnight + 24 * 60 * MINUTE)
    frame = (await read_slots(store, park, [request]))[request]
    assert frame.start_ms.tolist() == [midnight, midnight + 15 * MINUTE]
    assert frame.total.tolist() == [2.0, 4.0]


async def test_a_register_keeps_its_extremes_per_slot(
    store: SqliteStore, make_park: ParkBuilder, make_readings: Rows, at: Callable[[str], int]
) -> None:
    park, start = make_park(points=POINTS), at("2026-03-10T00:00")
    await store.write_readings(make_readings(park, "em.active_energy_import", start, [float(n) for n in range(120)]))
    request = SlotRequest("em.active_energy_import", 3600, start, start + 120 * MINUTE, with_quality=False)
    frame = (await read_slots(store, park, [request]))[request]
    assert frame.table()[["low", "high"]].to_numpy().tolist() == [[0.0, 59.0], [60.0, 119.0]]


async def test_a_daily_value_stands_for_its_local_day(
    store: SqliteStore, make_park: ParkBuilder, make_readings: Rows, at: Callable[[str], int]
) -> None:
    park = make_park(points=POINTS)
    await store.write_readings(make_readings(park, "lab.cod", at("2026-03-10T07:30"), [80.0, 90.0]))
    request = SlotRequest("lab.cod", 86_400, at("2026-03-09T00:00"), at("2026-03-12T00:00"))
    frame = (await read_slots(store, park, [request]))[request]
    assert frame.start_ms.tolist() == [at("2026-03-10T00:00"), at("2026-03-11T00:00")]
    assert frame.mean.tolist() == [80.0, 90.0]


async def test_slots_start_at_local_midnight_in_a_half_hour_zone(
    store: SqliteStore, make_park: ParkBuilder, make_readings: Rows
) -> None:
    park = make_park(points=("wq.cod,park,z,wastewater,mg/l,3600,",), timezone="Asia/Kolkata")
    midnight = 1_773_081_000_000  # 2026-03-10 00:00 in Kolkata, half past six in the evening UTC
    await store.write_readings(make_readings(park, "wq.cod", midnight, [5.0, 7.0]))
    request = SlotRequest("wq.cod", 3600, midnight, midnight + 24 * 60 * MINUTE)
    frame = (await read_slots(store, park, [request]))[request]
    assert frame.start_ms.tolist() == [midnight, midnight + 60 * MINUTE]


async def test_a_silent_point_gives_an_empty_frame(
    store: SqliteStore, make_park: ParkBuilder, at: Callable[[str], int]
) -> None:
    park, start = make_park(points=POINTS), at("2026-03-10T00:00")
    request = SlotRequest("wq.cod", 300, start, start + MINUTE)
    assert len((await read_slots(store, park, [request]))[request].checked()) == 0


async def test_the_data_range_ends_with_the_last_interval(
    store: SqliteStore, make_park: ParkBuilder, make_readings: Rows, at: Callable[[str], int]
) -> None:
    park, start = make_park(points=POINTS), at("2026-03-10T00:00")
    assert await data_range(store, park) is None
    await store.write_readings(make_readings(park, "wq.cod", start, [1.0, 2.0]))
    await store.write_readings(make_readings(park, "em.active_energy_interval", start + 5 * MINUTE, [1.0]))
    assert await data_range(store, park) == (start, start + 10 * MINUTE)


def test_fast_points_are_read_by_the_minute(make_park: ParkBuilder) -> None:
    park = make_park(points=("wq.cod,park,z,wastewater,mg/l,5,", "wq.ph,park,z,wastewater,pH,900,"))
    assert [slot_seconds_of(point) for point in park.points.values()] == [60, 900]
