"""What every store answers: each aggregate, buckets, groups, and each point by itself before points are combined."""

import pytest

from telemetry_store.protocol import TelemetryStore
from telemetry_store.query import Aggregate, Select, SeriesQuery
from telemetry_store.rows import ReadingRow
from tests.contract.builders import FAR_MS, FIELD, START_MS, a_series, aggregated, every, raw, rows_of

MINUTE_MS = 60_000


@pytest.mark.parametrize(
    ("aggregate", "expected"),
    [
        (Aggregate.MEAN, 2.75),
        (Aggregate.MIN, -1.0),
        (Aggregate.MAX, 6.0),
        (Aggregate.SUM, 11.0),
        (Aggregate.COUNT, 4),
        (Aggregate.FIRST, 2.0),
        (Aggregate.LAST, 4.0),
    ],
)
@pytest.mark.parametrize("every_seconds", [60, None])
async def test_each_aggregate_skips_missing_values(
    store: TelemetryStore, aggregate: Aggregate, expected: float, every_seconds: int | None
) -> None:
    await store.write_readings(every(a_series(), [None, 2.0, -1.0, 6.0, 4.0, None]))
    query = aggregated(aggregate, every_seconds=every_seconds, start_ms=START_MS)
    assert rows_of(await store.select(query)) == [(START_MS, expected)]


async def test_several_aggregates_of_several_fields_stand_side_by_side(store: TelemetryStore) -> None:
    await store.write_readings(every(a_series(), [1.0, None, 3.0]))
    select = (
        Select(FIELD, Aggregate.FIRST),
        Select(FIELD, Aggregate.COUNT),
        Select("status", Aggregate.COUNT),
        Select(FIELD, Aggregate.LAST),
        Select("reason", Aggregate.LAST),
        Select("status", Aggregate.MEAN),
    )
    (result,) = await store.select(SeriesQuery("energy", select, 0, FAR_MS, every_seconds=60))
    assert result.rows == [(START_MS, 1.0, 2, 3, 3.0, "device_timeout", 0.0)]


async def test_a_count_of_nothing_is_zero_beside_other_columns(store: TelemetryStore) -> None:
    await store.write_readings(every(a_series(), [None]))
    select = (Select(FIELD, Aggregate.COUNT), Select("status", Aggregate.COUNT), Select(FIELD, Aggregate.MEAN))
    (result,) = await store.select(SeriesQuery("energy", select, 0, FAR_MS, every_seconds=60))
    assert result.rows == [(START_MS, 0, 1, None)]


async def test_a_count_of_nothing_alone_is_no_row(store: TelemetryStore) -> None:
    await store.write_readings(every(a_series(), [None]))
    assert await store.select(aggregated(Aggregate.COUNT)) == []
    assert await store.select(aggregated(Aggregate.COUNT, every_seconds=None)) == []


async def test_buckets_without_data_are_left_out(store: TelemetryStore) -> None:
    rows = [ReadingRow(a_series(), START_MS + minutes * MINUTE_MS, 1.0) for minutes in (0, 3)]
    await store.write_readings(rows)
    answer = rows_of(await store.select(aggregated(Aggregate.SUM)))
    assert [time_ms for time_ms, _ in answer] == [START_MS, START_MS + 3 * MINUTE_MS]


async def test_the_first_bucket_starts_before_the_range_but_counts_only_what_is_in_it(store: TelemetryStore) -> None:
    await store.write_readings(every(a_series(), [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0]))
    query = aggregated(Aggregate.SUM, start_ms=START_MS + 20_000, stop_ms=START_MS + 70_000)
    assert rows_of(await store.select(query)) == [(START_MS, 60.0), (START_MS + MINUTE_MS, 64.0)]


@pytest.mark.parametrize(
    ("every_seconds", "offset_seconds", "first_bucket_ms"),
    [
        (60, 30, START_MS - 30_000),
        (60, -30, START_MS - 30_000),
        (60, 3_630, START_MS - 30_000),
        (86_400, -25_200, 1_699_981_200_000),  # local midnight at UTC+7 before 2023-11-15T05:14 there
        (604_800, -25_200 + 4 * 86_400, 1_699_808_400_000 - 172_800_000 + 172_800_000),
    ],
)
async def test_buckets_are_aligned_to_the_offset(
    store: TelemetryStore, every_seconds: int, offset_seconds: int, first_bucket_ms: int
) -> None:
    await store.write_readings(every(a_series(), [1.0, 2.0]))
    query = aggregated(Aggregate.SUM, every_seconds=every_seconds, offset_seconds=offset_seconds)
    assert rows_of(await store.select(query)) == [(first_bucket_ms, 3.0)]


async def test_the_greatest_value_counts_when_two_series_share_the_last_instant(store: TelemetryStore) -> None:
    for point, values in (("em-1", [5.0, 9.0]), ("em-2", [7.0, 2.0])):
        await store.write_readings(every(a_series(point), values))
    query = aggregated(Aggregate.FIRST, Aggregate.LAST)
    assert rows_of(await store.select(query)) == [(START_MS, 7.0, 9.0)]


async def test_groups_are_aggregated_apart(store: TelemetryStore) -> None:
    for point, tenant, value in (("em-1", "steel", 1.0), ("em-2", "steel", 3.0), ("em-3", "food", 10.0)):
        await store.write_readings(every(a_series(point, tenant), [value]))
    results = await store.select(aggregated(Aggregate.MEAN, group_by=("tenant",)))
    assert {result.tags["tenant"]: result.rows for result in results} == {
        "food": [(START_MS, 10.0)],
        "steel": [(START_MS, 2.0)],
    }


