"""What every store keeps: writing, rewriting and refusing rows, and reading them back as they are."""

import math
from dataclasses import replace

import pytest

from telemetry_store.protocol import TelemetryStore
from telemetry_store.query import Aggregate, Select, SeriesQuery
from telemetry_store.rows import PointSeries, ReadingRow, RecordRow, RejectReason
from tests.contract.builders import FAR_MS, FIELD, START_MS, a_series, aggregated, every, raw, rows_of

NASTY = [
    "có dấu", "a b", "a,b", "a=b", 'a"b', "a'b", "a\\b", "a\\,b", "a\\ b", "a\\=b", " lead", "tail ", "日本", "#hash",
    "a\tb", "x' OR 'x'='x", "$tenant", "%41", "/a/", "'", '"', "=", ",",
]  # fmt: skip


async def test_what_was_written_is_read_back(store: TelemetryStore) -> None:
    outcome = await store.write_readings(every(a_series(), [1.5, -2.25, 1e-9, 123456789.123456]))
    assert outcome.accepted == 4
    assert rows_of(await store.select(raw())) == [
        (START_MS, 1.5), (START_MS + 10_000, -2.25), (START_MS + 20_000, 1e-9), (START_MS + 30_000, 123456789.123456),
    ]  # fmt: skip


async def test_values_of_readings_are_floats(store: TelemetryStore) -> None:
    await store.write_readings(every(a_series(), [41.0]))
    ((_, value, status),) = rows_of(await store.select(raw(FIELD, "status")))
    assert (type(value), type(status)) == (float, int)


async def test_writing_a_batch_twice_changes_nothing(store: TelemetryStore) -> None:
    batch = every(a_series(), [1.0, 2.0, None])
    await store.write_readings(batch)
    before = await store.select(raw(FIELD, "status", "reason"))
    await store.write_readings(batch)
    assert await store.select(raw(FIELD, "status", "reason")) == before


async def test_the_last_write_wins(store: TelemetryStore) -> None:
    await store.write_readings([ReadingRow(a_series(), START_MS, 1.0, 0)])
    await store.write_readings([ReadingRow(a_series(), START_MS, 2.0, 1)])
    assert rows_of(await store.select(raw(FIELD, "status"))) == [(START_MS, 2.0, 1)]


async def test_the_last_row_wins_within_one_batch(store: TelemetryStore) -> None:
    await store.write_readings([ReadingRow(a_series(), START_MS, value) for value in (3.0, 1.0, 2.0)])
    assert rows_of(await store.select(raw())) == [(START_MS, 2.0)]


async def test_a_row_without_value_says_status_and_reason(store: TelemetryStore) -> None:
    await store.write_readings([ReadingRow(a_series(), START_MS, None, 2, "instrument_fault")])
    assert rows_of(await store.select(raw(FIELD, "status", "reason"))) == [(START_MS, None, 2, "instrument_fault")]
    assert await store.select(raw()) == []


async def test_a_later_row_without_value_does_not_erase_the_value(store: TelemetryStore) -> None:
    await store.write_readings([ReadingRow(a_series(), START_MS, 5.0)])
    await store.write_readings([ReadingRow(a_series(), START_MS, None, 0, "device_timeout")])
    assert rows_of(await store.select(raw(FIELD, "reason"))) == [(START_MS, 5.0, "device_timeout")]


async def test_an_empty_reason_takes_a_reason_back(store: TelemetryStore) -> None:
    await store.write_readings([ReadingRow(a_series(), START_MS, None, 0, "empty_cell")])
    await store.write_readings([ReadingRow(a_series(), START_MS, 5.0, 0, "")])
    assert rows_of(await store.select(raw(FIELD, "reason"))) == [(START_MS, 5.0, None)]
    assert rows_of(await store.select(raw(measuring_only=True))) == [(START_MS, 5.0)]
    assert await store.select(raw("reason")) == []


