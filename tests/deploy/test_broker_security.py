"""The broker as deployed: real Mosquitto, the shipped configuration and ACL, fresh credentials, real TLS."""

import asyncio
import json
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from deploy.local.child_process import ChildProcess, ecopark_command
from service_runtime.errors import UnreachableError
from service_runtime.mqtt_session import IncomingMessage, MqttOptions, MqttSession, Will
from tests.servers.ports import free_port

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
PATIENCE_SECONDS = 20
MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
EAST, WEST = "ecopark/1/bach-dang/gw-east", "ecopark/1/bach-dang/gw-west"

pytestmark = pytest.mark.real_server


class SecuredBroker(NamedTuple):
    """A running broker and the folder of its credentials."""

    port: int
    secrets: Path

    def options(self, user: str, **changes: Any) -> MqttOptions:
        name = "ingest" if user == "ecopark-ingest" else user
        changes = {"password": (self.secrets / f"{name}.password").read_text().strip()} | changes
        return MqttOptions(
            **{
                "url": f"mqtts://localhost:{self.port}",
                "client_id": user,
                "username": user,
                "ca_file": str(self.secrets / "ca.crt"),
                **changes,
            }
        )


class Client:
    """A connected session that keeps what it receives."""

    def __init__(self, options: MqttOptions) -> None:
        self.received: list[tuple[str, bytes]] = []
        self.ends: list[str] = []
        self._news = asyncio.Event()
        self.session = MqttSession(options, self._keep, lambda _: self._news.set(), self.ends.append)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not condition():
                self._news.clear()
                await self._news.wait()

    def _keep(self, message: IncomingMessage) -> None:
        self.received.append((message.topic, message.payload))
        self._news.set()


@asynccontextmanager
async def connected(options: MqttOptions, *filters: str) -> AsyncIterator[Client]:
    client = Client(options)
    for topic_filter in filters:
        client.session.subscribe(topic_filter)
    running = asyncio.create_task(client.session.run())
    try:
        await client.until(lambda: client.session.connected)
        yield client
    finally:
        await client.session.close()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def refusal(options: MqttOptions) -> str:
    """What the first connection attempt is told."""
    session = MqttSession(options, lambda _: None)
    with pytest.raises(UnreachableError) as refused:
        await asyncio.wait_for(session.run(require_first_connect=True), PATIENCE_SECONDS)
    return str(refused.value)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredBroker]:
    missing = [name for name in ("openssl", "mosquitto_passwd", "mosquitto_sub") if not shutil.which(name)]
    if MOSQUITTO is None or missing:
        if os.environ.get("ECOPARK_REQUIRE_SERVERS") == "1":
            pytest.fail(f"not installed: {missing or 'mosquitto'}")
        pytest.skip(f"not installed: {', '.join(missing) or 'mosquitto'}")
    folder = tmp_path_factory.mktemp("broker")
    secrets = folder / "secrets"
    subprocess.run(
        [DEPLOY / "make_credentials.sh", secrets, "gw-east", "gw-west"],
        check=True,
        capture_output=True,
        env={**os.environ, "ECOPARK_USER": f"{os.getuid()}:{os.getgid()}"},
    )
    port = free_port()
    (folder / "mosquitto.conf").write_text(adapted_configuration(folder, secrets, port))
    process = subprocess.Popen([MOSQUITTO, "-c", folder / "mosquitto.conf"], stderr=subprocess.DEVNULL)
    try:
        wait_for(port, process)
        yield SecuredBroker(port, secrets)
    finally:
        process.terminate()
        process.wait(10)


def adapted_configuration(folder: Path, secrets: Path, port: int) -> str:
    """The shipped configuration with this machine's paths and port; nothing else is changed."""
    text = (DEPLOY / "mosquitto" / "mosquitto.conf").read_text()
    for name, source in yaml.safe_load((DEPLOY / "compose.yaml").read_text())["secrets"].items():
        text = text.replace(f"/run/secrets/{name}\n", f"{secrets / Path(source['file']).name}\n")
    text = text.replace("/mosquitto/config/acl", str(DEPLOY / "mosquitto" / "acl"))
    text = text.replace("/mosquitto/data/", f"{folder}/").replace("listener 8883", f"listener {port} 127.0.0.1")
    assert not re.search(r"^\w+ /(run|mosquitto)/", text, re.MULTILINE)
    # In its container the broker runs as the owner of the secrets; started by root it would become another user.
    return f"{text}user root\n" if os.getuid() == 0 else text


def wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError(f"mosquitto did not start (exit code {process.poll()})")


