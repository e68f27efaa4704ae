"""A real PostgreSQL on loopback, in a folder of its own, stopped, killed and frozen at will."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from tests.servers.ports import free_port
from tests.servers.process import ServerProcess, require_binary, wait_until

# Debian keeps them where no PATH leads; newest first.
_FOLDERS = sorted((str(path) for path in Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)
LONGEST_START_SECONDS = 90.0
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "log_min_messages": "warning",
    # A killed server loses nothing that the operating system has; power is not cut here.
    "fsync": "off",
    "full_page_writes": "off",
    "dynamic_shared_memory_type": "mmap",
}


class PostgresServer(ServerProcess):
    """Trusts loopback. PostgreSQL refuses to run as root: then it runs as ``postgres`` or ``nobody``."""

    def __init__(self) -> None:
        initdb, binary = (require_binary(name, _FOLDERS) for name in ("initdb", "postgres"))
        # Not below pytest's folder, which only its owner may enter.
        self.folder = Path(tempfile.mkdtemp(prefix="ecopark-postgres-"))
        data, port = self.folder / "data", free_port()
        user = _server_user()
        if user:
            self.folder.chmod(0o755)
            shutil.chown(self.folder, user)
        make = [initdb, "-D", str(data), "-A", "trust", "-U", "ecopark", "-E", "UTF8", "--no-locale", "--no-sync"]
        done = subprocess.run(
            [*_as_user(user), *make], cwd=self.folder, capture_output=True, text=True, timeout=120, check=False
        )
        if done.returncode:
            raise RuntimeError(f"initdb failed: {done.stderr}")
        settings = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
        command = [*_as_user(user), binary, "-D", str(data), "-p", str(port), *settings]
        super().__init__(command, port, self.folder / "postgres.log")

    def start(self) -> None:
        """Start and wait until it answers, again when it ended meanwhile.

        After a kill the old backends need a moment to notice. Until then shared memory and port are theirs: the new
        server ends, although something listens on its port.
        """
        deadline = time.monotonic() + LONGEST_START_SECONDS
        while True:
            try:
                super().start()
                wait_until(lambda: self._answers() or not self.running, "PostgreSQL to answer", LONGEST_START_SECONDS)
                if self.running:
                    return
            except RuntimeError:
                if time.monotonic() > deadline:
                    raise
            if time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL does not stay: {self._log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.2)

    def pause(self) -> None:
        """Freeze the server with its backends: connections stay open, nothing answers."""
        for process in self._family():
            process.suspend()

    def resume(self) -> None:
        """Go on."""
        for process in self._family():
            process.resume()

    def database(self, name: str) -> str:
        """Make an empty database; its URL."""
        import psycopg

        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        return self.url(name)

    def url(self, database: str) -> str:
        """For ``state_url``."""
        return f"postgresql://ecopark@127.0.0.1:{self.port}/{database}"

    def _family(self) -> list[psutil.Process]:
        assert self._process is not None
        postmaster = psutil.Process(self._process.pid)
        return [postmaster, *postmaster.children(recursive=True)]

    def _answers(self) -> bool:
        import psycopg

        try:
            with psycopg.connect(self.url("postgres"), connect_timeout=5):
                return True
        except psycopg.OperationalError:
            return False

    def remove(self) -> None:
        """Kill it and delete its folder."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def _server_user() -> str:
    """Whom to run as; empty: as ourselves."""
    if os.geteuid() != 0:
        return ""
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _as_user(user: str) -> Sequence[str]:
    if not user:
        return ()
    entry = pwd.getpwnam(user)
    return ("setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups", "--pdeathsig=KILL", "--")
