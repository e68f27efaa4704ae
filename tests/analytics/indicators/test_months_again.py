"""A month that comes late has its indicators made again by the service alone: that month, once, however old it is."""

from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import pytest

from analytics.bootstrap import AnalyticsService
from analytics.finding import Finding
from analytics.findings.revision import Key, Revision
from analytics.findings.store import write_indicators
from analytics.indicator import Indicator
from analytics.indicators.months_again import months_touched, still_there
from analytics.indicators.store_readings import Span
from analytics.judging.deleted_time import note_deletion
from analytics.judging.reopen import Touch
from analytics.settings import AnalyticsSettings
from service_runtime.clock import ManualClock
from telemetry_model.park_register import Park
from telemetry_model.quantities import Medium
from telemetry_model.storage_schema import INDICATORS, LATE_ARRIVALS
from telemetry_store.query import Select, SeriesQuery
from telemetry_store.rows import ReadingRow, RecordRow, WriteOutcome
from telemetry_store.sqlite_store import SqliteStore
from tests.analytics.conftest import build_park, local_ms, readings

POINTS = (
    "wm.volume,alpha,z,water,m3,3600,tenant_water",
    "wm-b.volume,beta,z,water,m3,900,tenant_water",
    "em.active_energy_import,alpha,z,energy,kWh,3600,tenant_electricity",
    "em.voltage,alpha,z,energy,V,3600,",
    "mi.active_energy_interval,beta,z,energy,kWh,3600,tenant_electricity",
)
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
JANUARY, FEBRUARY, MARCH = (local_ms(f"2026-0{month}-01T00:00") for month in (1, 2, 3))
LATE_BY_DAYS = 100
ARRIVED_MS = MARCH + LATE_BY_DAYS * DAY_MS
Kept = dict[tuple[str, str, int], tuple[float, float]]


class CountingStore(SqliteStore):
    """Counts the indicator rows that were written to it."""

    months_written = 0

    async def write_records(self, rows: Sequence[RecordRow]) -> WriteOutcome:
        names = [row.tags["indicator"] for row in rows if row.measurement == INDICATORS]
        self.months_written += sum(name.startswith("month.") for name in names)
        return await super().write_records(rows)


class Nobody:
    """Is told of findings and does nothing."""

    async def process(self, findings: Sequence[Finding], revisions: Mapping[Key, Revision], /) -> None:
        """Nothing to do."""

    async def close(self) -> None:
        """Nothing to let go of."""


@pytest.fixture
def park() -> Park:
    return build_park("", POINTS)


@pytest.fixture
async def late(tmp_path: Path) -> AsyncIterator[CountingStore]:
    store = CountingStore(tmp_path / "late.db")
    yield store
    await store.close()


