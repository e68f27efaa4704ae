"""The console's answers from a real store: ranges, days of the park, gaps, names, sharing."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from analytics.finding import Verdict
from dashboards.boards import park_overview, park_year, tenant_board, wastewater_and_emissions
from dashboards.console.answers import KEEP_ANSWER_SECONDS, PanelReader, View, bucket_for
from dashboards.queries.points import points_with_role
from service_runtime.clock import ManualClock
from service_runtime.errors import UnreachableError
from telemetry_model.park_register import Park, parse_park
from telemetry_model.park_register.records import MeterExchange
from telemetry_store.open import open_store
from telemetry_store.protocol import TelemetryStore
from telemetry_store.rows import PointSeries, ReadingRow
from tests.dashboards.plausible_day import fill_store

HOUR_MS = 3_600_000
NOW_MS = 1_795_408_500_000  # 2026-11-23T04:35Z, 11:35 in the park
DAY = View(86_400, "en")


@pytest.fixture(scope="module")
def filled_url(tmp_path_factory: pytest.TempPathFactory, park: Park) -> str:
    """One file for all tests here: nobody writes to it."""
    url = f"sqlite:///{tmp_path_factory.mktemp('answers')}/store.db"
    asyncio.run(_fill(url, park))
    return url


@pytest.fixture
async def filled(filled_url: str) -> AsyncIterator[TelemetryStore]:
    store = open_store(filled_url)
    yield store
    await store.close()


async def _fill(url: str, park: Park) -> None:
    store = open_store(url)
    await fill_store(store, park, NOW_MS)
    await store.close()


@pytest.fixture
def reader(park: Park, filled: TelemetryStore) -> PanelReader:
    return PanelReader(park, filled, ManualClock(NOW_MS))


async def test_every_panel_of_every_board_has_data(park: Park, reader: PanelReader) -> None:
    boards = (
        (park_overview(park), DAY),
        (wastewater_and_emissions(park), DAY),
        (tenant_board(park), View(86_400, "vi", "det-may-kien-an")),
    )
    for board, view in boards:
        for panel in board.panels:
            assert not (await reader.answer(panel, view)).is_empty, f"{board.id}: {panel.key}"


async def test_series_carry_the_registers_names(park: Park, reader: PanelReader) -> None:
    answer = await reader.answer(park_overview(park).panel("power-by-tenant"), DAY)
    assert {series.name for series in answer.series} == {firm.name for firm in park.firms()}


async def test_a_day_is_a_day_of_the_park(park: Park, reader: PanelReader) -> None:
    answer = await reader.answer(park_overview(park).panel("water-intake"), DAY)
    begins = [time_ms for time_ms, _ in answer.series[0].samples]
    assert {time_ms % (24 * HOUR_MS) for time_ms in begins} == {17 * HOUR_MS}


async def test_a_full_day_of_a_steady_counter_is_its_daily_growth(park: Park, reader: PanelReader) -> None:
    answer = await reader.answer(tenant_board(park).panel("energy-per-day"), View(86_400, "en", "thep-bach-dang"))
    whole_days = [value for _, value in answer.series[0].samples[1:-1]]
    assert len(whole_days) >= 6
    assert whole_days == pytest.approx([whole_days[0]] * len(whole_days))


@pytest.mark.parametrize("board", ["tenant", "park-overview"])
async def test_the_day_of_a_recorded_meter_exchange_shows_the_right_growth(
    park: Park, tmp_path: Path, board: str
) -> None:
    if board == "tenant":
        panel, name, view = tenant_board(park).panel("energy-per-day"), "tenant_electricity", "thep-bach-dang"
    else:
        panel, name, view = park_overview(park).panel("water-intake"), "water_intake", ""
    point = next(p for p in park.points_with_role(name) if view in ("", p.tenant))
    start_ms = NOW_MS - NOW_MS % HOUR_MS - 9 * 24 * HOUR_MS
    exchanged_ms = start_ms + 100 * HOUR_MS + 60_000
    rows = [
        ReadingRow(PointSeries.of(point, park.id), at, (10.0 * n if at < exchanged_ms else 10.0 * (n - 101)), 0)
        for n, at in enumerate(range(start_ms, NOW_MS, HOUR_MS))
    ]
    store = open_store(f"sqlite:///{tmp_path}/store.db")
    await store.write_readings(rows)
    record = MeterExchange(point.id, exchanged_ms, 1000.0, 0.0, "a", "b")
    reader = PanelReader(replace(park, meter_exchanges=(record,)), store, ManualClock(NOW_MS))
    answer = await reader.answer(panel, View(86_400, "en", view))
    await store.close()
    days = [value for _, value in answer.series[0].samples[1:-1]]
    # Old meter: 1000 at the exchange; new one: 0 then and at its first full hour, so that hour counts nothing.
    assert sorted(days) == [230.0, *([240.0] * (len(days) - 1))]


async def test_several_counters_of_one_source_are_one_series(park: Park, reader: PanelReader) -> None:
    answer = await reader.answer(park_year(park).panel("supply"), View(86_400, "en"))
    assert [series.name for series in answer.series] == ["Grid", "Solar", "CHP"]


async def test_what_was_corrected_after_an_edit_of_the_register_is_drawn_once(park: Park, tmp_path: Path) -> None:
    outlet = park.points["wq-central.cod"]
    meter = park.points[f"{park.points_with_role('grid_import')[0].device}.active_power"]
    rows = []
    for point in (outlet, meter):
        present = PointSeries.of(point, park.id)
        for series, value in ((replace(present, zone="former"), 140.0), (present, 40.0)):
            rows += [ReadingRow(series, at, value) for at in range(NOW_MS - 6 * HOUR_MS, NOW_MS, 60_000)]
    store = open_store(f"sqlite:///{tmp_path}/store.db")
    await store.write_readings(rows)
    reader = PanelReader(park, store, ManualClock(NOW_MS))
    cod = await reader.answer(wastewater_and_emissions(park).panel("outlet-cod"), DAY)
    power = await reader.answer(park_overview(park).panel("power-by-source"), DAY)
    await store.close()
    assert [{value for _, value in answer.series[0].samples if value is not None} for answer in (cod, power)] == [
        {40.0}, {40.0},
    ]  # fmt: skip


async def test_the_reuse_share_is_of_reused_and_discharged(park: Park, reader: PanelReader) -> None:
    answer = await reader.answer(park_overview(park).panel("reuse-share"), DAY)
    bars = await reader.answer(park_overview(park).panel("wastewater"), DAY)
    discharged, reused = (sum(value or 0 for _, value in series.samples) for series in bars.series)
    assert answer.share == pytest.approx(100 * reused / (reused + discharged))


async def test_calibrating_values_are_not_drawn_as_measured(park: Park, reader: PanelReader) -> None:
    answer = await reader.answer(wastewater_and_emissions(park).panel("outlet-cod"), DAY)
    samples = answer.series[0].samples
    troubled = range(NOW_MS - 10 * HOUR_MS + 5 * 60_000, NOW_MS - 7 * HOUR_MS - 5 * 60_000)
    assert samples
    assert not [value for time_ms, value in samples if time_ms in troubled]


async def test_the_status_timeline_shows_calibration_and_fault(park: Park, reader: PanelReader) -> None:
    answer = await reader.answer(wastewater_and_emissions(park).panel("instrument-status"), DAY)
    outlet = next(series for series in answer.series if series.name.startswith("Outlet of the central"))
    assert {value for _, value in outlet.samples} == {0.0, 1.0, 2.0}


async def test_only_the_latest_finding_of_a_rule_and_subject_counts(park: Park, reader: PanelReader) -> None:
    answer = await reader.answer(park_overview(park).panel("open-exceedances"), DAY)
    assert {(line.rule, line.verdict) for line in answer.findings} == {
        ("WW-05-COD", Verdict.EXCEEDED),
        ("AIR-02-NOX", Verdict.EXCEEDED),
    }


async def test_a_tenant_without_a_meter_is_told_so(park: Park, reader: PanelReader) -> None:
    panel = tenant_board(park).panel("water-per-day")
    assert not (await reader.answer(panel, View(86_400, "en", "van-phong-cat-bi"))).has_points


async def test_the_time_axis_stands_still_within_a_bucket(park: Park, filled: TelemetryStore) -> None:
    clock = ManualClock(NOW_MS + 1_000)
    reader = PanelReader(park, filled, clock)
    panel = park_overview(park).panel("power-now")
    first = await reader.answer(panel, DAY)
    clock.advance(5)
    later = await reader.answer(panel, DAY)
    assert (first.start_ms, first.stop_ms) == (later.start_ms, later.stop_ms)
    assert first.stop_ms == NOW_MS + 300_000


async def test_browsers_share_an_answer_for_a_moment(park: Park, filled: TelemetryStore) -> None:
    monotonic = ManualClock(0)
    reader = PanelReader(park, filled, ManualClock(NOW_MS), monotonic.monotonic)
    panel = park_overview(park).panel("power-now")
    first = await reader.answer(panel, DAY)
    again = await reader.answer(panel, DAY)
    assert first == again
    assert len(reader._kept) == 1
    kept_at = next(iter(reader._kept.values()))[0]
    monotonic.advance(KEEP_ANSWER_SECONDS + 1)
    await reader.answer(panel, DAY)
    assert next(iter(reader._kept.values()))[0] > kept_at


async def test_a_store_that_cannot_be_read_is_said_with_its_address(park: Park) -> None:
    store = open_store("sqlite:////no/such/folder/store.db")
    reader = PanelReader(park, store, ManualClock(NOW_MS))
    with pytest.raises(UnreachableError, match="/no/such/folder"):
        await reader.answer(park_overview(park).panel("power-now"), DAY)
    await store.close()


@pytest.mark.parametrize(
    ("hours", "seconds"), [(1, 60), (6, 120), (24, 300), (7 * 24, 3_600), (30 * 24, 21_600), (9_000, 86_400)]
)
async def test_buckets_grow_with_the_range(hours: int, seconds: int) -> None:
    assert bucket_for(hours * 3_600, 288) == seconds


def test_buckets_of_a_week_begin_on_the_parks_monday(park: Park, reader: PanelReader) -> None:
    panel = park_year(park).panels[0]
    scope = reader.scope_of(panel, panel.queries[0], DAY)
    first = datetime.fromtimestamp(scope.start_ms / 1000, tz=park.timezone)
    assert (first.strftime("%A"), first.hour, first.minute) == ("Monday", 0, 0)
    assert (scope.start_ms // 1000 - scope.offset_seconds) % scope.every_seconds == 0


def test_a_sub_meter_behind_a_firms_own_meter_is_in_no_sum() -> None:
    park = parse_park(
        {
            "park.toml": 'id = "p"\nname_vi = "P"\nname_en = "P"\ntimezone = "Asia/Ho_Chi_Minh"\n',
            "tenants.csv": "tenant,name,sector,zone\npark,Park,operator,\na,A,x,\nb,B,x,\n",
            "points.csv": "point,tenant,zone,medium,unit,interval_seconds,role,parent\n"
            "w1.volume,a,z,water,m3,60,tenant_water,\nw2.volume,a,z,water,m3,60,tenant_water,w1.volume\n"
            "w3.volume,b,z,water,m3,60,tenant_water,w1.volume\n",
            "contacts.csv": "tenant,name,email,language\n",
        }
    )
    found = points_with_role(park, "tenant_water")
    assert found is not None
    assert found.ids == ("w1.volume", "w3.volume")
