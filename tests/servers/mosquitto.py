"""A real Mosquitto broker on loopback, with persistence, killed and restarted at will."""

import os
from collections.abc import Sequence
from pathlib import Path

from tests.servers.ports import free_port
from tests.servers.process import ServerProcess, require_binary

# Mosquitto's own defaults (20 in flight, 1,000 queued) would drop messages: both are set on purpose.
_CONFIGURATION = """\
listener {port} 127.0.0.1
allow_anonymous {anonymous}
persistence true
persistence_location {folder}/
autosave_interval 1800
max_inflight_messages 1000
max_queued_messages 200000
{user}
{extra}
"""


class MosquittoServer(ServerProcess):
    """MQTT 3.1.1 and 5 without TLS; ``extra`` lines go into its configuration as they are."""

    def __init__(self, folder: Path, extra: Sequence[str] = (), anonymous: bool = True) -> None:
        binary = require_binary("mosquitto")
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        port = free_port()
        configuration = folder / "mosquitto.conf"
        configuration.write_text(
            _CONFIGURATION.format(
                port=port,
                folder=folder,
                anonymous=str(anonymous).lower(),
                user="user root" if os.geteuid() == 0 else "",
                extra="\n".join(extra),
            )
        )
        super().__init__([binary, "-c", str(configuration)], port, folder / "mosquitto.log")

    @property
    def url(self) -> str:
        """``mqtt://127.0.0.1:port``."""
        return f"mqtt://127.0.0.1:{self.port}"
