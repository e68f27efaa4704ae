"""SenML CBOR: every kind of value RFC 8428 section 6 allows, and a bound on everything it does not."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_model.senml import MAX_PACK_BYTES, MAX_PACK_RECORDS, PackError
from telemetry_model.senml_cbor import decode_cbor_pack, looks_like_cbor

NOW_MS = 1_790_000_000_000
HEAD = b"\x81\xa3\x00\x63a.b\x06\x1a" + struct.pack(">I", 1_700_000_000) + b"\x02"
"""One record, its name and time; a value is to follow."""


def value_of(encoded: bytes) -> float | None:
    [reading] = decode_cbor_pack(HEAD + encoded, NOW_MS)
    assert (reading.name, reading.time_ms) == ("a.b", 1_700_000_000_000)
    return reading.value


@pytest.mark.parametrize(
    ("encoded", "value"),
    [
        ("00", 0.0),
        ("17", 23.0),
        ("1818", 24.0),
        ("1903e8", 1000.0),
        ("1b0000000100000000", 2.0**32),
        ("20", -1.0),
        ("3903e7", -1000.0),
        ("f93e00", 1.5),
        ("fa3fc00000", 1.5),
        ("fb3ff8000000000000", 1.5),
        ("c48221196ab3", 273.15),
        ("f6", None),
    ],
)
def test_each_kind_of_number(encoded: str, value: float | None) -> None:
    assert value_of(bytes.fromhex(encoded)) == value


def test_arrays_and_maps_of_indefinite_length_are_read() -> None:
    payload = b"\x9f\xbf\x00\x63a.b\x02\x01\xff\xff"
    assert [(r.name, r.value) for r in decode_cbor_pack(payload, NOW_MS)] == [("a.b", 1.0)]


def test_texts_booleans_data_and_our_own_labels() -> None:
    payload = (
        b"\x84\xa2\x00\x61a\x03\x64open\xa2\x00\x61b\x04\xf5\xa2\x00\x61c\x08\x43\x01\x02\x03"
        b"\xa3\x00\x61d\x62st\x02\x61q\x6edevice_timeout"
    )  # fmt: skip
    assert [(r.name, r.value, r.status, r.reason) for r in decode_cbor_pack(payload, NOW_MS)] == [
        ("a", None, 0, ""),
        ("b", 1.0, 0, ""),
        ("c", None, 0, ""),
        ("d", None, 2, "device_timeout"),
    ]


def test_an_unknown_number_as_label_is_ignored() -> None:
    assert decode_cbor_pack(b"\x81\xa3\x00\x61a\x02\x01\x18\x63\x01", NOW_MS)[0].value == 1.0


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (b"", "truncated"),
        (b"\x81", "items, more than there are bytes left"),
        (HEAD, "truncated"),
        (HEAD + b"\xfb\x00", "truncated"),
        (HEAD + b"\x01\x01", "1 bytes after"),
        (b"\xa1\x00\x61a", "array of records"),
        (b"\x81\x01", "map as a record"),
        (HEAD + b"\x63abc", "Expected `float"),
        (HEAD + b"\xc1\x1a\x00\x00\x00\x00", "tag 1 has no place"),
        (HEAD + b"\xd8\x1c\x01", "tag 28 has no place"),
        (HEAD + b"\xc4\x82\x19\x03\xe8\x01", "decimal fraction is malformed"),
        (HEAD + b"\xc4\x82\x19\x01\x90\x19\xff\xff", "not finite"),
        (HEAD + b"\xf8\x20", "simple value"),
        (HEAD + b"\x1c", "unsupported kind"),
        (b"\x81" * 1000, "nested too deeply"),
        (b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff", "more than there are bytes left"),
        (b"\x81\xa1\x00\x7b\xff\xff\xff\xff\xff\xff\xff\xff", "truncated"),
        (b"\x81\xa2\x00\x61a\x00\x61b", "twice"),
        (b"\x81\xa1\xf5\x01", "neither a number nor a text"),
        (b"\x81\xa1\x00\xff", "break where a value is due"),
        (b"\x81\xff", "break inside"),
        (b"\x81\xa2\x00\x61a\x64foo_\x01", "must be understood"),
        (b"\x81\xa1\x00\x61\xff", "malformed"),
        (b"\x9f" + b"\xa0" * (MAX_PACK_RECORDS + 1) + b"\xff", "over the limit"),
        (b"\x80" * (MAX_PACK_BYTES + 1), "over the limit"),
        (b"\x81\xa2\x20\x0b\x00\x61a", "version 11"),
    ],
)
def test_what_is_not_a_pack_is_refused_with_a_reason(payload: bytes, message: str) -> None:
    with pytest.raises(PackError, match=message):
        decode_cbor_pack(payload, NOW_MS)


@given(st.binary(max_size=80) | st.binary(max_size=40).map(lambda tail: HEAD + tail))
def test_no_bytes_raise_anything_but_a_pack_error(payload: bytes) -> None:
    try:
        decode_cbor_pack(payload, NOW_MS)
    except PackError:
        return


@given(st.floats(allow_nan=False))
def test_a_double_comes_out_the_same(value: float) -> None:
    assert value_of(b"\xfb" + struct.pack(">d", value)) == value


def test_the_first_byte_tells_cbor_from_json() -> None:
    assert looks_like_cbor(HEAD)
    assert not looks_like_cbor(b'[{"n":"a.b"}]')
    assert not looks_like_cbor(b"")
