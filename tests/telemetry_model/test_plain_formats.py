"""Plain JSON and CSV: what is read, and that nothing is guessed."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_model.plain_json import PlainValue, decode_plain, parse_time_ms
from telemetry_model.readings_csv import decode_csv
from telemetry_model.senml import MAX_PACK_BYTES, MAX_PACK_RECORDS, PackError, SenmlReading

NOW_MS = 1_790_000_000_000
AT_MS = 1_700_000_000_000
FLOW = (PlainValue("wm-1.flow"),)


def plain(document: Any, *wanted: PlainValue) -> list[SenmlReading]:
    return decode_plain(json.dumps(document).encode(), wanted or FLOW, NOW_MS)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"value": 2}, ("", NOW_MS, 2.0, 0, "")),
        (2.5, ("", NOW_MS, 2.5, 0, "")),
        ({"value": True}, ("", NOW_MS, 1.0, 0, "")),
        ({"value": None}, ("", NOW_MS, None, 0, "not_available")),
        ({"value": 2, "time": 1_700_000_000, "unit": "l/s", "status": 1}, ("l/s", AT_MS, 2.0, 1, "")),
        ({"value": 2, "time": AT_MS, "status": "fault"}, ("", AT_MS, 2.0, 2, "")),
        ({"value": 2, "time": "2023-11-15T05:13:20+07:00"}, ("", AT_MS, 2.0, 0, "")),
        ({"value": 2, "status": "odd"}, ("", NOW_MS, 2.0, -1, "")),
        ({"value": 2, "status": []}, ("", NOW_MS, 2.0, -1, "")),
    ],
)
def test_a_plain_value(document: Any, expected: tuple[object, ...]) -> None:
    assert [tuple(reading[1:]) for reading in plain(document)] == [expected]


def test_several_values_of_one_document_by_their_paths() -> None:
    wanted = (PlainValue("em-1.active_power", "meter.power", "W"), PlainValue("em-1.voltage", "meter.volts"),
              PlainValue("em-1.current", "meter.amps"))  # fmt: skip
    document = {"time": 1_700_000_000, "unit": "kW", "meter": {"power": 1500, "volts": 230.5, "status": 1}}
    assert plain(document, *wanted) == [
        SenmlReading("em-1.active_power", "W", AT_MS, 1500.0, 1, ""),
        SenmlReading("em-1.voltage", "", AT_MS, 230.5, 1, ""),
    ]


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (b"", "truncated"),
        (b"[]", "Expected a JSON object"),
        (b'"on"', "Expected a JSON object"),
        (b"true", "Expected a JSON object"),
        (b"{}", "nothing at value"),
        (b'{"value": "2"}', "value is not a number"),
        (b'{"value": {}}', "value is not a number"),
        (b'{"value": 1, "unit": "\xff"}', "utf-8"),
        (b'{"value": 1, "unit": 5}', "unit is not a text"),
        (b'{"value": 1, "time": "yesterday"}', "not ISO 8601"),
        (b'{"value": 1, "time": "2023-11-14T22:13:20"}', "does not say its offset"),
        (b'{"value": 1, "time": {}}', "neither a number nor a text"),
        (b" " * (MAX_PACK_BYTES + 1), "over the limit"),
        (b'{"value":' + b"[" * 100_000, "deep|recursion|truncated"),
    ],
)
def test_what_is_no_plain_value_is_refused_with_a_reason(payload: bytes, message: str) -> None:
    with pytest.raises(PackError, match=message):
        decode_plain(payload, FLOW, NOW_MS)


leaves = st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(max_size=3)
names = st.sampled_from(["value", "time", "unit", "status"])


@given(st.recursive(leaves, lambda inner: st.dictionaries(names, inner)))
def test_no_document_raises_anything_but_a_pack_error(document: Any) -> None:
    try:
        plain(document)
    except PackError:
        return


def test_times_in_seconds_and_milliseconds_and_text_agree() -> None:
    assert parse_time_ms(1_700_000_000) == parse_time_ms(AT_MS) == parse_time_ms("2023-11-14T22:13:20Z") == AT_MS


def test_csv_rows_with_units_and_an_empty_value() -> None:
    text = "time,point,value,unit\n2023-11-14T22:13:20Z,wm-1.flow,2,l/s\n1700000001,wm-1.flow,,\n\n"
    assert decode_csv(text.encode()) == [
        SenmlReading("wm-1.flow", "l/s", AT_MS, 2.0, 0, ""),
        SenmlReading("wm-1.flow", "", AT_MS + 1000, None, 0, "empty_cell"),
    ]


def test_csv_columns_may_stand_in_any_order_after_a_byte_order_mark() -> None:
    text = "\ufeffpoint,status,time,value\r\nwm-1.flow,2,1700000000,2\r\n"
    assert decode_csv(text.encode()) == [SenmlReading("wm-1.flow", "", AT_MS, 2.0, 2, "")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "first line must be"),
        ("time,point\n", "first line must be"),
        ("time,point,value,colour\n", "first line must be"),
        ("time,point,value\n2023-11-14,wm-1.flow,2\n", "line 2: time '2023-11-14' does not say its offset"),
        ('time,point,value\n1700000000,wm-1.flow,"2,5"\n', "line 2: value '2,5' is not a number"),
        ("time,point,value\n1700000000,wm-1.flow,2,5\n", "line 2: more cells than columns"),
        ("time,point,value,status\n1700000000,wm-1.flow,2,bad\n", "line 2: invalid literal"),
        ('time,point,value\n"1700000000\n', "line 2: unexpected end"),
        ("time,point,value\n" + "1,a.b,1\n" * (MAX_PACK_RECORDS + 1), "over the limit"),
        ("time,point,value\nnan,a.b,1\n", "line 2: time nan"),
    ],
)
def test_a_bad_line_is_named(text: str, message: str) -> None:
    with pytest.raises(PackError, match=message):
        decode_csv(text.encode())


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(PackError, match=r"not UTF-8 text \(byte 0\)"):
        decode_csv(b"\xff\xfe")
