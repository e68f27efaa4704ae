"""Whole months are kept once, again only where they changed, and beside a day's value of the same name."""

from collections.abc import Callable

from analytics.findings.store import write_indicators
from analytics.indicator import Indicator
from analytics.indicators.months import keep_last_months, whole_months
from analytics.indicators.store_readings import Span
from telemetry_model.park_register import Park
from telemetry_store.query import Select, SeriesQuery
from telemetry_store.rows import ReadingRow
from telemetry_store.sqlite_store import SqliteStore

POINTS = ("wm.volume,alpha,z,water,m3,3600,tenant_water",)
MakePark = Callable[..., Park]
Rows = Callable[..., list[ReadingRow]]
At = Callable[[str], int]
DAYS = 31 + 28 + 31 + 10


async def kept(store: SqliteStore) -> dict[tuple[str, str, int], float]:
    query = SeriesQuery("indicators", (Select("value"),), 0, 2**42, group_by=("indicator", "subject"))
    return {
        (result.tags["indicator"], result.tags["subject"], int(row[0] or 0)): float(row[1] or 0)
        for result in await store.select(query)
        for row in result.rows
    }


async def test_the_last_two_whole_months_are_kept_and_again_only_where_they_changed(
    filled: SqliteStore, make_park: MakePark, make_readings: Rows, at: At
) -> None:
    park = make_park("", POINTS)
    rows = make_readings(park, "wm.volume", at("2026-01-01T00:00"), [float(n) for n in range(24 * DAYS + 1)])
    late = [row for row in rows if row.time_ms >= at("2026-03-31T00:00")]
    await filled.write_readings([row for row in rows if row not in late])
    now_ms = at("2026-04-10T08:00")
    assert await keep_last_months(filled, park, now_ms) == 2
    assert await keep_last_months(filled, park, now_ms) == 0
    assert await kept(filled) == {
        ("month.water_use", "alpha", at("2026-02-01T00:00")): 28 * 24,
        # Up to the last reading of 30 March, 23 h: the day after has not come yet.
        ("month.water_use", "alpha", at("2026-03-01T00:00")): 30 * 24 - 1,
    }
    await filled.write_readings(late)
    assert await keep_last_months(filled, park, now_ms) == 1
    assert (await kept(filled))["month.water_use", "alpha", at("2026-03-01T00:00")] == 31 * 24


async def test_a_day_of_the_same_name_and_instant_stays(
    filled: SqliteStore, make_park: MakePark, make_readings: Rows, at: At
) -> None:
    park = make_park("", POINTS)
    await filled.write_readings(
        make_readings(park, "wm.volume", at("2026-02-01T00:00"), [float(n) for n in range(24 * 28 + 1)])
    )
    start = at("2026-02-01T00:00")
    day = Indicator("water_use", park.id, "alpha", "alpha", start, start + 86_400_000, 24.0, "m3", 1.0)
    await write_indicators(filled, [day])
    await keep_last_months(filled, park, at("2026-03-02T00:00"))
    assert (await kept(filled))["water_use", "alpha", start] == 24.0
    assert (await kept(filled))["month.water_use", "alpha", start] == 28 * 24


def test_months_that_are_not_whole_are_left_out(make_park: MakePark, at: At) -> None:
    park = make_park("", POINTS)
    span = Span(at("2026-01-02T00:00"), at("2026-04-01T00:00"))
    assert [month.start_ms for month in whole_months(park, span)] == [at("2026-02-01T00:00"), at("2026-03-01T00:00")]
    assert whole_months(park, Span(at("2026-02-01T00:00"), at("2026-03-01T00:00") - 1)) == []


async def test_nothing_measured_keeps_nothing(filled: SqliteStore, make_park: MakePark, at: At) -> None:
    assert await keep_last_months(filled, make_park("", POINTS), at("2026-04-10T08:00")) == 0
    assert await kept(filled) == {}
