"""A real VictoriaMetrics on loopback: takes InfluxDB's line protocol, cannot be read by InfluxQL."""

import json
import re
import urllib.parse
import urllib.request
from pathlib import Path

from tests.servers.ports import free_port
from tests.servers.process import ServerProcess, require_binary

_INSERTED = re.compile(r'^vm_rows_inserted_total\{type="influx"\} (\d+)$', re.MULTILINE)


class VictoriaMetricsServer(ServerProcess):
    """One single-node server with its data in ``folder``."""

    def __init__(self, folder: Path) -> None:
        binary = require_binary("victoria-metrics")
        folder.mkdir(parents=True, exist_ok=True)
        port = free_port()
        arguments = [f"-storageDataPath={folder}/data", f"-httpListenAddr=127.0.0.1:{port}", "-retentionPeriod=100y"]
        super().__init__([binary, *arguments], port, folder / "victoria-metrics.log")

    @property
    def store_url(self) -> str:
        """For ``open_store``: writes only."""
        return f"influxdb://127.0.0.1:{self.port}/bench"

    def inserted_values(self) -> int:
        """Field values taken so far, as the server counts them."""
        found = _INSERTED.search(self._get("/metrics"))
        return int(found[1]) if found else 0

    def has_value(self, point: str, time_ms: int) -> bool:
        """Whether a value of this point at this time can be read."""
        selector = f'{{point="{point}"}}'
        text = self._get("/api/v1/export", {"match[]": selector, "start": f"{time_ms / 1000}"})
        return any(time_ms in json.loads(line)["timestamps"] for line in text.splitlines())

    def _get(self, path: str, parameters: dict[str, str] | None = None) -> str:
        query = f"?{urllib.parse.urlencode(parameters)}" if parameters else ""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}{query}", timeout=10) as answer:
            return str(answer.read().decode())
