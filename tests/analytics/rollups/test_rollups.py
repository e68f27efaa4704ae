"""Rollups: the sums of valid readings by hour and by the park's day, kept up to date and put right after late data."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from analytics.rollups.keeper import RollupKeeper
from analytics.rollups.roll import Stretch, merged, roll_up
from service_runtime.clock import ManualClock
from telemetry_model.park_register import Park, parse_park
from telemetry_model.storage_schema import RollupPeriod
from telemetry_store.open import open_store
from telemetry_store.protocol import TelemetryStore
from telemetry_store.query import Select, SeriesQuery
from telemetry_store.rows import PointSeries, ReadingRow, RecordRow
from tests.servers.influxdb import InfluxDatabase

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
MIDNIGHT_MS = 1_795_194_000_000
"""2026-11-21 00:00 in Hanoi, 17:00 UTC the day before."""
PARK = {
    "park.toml": 'id = "p"\nname_vi = "P"\nname_en = "P"\ntimezone = "Asia/Ho_Chi_Minh"\n',
    "tenants.csv": "tenant,name,sector,zone\nsteel,Steel,steel,east\n",
    "contacts.csv": "tenant,name,email,language\n",
    "points.csv": (
        "point,tenant,zone,medium,unit,interval_seconds,gateway\n"
        "em-1.active_power,steel,east,energy,kW,60,gw\n"
        "em-1.active_energy_import,steel,east,energy,kWh,60,gw\n"
        "em-2.active_power,steel,east,energy,kW,60,gw\n"
    ),
}


@pytest.fixture
def park() -> Park:
    return parse_park(PARK)


@pytest.fixture(params=["sqlite", pytest.param("influxdb", marks=pytest.mark.real_server)])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TelemetryStore]:
    url = f"sqlite:///{tmp_path}/store.db"
    if request.param == "influxdb":
        database: InfluxDatabase = request.getfixturevalue("influxdb")
        url = database.url
    opened = open_store(url)
    yield opened
    await opened.close()


def power(park: Park, device: str, start_ms: int, values: list[float], status: int = 0) -> Iterator[ReadingRow]:
    series = PointSeries.of(park.points[f"{device}.active_power"], park.id)
    for minute, value in enumerate(values):
        yield ReadingRow(series, start_ms + minute * 60_000, value, status)


async def rows_of(store: TelemetryStore, measurement: str, field: str, device: str = "em-1") -> dict[int, float]:
    query = SeriesQuery(
        measurement, (Select(field),), 0, 4_000_000_000_000, where=(("device", (device,)),), measuring_only=True
    )
    return {int(str(row[0])): float(str(row[1])) for result in await store.select(query) for row in result.rows}


async def late_mark(store: TelemetryStore, at_ms: int, oldest_ms: int, newest_ms: int, device: str = "em-1") -> None:
    tags = {"device": device, "park": "p", "replica": "ingest"}
    fields = {"oldest_ms": oldest_ms, "newest_ms": newest_ms, "readings": 1}
    await store.write_records([RecordRow("late_arrivals", tags, at_ms, fields)])


async def test_an_hour_keeps_mean_least_greatest_and_number_of_valid_readings(
    park: Park, store: TelemetryStore
) -> None:
    await store.write_readings([
        *power(park, "em-1", MIDNIGHT_MS, [10.0, 20.0, 60.0]),
        *power(park, "em-1", MIDNIGHT_MS + 180_000, [999.0], status=1),
    ])  # fmt: skip
    await roll_up(store, park, Stretch(RollupPeriod.HOURLY, MIDNIGHT_MS, MIDNIGHT_MS + HOUR_MS))
    found = {
        column: await rows_of(store, "energy_hourly", f"active_power_kw_{column}")
        for column in ("mean", "min", "max", "count")
    }
    assert found == {
        "mean": {MIDNIGHT_MS: 30.0}, "min": {MIDNIGHT_MS: 10.0}, "max": {MIDNIGHT_MS: 60.0}, "count": {MIDNIGHT_MS: 3.0}
    }  # fmt: skip


async def test_a_counter_keeps_its_first_and_last_value_and_has_no_mean(park: Park, store: TelemetryStore) -> None:
    series = PointSeries.of(park.points["em-1.active_energy_import"], park.id)
    await store.write_readings([ReadingRow(series, MIDNIGHT_MS + n * 60_000, 100.0 + n) for n in range(5)])
    await roll_up(store, park, Stretch(RollupPeriod.DAILY, MIDNIGHT_MS, MIDNIGHT_MS + DAY_MS))
    first = await rows_of(store, "energy_daily", "active_energy_import_kwh_first")
    last = await rows_of(store, "energy_daily", "active_energy_import_kwh_last")
    mean = await rows_of(store, "energy_daily", "active_energy_import_kwh_mean")
    assert (first, last, mean) == ({MIDNIGHT_MS: 100.0}, {MIDNIGHT_MS: 104.0}, {})


async def test_the_keeper_rolls_up_what_closed_and_days_of_the_park(park: Park, store: TelemetryStore) -> None:
    await store.write_readings([*power(park, "em-1", MIDNIGHT_MS + 23 * HOUR_MS, [5.0] * 120)])
    clock = ManualClock(MIDNIGHT_MS + DAY_MS + 600_000)
    keeper = RollupKeeper(store, park, clock)
    await keeper.turn()
    assert await rows_of(store, "energy_hourly", "active_power_kw_mean") == {}, "the hour has not settled yet"
    clock.advance(3 * 3_600)
    await keeper.turn()
    hours = await rows_of(store, "energy_hourly", "active_power_kw_count")
    days = await rows_of(store, "energy_daily", "active_power_kw_count")
    assert hours == {MIDNIGHT_MS + 23 * HOUR_MS: 60.0, MIDNIGHT_MS + DAY_MS: 60.0}
    assert days == {MIDNIGHT_MS: 60.0}


async def test_late_readings_change_exactly_the_hours_and_days_they_touch(park: Park, store: TelemetryStore) -> None:
    readings = [*power(park, "em-1", MIDNIGHT_MS, [5.0] * 180), *power(park, "em-2", MIDNIGHT_MS, [7.0] * 180)]
    await store.write_readings(readings)
    now_ms = MIDNIGHT_MS + 2 * DAY_MS
    clock = ManualClock(now_ms)
    keeper = RollupKeeper(store, park, clock)
    await keeper.turn()
    corrected = [*power(park, "em-1", MIDNIGHT_MS + HOUR_MS, [65.0])]
    await store.write_readings(corrected)
    await late_mark(store, now_ms + 1, MIDNIGHT_MS + HOUR_MS, MIDNIGHT_MS + HOUR_MS)
    clock.advance(60)
    work = await RollupKeeper(store, park, clock).turn()
    hours = await rows_of(store, "energy_hourly", "active_power_kw_mean")
    days = await rows_of(store, "energy_daily", "active_power_kw_max")
    other = await rows_of(store, "energy_hourly", "active_power_kw_mean", "em-2")
    idle = await RollupKeeper(store, park, clock).turn()
    assert hours == {MIDNIGHT_MS: 5.0, MIDNIGHT_MS + HOUR_MS: 6.0, MIDNIGHT_MS + 2 * HOUR_MS: 5.0}
    assert days == {MIDNIGHT_MS: 65.0}
    assert set(other.values()) == {7.0}
    assert work.again == 8, "one hour and one day of one point, four columns each"
    assert idle.again == 0, "marks near the newest one are read again, and change nothing"


async def test_made_again_is_what_became_another(park: Park, store: TelemetryStore) -> None:
    readings = [*power(park, "em-1", MIDNIGHT_MS, [5.0] * 180), *power(park, "em-2", MIDNIGHT_MS, [7.0] * 180)]
    await store.write_readings(readings)
    clock = ManualClock(MIDNIGHT_MS + 2 * DAY_MS)
    keeper = RollupKeeper(store, park, clock)
    await keeper.turn()
    span = (MIDNIGHT_MS, MIDNIGHT_MS + DAY_MS)
    assert await keeper.roll(*span, again=True) == 0
    await store.write_readings([*power(park, "em-1", MIDNIGHT_MS + HOUR_MS, [5.0])])
    assert await keeper.roll(*span, again=True) == 0, "the same reading came twice"
    await store.write_readings([*power(park, "em-1", MIDNIGHT_MS + HOUR_MS, [4.0])])
    assert await keeper.roll(*span, again=True) == 8, "one hour and its day, four columns each"
    await store.write_readings([*power(park, "em-1", MIDNIGHT_MS + 4 * HOUR_MS, [5.0])])
    assert await keeper.roll(*span, again=True) == 8, "an hour that had no row, and its day's number"
    await store.write_readings([*power(park, "em-1", MIDNIGHT_MS + 4 * HOUR_MS, [5.0], status=1)])
    assert await keeper.roll(*span, again=True) == 8, "an hour that has no valid reading any more, and its day"
    assert await keeper.roll(*span, again=True) == 0, "that row is marked already"


async def test_a_mark_near_the_newest_is_worked_off_by_the_next_process_too(park: Park, store: TelemetryStore) -> None:
    await store.write_readings([*power(park, "em-1", MIDNIGHT_MS, [5.0] * 180)])
    now_ms = MIDNIGHT_MS + 2 * DAY_MS
    clock = ManualClock(now_ms)
    await RollupKeeper(store, park, clock).turn()
    for number, at_ms in enumerate((now_ms + 20_000, now_ms + 10_000, now_ms + 20_001), start=1):
        # The second is of a replica whose clock is behind: its time is older than the newest mark read.
        await store.write_readings([*power(park, "em-1", MIDNIGHT_MS + HOUR_MS, [5.0 + number])])
        await late_mark(store, at_ms, MIDNIGHT_MS + HOUR_MS, MIDNIGHT_MS + HOUR_MS)
        clock.advance(30)
        work = await RollupKeeper(store, park, clock).turn()
        again = await RollupKeeper(store, park, clock).turn()
        assert (work.again, again.again) == (8, 0)
        assert (await rows_of(store, "energy_daily", "active_power_kw_max"))[MIDNIGHT_MS] == 5.0 + number


async def test_a_mark_of_a_clock_that_is_ahead_hides_no_later_one(park: Park, store: TelemetryStore) -> None:
    await store.write_readings([*power(park, "em-1", MIDNIGHT_MS, [5.0])])
    now_ms = MIDNIGHT_MS + 2 * DAY_MS
    clock = ManualClock(now_ms)
    keeper = RollupKeeper(store, park, clock)
    await keeper.turn()
    await store.write_readings([*power(park, "em-1", MIDNIGHT_MS, [6.0])])
    await late_mark(store, now_ms + DAY_MS, MIDNIGHT_MS, MIDNIGHT_MS)
    await keeper.turn()
    assert await rows_of(store, "energy_hourly", "active_power_kw_mean") == {MIDNIGHT_MS: 6.0}
    await store.write_readings([*power(park, "em-1", MIDNIGHT_MS, [7.0])])
    clock.advance(600)
    await late_mark(store, now_ms + 600_000, MIDNIGHT_MS, MIDNIGHT_MS)
    await keeper.turn()
    assert await rows_of(store, "energy_hourly", "active_power_kw_mean") == {MIDNIGHT_MS: 7.0}


async def test_an_hour_that_lost_its_last_valid_reading_has_no_value_any_more(
    park: Park, store: TelemetryStore
) -> None:
    await store.write_readings([*power(park, "em-1", MIDNIGHT_MS, [5.0])])
    now_ms = MIDNIGHT_MS + 2 * DAY_MS
    clock = ManualClock(now_ms)
    keeper = RollupKeeper(store, park, clock)
    await keeper.turn()
    await store.write_readings([*power(park, "em-1", MIDNIGHT_MS, [5.0], status=2)])
    await late_mark(store, now_ms + 1, MIDNIGHT_MS, MIDNIGHT_MS)
    clock.advance(60)
    await keeper.turn()
    for column in ("mean", "min", "max", "count"):
        assert await rows_of(store, "energy_hourly", f"active_power_kw_{column}") == {}
    await store.write_readings([*power(park, "em-1", MIDNIGHT_MS, [5.0])])
    await late_mark(store, now_ms + 120_000, MIDNIGHT_MS, MIDNIGHT_MS)
    clock.advance(120)
    await keeper.turn()
    again = await rows_of(store, "energy_hourly", "active_power_kw_mean")
    assert again == {MIDNIGHT_MS: 5.0}


async def test_latecomers_change_no_sums_of_readings_that_were_let_go(park: Park, store: TelemetryStore) -> None:
    await store.write_readings([*power(park, "em-1", MIDNIGHT_MS, [5.0] * 120)])
    now_ms = MIDNIGHT_MS + 500 * DAY_MS
    clock = ManualClock(now_ms)
    keeper = RollupKeeper(store, park, clock)
    await keeper.turn()
    hours = await rows_of(store, "energy_hourly", "active_power_kw_mean")
    days = await rows_of(store, "energy_daily", "active_power_kw_count")
    await store.delete_readings("energy", "p", MIDNIGHT_MS + DAY_MS)
    await store.write_readings([*power(park, "em-1", MIDNIGHT_MS, [65.0])])
    await late_mark(store, now_ms + 1, MIDNIGHT_MS, MIDNIGHT_MS + HOUR_MS)
    clock.advance(60)
    await keeper.turn()
    assert hours == await rows_of(store, "energy_hourly", "active_power_kw_mean")
    assert days == await rows_of(store, "energy_daily", "active_power_kw_count") == {MIDNIGHT_MS: 120.0}
    await store.write_readings([*power(park, "em-1", MIDNIGHT_MS, [7.0] * 120)])
    await late_mark(store, now_ms + 120_000, MIDNIGHT_MS, MIDNIGHT_MS + HOUR_MS)
    clock.advance(120)
    await keeper.turn()
    assert set((await rows_of(store, "energy_hourly", "active_power_kw_mean")).values()) == {7.0}


async def test_readings_sent_again_under_an_edited_zone_are_summed_once(park: Park, store: TelemetryStore) -> None:
    moved = parse_park(PARK | {"points.csv": PARK["points.csv"].replace("steel,east", "steel,west")})
    await store.write_readings([*power(park, "em-1", MIDNIGHT_MS, [float(n) for n in range(120)])])
    hours = Stretch(RollupPeriod.HOURLY, MIDNIGHT_MS, MIDNIGHT_MS + 2 * HOUR_MS)
    await roll_up(store, park, hours)
    # The zone is edited, and the first 90 minutes come again: half of the second hour is left under the old one.
    await store.write_readings([*power(moved, "em-1", MIDNIGHT_MS, [float(n) for n in range(90)])])
    await roll_up(store, moved, hours, again=True)
    found = {}
    for column in ("count", "min", "max"):
        query = SeriesQuery(
            "energy_hourly", (Select(f"active_power_kw_{column}"),), 0, MIDNIGHT_MS + DAY_MS,
            where=(("device", ("em-1",)),), group_by=("zone",), measuring_only=True,
        )  # fmt: skip
        found[column] = {result.tags["zone"]: [row[1] for row in result.rows] for result in await store.select(query)}
    assert found == {
        "count": {"east": [30.0], "west": [60.0, 30.0]},
        "min": {"east": [90.0], "west": [0.0, 60.0]},
        "max": {"east": [119.0], "west": [59.0, 89.0]},
    }


async def test_any_number_of_turns_gives_the_same_rollups(park: Park, tmp_path: Path) -> None:
    found = []
    for name, steps in (("once", [4 * DAY_MS]), ("often", [n * 7 * HOUR_MS for n in range(1, 14)] + [4 * DAY_MS])):
        store = open_store(f"sqlite:///{tmp_path}/{name}.db")
        await store.write_readings([*power(park, "em-1", MIDNIGHT_MS, [float(n) for n in range(2_000)])])
        for step in steps:
            await RollupKeeper(store, park, ManualClock(MIDNIGHT_MS + step)).turn()
        found.append([
            await rows_of(store, f"energy_{period}", f"active_power_kw_{column}")
            for period in ("hourly", "daily")
            for column in ("mean", "min", "max", "count")
        ])  # fmt: skip
        await store.close()
    assert found[0] == found[1]
    assert all(found[0])


def test_touched_stretches_are_merged_by_device_and_shared_between_devices() -> None:
    spans = [("a", 0, 10), ("b", 0, 20), ("a", 10, 20), ("c", 50, 60)]
    assert merged(spans) == {(0, 20): ("a", "b"), (50, 60): ("c",)}
