"""Whatever is in a row: a real InfluxDB gives back exactly what was written, or the row is refused with a reason."""

from collections.abc import Sequence
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from telemetry_store.protocol import TelemetryStore
from telemetry_store.query import Cell, Select, SeriesQuery
from telemetry_store.rows import FieldValue, PointSeries, ReadingRow, RecordRow, RejectReason, WriteOutcome

pytestmark = pytest.mark.real_server
in_real_influx = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)
END_MS = 10**9
_measurements = count()
awkward = st.sampled_from(" ,=\"'\\\t\r\n\v\f\0#/:|{}[]()%$;\u0085\u2028\ufeff\ud800\udfff\x7fé đ日🌊")
texts = st.text(awkward | st.characters(codec=None), max_size=20)
numbers = st.floats() | st.sampled_from([-0.0, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 0.1 + 0.2])
integers = st.integers(-(2**64), 2**64) | st.sampled_from([2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**53 + 1])
contents = st.tuples(texts, numbers, integers, st.booleans(), texts)


def fresh_name() -> str:
    return f"fuzz{next(_measurements)}"


def check_refusals(outcome: WriteOutcome) -> set[int]:
    """Every refusal has its reason in words; nothing waits."""
    assert outcome.kept == ()
    for rejection in outcome.rejected:
        assert rejection.reason is RejectReason.MALFORMED
        assert rejection.detail
    return {rejection.index for rejection in outcome.rejected}


async def read_back(
    store: TelemetryStore, measurement: str, tag: str, fields: Sequence[str]
) -> dict[int, tuple[str, tuple[Cell, ...]]]:
    """Tag and cells by time."""
    query = SeriesQuery(measurement, tuple(map(Select, fields)), 0, END_MS, group_by=(tag,))
    return {row[0]: (series.tags[tag], row[1:]) for series in await store.select(query) for row in series.rows}  # type: ignore[misc]


@in_real_influx
@given(rows=st.lists(contents, min_size=1, max_size=40))
async def test_a_record_comes_back_exactly_or_is_refused(
    influx_store: TelemetryStore, rows: list[tuple[str, float, int, bool, str]]
) -> None:
    measurement, names = fresh_name(), ("number", "whole", "yes", "text")
    written = [
        RecordRow(measurement, {"tag": tag, "other": "x"}, time_ms, dict(zip(names, values, strict=True)))
        for time_ms, (tag, *values) in enumerate(rows)
    ]
    refused = check_refusals(await influx_store.write_records(written))
    found = await read_back(influx_store, measurement, "tag", names)
    assert set(found) == set(range(len(rows))) - refused
    for time_ms, (tag, (number, whole, yes, text)) in found.items():
        assert isinstance(number, (int, float))
        assert (tag, float(number), whole, yes, text) == rows[time_ms]


@in_real_influx
@given(rows=st.lists(st.tuples(texts, numbers, st.integers(0, 2), st.none() | texts), min_size=1, max_size=40))
async def test_a_reading_comes_back_exactly_or_is_refused(
    influx_store: TelemetryStore, rows: list[tuple[str, float, int, str | None]]
) -> None:
    zone = fresh_name()
    series = {device: PointSeries("energy", "active_power_kw", device, "p", "x", "t", zone) for device, *_ in rows}
    written = [
        ReadingRow(series[device], time_ms, value, status, reason)
        for time_ms, (device, value, status, reason) in enumerate(rows)
    ]
    refused = check_refusals(await influx_store.write_readings(written))
    select = tuple(map(Select, ("active_power_kw", "status", "reason")))
    devices = tuple({rows[place][0] for place in range(len(rows)) if place not in refused})
    where = (("zone", (zone,)), ("device", devices))
    query = SeriesQuery("energy", select, 0, END_MS, where=where, group_by=("device",))
    found = {row[0]: (s.tags["device"], row[1:]) for s in await influx_store.select(query) for row in s.rows}
    assert set(found) == set(range(len(rows))) - refused
    for time_ms, (device, (value, status, reason)) in found.items():
        was_device, was_value, was_status, was_reason = rows[time_ms]
        # The same number; the sign of a zero beside another zero is lost in InfluxDB itself.
        assert (device, value, status) == (was_device, was_value, was_status)
        assert reason == (was_reason or None)


@in_real_influx
@given(measurement=texts, tag=texts, field=texts, value=st.one_of(numbers, integers, st.booleans(), texts))
async def test_any_name_comes_back_exactly_or_is_refused(
    influx_store: TelemetryStore, measurement: str, tag: str, field: str, value: FieldValue
) -> None:
    # A field has one type for ever, and no tag's name: a measurement for each example.
    measurement, field = f"{measurement}{fresh_name()}", f"f{field}"
    row = RecordRow(measurement, {f"t{tag}": "v"}, 1, {field: value})
    if check_refusals(await influx_store.write_records([row])):
        return
    ((tag_value, (read,)),) = (await read_back(influx_store, measurement, f"t{tag}", [field])).values()
    assert tag_value == "v"
    assert type(value)(read) == value  # type: ignore[arg-type]
