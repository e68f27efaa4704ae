"""A real InfluxDB 1.x with nginx in front that maps the v2 write path, so that every client writes unchanged."""

import json
import os
import shutil
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from tests.servers.ports import free_port
from tests.servers.process import ServerProcess, require_binary, wait_until

_INFLUXD = """\
reporting-disabled = true
bind-address = "127.0.0.1:{rpc_port}"
[meta]
  dir = "{folder}/meta"
  logging-enabled = false
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
  wal-fsync-delay = "0s"
  query-log-enabled = false
[http]
  bind-address = "127.0.0.1:{port}"
  log-enabled = false
[monitor]
  store-enabled = false
[continuous_queries]
  enabled = false
"""
_NGINX = """\
{user}
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
events {{ worker_connections 512; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    client_max_body_size 50m;
    {mapping}
    location / {{ proxy_set_header Authorization ""; proxy_pass http://127.0.0.1:{influxd_port}; }}
  }}
}}
"""
_MAPPING = """location = /api/v2/write {{
      proxy_set_header Authorization "";
      rewrite ^ /write?db=$arg_bucket&precision=$arg_precision? break;
      proxy_pass http://127.0.0.1:{influxd_port};
    }}"""
NEWER_INFLUXD = "ECOPARK_INFLUXD"
"""Names an InfluxDB 1.8 or later 1.x to test against instead: then nothing is mapped."""


class InfluxServer:
    """InfluxDB and its front door; ``influxd`` and ``nginx`` can also be killed one by one."""

    def __init__(self, folder: Path) -> None:
        newer = os.environ.get(NEWER_INFLUXD, "")
        influxd, nginx = newer or require_binary("influxd"), require_binary("nginx")
        folder.mkdir(parents=True, exist_ok=True)
        port, influxd_port, rpc_port = free_port(), free_port(), free_port()
        self._folder = folder
        self._rpc = f"127.0.0.1:{rpc_port}"
        settings, front = folder / "influxdb.conf", folder / "nginx.conf"
        settings.write_text(_INFLUXD.format(folder=folder, port=influxd_port, rpc_port=rpc_port))
        user = "user root;" if os.geteuid() == 0 else ""
        mapping = "" if newer else _MAPPING.format(influxd_port=influxd_port)
        front.write_text(_NGINX.format(folder=folder, port=port, influxd_port=influxd_port, user=user, mapping=mapping))
        self.influxd = ServerProcess([influxd, "-config", str(settings)], influxd_port, folder / "influxd.log")
        log = folder / "nginx.log"
        self.nginx = ServerProcess([nginx, "-c", str(front), "-e", str(log), "-p", str(folder)], port, log)

    @property
    def base_url(self) -> str:
        """Where clients connect."""
        return f"http://127.0.0.1:{self.nginx.port}"

    def start(self) -> None:
        """Start what does not run and wait until InfluxDB answers through nginx."""
        self.influxd.start()
        self.nginx.start()
        wait_until(self._answers, "InfluxDB to answer /ping")

    def stop(self) -> None:
        """Stop both: connections are refused afterwards."""
        self.nginx.stop()
        self.influxd.stop()

    def kill(self) -> None:
        """SIGKILL both."""
        self.nginx.kill()
        self.influxd.kill()

    def restart(self) -> None:
        """Stop cleanly and start again on the same ports and data."""
        self.stop()
        self.start()

    def backup(self, database: str, folder: Path) -> None:
        """``influxd backup -portable``, as operators make one of a running server."""
        self._influxd("backup", database, folder)

    def restore(self, database: str, folder: Path) -> None:
        """``influxd restore -portable``; the database must not be there."""
        self._influxd("restore", database, folder)

    def lose_everything(self) -> None:
        """kill -9, and an empty disk; start it again as a new server."""
        self.influxd.kill()
        for name in ("meta", "data", "wal"):
            shutil.rmtree(self._folder / name)

    def query(self, statement: str, database: str = "") -> Any:
        """Run InfluxQL as an administrator would; the decoded JSON answer."""
        body = urllib.parse.urlencode({"q": statement, "db": database, "epoch": "ms"}).encode()
        with urllib.request.urlopen(f"{self.base_url}/query", data=body, timeout=30) as answer:
            return json.load(answer)

    def _influxd(self, verb: str, database: str, folder: Path) -> None:
        command = [require_binary("influxd"), verb, "-portable", "-host", self._rpc, "-db", database, str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode:
            raise RuntimeError(f"influxd {verb}: {done.stdout[-1000:]}{done.stderr[-1000:]}")

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.base_url}/ping", timeout=2) as answer:
                return bool(answer.status == 204)
        except (urllib.error.URLError, OSError):
            return False


class InfluxDatabase:
    """One fresh database on the shared server."""

    def __init__(self, server: InfluxServer, name: str) -> None:
        self.server = server
        self.name = name
        server.query(f'CREATE DATABASE "{name}"')

    @property
    def url(self) -> str:
        """For ``open_store``."""
        return f"influxdb://127.0.0.1:{self.server.nginx.port}/{self.name}?org=ecopark"

    def query(self, statement: str) -> Any:
        """Run InfluxQL in this database."""
        return self.server.query(statement, self.name)

    def drop(self) -> None:
        """Remove the database; the server must run."""
        self.server.query(f'DROP DATABASE "{self.name}"')
