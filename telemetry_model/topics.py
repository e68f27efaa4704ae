"""The MQTT topics between gateways and the park: built and parsed here, wildcards included."""

from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

ROOT = "ecopark/1"
_REMEMBERED_CHARACTERS = 256


class Channel(StrEnum):
    """The last level of a topic: what the message is about."""

    READINGS = "readings"
    STATUS = "status"
    HEALTH = "health"
    STORED = "stored"
    RESEND = "resend"
    CONFIG = "config"


class TopicAddress(NamedTuple):
    """Whose topic it is."""

    park: str
    gateway: str
    channel: Channel


def topic_for(park: str, gateway: str, channel: Channel) -> str:
    """``ecopark/1/{park}/{gateway}/{channel}``."""
    return f"{ROOT}/{park}/{gateway}/{channel}"


def subscription_for(park: str, channel: Channel) -> str:
    """The filter that matches this channel of every gateway in the park."""
    return f"{ROOT}/{park}/+/{channel}"


def parse_topic(topic: str) -> TopicAddress | None:
    """The address in an Ecopark topic, or ``None`` when the topic is not one of ours."""
    # Only topics of a usual length are remembered: somebody else's may be 65,535 bytes long.
    return _remembered(topic) if len(topic) <= _REMEMBERED_CHARACTERS else _parsed(topic)


def _parsed(topic: str) -> TopicAddress | None:
    parts = topic.split("/")
    if len(parts) != 5 or f"{parts[0]}/{parts[1]}" != ROOT or not parts[2] or not parts[3]:
        return None
    try:
        return TopicAddress(parts[2], parts[3], Channel(parts[4]))
    except ValueError:
        return None


_remembered = lru_cache(maxsize=256)(_parsed)
