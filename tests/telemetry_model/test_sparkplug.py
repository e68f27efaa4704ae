"""Sparkplug without real traffic: addresses, the payload's encoding both ways, and an edge node's life."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_model.sparkplug.addresses import (
    MessageType,
    NodeId,
    SparkplugAddress,
    command_topic,
    parse_sparkplug_topic,
    state_topic,
)
from telemetry_model.sparkplug.node_session import NodeSession, NodeUpdate
from telemetry_model.sparkplug.payload import (
    MAX_METRICS,
    MAX_PAYLOAD_BYTES,
    DataType,
    Metric,
    Payload,
    PayloadError,
    decode_payload,
    encode_payload,
    rebirth_command,
)
from telemetry_model.sparkplug.wire import bytes_field, varint_field

NOW_MS = 1_790_000_000_000
NODE = NodeId("hall", "line-1")


def test_addresses_of_nodes_and_devices() -> None:
    assert parse_sparkplug_topic("spBv1.0/hall/NDATA/line-1") == SparkplugAddress(NODE, MessageType.NDATA, "")
    assert parse_sparkplug_topic("spBv1.0/hall/DBIRTH/line-1/pump") == SparkplugAddress(
        NODE, MessageType.DBIRTH, "pump"
    )
    assert command_topic(NODE) == "spBv1.0/hall/NCMD/line-1"
    assert state_topic("ecopark") == "spBv1.0/STATE/ecopark"


@pytest.mark.parametrize(
    "topic",
    ["spBv1.0/hall/NDATA/line-1/pump", "spBv1.0/hall/DDATA/line-1", "spBv1.0/hall/NCMD/line-1", "spBv1.0/STATE/x",
     "spBv1.0/hall/NDATA/", "spAv1.0/hall/NDATA/line-1", "ecopark/1/thu/gw-1/readings", ""],
)  # fmt: skip
def test_other_topics_are_none_of_a_hosts(topic: str) -> None:
    assert parse_sparkplug_topic(topic) is None


@pytest.mark.parametrize(
    ("datatype", "value"),
    [
        (DataType.INT8, -1), (DataType.INT16, -300), (DataType.INT32, -(2**31)), (DataType.INT64, -(2**63)),
        (DataType.UINT8, 255), (DataType.UINT32, 2**32 - 1), (DataType.UINT64, 2**64 - 1), (DataType.FLOAT, 1.5),
        (DataType.DOUBLE, 0.1), (DataType.BOOLEAN, True), (DataType.STRING, "offen"),
    ],
)  # fmt: skip
def test_each_type_of_value_comes_out_as_it_went_in(datatype: DataType, value: float | str) -> None:
    metric = Metric("m", 7, NOW_MS, datatype, value=value, quality=192)
    payload = Payload(NOW_MS, (metric,), 3)
    assert decode_payload(encode_payload(payload)) == payload


def test_a_null_metric_has_no_value() -> None:
    payload = Payload(None, (Metric("m", is_null=True),), None)
    assert decode_payload(encode_payload(payload)).metrics[0].value is None


def test_a_template_or_data_set_is_no_value() -> None:
    metric = bytes_field(1, b"m") + varint_field(4, 19) + bytes_field(18, b"\x0a\x00")
    assert decode_payload(bytes_field(2, metric)).metrics[0].value is None


def test_what_a_node_is_told_to_be_born_again() -> None:
    command = decode_payload(rebirth_command(NOW_MS))
    [metric] = command.metrics
    assert (metric.name, metric.value, metric.datatype, command.seq) == ("Node Control/Rebirth", True, 11, None)


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (b"\x08", "ends inside a number"),
        (b"\x12\x05a", "longer than the message"),
        (b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "more than ten bytes"),
        (b"\x0b", "wire type 3"),
        (b"\x00\x00", "field number 0"),
        (bytes_field(2, bytes_field(1, b"\xff")), "utf-8"),
        (bytes_field(2, bytes_field(13, b"x")), "wire type 2 of value field 13"),
        (bytes_field(2, b"") * (MAX_METRICS + 1), "over the limit"),
        (b"\x00" * (MAX_PAYLOAD_BYTES + 1), "over the limit"),
    ],
)
def test_what_is_no_payload_is_refused_with_a_reason(message: bytes, text: str) -> None:
    with pytest.raises(PayloadError, match=text):
        decode_payload(message)


@given(st.binary(max_size=100) | st.binary(max_size=60).map(lambda inner: bytes_field(2, inner)))
def test_no_bytes_raise_anything_but_a_payload_error(message: bytes) -> None:
    try:
        decode_payload(message)
    except PayloadError:
        return


class Edge:
    """An edge node as the host hears it."""

    def __init__(self) -> None:
        self.session = NodeSession()

    def send(self, kind: MessageType, *metrics: Metric, seq: int | None = None, device: str = "") -> NodeUpdate:
        return self.session.take(SparkplugAddress(NODE, kind, device), Payload(NOW_MS, metrics, seq), NOW_MS)

    def be_born(self, bd_seq: int = 1) -> None:
        power = Metric("power", 1, datatype=DataType.INT32, value=5)
        self.send(MessageType.NBIRTH, Metric("bdSeq", value=bd_seq), power, seq=0)
        self.send(MessageType.DBIRTH, Metric("flow", 2, datatype=DataType.DOUBLE, value=1.0), seq=1, device="pump")


def test_device_and_node_data_share_one_sequence_and_resolve_by_alias() -> None:
    edge = Edge()
    edge.be_born()
    node = edge.send(MessageType.NDATA, Metric(alias=1, value=2**32 - 3), seq=2)
    device = edge.send(MessageType.DDATA, Metric(alias=2, value=1.5), seq=3, device="pump")
    assert [(m.name, m.value, m.timestamp_ms) for m in node.metrics + device.metrics] == [
        ("power", -3, NOW_MS), ("flow", 1.5, NOW_MS),
    ]  # fmt: skip
    assert (node.rebirth, device.rebirth, edge.session.lost_steps) == ("", "", 0)


def test_an_alias_of_another_device_is_not_guessed() -> None:
    edge = Edge()
    edge.be_born()
    update = edge.send(MessageType.DDATA, Metric(alias=2, value=1.5), seq=2, device="fan")
    assert (update.metrics, len(update.unresolved)) == ([], 1)
    assert update.rebirth == "data before the birth of device fan"


def test_a_name_says_enough_before_any_birth() -> None:
    update = Edge().send(MessageType.NDATA, Metric("power", value=1.5), seq=9)
    assert [m.name for m in update.metrics] == ["power"]
    assert update.rebirth == "data before the node's birth"


def test_an_alias_no_birth_named_asks_for_a_rebirth() -> None:
    edge = Edge()
    edge.be_born()
    assert edge.send(MessageType.NDATA, Metric(alias=77, value=1), seq=2).rebirth == "alias without a birth"


def test_a_death_forgets_the_aliases() -> None:
    edge = Edge()
    edge.be_born(bd_seq=4)
    edge.send(MessageType.NDEATH, Metric("bdSeq", value=4))
    assert edge.send(MessageType.NDATA, Metric(alias=1, value=1), seq=2).rebirth == "data before the node's birth"


def test_a_death_of_a_device_forgets_that_device_alone() -> None:
    edge = Edge()
    edge.be_born()
    edge.send(MessageType.DDEATH, seq=2, device="pump")
    assert edge.send(MessageType.NDATA, Metric(alias=1, value=1), seq=3).rebirth == ""
    assert edge.send(MessageType.DDATA, Metric(alias=2, value=1.0), seq=4, device="pump").rebirth != ""


def test_a_new_birth_starts_the_sequence_again() -> None:
    edge = Edge()
    edge.be_born()
    edge.be_born(bd_seq=2)
    assert edge.session.lost_steps == 0


def test_a_message_without_a_number_does_not_disturb_the_sequence() -> None:
    edge = Edge()
    edge.be_born()
    edge.send(MessageType.NDATA)
    assert not edge.send(MessageType.NDATA, seq=2).lost


def test_the_protocols_own_metrics_are_no_measurements() -> None:
    edge = Edge()
    update = edge.send(MessageType.NBIRTH, Metric("bdSeq", value=1), Metric("Node Control/Rebirth", value=False), seq=0)
    assert (update.metrics, update.unresolved, update.rebirth) == ([], [], "")
