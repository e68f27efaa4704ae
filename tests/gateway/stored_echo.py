"""A tiny honest ingest for publisher tests: takes batches in, remembers them, tells the stored cursor."""

import asyncio
from collections.abc import Callable

from service_runtime.mqtt_session import IncomingMessage, MqttOptions, MqttSession
from telemetry_model.control_messages import StoredCursor, encode_control
from telemetry_model.senml_json import decode_pack


class StoredEcho:
    """Stores in memory; ``loses(seq, times_seen)`` may make it forget a batch as a broken broker would."""

    def __init__(self, url: str, readings_topic: str, stored_topic: str) -> None:
        self.payloads: dict[int, bytes] = {}
        self.properties: dict[int, dict[str, str]] = {}
        self.seen: list[int] = []
        self.content_types: set[str] = set()
        self.records = 0
        self.tells_cursor = True
        self.loses: Callable[[int, int], bool] = lambda _seq, _times: False
        self._stored_topic = stored_topic
        self._through: dict[str, int] = {}
        self._session_name = ""
        self._told: set[asyncio.Task[bool]] = set()
        self.session = MqttSession(MqttOptions(url=url, client_id="echo"), self._on_message)
        self.session.subscribe(readings_topic)

    def _on_message(self, message: IncomingMessage) -> None:
        run, seq = message.properties["run"], int(message.properties["seq"])
        self.seen.append(seq)
        self.content_types.add(message.content_type)
        if self.loses(seq, self.seen.count(seq)):
            return
        if seq not in self.payloads:
            self.records += len(decode_pack(message.payload, 0))
        self.payloads[seq] = message.payload
        self.properties[seq] = message.properties
        through = self._through.setdefault(run, int(message.properties["oldest"]) - 1)
        while through + 1 in self.payloads:
            through += 1
        self._through[run] = through
        if self.tells_cursor:
            self.tell(run)

    def tell(self, run: str, session: str = "") -> None:
        """Publish the cursor, retained; a new ``session`` says that the broker had forgotten us."""
        self.tell_of(run, self._through.get(run, 0), session)

    def tell_of(self, run: str, through: int, session: str = "") -> None:
        """The same, with a cursor of its own."""
        self._session_name = session or self._session_name
        payload = encode_control(StoredCursor(run, through, session=self._session_name))
        task = asyncio.get_running_loop().create_task(self.session.publish(self._stored_topic, payload, retain=True))
        self._told.add(task)
        task.add_done_callback(self._told.discard)