async def test_measuring_only_leaves_out_calibration_faults_and_uncertain_values(store: TelemetryStore) -> None:
    series = a_series()
    rows = [
        ReadingRow(series, START_MS, 1.0),
        ReadingRow(series, START_MS + 1, 2.0, 1),
        ReadingRow(series, START_MS + 2, 3.0, 2),
        ReadingRow(series, START_MS + 3, 4.0, 0, "out_of_range"),
        ReadingRow(series, START_MS + 4, None, 0, "device_timeout"),
        ReadingRow(series, START_MS + 5, 5.0),
    ]
    await store.write_readings(rows)
    assert rows_of(await store.select(raw(measuring_only=True))) == [(START_MS, 1.0), (START_MS + 5, 5.0)]


async def test_measuring_only_works_where_no_reason_was_ever_written(store: TelemetryStore) -> None:
    await store.write_readings(every(a_series(), [1.0]))
    assert rows_of(await store.select(raw(measuring_only=True))) == [(START_MS, 1.0)]


async def test_the_range_is_half_open(store: TelemetryStore) -> None:
    await store.write_readings(every(a_series(), [1.0, 2.0, 3.0]))
    query = raw(start_ms=START_MS, stop_ms=START_MS + 20_000)
    assert rows_of(await store.select(query)) == [(START_MS, 1.0), (START_MS + 10_000, 2.0)]


@pytest.mark.parametrize(
    "query",
    [
        raw(measurement="water"),
        raw("no_such_field"),
        raw(start_ms=FAR_MS - 1),
        raw(start_ms=START_MS, stop_ms=START_MS),
        raw(where=(("tenant", ("nobody",)),)),
        raw(where=(("tenant", ()),)),
        raw(where=(("no_such_tag", ("x",)),)),
        raw(limit=0),
        aggregated(Aggregate.COUNT, Aggregate.MEAN, start_ms=FAR_MS - 1, every_seconds=None),
    ],
)
async def test_nothing_to_answer_is_an_empty_list(store: TelemetryStore, query: SeriesQuery) -> None:
    await store.write_readings(every(a_series(), [1.0]))
    assert await store.select(query) == []


async def test_an_empty_store_answers_and_an_empty_write_is_fine(store: TelemetryStore) -> None:
    assert (await store.write_readings([])).total == 0
    assert (await store.write_records([])).total == 0
    assert await store.select(raw()) == []


async def test_descending_and_limit_are_per_series(store: TelemetryStore) -> None:
    await store.write_readings([*every(a_series("em-1"), [1.0, 2.0, 3.0]), *every(a_series("em-2"), [4.0, 5.0])])
    results = await store.select(raw(group_by=("device",), descending=True, limit=2))
    assert [(result.tags, [value for _, value in result.rows]) for result in results] == [
        ({"device": "em-1"}, [3.0, 2.0]),
        ({"device": "em-2"}, [5.0, 4.0]),
    ]


async def test_groups_come_in_the_order_of_their_tag_values(store: TelemetryStore) -> None:
    for point, tenant in (("em-1", "tyres"), ("em-3", "food"), ("em-2", "tyres")):
        await store.write_readings(every(a_series(point, tenant), [1.0]))
    results = await store.select(raw(group_by=("tenant", "device")))
    assert [list(result.tags.items()) for result in results] == [
        [("tenant", "food"), ("device", "em-3")],
        [("tenant", "tyres"), ("device", "em-1")],
        [("tenant", "tyres"), ("device", "em-2")],
    ]


async def test_where_keeps_the_series_with_one_of_the_values(store: TelemetryStore) -> None:
    for point, tenant in (("em-1", "tyres"), ("em-2", "food"), ("em-3", "steel")):
        await store.write_readings(every(a_series(point, tenant), [1.0]))
    query = raw(where=(("tenant", ("tyres", "food")), ("device", ("em-2", "em-3"))), group_by=("device",))
    assert [result.tags["device"] for result in await store.select(query)] == ["em-2"]


