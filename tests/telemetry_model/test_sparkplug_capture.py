"""A real plant's Sparkplug traffic and reference payloads of each kind."""

import base64
import csv
import json
from collections import defaultdict
from pathlib import Path

import pytest

from telemetry_model.sparkplug.addresses import MessageType, NodeId, SparkplugAddress, parse_sparkplug_topic
from telemetry_model.sparkplug.node_session import NodeSession
from telemetry_model.sparkplug.payload import Payload, decode_payload

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "sparkplug-capture"
NOW_MS = 1_750_855_643_474
NODE = NodeId("org", "line-1")


@pytest.fixture(scope="module")
def payloads() -> dict[str, Payload]:
    if not FOLDER.is_dir():
        pytest.skip("the Sparkplug capture is not on this machine (../shared/data/sparkplug-capture)")
    found = json.loads((FOLDER / "sparkplug_test_payloads.json").read_text())
    decoded = {entry["name"]: decode_payload(base64.b64decode(entry["payload_base64"])) for entry in found}
    assert {name: len(payload.metrics) for name, payload in decoded.items()} == {
        entry["name"]: entry["metric_count"] for entry in found
    }
    return decoded


def rows() -> list[dict[str, str]]:
    if not FOLDER.is_dir():
        pytest.skip("the Sparkplug capture is not on this machine (../shared/data/sparkplug-capture)")
    with (FOLDER / "sparkplug_capture_headers.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def sessions_after_capture(kinds: tuple[str, ...]) -> dict[NodeId, NodeSession]:
    sessions: dict[NodeId, NodeSession] = defaultdict(NodeSession)
    for row in rows():
        address = parse_sparkplug_topic(row["topic"])
        if address is None or row["msg_type"] not in kinds:
            continue
        payload = Payload(int(row["payload_timestamp"] or 0) or None, (), int(row["seq"]) if row["seq"] else None)
        sessions[address.node].take(address, payload, NOW_MS)
    return sessions


def test_the_captures_sixteen_gaps_are_found_over_node_and_device_data_together() -> None:
    sessions = sessions_after_capture(("NDATA", "DDATA"))
    busy = sessions[NodeId("org_A", "702")]
    assert busy.lost_steps == 16
    assert not busy.born
    assert sum(session.lost_steps for session in sessions.values()) == 16


def test_over_node_data_alone_the_same_capture_would_look_full_of_holes() -> None:
    assert sessions_after_capture(("NDATA",))[NodeId("org_A", "702")].lost_steps > 150


def test_node_data_with_a_device_in_its_topic_is_not_sparkplug() -> None:
    illegal = [row for row in rows() if parse_sparkplug_topic(row["topic"]) is None]
    assert {row["msg_type"] for row in illegal} == {"NDATA"}
    assert len(illegal) == 10


def take(session: NodeSession, kind: MessageType, payload: Payload) -> tuple[dict[str, object], str]:
    update = session.take(SparkplugAddress(NODE, kind, ""), payload, NOW_MS)
    return {metric.name: metric.value for metric in update.metrics}, update.rebirth


def test_a_birth_then_data_by_alias(payloads: dict[str, Payload]) -> None:
    session = NodeSession()
    assert take(session, MessageType.NBIRTH, payloads["NBIRTH_V1"]) == ({"Temperature": 21.5}, "")
    assert take(session, MessageType.NDATA, payloads["NDATA_V1"]) == ({"Temperature": 22.5}, "")


def test_a_gap_keeps_its_value_and_asks_for_a_rebirth(payloads: dict[str, Payload]) -> None:
    session = NodeSession()
    take(session, MessageType.NBIRTH, payloads["NBIRTH_V1"])
    take(session, MessageType.NDATA, payloads["NDATA_V1"])
    assert take(session, MessageType.NDATA, payloads["NDATA_GAP"]) == ({"Temperature": 27.0}, "sequence number missed")


def test_after_255_comes_0(payloads: dict[str, Payload]) -> None:
    session = NodeSession()
    take(session, MessageType.NBIRTH, payloads["NBIRTH_V1"])
    for seq in range(1, 256):
        take(session, MessageType.NDATA, Payload(NOW_MS, (), seq))
    assert take(session, MessageType.NDATA, payloads["NDATA_WRAPAROUND"]) == ({"Temperature": 30.0}, "")


def test_data_before_birth_asks_for_a_rebirth_and_guesses_nothing(payloads: dict[str, Payload]) -> None:
    metrics, rebirth = take(NodeSession(), MessageType.NDATA, payloads["NDATA_BEFORE_BIRTH"])
    assert (metrics, rebirth) == ({}, "data before the node's birth")


def test_a_death_of_an_earlier_life_is_ignored(payloads: dict[str, Payload]) -> None:
    session = NodeSession()
    take(session, MessageType.NBIRTH, payloads["NBIRTH_V1"])
    take(session, MessageType.NDEATH, payloads["NDEATH_V1"])
    assert session.born, "the birth has bdSeq 88, this death is of bdSeq 0"


def test_a_birth_of_a_hundred_metrics(payloads: dict[str, Payload]) -> None:
    metrics, _ = take(NodeSession(), MessageType.NBIRTH, payloads["NBIRTH_LARGE"])
    assert metrics == {f"Metric_{number}": 1.5 * number for number in range(1, 101)}
