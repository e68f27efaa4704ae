"""The short way of admission agrees with the long one, whatever the pack, and takes the packs gateways send."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_service.admission import LATE_AFTER_MS, MAX_AGE_MS, MAX_AHEAD_MS, Admission, Admitter
from ingest_service.bindings import ParkBindings
from ingest_service.plain_admission import TimeBounds, admit_plain
from telemetry_model.reading import InstrumentStatus, Reading, ReadingReason
from telemetry_model.senml import MAX_NAME_CHARACTERS, MAX_PACK_RECORDS, MAX_UNIT_CHARACTERS, PackError
from telemetry_model.senml_json import decode_pack, encode_pack
from tests.ingest_service.builders import ENERGY, NOW_MS, PH, POWER, a_park

NOW_S = NOW_MS / 1000
BINDINGS = ParkBindings(a_park())
ADMITTER = Admitter(BINDINGS)
BOUNDS = TimeBounds(NOW_MS - MAX_AGE_MS, NOW_MS + MAX_AHEAD_MS, NOW_MS - LATE_AFTER_MS, NOW_MS)


def the_long_way(payload: bytes, numbered: bool) -> Admission | None:
    """Without the short one; ``None`` when the pack cannot be decoded as a whole."""
    try:
        records = decode_pack(payload, NOW_MS, allow_relative=not numbered)
    except PackError:
        return None
    return ADMITTER.admit_records(BINDINGS.for_gateway("gw-1"), records, [], NOW_MS)


def by_the_short_way(payload: bytes) -> bool:
    return admit_plain(BINDINGS.for_gateway("gw-1"), payload, BOUNDS) is not None


records = st.fixed_dictionaries(
    {"n": st.sampled_from([POWER, ENERGY, POWER, ENERGY, PH, ""])},
    optional={
        "v": st.floats(allow_nan=False, allow_infinity=False) | st.integers(-5, 600) | st.none(),
        "t": st.sampled_from([0, -1, 0.25, -700, NOW_S, NOW_S - 900, 1e308]),
        "u": st.sampled_from(["kW", "W", "kWh", "", "horsepower"]),
        "st": st.sampled_from([0, 1, 2, 3, -1]),
        "q": st.sampled_from(["", "device_timeout", "bad_mood"]),
        "bt": st.sampled_from([0, NOW_S, NOW_S - 86_400, 1e308]),
        "bn": st.sampled_from(["", "em-1."]),
        "bv": st.sampled_from([0, 1.5]),
        "x": st.integers(0, 1),
        "vs": st.just("open"),
    },
)


@given(pack=st.lists(records, max_size=4), numbered=st.booleans())
def test_both_ways_say_the_same(pack: list[dict[str, Any]], numbered: bool) -> None:
    payload = json.dumps(pack).encode()
    expected = the_long_way(payload, numbered)
    if expected is not None:
        assert ADMITTER.admit("gw-1", payload, NOW_MS, numbered) == expected


@pytest.mark.parametrize("reason", [None, *ReadingReason])
@pytest.mark.parametrize("status", InstrumentStatus)
def test_what_a_gateway_sends_goes_the_short_way(status: InstrumentStatus, reason: ReadingReason | None) -> None:
    value = 41.2 if reason is None else None
    readings = [
        Reading(point, NOW_MS - 1000 * age, value, status, reason) for age in (2, 2, 1) for point in (POWER, ENERGY)
    ]
    payload = encode_pack(readings, {POWER: "kW", ENERGY: "kWh"})
    admission = ADMITTER.admit("gw-1", payload, NOW_MS, numbered=True)
    assert by_the_short_way(payload)
    assert [(row.series.point, row.time_ms, row.value, row.status, row.reason) for row in admission.rows] == [
        (r.point, r.measured_at_ms, r.value, r.status, r.reason) for r in readings
    ]


@pytest.mark.parametrize(
    "record",
    [
        {"n": "", "t": NOW_S, "v": 1},
        {"n": "x" * (MAX_NAME_CHARACTERS + 1), "t": NOW_S, "v": 1},
        {"n": PH, "t": NOW_S, "v": 1, "u": "x" * (MAX_UNIT_CHARACTERS + 1)},
        {"n": POWER, "t": NOW_S, "v": 1, "u": "horsepower"},
        {"n": POWER, "t": NOW_S, "v": 1, "st": 3},
        {"n": POWER, "t": NOW_S, "v": 1, "q": "bad_mood"},
        {"n": POWER, "t": NOW_S + 301, "v": 1},
        {"n": POWER, "t": 1e308, "bt": 1e308, "v": 1},
        {"n": POWER, "t": NOW_S, "vb": True},
        {"n": POWER, "t": NOW_S, "v": 1, "future_": 1},
    ],
)
def test_anything_to_be_refused_or_not_plain_goes_the_long_way(record: dict[str, Any]) -> None:
    assert not by_the_short_way(json.dumps([{"n": POWER, "t": NOW_S, "v": 1}, record]).encode())


def test_records_of_other_points_do_not_send_their_pack_the_long_way() -> None:
    pack = [{"n": POWER, "t": NOW_S, "v": 1}, {"n": PH, "v": 7}, {"n": "em-9.active_power", "t": NOW_S, "v": 2}]
    payload = json.dumps(pack).encode()
    assert by_the_short_way(payload)
    admission = ADMITTER.admit("gw-1", payload, NOW_MS)
    assert [row.series.point for row in admission.rows] == [POWER]
    assert [refused.reason for refused in admission.refused] == ["wrong_gateway", "unknown_point"]


bad_fields = st.sampled_from([{"v": "high"}, {"t": None}, {"u": 7}, {"n": 1}, {"st": 0.5}, {"v": "high", "bt": 5}])


@given(pack=st.lists(records, max_size=4), place=st.integers(0, 4), bad=bad_fields)
def test_a_record_of_a_wrong_type_changes_nothing_for_its_neighbours(
    pack: list[dict[str, Any]], place: int, bad: dict[str, Any]
) -> None:
    alone = ADMITTER.admit("gw-1", json.dumps(pack).encode(), NOW_MS)
    wrong = {"n": POWER, "t": NOW_S, "v": 1, **bad}
    payload = json.dumps([*pack[:place], wrong, *pack[place:]]).encode()
    together = ADMITTER.admit("gw-1", payload, NOW_MS)
    reasons = [refused.reason for refused in together.refused]
    if "malformed_pack" in reasons:
        assert (together.rows, reasons, together.refused[0].payload) == ([], ["malformed_pack"], payload)
    else:
        assert together.rows == alone.rows
        assert sorted(reasons) == sorted(["malformed_record", *(refused.reason for refused in alone.refused)])


def test_a_pack_with_too_many_records_goes_the_long_way() -> None:
    record = json.dumps({"n": POWER, "t": NOW_S, "v": 1})
    assert not by_the_short_way(f"[{','.join([record] * (MAX_PACK_RECORDS + 1))}]".encode())


def test_late_readings_are_counted_one_by_one() -> None:
    pack = [{"n": POWER, "t": NOW_S - age_s, "v": 1} for age_s in (5, 601, 601, 599)]
    assert ADMITTER.admit("gw-1", json.dumps(pack).encode(), NOW_MS).late == 2