async def test_a_status_column_covers_every_point_of_the_measurement(store: TelemetryStore) -> None:
    await store.write_readings(every(a_series("em-1"), [1.0]))
    await store.write_readings([ReadingRow(a_series("em-2", field="voltage_v"), START_MS, 230.0, 1)])
    results = await store.select(raw(FIELD, "status", group_by=("device",)))
    assert [result.rows for result in results] == [[(START_MS, 1.0, 0)], [(START_MS, None, 1)]]


async def test_columns_carry_the_names_asked_for(store: TelemetryStore) -> None:
    await store.write_readings(every(a_series(), [1.0]))
    select = (Select(FIELD, Aggregate.MAX, "peak"), Select(FIELD, Aggregate.MEAN))
    (result,) = await store.select(SeriesQuery("energy", select, 0, FAR_MS))
    assert result.columns == ("peak", f"mean_{FIELD}")


@pytest.mark.parametrize("text", NASTY)
async def test_tag_values_come_back_exactly(store: TelemetryStore, text: str) -> None:
    series = PointSeries("energy", FIELD, text, "bach-dang", f"{text}.p", text, "east")
    assert (await store.write_readings(every(series, [1.0]))).accepted == 1
    await store.write_readings(every(a_series("other"), [2.0]))
    query = raw(where=(("tenant", (text,)),), group_by=("tenant", "point"))
    (result,) = await store.select(query)
    assert result.tags == {"tenant": text, "point": f"{text}.p"}
    assert result.rows == [(START_MS, 1.0)]


@pytest.mark.parametrize("text", ["a\nb", "a\r", "ends\\", "\n"])
async def test_a_tag_no_database_can_hold_is_refused_alone(store: TelemetryStore, text: str) -> None:
    bad = PointSeries("energy", FIELD, "em-9", "bach-dang", "em-9.p", text, "east")
    outcome = await store.write_readings([*every(a_series(), [1.0]), *every(bad, [2.0, 3.0])])
    assert [(rejection.index, rejection.reason) for rejection in outcome.rejected] == [
        (1, RejectReason.MALFORMED),
        (2, RejectReason.MALFORMED),
    ]
    assert (outcome.accepted, len(rows_of(await store.select(raw())))) == (1, 1)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
async def test_a_value_that_is_no_number_is_refused_alone(store: TelemetryStore, value: float) -> None:
    outcome = await store.write_readings(every(a_series(), [1.0, value, 2.0]))
    assert [(rejection.index, rejection.reason) for rejection in outcome.rejected] == [(1, RejectReason.MALFORMED)]
    assert len(rows_of(await store.select(raw()))) == 2


async def test_a_time_that_does_not_exist_is_refused(store: TelemetryStore) -> None:
    outcome = await store.write_readings([ReadingRow(a_series(), 10**16, 1.0), ReadingRow(a_series(), START_MS, 1.0)])
    assert [rejection.index for rejection in outcome.rejected] == [0]


async def test_an_empty_zone_is_a_tag_without_value(store: TelemetryStore) -> None:
    series = PointSeries("energy", FIELD, "em-1", "bach-dang", "em-1.p", "steel", "")
    assert (await store.write_readings(every(series, [1.0]))).accepted == 1
    (result,) = await store.select(raw(where=(("zone", ("",)),), group_by=("zone",)))
    assert result.tags == {"zone": ""}


