"""Sparkplug topics: ``spBv1.0/{group}/{type}/{edge}[/{device}]``, and the host's ``spBv1.0/STATE/{host}``."""

from enum import StrEnum
from typing import NamedTuple

NAMESPACE = "spBv1.0"


class MessageType(StrEnum):
    """What an edge node publishes. Commands go the other way and have no place in an address we parse."""

    NBIRTH = "NBIRTH"
    NDEATH = "NDEATH"
    NDATA = "NDATA"
    DBIRTH = "DBIRTH"
    DDEATH = "DDEATH"
    DDATA = "DDATA"


class NodeId(NamedTuple):
    """One edge node."""

    group: str
    edge: str


class SparkplugAddress(NamedTuple):
    """Whose message it is; ``device`` is empty for messages of the node itself."""

    node: NodeId
    type: MessageType
    device: str


def parse_sparkplug_topic(topic: str) -> SparkplugAddress | None:
    """``None`` for anything a host need not take: commands, STATE, a node's message with a device or the reverse."""
    parts = topic.split("/")
    if parts[0] != NAMESPACE or len(parts) not in (4, 5) or not all(parts):
        return None
    try:
        kind = MessageType(parts[2])
    except ValueError:
        return None
    if kind.value.startswith("D") != (len(parts) == 5):
        return None
    return SparkplugAddress(NodeId(parts[1], parts[3]), kind, parts[4] if len(parts) == 5 else "")


def group_filters(group: str) -> tuple[str, ...]:
    """The subscriptions that bring everything the group's nodes publish, and no commands."""
    return tuple(f"{NAMESPACE}/{group}/{kind}/#" for kind in MessageType)


def command_topic(node: NodeId) -> str:
    """Where a node listens for commands."""
    return f"{NAMESPACE}/{node.group}/NCMD/{node.edge}"


def state_topic(host: str) -> str:
    """Where a host application says whether it is there."""
    return f"{NAMESPACE}/STATE/{host}"
