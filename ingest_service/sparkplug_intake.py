"""Sparkplug messages -> readings of registered points, and which edge nodes should be asked for their births."""

from collections.abc import Callable
from typing import NamedTuple

from telemetry_model.park_register import Park
from telemetry_model.reading import ReadingReason
from telemetry_model.senml import SenmlReading
from telemetry_model.sparkplug.addresses import MessageType, NodeId, SparkplugAddress, group_filters
from telemetry_model.sparkplug.node_session import NodeSession
from telemetry_model.sparkplug.payload import QUALITY_GOOD, QUALITY_STALE, Metric, Payload, encode_payload

MAX_NODES = 10_000


class UnplacedMetric(NamedTuple):
    """A metric that is no point's, with a payload of its own to replay."""

    name: str
    payload: bytes


class SparkplugTake(NamedTuple):
    """What one message became: readings, metrics the register does not know, and metrics no birth explains."""

    readings: list[SenmlReading]
    unknown: list[UnplacedMetric]
    unborn: list[UnplacedMetric]


class SparkplugIntake:
    """All edge nodes of the register's groups; who is to be asked for births hears it as messages are taken."""

    def __init__(self, park: Park) -> None:
        self._points = {(m.group, m.edge, m.device, m.metric): (m.point, m.unit) for m in park.sparkplug}
        self._sessions: dict[NodeId, NodeSession] = {}
        self.groups = sorted({mapping.group for mapping in park.sparkplug})
        self.nodes = {NodeId(mapping.group, mapping.edge) for mapping in park.sparkplug}
        self.on_rebirth_wanted: Callable[[NodeId, str], None] | None = None
        self.on_born: Callable[[NodeId], None] | None = None
        self.lost_steps = 0
        """Steps of a sequence number that were not plus one, over all nodes, since the start."""
        self.rebirths_requested = 0
        """Requests that went out, since the start."""

    def filters(self) -> list[str]:
        """What to subscribe to."""
        return [topic for group in self.groups for topic in group_filters(group)]

    def born_nodes(self) -> list[NodeId]:
        """Nodes whose births we hold."""
        return [node for node, session in self._sessions.items() if session.born]

    def take(self, address: SparkplugAddress, payload: Payload, now_ms: int) -> SparkplugTake:
        """Follow one message of the live stream."""
        session = self._session(address.node)
        update = session.take(address, payload, now_ms)
        self.lost_steps += update.lost
        if address.type is MessageType.NBIRTH and self.on_born is not None:
            self.on_born(address.node)
        if update.rebirth and self.on_rebirth_wanted is not None:
            self.on_rebirth_wanted(address.node, update.rebirth)
        return self._place(address, update.metrics, update.unresolved)

    def take_again(self, address: SparkplugAddress, payload: Payload, now_ms: int) -> SparkplugTake:
        """A message from the quarantine: it moves no sequence number and asks for nothing."""
        update = NodeSession().take(address, payload, now_ms)
        return self._place(address, update.metrics, update.unresolved)

    def _session(self, node: NodeId) -> NodeSession:
        session = self._sessions.get(node)
        if session is None:
            if len(self._sessions) >= MAX_NODES:
                self._sessions.pop(next(iter(self._sessions)))
            session = self._sessions[node] = NodeSession()
        return session

    def _place(self, address: SparkplugAddress, metrics: list[Metric], unresolved: list[Metric]) -> SparkplugTake:
        readings: list[SenmlReading] = []
        unknown: list[UnplacedMetric] = []
        group, edge = address.node
        for metric in metrics:
            place = self._points.get((group, edge, address.device, metric.name))
            if place is None:
                unknown.append(_unplaced(address, metric.name, metric))
            elif place[0]:
                readings.append(_reading(metric, *place))
        unborn = [_unplaced(address, f"alias {metric.alias}", metric) for metric in unresolved]
        return SparkplugTake(readings, unknown, unborn)


def _reading(metric: Metric, point: str, unit: str) -> SenmlReading:
    value, reason = metric.value, ""
    if isinstance(value, str) or value is None:
        value = None
        reason = (ReadingReason.NOT_AVAILABLE if metric.is_null else ReadingReason.NOT_A_NUMBER).value
    elif metric.quality not in (None, QUALITY_GOOD):
        stale = metric.quality == QUALITY_STALE
        reason = (ReadingReason.COMMUNICATION_LOSS if stale else ReadingReason.INSTRUMENT_FAULT).value
    number = None if value is None else float(value)
    return SenmlReading(point, unit, metric.timestamp_ms or 0, number, 0, reason)


def _unplaced(address: SparkplugAddress, name: str, metric: Metric) -> UnplacedMetric:
    where = "/".join(part for part in (*address.node, address.device, name) if part)
    return UnplacedMetric(where, encode_payload(Payload(metric.timestamp_ms, (metric,), None)))
