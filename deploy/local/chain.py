"""The local chain: every program as a child process, started and stopped in order."""

import sys
import time
from collections.abc import Iterable

from deploy.local.broker import BrokerKind, LocalBroker
from deploy.local.child_process import ChildProcess, ecopark_command
from deploy.local.ingest_status import read_ingest_status
from deploy.local.ports import free_port, wait_for_port
from deploy.local.workdir import Workdir
from service_runtime.errors import UnreachableError

Setting = str | int | float | bool
START_TIMEOUT_SECONDS = 60


class LocalChain:
    """Knows names, settings and order; what the programs do is theirs."""

    def __init__(
        self,
        workdir: Workdir,
        broker: BrokerKind = BrokerKind.AUTO,
        console_port: int | None = None,
        store_url: str | None = None,
    ) -> None:
        self.workdir = workdir
        self.store_url = store_url or workdir.store_url
        self.broker = LocalBroker(broker, workdir.root)
        self.ingest_url = f"http://127.0.0.1:{free_port()}"
        self.console_url = f"http://127.0.0.1:{console_port or free_port()}"
        self._smtp_port = free_port()
        self.children: dict[str, ChildProcess] = {}

    def start_broker(self) -> None:
        """The broker comes first."""
        self.children["broker"] = self.broker.child
        self.broker.start()

    def start_ingest(self) -> None:
        """Ingest on the embedded store; returns when it answers."""
        settings: dict[str, Setting] = {
            "park_folder": str(self.workdir.park),
            "mqtt_url": self.broker.url,
            "store_url": self.store_url,
            "state_path": str(self.workdir.ingest_state),
            "http_port": int(self.ingest_url.rpartition(":")[2]),
        }
        self._start("ingest", ["ingest", "run"], settings)
        self._wait_for_ingest()

    def start_gateway(self, gateway: str, **extra: Setting) -> None:
        """One gateway; its devices need not be up yet."""
        settings: dict[str, Setting] = {
            "park_folder": str(self.workdir.park),
            "gateway": gateway,
            "mqtt_url": self.broker.url,
            "outbox_path": str(self.workdir.outbox(gateway)),
            "health_interval_seconds": 2.0,
        }
        settings.update(extra)
        self._start(gateway, ["gateway", "run"], settings)

    def start_simulator(self, arguments: list[str]) -> None:
        """The simulated park's Modbus devices."""
        self._start_command("simulator", ecopark_command("simulate", "serve", *arguments))

    def start_mail_sink(self) -> None:
        """An SMTP server that keeps every letter as a file."""
        arguments = ["--port", str(self._smtp_port), "--folder", str(self.workdir.mailbox)]
        self._start_command("mail-sink", [sys.executable, "-m", "deploy.local.mail_sink", *arguments])
        wait_for_port(self._smtp_port, "the mail sink", START_TIMEOUT_SECONDS, self.check_running)

    def start_analytics(self, interval_seconds: float = 5.0) -> None:
        """Judges every few seconds, from the register's ``monitoring_since`` on, and writes to tenants."""
        settings: dict[str, Setting] = {
            "park_folder": str(self.workdir.park),
            "store_url": self.store_url,
            "state_path": str(self.workdir.analytics_state),
            "smtp_host": "127.0.0.1",
            "smtp_port": self._smtp_port,
            "smtp_starttls": False,
            "mail_from": "Ecopark <ecopark@bach-dang.example>",
            "evaluate_interval_seconds": interval_seconds,
            "console_url": self.console_url,
        }
        self._start("analytics", ["analytics", "run"], settings)

    def start_console(self) -> None:
        """The pages; returns when they answer."""
        port = int(self.console_url.rpartition(":")[2])
        settings: dict[str, Setting] = {
            "park_folder": str(self.workdir.park),
            "store_url": self.store_url,
            "ingest_url": self.ingest_url,
            "mailbox_path": str(self.workdir.mailbox),
            "analytics_state_path": str(self.workdir.analytics_state),
            "port": port,
        }
        self._start("console", ["dashboards", "console"], settings)
        wait_for_port(port, "the console", START_TIMEOUT_SECONDS, self.check_running)

    def kill_and_restart(self, name: str, pause_seconds: float = 0.0) -> None:
        """SIGKILL one child and start it again in place: what a power cut does."""
        self.children[name].kill()
        time.sleep(pause_seconds)
        if name == "broker":
            self.broker.start()
        else:
            self.children[name].start()

    def check_running(self) -> None:
        """Raises ``OperatorError`` with the last log line when a child has ended by itself."""
        for child in self.children.values():
            child.check_running()

    def rss_mb(self) -> dict[str, float]:
        """Resident memory by program, MB."""
        return {name: round(child.rss_mb(), 1) for name, child in self.children.items()}

    def stop(self, names: Iterable[str] | None = None) -> None:
        """Stop the named children, or all: those that produce first, the broker last."""
        for name in list(names) if names is not None else list(reversed(self.children)):
            self.children[name].stop()
            if names is not None:
                del self.children[name]

    def _start(self, name: str, command: list[str], settings: dict[str, Setting]) -> None:
        path = self.workdir.write_settings(name, settings)
        self._start_command(name, ecopark_command(*command, "--settings", str(path)))

    def _start_command(self, name: str, command: list[str]) -> None:
        child = ChildProcess(name, command, self.workdir.logs / f"{name}.log")
        self.children[name] = child
        child.start()

    def _wait_for_ingest(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while True:
            self.check_running()
            try:
                read_ingest_status(self.ingest_url)
            except UnreachableError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
            else:
                return
