"""Line protocol: the exact text of a row, and that a real InfluxDB reads every row back as it was."""

import string
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from telemetry_store.admissible import name_problem, tag_value_problem
from telemetry_store.line_protocol import ReadingLines, body, record_line, series_key
from telemetry_store.protocol import TelemetryStore
from telemetry_store.query import Select, SeriesQuery
from telemetry_store.rows import PointSeries, ReadingRow, RecordRow

SERIES = PointSeries("energy", "active_power_kw", "em-017", "bach-dang", "em-017.active_power", "steel", "east")
TAGS = "energy,device=em-017,park=bach-dang,point=em-017.active_power,tenant=steel,zone=east"


@pytest.mark.parametrize(
    ("row", "line"),
    [
        (ReadingRow(SERIES, 1_000, 41.2), f"{TAGS} active_power_kw=41.2,status=0i 1000"),
        (ReadingRow(SERIES, 1_000, 41.0, 1), f"{TAGS} active_power_kw=41.0,status=1i 1000"),
        (ReadingRow(SERIES, 1_000, 1e-300), f"{TAGS} active_power_kw=1e-300,status=0i 1000"),
        (ReadingRow(SERIES, -5, None, 2), f"{TAGS} status=2i -5"),
        (ReadingRow(SERIES, 1_000, None, 0, "device_timeout"), f'{TAGS} status=0i,reason="device_timeout" 1000'),
        (ReadingRow(SERIES, 1_000, 7.0, 0, 'a"b\\'), f'{TAGS} active_power_kw=7.0,status=0i,reason="a\\"b\\\\" 1000'),
        (ReadingRow(SERIES, 1_000, 7.0, 0, ""), f'{TAGS} active_power_kw=7.0,status=0i,reason="" 1000'),
    ],
)  # fmt: skip
def test_a_reading_is_one_line(row: ReadingRow, line: str) -> None:
    assert ReadingLines().lines([row]) == [line]


@given(st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.integers(-9, 9), max_size=5))
def test_values_read_back_as_the_same_numbers(values: list[float | None]) -> None:
    lines = ReadingLines().lines([ReadingRow(SERIES, 1, value) for value in values])
    fields = [line.split(" ")[1].split(",")[0].partition("=") for line in lines]
    assert [float(text) if name == SERIES.field else None for name, _, text in fields] == values


def test_a_number_of_another_library_is_written_as_a_float() -> None:
    class Number(float):
        pass

    assert ReadingLines().lines([ReadingRow(SERIES, 1, Number(1.5))]) == [f"{TAGS} active_power_kw=1.5,status=0i 1"]


def test_rows_of_one_time_may_differ_in_status() -> None:
    rows = [ReadingRow(SERIES, 1, 2.0, status) for status in (0, 1, 1, 0)]
    assert [line.split("status=")[1] for line in ReadingLines().lines(rows)] == ["0i 1", "1i 1", "1i 1", "0i 1"]


def test_lines_keep_the_order_of_rows() -> None:
    rows = [ReadingRow(SERIES, time_ms, float(time_ms)) for time_ms in (3, 1, 2)]
    assert [line.rsplit(" ", 1)[1] for line in ReadingLines().lines(rows)] == ["3", "1", "2"]


def test_series_are_remembered_once() -> None:
    lines = ReadingLines()
    lines.lines([ReadingRow(SERIES, 1, 1.0), ReadingRow(SERIES, 2, 2.0)])
    assert list(lines.known) == [SERIES]


def test_tags_are_sorted_escaped_and_never_empty() -> None:
    key = series_key("a b,c", {"z": "1", "b,=": "x y=z,\\w", "empty": ""})
    assert key == "a\\ b\\,c,b\\,\\==x\\ y\\=z\\,\\w,z=1"


def test_a_record_keeps_the_type_of_each_field() -> None:
    row = RecordRow("findings", {"rule": "r"}, 5, {"f": 2.0, "i": 3, "b": True, "n": False, "s": 'x"y'})
    assert record_line(row) == 'findings,rule=r f=2.0,i=3i,b=true,n=false,s="x\\"y" 5'


def test_a_body_is_utf_8() -> None:
    assert body(["a", "é"]) == b"a\n\xc3\xa9"


awkward = st.text(st.sampled_from(string.ascii_letters + " ,=\"'\\\t#/:|đ日"), min_size=1, max_size=12).filter(
    lambda text: not tag_value_problem(text)
)
names = awkward.filter(lambda name: not name_problem(name))
field_values = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(2**53), 2**53),
    st.booleans(),
    st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=30),
)
in_real_influx = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)


@pytest.mark.real_server
@in_real_influx
@given(tag=awkward, value=st.floats(allow_nan=False, allow_infinity=False), time_ms=st.integers(-(10**12), 10**13 // 2))
async def test_any_reading_comes_back_from_influxdb(
    influx_store: TelemetryStore, tag: str, value: float, time_ms: int
) -> None:
    series = PointSeries("energy", "active_power_kw", tag, "p", f"{tag}x", "t", "z")
    assert (await influx_store.write_readings([ReadingRow(series, time_ms, value, 1)])).accepted == 1
    select = (Select("active_power_kw"), Select("status"))
    query = SeriesQuery(
        "energy",
        select,
        time_ms,
        time_ms + 1,
        where=(("device", (tag,)), ("point", (f"{tag}x",))),
        group_by=("device",),
    )
    (result,) = await influx_store.select(query)
    assert (result.tags, result.rows) == ({"device": tag}, [(time_ms, value, 1)])


@pytest.mark.real_server
@in_real_influx
@given(
    measurement=names,
    tag_name=names,
    field=names,
    value=field_values,
)
async def test_any_record_comes_back_from_influxdb(
    influx_store: TelemetryStore, measurement: str, tag_name: str, field: str, value: Any
) -> None:
    # A field has one type for ever and must not share its name with a tag: a measurement for each kind and tag.
    measurement, field = f"{measurement}|{tag_name}|{type(value).__name__}", f"field {field}x"
    row = RecordRow(measurement, {f"tag {tag_name}x": "v"}, 1_000, {field: value})
    outcome = await influx_store.write_records([row])
    assert outcome.rejected == ()
    (result,) = await influx_store.select(SeriesQuery(measurement, (Select(field),), 0, 2_000))
    ((time_ms, read),) = result.rows
    # JSON writes large floats without a point: as a float they are the same number.
    assert (time_ms, type(value)(read)) == (1_000, value)
