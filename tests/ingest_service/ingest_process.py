"""The ingest service as a process of its own, killed and started again, and a gateway's side of the wire."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from ingest_service.settings import IngestSettings
from service_runtime.mqtt_session import IncomingMessage, MqttOptions, MqttSession
from telemetry_model.control_messages import StoredCursor, decode_stored
from telemetry_model.topics import Channel, topic_for
from tests.ingest_service.builders import settings_for
from tests.servers.ports import free_port
from tests.servers.process import ServerProcess


class IngestProcess(ServerProcess):
    """``ecopark ingest run`` on a folder; every start continues where the last one ended."""

    def __init__(self, folder: Path, mqtt_url: str, **changes: Any) -> None:
        port = free_port()
        self.settings: IngestSettings = settings_for(folder, mqtt_url, http_port=port, **changes)
        file = folder / "ingest.toml"
        values = ((name, getattr(self.settings, name)) for name in self.settings.__struct_fields__)
        file.write_text("".join(f"{k} = {v if isinstance(v, int | float) else repr(v)}\n" for k, v in values))
        self.command = [sys.executable, "-m", "ecopark", "ingest", "run", "--settings", str(file)]
        self.log = folder / "ingest.log"
        super().__init__(self.command, port, self.log)

    @property
    def exit_code(self) -> int | None:
        return self._process.poll() if self._process else None

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        assert self._process is not None
        return self._process

    async def status(self) -> dict[str, Any]:
        async with httpx.AsyncClient() as http:
            answer: dict[str, Any] = (await http.get(f"http://127.0.0.1:{self.port}/api/v1/status")).json()
            return answer

    async def ready(self) -> int:
        async with httpx.AsyncClient() as http:
            return (await http.get(f"http://127.0.0.1:{self.port}/health/ready")).status_code

    async def until_ready(self, seconds: float = 30) -> None:
        """Broker, store and state all work."""
        async with asyncio.timeout(seconds):
            while await self.ready() != 200:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def status_until(self, condition: Callable[[dict[str, Any]], object], seconds: float = 30) -> dict[str, Any]:
        """The first status for which the condition holds; answers that do not come count as not yet."""
        last: dict[str, Any] = {}
        try:
            async with asyncio.timeout(seconds):
                while True:
                    try:
                        last = await self.status()
                    except httpx.TransportError:
                        last = {}
                    if last and condition(last):
                        return last
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"never came true; last status {last}\n{self.log.read_text()[-2000:]}") from None


class Sender:
    """A gateway's wire: publishes packs and hears the stored cursor."""

    def __init__(self, mqtt_url: str, gateway: str = "gw-1") -> None:
        self.gateway = gateway
        self.cursors: list[StoredCursor] = []
        self.session = MqttSession(MqttOptions(url=mqtt_url, client_id=f"sender-{gateway}"), self._hear)
        self.session.subscribe(topic_for("thu", gateway, Channel.STORED))

    async def send(self, payload: bytes, properties: dict[str, str] | None = None) -> None:
        """Until the broker has it."""
        topic = topic_for("thu", self.gateway, Channel.READINGS)
        while not await self.session.publish(topic, payload, properties=properties):  # noqa: ASYNC110
            await asyncio.sleep(0.02)

    async def cursor_until(self, run: str, through: int, seconds: float = 30) -> None:
        """Wait for the gateway to be told."""
        async with asyncio.timeout(seconds):
            while (run, through) not in {(c.run, c.through) for c in self.cursors}:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    def _hear(self, message: IncomingMessage) -> None:
        self.cursors.append(decode_stored(message.payload))


@asynccontextmanager
async def a_sender(mqtt_url: str, gateway: str = "gw-1") -> AsyncIterator[Sender]:
    sender = Sender(mqtt_url, gateway)
    task = asyncio.create_task(sender.session.run())
    try:
        async with asyncio.timeout(10):
            while not sender.session.connected:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        yield sender
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await sender.session.close()
