"""Old readings go only when asked to, only after their sums are made, and the sums stay."""

import asyncio
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from analytics.command import analytics
from analytics.rollups.retention import LEAST_DAYS, parse_keep
from service_runtime.errors import OperatorError
from telemetry_model.park_register import parse_park
from telemetry_model.quantities import Medium
from telemetry_store.open import open_store
from telemetry_store.query import Aggregate, Select, SeriesQuery
from telemetry_store.rows import PointSeries, ReadingRow
from tests.analytics.rollups.test_rollups import PARK

DAY_MS = 86_400_000


@pytest.fixture
def park_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "park"
    folder.mkdir()
    for name, text in PARK.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    """Readings of 600 days ago and of yesterday."""
    url = f"sqlite:///{tmp_path}/store.db"
    series = PointSeries.of(parse_park(PARK).points["em-1.active_power"], "p")
    now_ms = time.time_ns() // 1_000_000

    async def fill() -> None:
        store = open_store(url)
        await store.write_readings([ReadingRow(series, now_ms - days * DAY_MS, 5.0) for days in (600, 599, 1)])
        await store.close()

    asyncio.run(fill())
    return url


def count(url: str, measurement: str, field: str) -> int:
    async def ask() -> int:
        store = open_store(url)
        query = SeriesQuery(measurement, (Select(field, Aggregate.COUNT, "n"),), 0, 4_000_000_000_000)
        found = await store.select(query)
        await store.close()
        return sum(int(str(row[1])) for result in found for row in result.rows)

    return asyncio.run(ask())


def values(url: str, measurement: str, field: str) -> list[float]:
    async def ask() -> list[float]:
        store = open_store(url)
        query = SeriesQuery(measurement, (Select(field),), 0, 4_000_000_000_000, measuring_only=True)
        found = await store.select(query)
        await store.close()
        return [float(str(row[1])) for result in found for row in result.rows if row[1] is not None]

    return asyncio.run(ask())


def late(url: str, days_ago: int, value: float) -> None:
    """A reading of long ago arrives now."""

    async def write() -> None:
        store = open_store(url)
        series = PointSeries.of(parse_park(PARK).points["em-1.active_power"], "p")
        await store.write_readings([ReadingRow(series, time.time_ns() // 1_000_000 - days_ago * DAY_MS, value)])
        await store.close()

    asyncio.run(write())


def run(*arguments: str) -> Result:
    return CliRunner().invoke(analytics, list(arguments))


def test_what_is_old_is_only_told_until_deletion_is_asked_for(store_url: str, park_folder: Path) -> None:
    place = ("--store", store_url, "--park", str(park_folder))
    run("rollups", *place)
    told = run("retention", *place, "--keep", "energy=500")
    assert told.exit_code == 0, told.exception
    assert told.output.startswith("energy: 2 readings before 20")
    assert told.output.endswith("would be deleted (--delete does it)\n")
    assert count(store_url, "energy", "active_power_kw") == 3
    run("retention", *place, "--keep", "energy=500", "--delete")
    assert count(store_url, "energy", "active_power_kw") == 1
    assert count(store_url, "energy_hourly", "active_power_kw_mean") == 3
    assert count(store_url, "energy_daily", "active_power_kw_mean") >= 2


def test_nothing_goes_before_its_sums_are_made(store_url: str, park_folder: Path) -> None:
    result = run("retention", "--store", store_url, "--park", str(park_folder), "--keep", "energy=500", "--delete")
    assert isinstance(result.exception, OperatorError)
    assert "run `ecopark analytics rollups` first" in str(result.exception)
    assert count(store_url, "energy", "active_power_kw") == 3


def test_a_range_can_be_made_again(store_url: str, park_folder: Path) -> None:
    result = run("rollups", "--store", store_url, "--park", str(park_folder), "--from", "2026-01-01")
    assert result.exit_code == 0, result.exception
    assert result.stdout.splitlines()[-1].endswith(" rows changed; all others stay as they were")


def test_sums_of_deleted_readings_are_not_made_again(store_url: str, park_folder: Path) -> None:
    place = ("--store", store_url, "--park", str(park_folder))
    run("rollups", *place)
    run("retention", *place, "--keep", "energy=500", "--delete")
    before = values(store_url, "energy_daily", "active_power_kw_mean")
    late(store_url, 599, 900.0)
    assert run("rollups", *place, "--from", "2020-01-01").exit_code == 0
    assert values(store_url, "energy_daily", "active_power_kw_mean") == before
    assert set(before) == {5.0}
    assert len(before) >= 3


def test_deleted_time_is_not_judged_anew(store_url: str, park_folder: Path) -> None:
    place = ("--store", store_url, "--park", str(park_folder))
    run("rollups", *place)
    run("retention", *place, "--keep", "energy=500", "--delete")
    late(store_url, 599, 900.0)
    done = run("evaluate", *place, "--json")
    assert done.exit_code == 0, done.exception
    assert "energy: readings before 20" in done.stderr
    assert "that time is not judged anew" in done.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [("steam=900", "no medium 'steam'"), ("energy=ten", "a whole number of days"), (f"energy={LEAST_DAYS - 1}", "460")],
)
def test_what_cannot_be_kept_so_is_one_sentence(text: str, said: str) -> None:
    with pytest.raises(OperatorError, match=said):
        parse_keep(text)


def test_a_medium_and_its_days_are_read() -> None:
    assert parse_keep("water=730") == (Medium.WATER, 730)


def test_a_store_that_is_not_there_is_not_an_empty_one(park_folder: Path, tmp_path: Path) -> None:
    result = run("rollups", "--store", f"sqlite:///{tmp_path}/nowhere.db", "--park", str(park_folder))
    assert "no such file" in str(result.exception)
