"""InfluxQL text: the exact question a program asks, and templates that a real InfluxDB answers once filled in."""

import pytest

from telemetry_store.influxql import quote_name, quote_string, render, render_template
from telemetry_store.protocol import TelemetryStore
from telemetry_store.query import Aggregate, Select, SeriesQuery
from telemetry_store.rows import PointSeries, ReadingRow
from tests.servers.influxdb import InfluxDatabase

MEAN = (Select("cod_mg_l", Aggregate.MEAN, "cod"),)
MEASURING = '"status" = 0 AND ("reason" != \'\') = false'


def test_names_and_strings_are_quoted() -> None:
    assert quote_name('a"b\\c') == '"a\\"b\\\\c"'
    assert quote_string("o'clock\\\n") == "'o\\'clock\\\\\\n'"


def test_raw_rows() -> None:
    query = SeriesQuery(
        "wastewater", (Select("cod_mg_l"), Select("status")), 5, 9, group_by=("point",), descending=True, limit=1
    )
    assert render(query) == (
        'SELECT "cod_mg_l" AS "cod_mg_l", "status" AS "status" FROM "wastewater" WHERE time >= 5ms AND time < 9ms '
        'GROUP BY "point" ORDER BY time DESC LIMIT 1'
    )


def test_buckets_with_offset_filters_and_measuring_only() -> None:
    query = SeriesQuery(
        "wastewater",
        MEAN,
        5,
        9,
        where=(("tenant", ("a", "b")), ("zone", ("e",))),
        every_seconds=60,
        offset_seconds=-25_200,
        measuring_only=True,
    )
    assert render(query) == (
        'SELECT mean("cod_mg_l") AS "cod" FROM "wastewater" WHERE time >= 5ms AND time < 9ms '
        "AND (\"tenant\" = 'a' OR \"tenant\" = 'b') AND (\"zone\" = 'e') "
        f"AND {MEASURING} GROUP BY time(60s, -25200s) fill(none)"
    )


def test_a_whole_range_aggregate_has_no_buckets() -> None:
    assert render(SeriesQuery("w", MEAN, 5, 9)).endswith("time < 9ms")


def test_combine_is_a_subquery_by_point_that_starts_with_its_first_bucket() -> None:
    query = SeriesQuery(
        "w", MEAN, 61_500, 120_000, group_by=("tenant",), every_seconds=60, combine=Aggregate.SUM, measuring_only=True
    )
    assert render(query) == (
        'SELECT sum("each") AS "cod" FROM (SELECT mean("cod_mg_l") AS "each" FROM "w" '
        f"WHERE time >= 61500ms AND time < 120000ms AND {MEASURING} "
        'GROUP BY time(60s), "point", "tenant" fill(none)) '
        'WHERE time >= 60000ms AND time < 120000ms GROUP BY time(60s), "tenant" fill(none)'
    )


def test_a_template_leaves_range_interval_and_variables_to_grafana() -> None:
    query = SeriesQuery("w", MEAN, 0, 1, where=(("park", ("bach-dang",)),), group_by=("point",), every_seconds=60)
    assert render_template(query, variables={"tenant": "firm"}, fill="null", timezone="Asia/Ho_Chi_Minh") == (
        'SELECT mean("cod_mg_l") AS "cod" FROM "w" WHERE $timeFilter '
        'AND ("park" = \'bach-dang\') AND "tenant" =~ /^${firm:regex}$/ '
        "GROUP BY time($__interval), \"point\" fill(null) tz('Asia/Ho_Chi_Minh')"
    )


def test_a_template_can_fix_the_bucket_or_have_none() -> None:
    query = SeriesQuery("w", MEAN, 0, 1, every_seconds=3_600, offset_seconds=60)
    assert "time(3600s, 60s)" in render_template(query, every=None)
    assert "time(1d, 60s)" in render_template(query, every="1d")
    assert "GROUP BY" not in render_template(SeriesQuery("w", MEAN, 0, 1), every=None)
    assert "GROUP BY" not in render_template(SeriesQuery("w", (Select("cod_mg_l"),), 0, 1))


@pytest.mark.real_server
@pytest.mark.parametrize("combine", [None, Aggregate.SUM])
async def test_a_filled_in_template_gives_the_numbers_of_the_exact_query(
    influx_store: TelemetryStore, influxdb: InfluxDatabase, combine: Aggregate | None
) -> None:
    start_ms = 1_700_000_040_000
    for device, tenant in (("wq-1", "food + drink"), ("wq-2", "food + drink"), ("wq-3", "steel")):
        series = PointSeries("wastewater", "cod_mg_l", device, "p", f"{device}.cod", tenant, "z")
        rows = [ReadingRow(series, start_ms + n * 1000, float(n), int(n % 7 == 0)) for n in range(200)]
        await influx_store.write_readings(rows)
    query = SeriesQuery(
        "wastewater",
        MEAN,
        start_ms,
        start_ms + 200_000,
        where=(("tenant", ("food + drink",)),),
        every_seconds=60,
        measuring_only=True,
        combine=combine,
    )
    anyone = SeriesQuery("wastewater", MEAN, 0, 1, measuring_only=True, combine=combine, every_seconds=60)
    filled = (
        render_template(anyone, variables={"tenant": "tenant"})
        .replace("$timeFilter", f"time >= {start_ms}ms AND time < {start_ms + 200_000}ms")
        .replace("$__interval", "60s")
        .replace("${tenant:regex}", r"(food \+ drink)")
    )
    (exact,) = await influx_store.select(query)
    answer = influxdb.query(filled)["results"][0]["series"][0]["values"]
    assert [time_ms for time_ms, _ in answer] == [time_ms for time_ms, _ in exact.rows]
    assert [value for _, value in answer] == pytest.approx([value for _, value in exact.rows])
    assert len(exact.rows) == 4
