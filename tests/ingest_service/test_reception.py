"""One door for every format: what each sender may say, what becomes of it, and what comes back from quarantine."""

import json
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_service.admission import Admission
from ingest_service.http_sources import HttpSource, HttpSources
from ingest_service.reception import Reception
from telemetry_model.park_register import parse_park
from telemetry_model.sparkplug.addresses import NodeId
from telemetry_model.sparkplug.payload import DataType, Metric, Payload, encode_payload
from tests.ingest_service.builders import FLOW, NOW_MS, PARK_FILES, PH, POWER, a_park

NOW_SECONDS = NOW_MS / 1000
GATEWAY_TOPIC = "ecopark/1/thu/gw-1/readings"
SOURCES = HttpSources((HttpSource("ph-meter", token="0123456789abcdef", points=(PH,)),))


@pytest.fixture
def reception() -> Reception:
    return Reception(a_park(), SOURCES)


def rows(admission: Admission) -> list[tuple[str, float | None, str | None]]:
    return [(row.series.point, row.value, row.reason) for row in admission.rows]


def reasons(admission: Admission) -> list[str]:
    return [str(record.reason) for record in admission.refused]


def sparkplug(reception: Reception, kind: str, *metrics: Metric, seq: int | None = None, device: str = "") -> Admission:
    topic = f"spBv1.0/hall/{kind}/line-1" + (f"/{device}" if device else "")
    return reception.admit(topic, "", "", encode_payload(Payload(NOW_MS, metrics, seq)), NOW_MS)


def test_cbor_is_read_when_the_content_type_says_so(reception: Reception) -> None:
    payload = (
        b"\x81\xa4\x00\x71em-1.active_power\x01\x61W\x06\x1a" + struct.pack(">I", NOW_MS // 1000) + b"\x02\x19\x03\xe8"
    )
    assert rows(reception.admit(GATEWAY_TOPIC, "gw-1", "application/senml+cbor", payload, NOW_MS)) == [
        (POWER, 1.0, None)
    ]
    as_json = reception.admit(GATEWAY_TOPIC, "gw-1", "application/senml+json", payload, NOW_MS)
    assert reasons(as_json) == ["malformed_pack"]
    assert rows(reception.admit_again(GATEWAY_TOPIC, "gw-1", payload, NOW_MS)) == [(POWER, 1.0, None)]


@pytest.mark.parametrize("content_type", ["application/gzip", "application/senml+json+gzip", "application/senml-exi"])
def test_other_content_types_are_refused_by_name(reception: Reception, content_type: str) -> None:
    [refused] = reception.admit(GATEWAY_TOPIC, "gw-1", content_type, b"[]", NOW_MS).refused
    assert (refused.reason, refused.detail) == ("malformed_pack", f"content type '{content_type}' is not read here")


def test_compressed_bytes_are_not_unpacked(reception: Reception) -> None:
    assert reasons(reception.admit(GATEWAY_TOPIC, "gw-1", "", b"\x1f\x8b\x08\x00" + b"\x00" * 50, NOW_MS)) == [
        "malformed_pack"
    ]


def test_a_mapped_topic_speaks_for_its_point_in_its_unit(reception: Reception) -> None:
    admission = reception.admit("shelly/7", "", "", b'{"meter": {"flow": 2}}', NOW_MS)
    assert rows(admission) == [(FLOW, pytest.approx(7.2), None)]


def test_a_mapped_topic_needs_no_gateway_though_the_point_has_one(reception: Reception) -> None:
    assert rows(reception.admit("lab/ph", "", "", b'{"value": 7.1, "status": 1}', NOW_MS)) == [(PH, 7.1, None)]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ('{"value": "7"}', "malformed_pack"),
        ('{"volume": 7}', "malformed_pack"),
        ('{"value": 7, "time": 9999999999}', "time_in_future"),
        ('{"value": 7, "unit": "stone"}', "unit_unknown"),
        ('{"value": 7, "status": 9}', "unknown_status"),
    ],
)
def test_plain_values_are_judged_like_all_others(reception: Reception, payload: str, reason: str) -> None:
    assert reasons(reception.admit("lab/ph", "", "", payload.encode(), NOW_MS)) == [reason]


def test_sparkplug_births_and_data_become_readings(reception: Reception) -> None:
    power = Metric("Power", 1, datatype=DataType.INT32, value=4000)
    assert rows(sparkplug(reception, "NBIRTH", Metric("bdSeq", value=0), power, seq=0)) == [(POWER, 4.0, None)]
    flow = Metric("Flow", 2, datatype=DataType.DOUBLE, value=1.5)
    assert rows(sparkplug(reception, "DBIRTH", flow, seq=1, device="pump")) == [(FLOW, 1.5, None)]
    assert rows(sparkplug(reception, "NDATA", Metric(alias=1, value=2**32 - 500), seq=2)) == [
        (POWER, -0.5, "out_of_range")
    ]
    assert rows(sparkplug(reception, "DDATA", Metric(alias=2, value=2.5), seq=3, device="pump")) == [(FLOW, 2.5, None)]


@pytest.mark.parametrize(
    ("metric", "value", "reason"),
    [
        (Metric("Power", value=1000.0, quality=192), 1.0, None),
        (Metric("Power", value=1000.0, quality=0), 1.0, "instrument_fault"),
        (Metric("Power", value=1000.0, quality=500), 1.0, "communication_loss"),
        (Metric("Power", is_null=True), None, "not_available"),
        (Metric("Power", value="on"), None, "not_a_number"),
        (Metric("Power", value=True), 0.001, None),
    ],
)
def test_quality_and_missing_values(reception: Reception, metric: Metric, value: float | None, reason: str) -> None:
    assert rows(sparkplug(reception, "NBIRTH", metric, seq=0)) == [(POWER, value, reason)]


