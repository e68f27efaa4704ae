"""Each reason for refusal, each thing that must not be refused, and bytes nobody planned for."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_service.admission import Admission, Admitter
from ingest_service.bindings import ParkBindings
from tests.ingest_service.builders import ENERGY, FLOW, NOW_MS, PH, POWER, a_park

NOW_SECONDS = NOW_MS / 1000
YEAR_SECONDS = 365.25 * 86_400
ADMITTER = Admitter(ParkBindings(a_park()))


def admit(*records: Any, gateway: str = "gw-1") -> Admission:
    return ADMITTER.admit(gateway, json.dumps(records).encode(), NOW_MS)


REFUSED = {
    "unknown_point": {"n": "em-9.active_power", "t": NOW_SECONDS, "v": 1},
    "wrong_gateway": {"n": PH, "t": NOW_SECONDS, "v": 7},
    "unit_unknown": {"n": POWER, "u": "horsepower", "t": NOW_SECONDS, "v": 1},
    "time_in_future": {"n": POWER, "t": NOW_SECONDS + 301, "v": 1},
    "time_too_old": {"n": POWER, "t": NOW_SECONDS - 41 * YEAR_SECONDS, "v": 1},
    "value_not_finite": {"n": POWER, "t": NOW_SECONDS, "bv": 1e308, "v": 1.7e308},
    "unknown_status": {"n": POWER, "t": NOW_SECONDS, "v": 1, "st": 3},
    "unknown_reason": {"n": POWER, "t": NOW_SECONDS, "v": 1, "q": "bad_mood"},
    "malformed_record": {"n": POWER, "t": NOW_SECONDS, "v": "41,2"},
}


@pytest.mark.parametrize("reason", REFUSED)
def test_a_bad_record_is_refused_with_its_reason_and_its_neighbours_are_stored(reason: str) -> None:
    before, after = {"n": POWER, "t": NOW_SECONDS - 2, "v": 1}, {"n": ENERGY, "t": NOW_SECONDS - 1, "v": 2}
    # The base value of one record would hold for those that follow, so that case has no neighbour behind it.
    admission = (
        admit(before, REFUSED[reason]) if reason == "value_not_finite" else admit(before, REFUSED[reason], after)
    )
    assert [record.reason for record in admission.refused] == [reason]
    assert [row.value for row in admission.rows] == ([1.0] if reason == "value_not_finite" else [1.0, 2.0])


def test_many_bad_records_of_different_kinds_leave_the_sound_ones() -> None:
    bad = [{"n": POWER, "t": NOW_SECONDS, "v": "x"}, {"n": "y" * 300, "t": NOW_SECONDS, "v": 1}]
    good = [{"n": POWER, "t": NOW_SECONDS - at, "v": at} for at in range(1, 101)]
    admission = admit(*(record for one in good for record in (one, bad[int(str(one["v"])) % 2])))
    assert [row.value for row in admission.rows] == [float(at) for at in range(1, 101)]
    assert [record.reason for record in admission.refused] == ["malformed_record"] * 100


def test_a_base_name_still_holds_when_a_record_after_it_is_bad() -> None:
    device, quantity = POWER.split(".")
    base = {"bn": f"{device}.", "bt": NOW_SECONDS, "n": quantity, "v": 1}
    admission = admit(base, {"n": quantity, "t": -1, "v": "x"}, {"n": quantity, "t": -2, "v": 3})
    assert [(row.series.point, row.value) for row in admission.rows] == [(POWER, 1.0), (POWER, 3.0)]
    assert len(admission.refused) == 1


@pytest.mark.parametrize("reason", sorted(set(REFUSED) - {"malformed_record", "value_not_finite"}))
def test_what_lies_in_quarantine_is_a_pack_that_is_refused_for_the_same_reason(reason: str) -> None:
    [record] = admit(REFUSED[reason]).refused
    [again] = ADMITTER.admit("gw-1", record.payload, NOW_MS).refused
    assert (again.reason, again.payload) == (reason, record.payload)


@pytest.mark.parametrize(
    ("record", "value", "status", "reason"),
    [
        ({"v": 41.2}, 41.2, 0, None),
        ({"v": 41.2, "u": "kW"}, 41.2, 0, None),
        ({"v": 41200, "u": "W"}, 41.2, 0, None),
        ({"v": 0.0412, "u": "MW"}, 41.2, 0, None),
        ({"v": 501}, 501.0, 0, "out_of_range"),
        ({"v": -0.1}, -0.1, 0, "out_of_range"),
        ({"v": 501, "q": "instrument_fault"}, 501.0, 0, "instrument_fault"),
        ({"v": 500}, 500.0, 0, None),
        ({"v": 3, "st": 1}, 3.0, 1, None),
        ({"st": 2, "q": "device_timeout"}, None, 2, "device_timeout"),
        ({"st": 2}, None, 2, "not_a_number"),
        ({"vs": "open"}, None, 0, "not_a_number"),
        ({"u": "horsepower", "q": "device_timeout"}, None, 0, "device_timeout"),
    ],
)
def test_what_is_stored(record: dict[str, Any], value: float | None, status: int, reason: str | None) -> None:
    admission = admit({"n": POWER, "t": NOW_SECONDS, **record})
    [row] = admission.rows
    assert row.value == pytest.approx(value)
    assert (row.status, row.reason, row.series.point) == (status, reason, POWER)
    assert admission.no_value == (value is None)


def test_a_point_without_a_gateway_may_come_from_any() -> None:
    assert len(admit({"n": FLOW, "t": NOW_SECONDS, "v": 1}, gateway="somewhere").rows) == 1


def test_a_recording_of_2011_is_accepted_and_late() -> None:
    admission = admit({"n": POWER, "t": 1_300_000_000, "v": 1})
    assert (len(admission.rows), admission.late) == (1, 1)


@pytest.mark.parametrize("ahead_seconds", [0, 299])
def test_a_clock_slightly_ahead_is_accepted(ahead_seconds: int) -> None:
    assert len(admit({"n": POWER, "t": NOW_SECONDS + ahead_seconds, "v": 1}).rows) == 1


def test_a_record_by_hand_without_a_time_is_of_now() -> None:
    assert admit({"n": POWER, "v": 1}).rows[0].time_ms == NOW_MS


@pytest.mark.parametrize(
    "payload",
    [b"", b"{}", b"41.2", b"[", b"null", b"[1]", b'[{"bver": 11}]', b"\xff\xfe", b'[{"n":1}]', b'[{"bn":5},{"n":"x"}]',
     b'[{"x":' + b"[" * 100_000],
)  # fmt: skip
def test_an_unreadable_pack_is_one_refusal_with_all_its_bytes(payload: bytes) -> None:
    admission = ADMITTER.admit("gw-1", payload, NOW_MS)
    assert not admission.rows
    assert [record.reason for record in admission.refused] == ["malformed_pack"]
    assert admission.refused[0].payload == payload


def test_a_bad_record_with_a_base_field_condemns_the_pack() -> None:
    admission = admit({"bn": "em-1.", "n": "active_power", "v": "x"}, {"n": "active_energy_import", "v": 1})
    assert [record.reason for record in admission.refused] == ["malformed_pack"]


LABELS = ["n", "v", "t", "u", "st", "q", "bn", "bt", "bv"]
json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(LABELS), inner),
    max_leaves=12,
)


@given(st.binary(max_size=200) | st.lists(json_values, max_size=5).map(lambda value: json.dumps(value).encode()))
def test_no_bytes_can_raise_and_every_row_is_finite(payload: bytes) -> None:
    admission = ADMITTER.admit("gw-1", payload, NOW_MS)
    assert all(row.value is None or math.isfinite(row.value) for row in admission.rows)