async def test_measuring_only_aggregates_nothing_else(store: TelemetryStore) -> None:
    series = a_series()
    rows = [
        ReadingRow(series, START_MS, 1.0),
        ReadingRow(series, START_MS + 1, 100.0, 1),
        ReadingRow(series, START_MS + 2, 100.0, 0, "out_of_range"),
        ReadingRow(series, START_MS + 3, 3.0),
    ]
    await store.write_readings(rows)
    query = aggregated(Aggregate.MEAN, Aggregate.COUNT, measuring_only=True)
    assert rows_of(await store.select(query)) == [(START_MS, 2.0, 2)]


@pytest.mark.parametrize(
    ("combine", "expected"),
    [
        (Aggregate.SUM, [22.0, 5.0]),
        (Aggregate.MEAN, [11.0, 5.0]),
        (Aggregate.MIN, [2.0, 5.0]),
        (Aggregate.MAX, [20.0, 5.0]),
        (Aggregate.COUNT, [2, 1]),
        (Aggregate.FIRST, [20.0, 5.0]),
        (Aggregate.LAST, [20.0, 5.0]),
    ],
)
async def test_combine_takes_each_point_by_itself_first(
    store: TelemetryStore, combine: Aggregate, expected: list[float]
) -> None:
    # em-1 reports three times as often as em-2: a plain mean of all its rows would lean towards em-1.
    await store.write_readings(every(a_series("em-1"), [1.0, 2.0, 3.0]))
    await store.write_readings(every(a_series("em-2"), [20.0, 5.0], seconds=60))
    query = aggregated(Aggregate.MEAN, combine=combine)
    assert rows_of(await store.select(query)) == [(START_MS, expected[0]), (START_MS + MINUTE_MS, expected[1])]


@pytest.mark.parametrize(("inner", "expected"), [(Aggregate.LAST, 8.0), (Aggregate.FIRST, 21.0), (Aggregate.COUNT, 4)])
async def test_combine_over_any_inner_aggregate_by_tenant(
    store: TelemetryStore, inner: Aggregate, expected: float
) -> None:
    await store.write_readings(every(a_series("em-1"), [1.0, 2.0, 3.0]))
    await store.write_readings(every(a_series("em-2"), [20.0, 5.0][: 1 if inner is Aggregate.COUNT else 2]))
    await store.write_readings(every(a_series("em-3", "food"), [100.0]))
    query = aggregated(inner, combine=Aggregate.SUM, group_by=("tenant",))
    results = {result.tags["tenant"]: result.rows for result in await store.select(query)}
    assert results["steel"] == [(START_MS, expected)]
    assert list(results) == ["food", "steel"]


async def test_combine_respects_the_range_within_the_first_bucket(store: TelemetryStore) -> None:
    await store.write_readings(every(a_series("em-1"), [1.0, 2.0, 3.0]))
    await store.write_readings(every(a_series("em-2"), [10.0, 20.0, 30.0]))
    query = aggregated(
        Aggregate.SUM, combine=Aggregate.SUM, start_ms=START_MS + 10_000, stop_ms=START_MS + 20_000, offset_seconds=-7
    )
    assert rows_of(await store.select(query)) == [(START_MS - 7_000, 2.0 + 20.0)]


async def test_combine_by_point_is_each_point(store: TelemetryStore) -> None:
    await store.write_readings(every(a_series("em-1"), [1.0, 3.0]))
    query = aggregated(Aggregate.MEAN, combine=Aggregate.SUM, group_by=("point",), measuring_only=True)
    (result,) = await store.select(query)
    assert (result.tags["point"], result.rows) == ("em-1.active_power", [(START_MS, 2.0)])


async def test_a_point_that_moved_to_another_zone_is_still_one_point(store: TelemetryStore) -> None:
    before = a_series()
    after = type(before)("energy", FIELD, before.device, before.park, before.point, before.tenant, "west")
    await store.write_readings([ReadingRow(before, START_MS, 1.0), ReadingRow(after, START_MS + 1000, 3.0)])
    query = aggregated(Aggregate.MEAN, combine=Aggregate.SUM)
    assert rows_of(await store.select(query)) == [(START_MS, 2.0)]


async def test_buckets_can_come_latest_first_and_limited(store: TelemetryStore) -> None:
    rows = [ReadingRow(a_series(), START_MS + minute * MINUTE_MS, float(minute)) for minute in range(5)]
    await store.write_readings(rows)
    query = aggregated(Aggregate.FIRST, Aggregate.LAST, descending=True, limit=2)
    expected = [(START_MS + minute * MINUTE_MS, float(minute), float(minute)) for minute in (4, 3)]
    assert rows_of(await store.select(query)) == expected


async def test_descending_does_not_swap_first_and_last(store: TelemetryStore) -> None:
    await store.write_readings(every(a_series(), [1.0, 2.0, 3.0]))
    query = aggregated(Aggregate.FIRST, Aggregate.LAST, descending=True)
    assert rows_of(await store.select(query)) == [(START_MS, 1.0, 3.0)]


async def test_a_question_about_many_points_is_not_too_long(store: TelemetryStore) -> None:
    points = [f"em-{number:04d}" for number in range(400)]
    for point in points[:3]:
        await store.write_readings(every(a_series(point), [1.0]))
    query = raw(where=(("device", tuple(points)),), group_by=("device",))
    assert [result.tags["device"] for result in await store.select(query)] == points[:3]
