"""Flags beside values: what moves too fast or not at all is noted, stored as it is, and counted once."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_service.bindings import ParkBindings
from ingest_service.quality_watch import QualityWatch, WatchLimits, flag_rows, watched_series
from telemetry_model.park_register import parse_park
from telemetry_model.reading import QualityFlag
from telemetry_model.storage_schema import QUALITY_FLAGS, RECORD_FIELDS, RECORD_TAGS
from telemetry_store.open import open_store
from telemetry_store.protocol import TelemetryStore
from telemetry_store.query import Select, SeriesQuery
from telemetry_store.rows import PointSeries, ReadingRow
from tests.ingest_service import builders
from tests.ingest_service.builders import NOW_MS, PARK_FILES, POWER, a_delivery, a_pack, numbered, settings_for
from tests.ingest_service.conftest import Rig

SERIES = PointSeries("energy", "active_power_kw", "em-1", "thu", POWER, "firm", "zone-a")
MINUTE = 60_000
FAST, FROZEN = QualityFlag.FAST_CHANGE, QualityFlag.FROZEN
WATCHED_FILES = {
    **PARK_FILES,
    "points.csv": (
        "point,tenant,zone,medium,unit,gateway,interval_seconds,max_change_per_minute,frozen_after_minutes\n"
        "em-1.active_power,firm,zone-a,energy,kW,gw-1,1,100,1\n"
        "em-1.active_energy_import,firm,zone-a,energy,kWh,gw-1,,,\n"
        "wq-1.ph,firm,zone-a,wastewater,pH,gw-2,,,\n"
        "wm-1.flow,firm,zone-a,water,m3/h,,,,\n"
    ),
}


def a_watch(change: float = float("inf"), minutes: float = float("inf"), may_go_back: bool = False) -> QualityWatch:
    return QualityWatch({SERIES: WatchLimits(change, minutes * MINUTE)}, may_go_back=may_go_back)


def flags(watch: QualityWatch, *points: tuple[float, float | None]) -> list[tuple[float, QualityFlag]]:
    """Minute and flag of each flagged reading."""
    rows = [ReadingRow(SERIES, round(minute * MINUTE), value) for minute, value in points]
    return [(flagged.time_ms / MINUTE, flagged.flag) for flagged in watch.look(rows)]


def test_a_value_that_moves_too_far_in_a_minute_is_flagged() -> None:
    assert flags(a_watch(change=10), (0, 5.0), (1, 15.0), (2, 25.5), (3, 0.0)) == [(2, FAST), (3, FAST)]


def test_a_longer_wait_allows_a_larger_change() -> None:
    assert flags(a_watch(change=10), (0, 0.0), (5, 50.0), (10, 100.5)) == [(10, FAST)]


def test_readings_closer_than_a_minute_may_use_the_whole_minutes_change() -> None:
    assert flags(a_watch(change=10), (0, 0.0), (0.1, 10.0), (0.2, 20.5)) == [(0.2, FAST)]


def test_a_value_that_stays_the_same_is_flagged_until_it_moves() -> None:
    readings = [(float(minute), 7.0) for minute in range(5)] + [(5.0, 7.1), (6.0, 7.1)]
    assert flags(a_watch(minutes=3), *readings) == [(3, FROZEN), (4, FROZEN)]


def test_a_silence_longer_than_the_limit_begins_anew() -> None:
    assert flags(a_watch(minutes=3), (0, 7.0), (2, 7.0), (6, 7.0), (8, 7.0), (9, 7.0)) == [(9, FROZEN)]


def test_readings_that_are_explained_already_are_passed_over() -> None:
    watch = a_watch(change=1)
    rows = [
        ReadingRow(SERIES, 0, 1.0),
        ReadingRow(SERIES, MINUTE, 99.0, 1),
        ReadingRow(SERIES, 2 * MINUTE, 99.0, 0, "out_of_range"),
        ReadingRow(SERIES, 3 * MINUTE, None, 0, "device_timeout"),
        ReadingRow(SERIES, 4 * MINUTE, 1.5),
    ]
    assert watch.look(rows) == []


def test_an_older_reading_is_not_judged_and_does_not_disturb() -> None:
    assert flags(a_watch(change=1), (10, 5.0), (3, 99.0), (11, 5.5)) == []


def test_a_refill_may_begin_again_in_the_past() -> None:
    watch = a_watch(change=1, may_go_back=True)
    assert flags(watch, (10, 5.0), (3, 99.0), (4, 5.0)) == [(4, FAST)]


@given(st.lists(st.tuples(st.integers(0, 10**6), st.none() | st.floats(-1e9, 1e9)), max_size=30))
def test_no_order_and_no_value_breaks_the_watch(points: list[tuple[int, float | None]]) -> None:
    rows = [ReadingRow(SERIES, time_ms, value) for time_ms, value in points]
    for watch in (a_watch(1, 1), a_watch(1, 1, may_go_back=True)):
        for flagged in watch.look(rows):
            assert flagged.observed >= flagged.limit


def test_only_points_with_limits_are_watched() -> None:
    park = parse_park(WATCHED_FILES)
    limits = watched_series(park, ParkBindings(park))
    assert {series.point: limit for series, limit in limits.items()} == {POWER: WatchLimits(100.0, MINUTE)}


def test_flag_rows_use_the_names_of_the_schema() -> None:
    (row,) = flag_rows(a_watch(change=1).look([ReadingRow(SERIES, 0, 1.0), ReadingRow(SERIES, MINUTE, 9.0)]))
    assert (row.measurement, row.time_ms) == (QUALITY_FLAGS, MINUTE)
    assert row.tags == {"flag": "fast_change", "park": "thu", "point": POWER}
    assert row.fields == {"observed": 8.0, "limit": 1.0, "value": 9.0}
    assert set(row.tags) <= set(RECORD_TAGS[QUALITY_FLAGS])
    assert set(row.fields) == set(RECORD_FIELDS[QUALITY_FLAGS])


@pytest.fixture
async def watched_rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rig]:
    monkeypatch.setattr(builders, "PARK_FILES", WATCHED_FILES)
    made = Rig(settings_for(tmp_path))
    yield made
    await made.close()


async def stored_flags(store: TelemetryStore) -> dict[tuple[int, str], object]:
    query = SeriesQuery(QUALITY_FLAGS, (Select("observed"),), 0, 2 * NOW_MS, group_by=("flag",))
    return {(row[0], s.tags["flag"]): row[1] for s in await store.select(query) for row in s.rows}


START = NOW_MS - 300_000


async def test_flags_are_stored_beside_values_that_stay_as_they_are(watched_rig: Rig) -> None:
    await watched_rig.take(a_delivery(a_pack(1.0, 200.0, 201.0, start_ms=START), numbered("r", 1)))
    assert await builders.stored_values(watched_rig.store) == {START: 1.0, START + 1000: 200.0, START + 2000: 201.0}
    assert await stored_flags(watched_rig.store) == {(START + 1000, "fast_change"): 199.0}
    status = await watched_rig.view.status()
    assert status["flagged"] == {"fast_change": 1}
    assert status["readings"]["stored"] == 3


async def test_a_frozen_value_is_found_across_batches(watched_rig: Rig) -> None:
    for seq, start_ms in ((1, START), (2, START + 45_000), (3, START + 90_000)):
        await watched_rig.take(a_delivery(a_pack(5.0, start_ms=start_ms), numbered("r", seq)))
    assert await stored_flags(watched_rig.store) == {(START + 90_000, "frozen"): 1.5}


async def test_a_batch_that_comes_again_is_flagged_once(watched_rig: Rig) -> None:
    for _ in range(2):
        await watched_rig.take(a_delivery(a_pack(1.0, 200.0, start_ms=START), numbered("r", 1)))
    assert (await watched_rig.view.status())["flagged"] == {"fast_change": 1}


async def test_flags_are_stored_before_the_acknowledgement(watched_rig: Rig) -> None:
    acknowledged_at_write: list[int] = []
    inner = watched_rig.store.inner

    async def noted(rows: object) -> object:
        acknowledged_at_write.append(len(watched_rig.subscriber.acknowledged))
        return await type(inner).write_records(inner, rows)  # type: ignore[arg-type]

    inner.write_records = noted  # type: ignore[method-assign,assignment]
    await watched_rig.take(a_delivery(a_pack(1.0, 200.0, start_ms=START), numbered("r", 1)))
    assert (acknowledged_at_write, len(watched_rig.subscriber.acknowledged)) == ([0], 1)


async def test_a_refilled_store_gets_its_flags_back(watched_rig: Rig) -> None:
    batches = [
        a_delivery(a_pack(1.0, value, start_ms=START + 10_000 * seq), numbered("r", seq))
        for seq, value in ((1, 2.0), (2, 200.0))
    ]
    await watched_rig.take(*batches)
    before = await stored_flags(watched_rig.store)
    assert len(before) == 1
    await watched_rig.store.inner.close()
    Path(watched_rig.settings.store_url.removeprefix("sqlite:///")).unlink()
    watched_rig.store.inner = open_store(watched_rig.settings.store_url)
    await watched_rig.state.begin_refills(0, ["gw-1"], NOW_MS)
    await watched_rig.take(*batches)
    assert await stored_flags(watched_rig.store) == before
    assert (await watched_rig.view.status())["flagged"] == {"fast_change": 1}
