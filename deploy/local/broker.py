"""Starts the local broker: Mosquitto when it is installed, else the embedded one."""

import shutil
import sys
from enum import StrEnum
from pathlib import Path

from deploy.local.child_process import ChildProcess
from deploy.local.ports import free_port, wait_for_port
from service_runtime.errors import OperatorError

_MOSQUITTO_SETTINGS = """\
# One machine, loopback only: no logins. A park's broker is set up in deploy/mosquitto.
listener {port} 127.0.0.1
allow_anonymous true
persistence false
max_inflight_messages 200
max_queued_messages 20000
"""


class BrokerKind(StrEnum):
    """Which broker to start; ``auto`` takes Mosquitto when it is there."""

    AUTO = "auto"
    MOSQUITTO = "mosquitto"
    EMBEDDED = "embedded"


BROKER_NAMES = [kind.value for kind in BrokerKind]


class LocalBroker:
    """A broker child on a fixed free port, so that it can be killed and started again in place."""

    def __init__(self, kind: BrokerKind, folder: Path) -> None:
        self.port = free_port()
        self.url = f"mqtt://127.0.0.1:{self.port}"
        mosquitto = _find_mosquitto()
        if kind is BrokerKind.MOSQUITTO and mosquitto is None:
            raise OperatorError("mosquitto is not installed; use --broker embedded")
        if mosquitto is not None and kind is not BrokerKind.EMBEDDED:
            self.kind = BrokerKind.MOSQUITTO
            settings = folder / "mosquitto.conf"
            settings.write_text(_MOSQUITTO_SETTINGS.format(port=self.port), encoding="utf-8")
            command = [mosquitto, "-c", str(settings)]
        else:
            self.kind = BrokerKind.EMBEDDED
            command = [sys.executable, "-m", "deploy.local.embedded_broker", "--port", str(self.port)]
        self.child = ChildProcess("broker", command, folder / "logs" / "broker.log")

    def start(self) -> None:
        """Start it and wait until it accepts connections."""
        self.child.start()
        wait_for_port(self.port, f"the broker ({self.kind})", check_running=self.child.check_running)


def _find_mosquitto() -> str | None:
    # Debian puts it in /usr/sbin, which is not on every user's PATH.
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