async def test_readings_of_a_gateway_reach_ingest(broker: SecuredBroker) -> None:
    async with (
        connected(broker.options("ecopark-ingest"), "ecopark/1/+/+/readings") as ingest,
        connected(broker.options("gw-east")) as east,
    ):
        assert await east.session.publish(f"{EAST}/readings", b"[]")
        await ingest.until(lambda: bool(ingest.received))
        assert ingest.received == [(f"{EAST}/readings", b"[]")]


@pytest.mark.parametrize("channel", ["readings", "status", "health"])
async def test_a_gateway_cannot_speak_for_another(broker: SecuredBroker, channel: str) -> None:
    async with (
        connected(broker.options("ecopark-ingest"), f"ecopark/1/+/+/{channel}") as ingest,
        connected(broker.options("gw-east")) as east,
    ):
        assert not await east.session.publish(f"{WEST}/{channel}", b"forged")
        assert await east.session.publish(f"{EAST}/{channel}", b"own")
        await ingest.until(lambda: bool(ingest.received))
        assert ingest.received == [(f"{EAST}/{channel}", b"own")]


async def test_a_gateway_cannot_write_its_own_cursor(broker: SecuredBroker) -> None:
    async with connected(broker.options("gw-east")) as east:
        assert not await east.session.publish(f"{EAST}/stored", b"{}", retain=True)


async def test_a_gateway_reads_its_own_cursor_and_no_other(broker: SecuredBroker) -> None:
    async with (
        connected(broker.options("gw-east"), "ecopark/1/+/+/stored") as east,
        connected(broker.options("ecopark-ingest")) as ingest,
    ):
        assert await ingest.session.publish(f"{WEST}/stored", b"west")
        assert await ingest.session.publish(f"{EAST}/stored", b"east")
        await east.until(lambda: bool(east.received))
        assert east.received == [(f"{EAST}/stored", b"east")]


async def test_a_gateway_cannot_read_readings(broker: SecuredBroker) -> None:
    async with (
        connected(broker.options("gw-west"), "#") as west,
        connected(broker.options("gw-east")) as east,
        connected(broker.options("ecopark-ingest")) as ingest,
    ):
        assert await east.session.publish(f"{EAST}/readings", b"[]")
        assert await ingest.session.publish(f"{WEST}/stored", b"after")
        await west.until(lambda: bool(west.received))
        assert west.received == [(f"{WEST}/stored", b"after")]


async def test_ingest_may_be_a_sparkplug_host_with_its_state_as_will(broker: SecuredBroker) -> None:
    will = Will("spBv1.0/STATE/ecopark", b"{}")
    async with (
        connected(broker.options("ecopark-ingest", will=will), "spBv1.0/hall/NDATA/#") as ingest,
        connected(broker.options("gw-east"), "spBv1.0/+/NCMD/#") as edge,
    ):
        assert await edge.session.publish("spBv1.0/hall/NDATA/gw-east", b"own")
        await ingest.until(lambda: bool(ingest.received))
        assert await ingest.session.publish("spBv1.0/hall/NCMD/gw-west", b"for another")
        assert await ingest.session.publish("spBv1.0/hall/NCMD/gw-east", b"be born")
        await edge.until(lambda: bool(edge.received))
        assert edge.received == [("spBv1.0/hall/NCMD/gw-east", b"be born")]
        assert await ingest.session.publish("spBv1.0/STATE/ecopark", b"", retain=True)


@pytest.mark.parametrize(
    "topic", ["hall/NDATA/gw-west", "hall/DDATA/gw-west/pump", "hall/NCMD/gw-west", "STATE/ecopark"]
)
async def test_an_edge_node_speaks_for_itself_alone(broker: SecuredBroker, topic: str) -> None:
    async with connected(broker.options("gw-east")) as edge:
        assert not await edge.session.publish(f"spBv1.0/{topic}", b"forged")


async def test_ingest_keeps_its_session_when_a_gateway_borrows_its_client_id(broker: SecuredBroker) -> None:
    async with (
        connected(broker.options("ecopark-ingest"), "ecopark/1/+/+/readings") as ingest,
        connected(broker.options("gw-east", client_id="ecopark-ingest")) as thief,
    ):
        assert await thief.session.publish(f"{EAST}/readings", b"[]")
        await ingest.until(lambda: bool(ingest.received))
        assert ingest.ends == []


async def test_nobody_gets_in_without_a_name(broker: SecuredBroker) -> None:
    said = await refusal(broker.options("gw-east", username="", password=""))
    assert "not authorised" in said.lower() or "not authorized" in said.lower()


async def test_a_wrong_password_is_refused(broker: SecuredBroker) -> None:
    said = await refusal(broker.options("gw-east", password="0" * 64))
    assert "not authorised" in said.lower() or "not authorized" in said.lower()


async def test_another_gateways_password_is_refused(broker: SecuredBroker) -> None:
    west = broker.options("gw-west").password
    assert "authori" in await refusal(broker.options("gw-east", password=west))


