"""Our side of Sparkplug on the wire: the host's STATE, and requests to edge nodes to send their births again."""

import asyncio
import logging

import msgspec

from ingest_service.sparkplug_intake import SparkplugIntake
from service_runtime.clock import Clock
from service_runtime.logs import event
from service_runtime.mqtt_session import MqttSession, Will
from telemetry_model.sparkplug.addresses import NodeId, command_topic, state_topic
from telemetry_model.sparkplug.payload import rebirth_command

REBIRTH_INTERVAL_SECONDS = 10.0
"""A node is asked at most this often; a request that comes earlier is kept until it is due or the birth came."""
MAX_PENDING_NODES = 10_000
_CHECK_SECONDS = 1.0
_log = logging.getLogger(__name__)


def host_will(host: str, now_ms: int) -> Will:
    """The offline STATE the broker publishes for us when we are gone (Sparkplug 3.0 section 5.2)."""
    return Will(state_topic(host), _state(False, now_ms), qos=1, retain=True)


class SparkplugHost:
    """Says that we are here, again whenever an old will said otherwise, and asks nodes for rebirths.

    ``started_ms`` is the time stamp of the will and so of every STATE of this process.
    """

    def __init__(self, intake: SparkplugIntake, host: str, started_ms: int, clock: Clock) -> None:
        self._intake = intake
        self._topic = state_topic(host)
        self._started_ms = started_ms
        self._clock = clock
        self._pending: dict[NodeId, None] = {}
        self._asked_at: dict[NodeId, float] = {}
        self._must_announce = False
        self._changed = asyncio.Event()
        intake.on_rebirth_wanted = self.want_rebirth
        intake.on_born = self.note_birth

    @property
    def topic(self) -> str:
        """The host's own STATE topic, to be heard."""
        return self._topic

    def want_rebirth(self, node: NodeId, reason: str) -> None:
        """Ask this node for its births, soon."""
        if node not in self._pending and len(self._pending) < MAX_PENDING_NODES:
            event(_log, logging.INFO, f"Sparkplug node is to be born again: {reason}", group=node.group, edge=node.edge)
            self._pending[node] = None
            self._changed.set()

    def note_birth(self, node: NodeId) -> None:
        """It came: no need to ask."""
        self._pending.pop(node, None)

    def when_connected(self, _session_present: bool) -> None:
        """Messages may have been missed meanwhile: say that we are here, and ask every node we knew."""
        self._must_announce = True
        for node in self._intake.born_nodes():
            self.want_rebirth(node, "the broker connection was interrupted")
        self._changed.set()

    def note_state(self, payload: bytes) -> None:
        """Our own STATE as the broker has it: a late will of an earlier connection is put right."""
        try:
            said = msgspec.json.decode(payload)
        except (ValueError, RecursionError):
            said = None
        if not isinstance(said, dict) or said.get("online") is not True:
            self._must_announce = True
            self._changed.set()

    async def run(self, session: MqttSession) -> None:
        """Until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            if not await self._say_what_is_due(session):
                await asyncio.sleep(_CHECK_SECONDS)
                self._changed.set()

    async def say_goodbye(self, session: MqttSession) -> None:
        """The will does not speak for a client that leaves in good order."""
        if session.connected:
            await session.publish(self._topic, _state(False, self._started_ms), qos=1, retain=True)

    async def _say_what_is_due(self, session: MqttSession) -> bool:
        """Whether nothing is left to say."""
        if self._must_announce:
            self._must_announce = not await session.publish(
                self._topic, _state(True, self._started_ms), qos=1, retain=True
            )
        for node in list(self._pending):
            now = self._clock.monotonic()
            if now - self._asked_at.get(node, float("-inf")) < REBIRTH_INTERVAL_SECONDS:
                continue
            # QoS 0 and not retained, as Sparkplug 3.0 section 6.4.19 has it.
            if await session.publish(command_topic(node), rebirth_command(self._clock.now_ms()), qos=0):
                self._pending.pop(node, None)
                self._remember_asked(node, now)
        return not self._must_announce and not self._pending

    def _remember_asked(self, node: NodeId, now: float) -> None:
        self._intake.rebirths_requested += 1
        if len(self._asked_at) >= MAX_PENDING_NODES:
            self._asked_at.clear()
        self._asked_at[node] = now


def _state(online: bool, at_ms: int) -> bytes:
    return msgspec.json.encode({"online": online, "timestamp": at_ms})
