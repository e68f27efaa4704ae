"""Topics, units, quantities and the storage schema agree with one another."""

import pytest

from telemetry_model.control_messages import StoredCursor, decode_stored, encode_control
from telemetry_model.quantities import QUANTITIES, Medium
from telemetry_model.storage_schema import RECORD_TAGS, measurements, reading_fields
from telemetry_model.topics import Channel, TopicAddress, parse_topic, subscription_for, topic_for
from telemetry_model.units import conversion_factor, is_known_unit


def test_topics_round_trip() -> None:
    for channel in Channel:
        assert parse_topic(topic_for("p", "gw-1", channel)) == TopicAddress("p", "gw-1", channel)


def test_the_subscription_has_one_wildcard_for_the_gateway() -> None:
    assert subscription_for("p", Channel.READINGS) == "ecopark/1/p/+/readings"


@pytest.mark.parametrize(
    "topic",
    ["", "ecopark/1/p/gw", "ecopark/2/p/gw/readings", "ecopark/1/p/gw/readings/x", "ecopark/1//gw/readings",
     "ecopark/1/p/gw/secrets", "spBv1.0/g/NDATA/n"],
)  # fmt: skip
def test_foreign_topics_are_none(topic: str) -> None:
    assert parse_topic(topic) is None


def test_every_quantity_has_a_known_unit_and_a_possible_range() -> None:
    for quantity in QUANTITIES.values():
        assert is_known_unit(quantity.unit), quantity
        assert quantity.low < quantity.high, quantity
        assert quantity.title_vi, quantity
        assert quantity.title_en, quantity


def test_field_names_carry_the_unit() -> None:
    assert reading_fields(Medium.WASTEWATER) >= {"cod_mg_l", "ph", "flow_m3_h"}


def test_no_two_measurements_share_a_name() -> None:
    assert len(set(measurements())) == len(measurements())
    assert set(RECORD_TAGS) <= set(measurements())


@pytest.mark.parametrize(
    ("sent", "expected", "factor"), [("kW", "kW", 1), ("W", "kW", 0.001), ("l/s", "m3/h", 3.6), ("%", "1", 0.01)]
)
def test_conversions_are_exact(sent: str, expected: str, factor: float) -> None:
    assert conversion_factor(sent, expected) == factor


def test_an_unknown_way_is_not_guessed() -> None:
    assert conversion_factor("kWh", "kW") is None


def test_the_stored_cursor_round_trips() -> None:
    cursor = StoredCursor("run-1", 42, 1_790_000_000_000)
    assert decode_stored(encode_control(cursor)) == cursor
    with pytest.raises(ValueError, match="through"):
        decode_stored(b'{"run": "x"}')
