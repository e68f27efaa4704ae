"""Runs one real server as a child process in its own process group, started, stopped and killed on demand."""

import atexit
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

START_SECONDS = 30.0
STOP_SECONDS = 20.0


def require_binary(name: str, folders: Sequence[str] = ()) -> str:
    """The server's path, looked for in ``folders`` too.

    Without it the test is skipped, or fails when ``ECOPARK_REQUIRE_SERVERS=1``.
    """
    found = shutil.which(name) or shutil.which(name, path=":".join(["/usr/sbin", "/usr/local/sbin", *folders]))
    if found:
        return found
    if os.environ.get("ECOPARK_REQUIRE_SERVERS") == "1":
        pytest.fail(f"{name} is not installed, and ECOPARK_REQUIRE_SERVERS=1 asks for it")
    pytest.skip(f"{name} is not installed")


def wait_until(condition: Callable[[], bool], what: str, seconds: float = START_SECONDS) -> None:
    """Return as soon as the condition holds; ``TimeoutError`` naming ``what`` when it never does."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:g} s for {what}")
        time.sleep(0.02)


def accepts_connections(port: int) -> bool:
    """Whether something listens on this loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class ServerProcess:
    """A command that listens on ``port``; its output goes to ``log``. Every start is on the same port and data."""

    def __init__(self, command: Sequence[str], port: int, log: Path) -> None:
        self.port = port
        self._command = list(command)
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        atexit.register(self.kill)

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process id; 0 while it does not run."""
        return self._process.pid if self._process is not None else 0

    def start(self) -> None:
        """Start and wait until it accepts connections; nothing when it runs already."""
        if self.running:
            return
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                [*_dies_with_parent(), *self._command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        wait_until(lambda: accepts_connections(self.port) or not self.running, f"{self._command[0]} to listen")
        if not self.running:
            raise RuntimeError(f"{self._command[0]} ended at once:\n{self._log.read_text(errors='replace')[-2000:]}")

    def stop(self) -> None:
        """SIGTERM, and wait for a clean end."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL to the whole group: no clean-up, as in a power cut."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """SIGSTOP: connections stay open, nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)

    def restart(self) -> None:
        """Stop cleanly and start again on the same port and data."""
        self.stop()
        self.start()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, number)

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            os.killpg(process.pid, number)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(STOP_SECONDS)


def _dies_with_parent() -> list[str]:
    """So that a test run that is itself killed leaves no server behind (Linux, util-linux)."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL"] if setpriv else []