async def test_plain_text_is_refused(broker: SecuredBroker) -> None:
    assert "broker mqtt://" in await refusal(broker.options("gw-east", url=f"mqtt://127.0.0.1:{broker.port}"))


async def test_a_client_that_does_not_know_the_ca_refuses_the_broker(broker: SecuredBroker) -> None:
    assert "certificate" in await refusal(broker.options("gw-east", ca_file=""))


def test_nothing_but_tls_with_passwords_is_configured() -> None:
    text = (DEPLOY / "mosquitto" / "mosquitto.conf").read_text()
    lines = [line.split(None, 1) for line in text.splitlines() if line and not line.startswith("#")]
    assert [line for line in lines if line[0] == "listener"] == [["listener", "8883"]]
    assert ["allow_anonymous", "false"] in lines
    assert {"certfile", "keyfile", "password_file", "acl_file"} <= {line[0] for line in lines}


def test_gateway_and_ingest_work_behind_this_broker(broker: SecuredBroker, tmp_path: Path) -> None:
    """Devices do not answer here; that they do not is a reading too, and it arrives."""
    park = DEPLOY / "parks" / "bach-dang"
    shared = {"PARK_FOLDER": str(park), "MQTT_URL": f"mqtts://localhost:{broker.port}"}
    shared["MQTT_CA_FILE"] = str(broker.secrets / "ca.crt")
    http_port = free_port()
    ingest = {
        "MQTT_USERNAME": "ecopark-ingest",
        "MQTT_PASSWORD_FILE": str(broker.secrets / "ingest.password"),
        "STORE_URL": f"sqlite:///{tmp_path}/store.db",
        "STATE_PATH": str(tmp_path / "ingest-state.db"),
        "HTTP_PORT": str(http_port),
    }
    gateway = {
        "GATEWAY": "gw-east",
        "MQTT_USERNAME": "gw-east",
        "MQTT_PASSWORD_FILE": str(broker.secrets / "gw-east.password"),
        "OUTBOX_PATH": str(tmp_path / "outbox.db"),
        "HEALTH_INTERVAL_SECONDS": "0.5",
    }
    children = [program("ingest", {**shared, **ingest}, tmp_path), program("gateway", {**shared, **gateway}, tmp_path)]
    try:
        for child in children:
            child.start()
        east = wait_for_gateway(http_port, "gw-east", children)
        assert east["state"] == "online"
        assert east["through"] >= 1
        assert east["health"]["batches_stored"] >= 1
    finally:
        for child in reversed(children):
            child.stop()


def program(name: str, settings: dict[str, str], folder: Path) -> ChildProcess:
    environment = {f"ECOPARK_{name.upper()}_{field}": value for field, value in settings.items()}
    return ChildProcess(name, ecopark_command(name, "run"), folder / f"{name}.log", environment)


def wait_for_gateway(http_port: int, gateway: str, children: list[ChildProcess]) -> dict[str, Any]:
    """The status of a gateway that knows its first batch is stored."""
    deadline = time.monotonic() + 3 * PATIENCE_SECONDS
    while time.monotonic() < deadline:
        ended = [f"{child.name}: {child.last_log_line()}" for child in children if child.exit_code is not None]
        assert not ended
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{http_port}/api/v1/status", timeout=5) as answer:
                status: dict[str, Any] = json.load(answer)["gateways"].get(gateway, {})
        except OSError:
            status = {}
        if (status.get("health") or {}).get("batches_stored"):
            return status
        time.sleep(0.1)
    raise AssertionError(f"nothing was stored; {[child.last_log_line() for child in children]}")


def health_check(broker: SecuredBroker, folder: Path, options: str) -> int:
    """Exit code of the health check of ``compose.yaml``, with this machine's port and paths."""
    (folder / "mosquitto_sub").write_text(options)
    service = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["mosquitto"]
    places = {"8883": str(broker.port), "/run/secrets/ca_certificate": str(broker.secrets / "ca.crt")}
    command = [places.get(word, word).replace("$$", "$") for word in service["healthcheck"]["test"][1:]]
    environment = {**os.environ, "XDG_CONFIG_HOME": str(folder)}
    return subprocess.run(command, env=environment, capture_output=True, check=False, timeout=60).returncode


def test_the_health_check_logs_in(broker: SecuredBroker, tmp_path: Path) -> None:
    assert health_check(broker, tmp_path, (broker.secrets / "broker_health_client").read_text()) == 0


def test_the_health_check_notices_a_broken_login(broker: SecuredBroker, tmp_path: Path) -> None:
    assert health_check(broker, tmp_path, "-u ecopark-health\n-P wrong\n") != 0
