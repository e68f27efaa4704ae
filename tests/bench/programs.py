"""The project's own programs as child processes with a meter on them, in one working folder of a benchmark."""

import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.child_process import ChildProcess, ecopark_command
from deploy.local.ingest_status import IngestStatus, read_ingest_status
from deploy.local.ports import free_port
from deploy.local.workdir import Workdir
from service_runtime.errors import OperatorError, UnreachableError
from tests.bench.cpu import ProcessMeter

START_SECONDS = 60.0
LOOK_EVERY_SECONDS = 0.2
LOOK_AT_LOAD_SECONDS = 0.5
"""Seldom while a load is stored: an answer takes 3 ms of the CPU that is being measured."""
Setting = str | int | float | bool


class ProgramUnderTest:
    """One ``ecopark`` program."""

    def __init__(self, workdir: Workdir, name: str, command: list[str], settings: dict[str, Setting]) -> None:
        path = workdir.write_settings(name, settings)
        self.child = ChildProcess(
            name, ecopark_command(*command, "--settings", str(path)), workdir.logs / f"{name}.log"
        )

    @contextmanager
    def running(self) -> Iterator[ProcessMeter]:
        """Start, hand out a meter, stop."""
        self.child.start()
        try:
            yield ProcessMeter(self.child.pid)
        finally:
            self.child.stop()

    def wait_for(
        self,
        condition: Callable[[], bool],
        what: str,
        seconds: float = START_SECONDS,
        look_every_seconds: float = LOOK_EVERY_SECONDS,
    ) -> None:
        """Raises ``OperatorError`` when the program ends or the time is up first."""
        deadline = time.monotonic() + seconds
        while not condition():
            if not self.child.is_running:
                raise OperatorError(f"{self.child.name} ended: {self.child.last_log_line()}")
            if time.monotonic() > deadline:
                raise OperatorError(f"{self.child.name}: waited {seconds:g} s for {what}: {self.child.last_log_line()}")
            time.sleep(look_every_seconds)


class IngestUnderTest(ProgramUnderTest):
    """An ingest service on the given broker and store."""

    def __init__(self, workdir: Workdir, park_folder: Path, mqtt_url: str, store_url: str) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        settings: dict[str, Setting] = {
            "park_folder": str(park_folder),
            "mqtt_url": mqtt_url,
            "store_url": store_url,
            "state_path": str(workdir.ingest_state),
            "http_port": port,
        }
        super().__init__(workdir, "ingest", ["ingest", "run"], settings)

    def wait_until_ready(self) -> None:
        """Subscribed, and the store answers."""
        self.wait_for(self._is_ready, "readiness")

    def status(self) -> IngestStatus:
        """What it says of itself."""
        return read_ingest_status(self.url)

    def settled(self) -> int:
        """Readings stored or in quarantine; 0 while it does not answer."""
        try:
            status = self.status()
        except UnreachableError:
            return 0
        return status.stored + status.quarantined

    def wait_until_settled(self, readings: int, seconds: float = 120.0) -> None:
        """Return when so many readings are stored or in quarantine."""
        self.wait_for(lambda: self.settled() >= readings, f"{readings} readings", seconds, LOOK_AT_LOAD_SECONDS)

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


class GatewayUnderTest(ProgramUnderTest):
    """A gateway of the given park."""

    def __init__(self, workdir: Workdir, park_folder: Path, gateway: str, mqtt_url: str) -> None:
        self.outbox_path = workdir.outbox(gateway)
        settings: dict[str, Setting] = {
            "park_folder": str(park_folder),
            "gateway": gateway,
            "mqtt_url": mqtt_url,
            "outbox_path": str(self.outbox_path),
        }
        super().__init__(workdir, gateway, ["gateway", "run"], settings)


def new_workdir(folder: Path) -> Workdir:
    """A working folder that exists."""
    workdir = Workdir(folder)
    workdir.create()
    return workdir
