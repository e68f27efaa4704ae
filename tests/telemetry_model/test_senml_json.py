"""SenML packs: our own round trip, RFC 8428 resolution, and what is refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_model.reading import InstrumentStatus, Reading, ReadingReason
from telemetry_model.senml_json import MAX_PACK_RECORDS, PackError, decode_pack, encode_pack, to_reading

NOW_MS = 1_790_000_000_000

readings = st.builds(
    Reading,
    point=st.sampled_from(["em-1.active_power", "wq-1.cod"]),
    measured_at_ms=st.integers(1_300_000_000_000, 1_900_000_000_000),
    value=st.floats(allow_nan=False, allow_infinity=False),
    status=st.sampled_from(InstrumentStatus),
    reason=st.none() | st.sampled_from(ReadingReason),
)


def decode(pack: object) -> list[tuple[str, int, float | None]]:
    return [(r.name, r.time_ms, r.value) for r in decode_pack(json.dumps(pack).encode(), NOW_MS)]


@given(st.lists(readings, max_size=20))
def test_what_a_gateway_packs_comes_out_the_same(batch: list[Reading]) -> None:
    decoded = decode_pack(encode_pack(batch, {"wq-1.cod": "mg/l"}), NOW_MS)
    assert [to_reading(record, record.name) for record in decoded] == batch


def test_no_value_travels_with_its_reason() -> None:
    sent = Reading("wq-1.cod", NOW_MS, None, InstrumentStatus.FAULT, ReadingReason.DEVICE_TIMEOUT)
    record = decode_pack(encode_pack([sent], {}), NOW_MS)[0]
    assert (record.value, record.status, record.reason) == (None, 2, "device_timeout")


def test_base_name_time_unit_and_value_are_applied() -> None:
    pack = [
        {"bn": "em-1.", "bt": 1.7e9, "bu": "A", "bv": 20, "n": "voltage", "u": "V", "v": 1.5},
        {"n": "current", "t": -5, "v": 1.25},
    ]
    decoded = decode_pack(json.dumps(pack).encode(), NOW_MS)
    assert [(r.name, r.unit, r.time_ms, r.value) for r in decoded] == [
        ("em-1.voltage", "V", 1_700_000_000_000, 21.5),
        ("em-1.current", "A", 1_699_999_995_000, 21.25),
    ]


def test_small_times_are_relative_to_now() -> None:
    assert decode([{"n": "a.b", "t": -60, "v": 1}]) == [("a.b", NOW_MS - 60_000, 1.0)]


def test_a_single_record_by_hand_is_a_pack() -> None:
    assert decode([{"n": "em-1.active_power", "v": 12}]) == [("em-1.active_power", NOW_MS, 12.0)]


def test_booleans_become_numbers_and_texts_no_value() -> None:
    assert decode([{"n": "a.b", "vb": True}, {"n": "a.c", "vs": "open"}]) == [
        ("a.b", NOW_MS, 1.0),
        ("a.c", NOW_MS, None),
    ]


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (b"", "truncated"),
        (b"21.5", "Expected `array`"),
        (b'{"value": 21.5}', "Expected `array`"),
        (b'[{"n": "a.b", "v": "high"}]', "Expected `float"),
        (b'[{"n": "a.b", "v": 1}', "truncated"),
        (b"\xff\xfe", "malformed"),
        (b'[{"bver": 11, "n": "a.b", "v": 1}]', "SenML version 11"),
        (b'[{"bver": 5, "n": "a.b", "v": 1}, {"bver": 10, "n": "a.b", "v": 1}]', "versions 5 and 10 in one pack"),
        (b'[{"n": "a.b", "v": 1, "calibrated_by_": "x"}]', "'calibrated_by_' must be understood"),
        (b'[{"n": "a.b", "v": 1, "x\\u005f": "x"}]', "'x_' must be understood"),
        (json.dumps([{"n": "a.b", "v": 1}] * (MAX_PACK_RECORDS + 1)).encode(), "over the limit"),
        (b" " * 1_000_001, "over the limit"),
    ],
)
def test_what_is_not_a_pack_is_refused_with_a_reason(payload: bytes, message: str) -> None:
    with pytest.raises(PackError, match=message):
        decode_pack(payload, NOW_MS)


def test_an_unknown_status_or_reason_is_not_guessed() -> None:
    record = decode_pack(b'[{"n": "a.b", "v": 1, "st": 7}]', NOW_MS)[0]
    with pytest.raises(ValueError, match="7"):
        to_reading(record, "a.b")


def test_a_reading_without_value_needs_a_reason() -> None:
    with pytest.raises(ValueError, match="no value and no reason"):
        Reading("a.b", NOW_MS, None)


def test_other_unknown_labels_are_ignored_and_a_value_may_end_in_an_underscore() -> None:
    assert decode([{"n": "a.b_", "v": 1, "vendor": {"x_": 1}}]) == [("a.b_", NOW_MS, 1.0)]


def test_a_record_of_base_fields_alone_resolves_to_nothing() -> None:
    assert decode([{"bn": "a.", "bu": "V"}, {"n": "b", "v": 1}]) == [("a.b", NOW_MS, 1.0)]


def test_a_base_value_stands_where_no_other_value_is_said() -> None:
    pack = [{"bv": 20, "n": "a"}, {"n": "b", "vs": "x"}, {"n": "c", "vd": "eA"}, {"n": "d", "q": "device_timeout"}]
    assert [value for _, _, value in decode(pack)] == [20.0, None, None, None]


def test_a_sum_alone_is_no_value() -> None:
    assert decode([{"n": "a.b", "s": 12.5}]) == [("a.b", NOW_MS, None)]