async def test_fifty_thousand_rows_at_once(store: TelemetryStore) -> None:
    meters = [a_series(f"em-{number}") for number in range(50)]
    rows = [ReadingRow(meters[n % 50], START_MS + n // 50 * 1000, float(n)) for n in range(50_000)]
    assert (await store.write_readings(rows)).accepted == 50_000
    whole = aggregated(Aggregate.COUNT, Aggregate.SUM, every_seconds=None)
    assert rows_of(await store.select(whole)) == [(0, 50_000, sum(range(50_000)))]
    assert len(rows_of(await store.select(raw()))) == 50_000


FINDING = RecordRow(
    "findings",
    {"park": "bach-dang", "rule": "qcvn40/cod", "subject": "central, outlet", "tenant": "park"},
    START_MS,
    {
        "verdict": "exceeded", "verdict_code": 1, "observed": 81.25, "provisional": False,
        "evidence": 'dòng 1\ndòng "2" \\ xong', "judged_at_ms": 1_763_856_000_123,
    },
)  # fmt: skip


async def test_a_finding_comes_back_with_its_types(store: TelemetryStore) -> None:
    assert (await store.write_records([FINDING])).accepted == 1
    query = raw(*FINDING.fields, measurement="findings", group_by=("rule", "subject"))
    (result,) = await store.select(query)
    assert result.tags == {"rule": "qcvn40/cod", "subject": "central, outlet"}
    ((time_ms, *values),) = result.rows
    assert (time_ms, values) == (START_MS, list(FINDING.fields.values()))
    assert [type(value) for value in values] == [type(value) for value in FINDING.fields.values()]


async def test_a_finding_judged_again_replaces_field_by_field(store: TelemetryStore) -> None:
    await store.write_records([FINDING])
    again = RecordRow(FINDING.measurement, FINDING.tags, START_MS, {"verdict": "compliant", "observed": 12.5})
    await store.write_records([again])
    query = raw("verdict", "observed", "verdict_code", measurement="findings")
    assert rows_of(await store.select(query)) == [(START_MS, "compliant", 12.5, 1)]


async def test_findings_can_be_counted_and_the_last_one_found(store: TelemetryStore) -> None:
    later = RecordRow(FINDING.measurement, FINDING.tags, START_MS + 1, {"verdict": "compliant", "observed": 1.5})
    await store.write_records([FINDING, later])
    select = (Select("verdict", Aggregate.COUNT), Select("verdict", Aggregate.LAST), Select("observed", Aggregate.SUM))
    query = SeriesQuery("findings", select, START_MS, START_MS + 10, group_by=("rule",))
    assert rows_of(await store.select(query)) == [(START_MS, 2, "compliant", 82.75)]


async def test_bad_records_are_refused_alone(store: TelemetryStore) -> None:
    bad = [
        RecordRow("findings", {}, START_MS, {}),
        RecordRow("findings", {"rule": "a\nb"}, START_MS, {"x": 1.0}),
        RecordRow("findings", {}, START_MS, {"x": math.nan}),
        RecordRow("findings", {}, START_MS, {"x": 2**63}),
        RecordRow("findings", {}, 10**16, {"x": 1.0}),
    ]
    outcome = await store.write_records([*bad, FINDING])
    assert [rejection.index for rejection in outcome.rejected] == [0, 1, 2, 3, 4]
    assert {rejection.reason for rejection in outcome.rejected} == {RejectReason.MALFORMED}
    assert outcome.accepted == 1


async def test_check_says_what_answers(store: TelemetryStore) -> None:
    description = await store.check()
    assert description.kind in ("sqlite", "influxdb")
    assert description.version[0].isdigit()


async def test_old_readings_of_one_measurement_and_park_are_deleted_and_no_others(store: TelemetryStore) -> None:
    other_park = replace(a_series(), park="other")
    await store.write_readings(every(a_series(), [1.0, 2.0, 3.0]))
    await store.write_readings(every(other_park, [1.0]))
    await store.write_readings(every(replace(a_series(), measurement="energy_hourly"), [1.0]))
    await store.delete_readings("energy", a_series().park, START_MS + 10_000)
    here = (("park", (a_series().park,)),)
    assert rows_of(await store.select(raw(where=here))) == [(START_MS + 10_000, 2.0), (START_MS + 20_000, 3.0)]
    assert rows_of(await store.select(raw(where=(("park", ("other",)),)))) == [(START_MS, 1.0)]
    assert rows_of(await store.select(raw(measurement="energy_hourly", where=here))) == [(START_MS, 1.0)]


async def test_deleting_where_nothing_is_does_nothing(store: TelemetryStore) -> None:
    await store.delete_readings("energy", "nobody", START_MS)
    assert await store.select(raw()) == []
