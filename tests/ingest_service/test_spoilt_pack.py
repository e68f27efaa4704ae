"""The short ways of admission agree with the long one to the last byte, whatever is wrong with a pack."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingest_service.admission import Admission, Admitter, RefusalReason, RefusedRecord, short
from ingest_service.bindings import ParkBindings
from ingest_service.spoilt_pack import MAX_BAD_BY_TYPE, records_with_text, sound_readings, sound_records
from telemetry_model.senml import MAX_PACK_BYTES, MAX_PACK_RECORDS, PackError
from telemetry_model.senml_json import decode_pack
from telemetry_model.senml_plain import NotPlainError, decode_plain_pack
from tests.ingest_service.builders import ENERGY, NOW_MS, PH, POWER, a_park

NOW_S = NOW_MS / 1000
BINDINGS = ParkBindings(a_park())
ADMITTER = Admitter(BINDINGS)
GOOD = {"n": POWER, "t": NOW_S, "v": 1}


def the_long_way(payload: bytes, numbered: bool) -> Admission:
    """Everything decoded as any SenML pack, and each bad record looked for among raw ones."""
    bad: list[RefusedRecord] = []
    try:
        readings = decode_pack(payload, NOW_MS, allow_relative=not numbered)
    except PackError as error:
        readings, found = sound_readings(payload, str(error), NOW_MS, allow_relative=not numbered)
        if not readings:
            refused = RefusedRecord(RefusalReason.MALFORMED_PACK, short(str(error)), payload)
            return Admission([], [refused], 0, 0)
        bad = [RefusedRecord(RefusalReason.MALFORMED_RECORD, short(problem), pack) for problem, pack in found]
    return ADMITTER.admit_records(BINDINGS.for_gateway("gw-1"), readings, bad, NOW_MS)


def is_cut_out(payload: bytes) -> bool:
    """Whether the bad records are found without the long way."""
    try:
        return bool(records_with_text(payload, decode_plain_pack(payload)))
    except NotPlainError:
        return bool(sound_records(payload)[1])


braces = st.sampled_from(["high", "", "},{", "}, {", "{", '"', "\\", "bt", '},{"n":"x"', "\u00e9"])
records = st.fixed_dictionaries(
    {"n": st.sampled_from([POWER, ENERGY, POWER, ENERGY, PH, ""]) | braces},
    optional={
        "v": st.floats(allow_nan=False, allow_infinity=False) | st.integers(-5, 600) | st.none(),
        "t": st.sampled_from([0, -1, 0.25, -700, NOW_S, NOW_S - 900, NOW_S + 900, 1e308]),
        "u": st.sampled_from(["kW", "W", "kWh", "", "horsepower", "x" * 65]),
        "st": st.sampled_from([0, 1, 2, 3, -1]),
        "q": st.sampled_from(["", "device_timeout", "bad_mood", "},{"]),
        "bt": st.sampled_from([0, NOW_S, NOW_S - 86_400, 1e308]),
    },
)
unusual_fields = st.fixed_dictionaries(
    {},
    optional={
        "bn": st.sampled_from(["", "em-1."]),
        "bv": st.sampled_from([0, 1.5]),
        "x": st.integers(0, 1) | st.just({"y": 1}),
        "x_": st.just(1),
        "vs": st.just("open"),
    },
)
wrong_values = braces | st.booleans() | st.none() | st.just([1]) | st.just({"v": 1}) | st.just(0.5)
texts = st.fixed_dictionaries({"v": braces})
wrong_fields = st.dictionaries(
    st.sampled_from(["v", "v", "v", "t", "u", "n", "st", "q", "bt"]), wrong_values, max_size=2
)
wholes = st.builds(
    lambda record, *more: {name: value for fields in (record, *more) for name, value in fields.items()},
    records,
    st.just({}) | st.just({}) | texts | wrong_fields,
    st.just({}) | st.just({}) | st.just({}) | unusual_fields,
)
anything = st.just(5) | st.none() | st.just([]) | st.just({})


def written(pack: list[Any], separators: tuple[str, str]) -> bytes:
    return json.dumps(pack, separators=separators, ensure_ascii=False).encode()


styles = st.sampled_from([(",", ":"), (", ", ": "), (" , ", ":")])


@given(
    pack=st.lists(wholes | wholes | wholes | anything, max_size=7) | st.lists(records | texts, max_size=7),
    style=styles,
    numbered=st.booleans(),
)
@example(pack=[GOOD, {**GOOD, "v": "a"}, GOOD, {**GOOD, "v": "b"}], style=(",", ":"), numbered=True)
@example(pack=[{**GOOD, "v": "},{"}, GOOD], style=(",", ":"), numbered=True)
@example(pack=[GOOD, {**GOOD, "t": "x"}, {**GOOD, "v": "y"}, GOOD], style=(",", ":"), numbered=True)
@example(pack=[{**GOOD, "v": "a", "u": 0.5}, GOOD], style=(",", ":"), numbered=True)
@example(pack=[{**GOOD, "v": "a"}, {**GOOD, "t": None}, GOOD], style=(", ", ": "), numbered=False)
def test_all_ways_say_the_same(pack: list[Any], style: tuple[str, str], numbered: bool) -> None:
    payload = written(pack, style)
    assert ADMITTER.admit("gw-1", payload, NOW_MS, numbered) == the_long_way(payload, numbered)


@given(
    pack=st.lists(wholes, min_size=1, max_size=5),
    style=styles,
    place=st.integers(0, 400),
    taken_out=st.integers(0, 9),
    put_in=st.sampled_from([b"", b"}", b"{", b"},{", b'"', b"\\", b"\xff", b" ", b"1e999", b"\n"]),
)
def test_they_say_the_same_of_broken_bytes(
    pack: list[Any], style: tuple[str, str], place: int, taken_out: int, put_in: bytes
) -> None:
    whole = written(pack, style)
    payload = whole[:place] + put_in + whole[place + taken_out :]
    assert ADMITTER.admit("gw-1", payload, NOW_MS, True) == the_long_way(payload, True)


@pytest.mark.parametrize("bad", [{"v": "high"}, {"v": True}, {"t": None}, {"u": 7}, {"n": 1}, {"st": 0.5}, {"v": [1]}])
@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
@pytest.mark.parametrize("places", [[0], [4], [1, 2], [0, 4]])
def test_wrong_types_are_cut_out(bad: dict[str, Any], separators: tuple[str, str], places: list[int]) -> None:
    pack = [{**GOOD, **bad} if at in places else {**GOOD, "v": at} for at in range(5)]
    payload = written(pack, separators)
    assert is_cut_out(payload)
    admission = ADMITTER.admit("gw-1", payload, NOW_MS)
    assert admission == the_long_way(payload, False)
    assert [row.value for row in admission.rows] == [at for at in range(5) if at not in places]
    assert [json.loads(refused.payload) for refused in admission.refused] == [[pack[at]] for at in places]


@pytest.mark.parametrize(
    "pack",
    [
        [GOOD, {**GOOD, "v": "a{b"}],
        [{**GOOD, "q": "},{"}, {**GOOD, "v": "a"}],
        [GOOD, {**GOOD, "v": "a", "bt": 0}],
        [GOOD, {**GOOD, "t": "a", "bn": ""}],
        [{**GOOD, "v": "a"}],
        [GOOD, *[{**GOOD, "v": "a"}] * (MAX_BAD_BY_TYPE + 1)],
        [GOOD, *[{**GOOD, "t": "a"}] * (MAX_BAD_BY_TYPE + 1)],
        [{**GOOD, "t": "a"}, *[GOOD] * (MAX_PACK_RECORDS + 1)],
        [GOOD, {**GOOD, "t": "a" * MAX_PACK_BYTES}],
    ],
)
def test_what_is_not_that_clear_is_left_to_the_long_way(pack: list[Any]) -> None:
    payload = written(pack, (",", ":"))
    assert not is_cut_out(payload)
    assert ADMITTER.admit("gw-1", payload, NOW_MS) == the_long_way(payload, False)


def test_of_two_values_of_a_record_the_last_one_counts() -> None:
    fields = f'{{"n":"{POWER}","t":{NOW_S}'.encode()
    admission = ADMITTER.admit("gw-1", b"[" + fields + b',"v":"x","v":1},' + fields + b',"v":2,"v":"y"}]', NOW_MS)
    assert [row.value for row in admission.rows] == [1.0]
    assert [refused.reason for refused in admission.refused] == ["malformed_record"]
