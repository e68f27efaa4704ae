"""The short way of admission takes the packs that gateways send, also with records in them that must be refused."""

import json
from typing import Any

import pytest

from ingest_service.admission import LATE_AFTER_MS, MAX_AGE_MS, MAX_AHEAD_MS, Admitter
from ingest_service.bindings import ParkBindings
from ingest_service.plain_admission import TimeBounds, admit_plain
from telemetry_model.reading import InstrumentStatus, Reading, ReadingReason
from telemetry_model.senml import MAX_NAME_CHARACTERS, MAX_PACK_RECORDS, MAX_UNIT_CHARACTERS
from telemetry_model.senml_json import encode_pack
from telemetry_model.senml_plain import NotPlainError, decode_plain_pack
from tests.ingest_service.builders import ENERGY, NOW_MS, PH, POWER, a_park

NOW_S = NOW_MS / 1000
BINDINGS = ParkBindings(a_park())
ADMITTER = Admitter(BINDINGS)
BOUNDS = TimeBounds(NOW_MS - MAX_AGE_MS, NOW_MS + MAX_AHEAD_MS, NOW_MS - LATE_AFTER_MS, NOW_MS)


def by_the_short_way(payload: bytes) -> bool:
    try:
        plain = decode_plain_pack(payload)
    except NotPlainError:
        return False
    return admit_plain(BINDINGS.for_gateway("gw-1"), plain, BOUNDS) is not None


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
        {"n": POWER, "t": NOW_S, "u": "x" * (MAX_UNIT_CHARACTERS + 1)},
        {"n": POWER, "t": 1e308, "bt": 1e308, "v": 1},
        {"n": POWER, "t": NOW_S, "vb": True},
        {"n": POWER, "t": NOW_S, "v": 1, "future_": 1},
    ],
)
def test_what_condemns_its_pack_or_is_not_plain_goes_the_long_way(record: dict[str, Any]) -> None:
    assert not by_the_short_way(json.dumps([{"n": POWER, "t": NOW_S, "v": 1}, record]).encode())


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"n": PH, "v": 7}, "wrong_gateway"),
        ({"n": "em-9.active_power", "v": 2}, "unknown_point"),
        ({"n": POWER, "v": 1, "u": "horsepower"}, "unit_unknown"),
        ({"n": POWER, "v": 1, "st": 3}, "unknown_status"),
        ({"n": POWER, "v": 1, "q": "bad_mood"}, "unknown_reason"),
        ({"n": POWER, "t": NOW_S + 301, "v": 1}, "time_in_future"),
        ({"n": POWER, "t": 1, "v": 1}, "time_too_old"),
        ({"n": POWER, "t": NOW_S, "v": "high"}, "malformed_record"),
    ],
)
def test_a_record_to_be_refused_does_not_send_its_pack_the_long_way(record: dict[str, Any], reason: str) -> None:
    last = {"n": ENERGY, "t": NOW_S, "v": 3}
    payload = json.dumps([{"n": POWER, "t": NOW_S, "v": 1}, {"t": NOW_S, **record}, last]).encode()
    assert by_the_short_way(payload)
    admission = ADMITTER.admit("gw-1", payload, NOW_MS, numbered=True)
    assert [(row.series.point, row.value) for row in admission.rows] == [(POWER, 1.0), (ENERGY, 3.0)]
    assert [refused.reason for refused in admission.refused] == [reason]


def test_a_pack_with_too_many_records_goes_the_long_way() -> None:
    record = json.dumps({"n": POWER, "t": NOW_S, "v": 1})
    assert not by_the_short_way(f"[{','.join([record] * (MAX_PACK_RECORDS + 1))}]".encode())


def test_late_readings_are_counted_one_by_one() -> None:
    pack = [{"n": POWER, "t": NOW_S - age_s, "v": 1} for age_s in (5, 601, 601, 599)]
    assert ADMITTER.admit("gw-1", json.dumps(pack).encode(), NOW_MS).late == 2
