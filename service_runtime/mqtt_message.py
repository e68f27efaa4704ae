"""What arrives from a broker, and words for its reason codes."""

from typing import NamedTuple

FAILED = 0x80
"""Reason codes from here on are refusals (MQTT 5 section 2.4)."""

_REASONS = {
    0x80: "unspecified error", 0x81: "malformed packet", 0x82: "protocol error", 0x83: "refused by the broker",
    0x84: "the broker does not speak MQTT 5", 0x85: "client id not valid", 0x86: "bad user name or password",
    0x87: "not authorised", 0x88: "broker unavailable", 0x89: "broker busy", 0x8A: "banned",
    0x8B: "broker shutting down", 0x8D: "keep-alive time-out", 0x8E: "session taken over by another client",
    0x8F: "topic filter not valid", 0x90: "topic name not valid", 0x93: "too many messages in flight",
    0x95: "packet too large", 0x97: "quota exceeded", 0x98: "closed by an administrator",
    0x9B: "QoS not supported", 0x9F: "connection rate exceeded",
}  # fmt: skip


class IncomingMessage(NamedTuple):
    """One message from the broker; ``connection`` tells which connection it came over."""

    topic: str
    payload: bytes
    properties: dict[str, str]
    content_type: str
    qos: int
    mid: int
    retain: bool
    connection: int = 0


class ConnectAnswer(NamedTuple):
    """What the broker said to CONNECT (MQTT 5 section 3.2)."""

    session_present: bool
    reason_code: int
    reason_text: str
    receive_maximum: int


def reason_phrase(code: int, text: str = "") -> str:
    """Words for a reason code, with the broker's own words if it gave any."""
    phrase = _REASONS.get(code, f"reason code 0x{code:02x}")
    return f"{phrase} ({text})" if text else phrase