def test_unknown_metrics_go_to_quarantine_and_unwanted_ones_nowhere(reception: Reception) -> None:
    admission = sparkplug(reception, "NBIRTH", Metric("Pressure", value=1.0), Metric("Uptime", value=9), seq=0)
    [refused] = admission.refused
    assert (refused.reason, refused.detail) == ("unknown_point", "hall/line-1/Pressure is not in sparkplug.csv")


def test_data_by_alias_before_a_birth_is_kept_and_asks_for_one(reception: Reception) -> None:
    asked: list[tuple[NodeId, str]] = []
    reception.sparkplug.on_rebirth_wanted = lambda node, reason: asked.append((node, reason))
    assert reasons(sparkplug(reception, "NDATA", Metric(alias=1, value=1), seq=9)) == ["no_birth"]
    assert asked == [(NodeId("hall", "line-1"), "data before the node's birth")]


def test_a_metric_registered_later_comes_back_from_quarantine(reception: Reception) -> None:
    topic = "spBv1.0/hall/NDATA/line-1"
    sparkplug(reception, "NBIRTH", Metric("Power2", 5, datatype=DataType.DOUBLE, value=6.0), seq=0)
    [refused] = sparkplug(reception, "NDATA", Metric(alias=5, value=7.0, timestamp_ms=NOW_MS - 5), seq=1).refused
    assert reasons(reception.admit_again(topic, "", refused.payload, NOW_MS)) == ["unknown_point"]
    more = PARK_FILES["sparkplug.csv"] + f"hall,line-1,,Power2,{POWER},\n"
    later = Reception(parse_park({**PARK_FILES, "sparkplug.csv": more}))
    again = later.admit_again(topic, "", refused.payload, NOW_MS)
    assert [(row.series.point, row.value, row.time_ms) for row in again.rows] == [(POWER, 7.0, NOW_MS - 5)]


def test_replaying_data_moves_no_sequence_and_asks_for_nothing(reception: Reception) -> None:
    sparkplug(reception, "NBIRTH", Metric("Power", 1, value=1.0), seq=0)
    reception.sparkplug.on_rebirth_wanted = lambda node, reason: pytest.fail(reason)
    payload = encode_payload(Payload(NOW_MS, (Metric("Power", value=2.0),), 77))
    assert rows(reception.admit_again("spBv1.0/hall/NDATA/line-1", "", payload, NOW_MS)) == [(POWER, 0.002, None)]
    assert rows(sparkplug(reception, "NDATA", Metric(alias=1, value=3.0), seq=1)) == [(POWER, 0.003, None)]


def test_an_http_source_speaks_for_its_points_alone(reception: Reception) -> None:
    records = [{"n": PH, "t": NOW_SECONDS, "v": 7}, {"n": FLOW, "t": NOW_SECONDS, "v": 7}]
    admission = reception.admit("http:ph-meter", "", "application/senml+json", json.dumps(records).encode(), NOW_MS)
    assert (rows(admission), reasons(admission)) == ([(PH, 7.0, None)], ["wrong_gateway"])
    [refused] = admission.refused
    assert reasons(reception.admit_again("http:ph-meter", "", refused.payload, NOW_MS)) == ["wrong_gateway"]
    assert reasons(reception.admit_again("http:nobody", "", refused.payload, NOW_MS)) == ["wrong_gateway"]


@pytest.mark.parametrize("topic", ["nobody/knows", "spBv1.0/hall/NCMD/line-1", "spBv1.0/hall/NDATA/line-1/pump", ""])
def test_topics_that_are_nobodys(reception: Reception, topic: str) -> None:
    assert reasons(reception.admit(topic, "", "", b"x", NOW_MS)) == ["unknown_topic"]
    assert reasons(reception.admit_again(topic, "", b"[x", NOW_MS)) == ["unknown_topic"]


@pytest.mark.parametrize(
    ("topic", "source"),
    [
        ("shelly/7", "mapped-topics"),
        ("spBv1.0/hall/DDATA/line-1/pump", "sparkplug:hall/line-1"),
        ("spBv1.0/hall/NDATA/stranger", "unknown"),
        ("http:ph-meter", "http:ph-meter"),
        ("nobody/knows", "unknown"),
    ],
)
def test_the_ledger_counts_senders_from_a_closed_set(reception: Reception, topic: str, source: str) -> None:
    assert reception.source_of(topic) == source


def test_what_is_subscribed_to(reception: Reception) -> None:
    kinds = ("NBIRTH", "NDEATH", "NDATA", "DBIRTH", "DDEATH", "DDATA")
    assert reception.filters() == ["shelly/7", "lab/ph", *(f"spBv1.0/hall/{kind}/#" for kind in kinds)]


TOPICS = ["shelly/7", "lab/ph", "spBv1.0/hall/NDATA/line-1", "spBv1.0/hall/DBIRTH/line-1/pump", "http:ph-meter", "?"]
TYPES = ["", "application/senml+json", "application/senml+cbor", "text/csv", "x"]


@given(st.sampled_from(TOPICS), st.sampled_from(TYPES), st.binary(max_size=120))
def test_no_bytes_can_raise(topic: str, content_type: str, payload: bytes) -> None:
    reception = Reception(a_park(), SOURCES)
    for gateway in ("", "gw-1"):
        admission: Any = reception.admit(topic, gateway, content_type, payload, NOW_MS)
        assert isinstance(admission, Admission)
        reception.admit_again(topic, gateway, payload, NOW_MS)
