"""What a host knows about one edge node: its births, aliases and sequence number; decides when to ask for a rebirth.

The sequence number is shared by everything a node publishes but its death, NDATA and DDATA alike, and wraps at 256::

    NBIRTH 0   DBIRTH 1   NDATA 2   DDATA 3   NDATA 5      a step of two: one message was lost

Judged over NDATA alone it would look full of holes. After a hole the aliases stay in use: a node that starts anew says
so by its death or its birth first, and its will comes at QoS 1.
"""

from typing import NamedTuple

from telemetry_model.sparkplug.addresses import MessageType, SparkplugAddress
from telemetry_model.sparkplug.payload import Metric, Payload, signed

SEQUENCE_LENGTH = 256
MAX_METRICS_OF_A_NODE = 50_000
_BIRTHS = (MessageType.NBIRTH, MessageType.DBIRTH)
_BD_SEQ = "bdSeq"
_CONTROL_PREFIXES = ("Node Control/", "Device Control/")


class NodeUpdate(NamedTuple):
    """What one message brought. ``metrics`` are those that carry measurements, each with name, time and data type.

    ``unresolved`` are metrics whose alias no birth explains; ``rebirth`` says why the node should be asked for its
    births, empty when it need not be; ``lost`` tells that the sequence number did not grow by one.
    """

    metrics: list[Metric]
    unresolved: list[Metric]
    rebirth: str
    lost: bool


class NodeSession:
    """One edge node, from the first message heard of it."""

    def __init__(self) -> None:
        self.born = False
        self.lost_steps = 0
        """How often the sequence number did not grow by one."""
        self._bd_seq: int | None = None
        self._last_seq: int | None = None
        self._births: dict[str, dict[int | str, Metric]] = {}
        """By device, then by alias and by name: the metric of the birth, without its value."""

    def take(self, address: SparkplugAddress, payload: Payload, now_ms: int) -> NodeUpdate:
        """Follow one message; ``now_ms`` stands in where neither metric nor payload has a time."""
        if address.type is MessageType.NDEATH:
            return self._die(payload)
        if address.type is MessageType.NBIRTH:
            self._begin(payload)
        lost = self._step(payload.seq)
        reason = "sequence number missed" if lost else ""
        if address.type is MessageType.DDEATH:
            self._births.pop(address.device, None)
            return NodeUpdate([], [], reason, lost)
        if address.type in _BIRTHS:
            self._remember(address.device, payload)
        if not self.born:
            reason = "data before the node's birth"
        elif address.device not in self._births:
            reason = f"data before the birth of device {address.device}"
        metrics, unresolved = self._resolve(address.device, payload, now_ms)
        if unresolved and not reason:
            reason = "alias without a birth"
        return NodeUpdate(metrics, unresolved, reason, lost)

    def _begin(self, payload: Payload) -> None:
        self.born = True
        self._births = {}
        self._last_seq = None
        self._bd_seq = _bd_seq(payload)

    def _die(self, payload: Payload) -> NodeUpdate:
        """A death that belongs to an earlier life of the node (another bdSeq) changes nothing."""
        if self._bd_seq is None or _bd_seq(payload) in (None, self._bd_seq):
            self.born = False
            self._births = {}
            self._last_seq = None
            self._bd_seq = None
        return NodeUpdate([], [], "", False)

    def _step(self, seq: int | None) -> bool:
        """A message without a number, which is not legal, says nothing about those around it."""
        if seq is None or seq >= SEQUENCE_LENGTH:
            return False
        lost = self._last_seq is not None and seq != (self._last_seq + 1) % SEQUENCE_LENGTH
        self._last_seq = seq
        self.lost_steps += lost
        return lost

    def _remember(self, device: str, payload: Payload) -> None:
        known: dict[int | str, Metric] = {}
        room = MAX_METRICS_OF_A_NODE - sum(len(metrics) for key, metrics in self._births.items() if key != device)
        for metric in payload.metrics[: max(room, 0) // 2]:
            if not is_measurement(metric.name):
                continue
            birth = Metric(metric.name, metric.alias, datatype=metric.datatype)
            known[metric.name] = birth
            if metric.alias is not None:
                known[metric.alias] = birth
        self._births[device] = known

    def _resolve(self, device: str, payload: Payload, now_ms: int) -> tuple[list[Metric], list[Metric]]:
        known = self._births.get(device, {})
        metrics: list[Metric] = []
        unresolved: list[Metric] = []
        for metric in payload.metrics:
            birth = known.get(metric.name or (metric.alias if metric.alias is not None else ""))
            name = metric.name or (birth.name if birth else "")
            time_ms = metric.timestamp_ms or payload.timestamp_ms or now_ms
            if not name:
                unresolved.append(metric._replace(timestamp_ms=time_ms))
            elif is_measurement(name):
                datatype = metric.datatype or (birth.datatype if birth else 0)
                value = signed(metric.value, datatype)
                metrics.append(metric._replace(name=name, timestamp_ms=time_ms, datatype=datatype, value=value))
        return metrics, unresolved


def is_measurement(name: str) -> bool:
    """Whether a metric is not one of the protocol's own."""
    return bool(name) and name != _BD_SEQ and not name.startswith(_CONTROL_PREFIXES)


def _bd_seq(payload: Payload) -> int | None:
    for metric in payload.metrics:
        if metric.name == _BD_SEQ and isinstance(metric.value, int):
            return metric.value
    return None