def measured(park: Park) -> list[ReadingRow]:
    """Two registers from January to the end of March, hour by hour."""
    hours = range((MARCH + 31 * DAY_MS - JANUARY) // HOUR_MS)
    return [
        *readings(park, "wm.volume", JANUARY, [100.0 + 0.5 * n for n in hours]),
        *readings(park, "em.active_energy_import", JANUARY, [7.0 + 3.0 * n for n in hours]),
    ]


def of_february(rows: Sequence[ReadingRow], device: str) -> list[ReadingRow]:
    return [row for row in rows if FEBRUARY <= row.time_ms < MARCH and row.series.device == device]


def mark(device: str, rows: Sequence[ReadingRow], at_ms: int) -> RecordRow:
    times = [row.time_ms for row in rows]
    fields = {"oldest_ms": min(times), "newest_ms": max(times), "readings": len(times)}
    return RecordRow(LATE_ARRIVALS, {"device": device, "park": "test-park", "replica": "one"}, at_ms, fields)


async def turns(folder: Path, park: Park, store: SqliteStore, at_ms: int, times: int = 1) -> None:
    """The service begins at an instant, takes some turns and ends."""
    settings = AnalyticsSettings(
        park_folder="park", store_url="sqlite:///unused.db", state_path=str(folder / "state.db"), smtp_host="localhost",
        mail_from="eco@park.example", lookback_days=1, late_data_days=1,
    )  # fmt: skip
    clock = ManualClock(at_ms)
    service = AnalyticsService(settings, park, store, Nobody(), clock)
    for _ in range(times):
        clock.advance(120)
        await service.evaluate_once()
    service.close()


async def kept(store: SqliteStore) -> Kept:
    select = (Select("value"), Select("data_capture"))
    query = SeriesQuery(INDICATORS, select, 0, 2**42, group_by=("indicator", "subject"))
    return {
        (result.tags["indicator"], result.tags["subject"], int(row[0] or 0)): (float(row[1] or 0), float(row[2] or 0))
        for result in await store.select(query)
        for row in result.rows
        if result.tags["indicator"].startswith("month.")
    }


async def in_time(folder: Path, park: Park) -> Kept:
    """What is kept when everything was there in time."""
    store = SqliteStore(folder / "in-time.db")
    await store.write_readings(measured(park))
    (folder / "in-time").mkdir()
    for month_over in (MARCH, ARRIVED_MS):
        await turns(folder / "in-time", park, store, month_over + HOUR_MS)
    found = await kept(store)
    await store.close()
    return found


async def test_a_month_that_comes_100_days_late_gives_what_it_gives_in_time(
    tmp_path: Path, park: Park, late: CountingStore
) -> None:
    rows = measured(park)
    delayed = of_february(rows, "wm")
    await late.write_readings([row for row in rows if row not in delayed])
    for month_over in (MARCH, ARRIVED_MS - DAY_MS):
        await turns(tmp_path, park, late, month_over + HOUR_MS)
    before = await kept(late)
    assert ("month.water_use", "alpha", FEBRUARY) not in before
    assert ("month.electricity", "alpha", FEBRUARY) in before

    await late.write_readings(delayed)
    await late.write_records([mark("wm", delayed, ARRIVED_MS + HOUR_MS)])
    await turns(tmp_path, park, late, ARRIVED_MS + HOUR_MS, times=3)
    expected = await in_time(tmp_path, park)
    assert expected["month.water_use", "alpha", FEBRUARY] == (28 * 24 * 0.5, 1.0)
    found = await kept(late)
    assert {key: found[key] for key in expected} == expected
    # The last hour of February may stand for the register at the beginning of March.
    assert {start for _, _, start in found.keys() - expected.keys()} == {MARCH}


async def test_it_is_made_again_once_and_no_other_month_is(tmp_path: Path, park: Park, late: CountingStore) -> None:
    await late.write_readings(measured(park))
    for month_over in (FEBRUARY, MARCH, ARRIVED_MS):
        await turns(tmp_path, park, late, month_over + HOUR_MS)
    wrong = [
        Indicator("month.water_use", "test-park", "alpha", "alpha", start, end, 1.0, "m3", 1.0)
        for start, end in ((JANUARY, FEBRUARY), (FEBRUARY, MARCH))
    ]
    await write_indicators(late, wrong)
    within = of_february(measured(park), "wm")[5:-5]
    await late.write_records([mark("wm", within, ARRIVED_MS + 2 * HOUR_MS)])
    late.months_written = 0
    await turns(tmp_path, park, late, ARRIVED_MS + 2 * HOUR_MS, times=3)
    found = await kept(late)
    assert found["month.water_use", "alpha", FEBRUARY] == (28 * 24 * 0.5, 1.0)
    assert found["month.water_use", "alpha", JANUARY] == (1.0, 1.0), "nothing of January came late"
    assert late.months_written == 1


async def test_a_month_of_which_readings_were_deleted_stays(
    tmp_path: Path, park: Park, late: CountingStore, caplog: pytest.LogCaptureFixture
) -> None:
    rows = measured(park)
    await late.write_readings(rows)
    await turns(tmp_path, park, late, MARCH + HOUR_MS)
    before = await kept(late)
    edge_ms = FEBRUARY + 3 * DAY_MS
    await note_deletion(late, "test-park", Medium.ENERGY, edge_ms, 72)
    await late.delete_readings("energy", "test-park", edge_ms)
    delayed = readings(park, "wm.volume", FEBRUARY + HOUR_MS, [5000.0])
    await late.write_readings(delayed)
    await late.write_records([mark("wm", delayed, ARRIVED_MS)])
    await turns(tmp_path, park, late, ARRIVED_MS)
    after = await kept(late)
    assert {key: after[key] for key in before} == before
    assert "a month of which readings were deleted; its indicators stay as they are" in caplog.text


@pytest.mark.parametrize(
    ("touch", "months"),
    [
        (Touch("wm", FEBRUARY + HOUR_MS, MARCH - 1), [FEBRUARY]),
        (Touch("wm", FEBRUARY, FEBRUARY), [JANUARY, FEBRUARY]),
        (Touch("wm-b", FEBRUARY + HOUR_MS - 1, MARCH - 1), [JANUARY, FEBRUARY]),
        (Touch("wm-b", FEBRUARY + HOUR_MS, MARCH - 1), [FEBRUARY]),
        (Touch("em", JANUARY + 2 * HOUR_MS, MARCH - 1), [JANUARY, FEBRUARY]),
        (Touch("mi", FEBRUARY, FEBRUARY), [JANUARY]),
        (Touch("mi", FEBRUARY + 1000, FEBRUARY + 1000), [FEBRUARY]),
        (Touch("wm", MARCH + 2 * HOUR_MS, MARCH + DAY_MS), []),
        (Touch("nobody", JANUARY, MARCH), []),
    ],
)
def test_a_month_is_touched_by_what_its_indicators_read(park: Park, touch: Touch, months: list[int]) -> None:
    found = months_touched(park, [touch], MARCH + 20 * DAY_MS)
    assert [month.start_ms for month in found] == months


def test_a_month_that_is_not_over_is_left_to_the_day_after_it(park: Park) -> None:
    assert months_touched(park, [Touch("wm", FEBRUARY + 2 * HOUR_MS, MARCH - 1)], MARCH - 1) == []


def test_what_no_indicator_reads_may_be_deleted(park: Park) -> None:
    months = [Span(JANUARY, FEBRUARY), Span(FEBRUARY, MARCH)]
    assert still_there(park, months, {Medium.AIR: MARCH}) == months
    assert still_there(park, months, {Medium.WATER: JANUARY + 1}) == months[1:]
    assert still_there(park, months, {}) == months
