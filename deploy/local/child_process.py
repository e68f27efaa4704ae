"""One program as a child process: started with its own log file, stopped with a grace time, never left behind."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from service_runtime.errors import OperatorError

GRACE_SECONDS = 15.0
_PR_SET_PDEATHSIG = 1


class ChildProcess:
    """A child in its own session, so that Ctrl-C reaches only us and we stop the children in order."""

    def __init__(
        self, name: str, command: Sequence[str], log_file: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self._command = list(command)
        self._log_file = log_file
        self._environment = {**os.environ, **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; its output goes to the log file. A missing program raises ``OperatorError``."""
        self._log_file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with self._log_file.open("ab") as log:
                self._process = subprocess.Popen(
                    self._command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=self._environment,
                    start_new_session=True,
                    preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 - one syscall
                )
        except OSError as error:
            raise OperatorError(f"{self.name}: cannot start {self._command[0]}: {error.strerror}") from error

    @property
    def pid(self) -> int:
        """The process id; 0 before the start."""
        return self._process.pid if self._process else 0

    @property
    def is_running(self) -> bool:
        """Whether it has been started and has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """The exit code once it has ended."""
        return self._process.poll() if self._process else None

    def rss_mb(self) -> float:
        """Resident memory now, MB; 0 when it is not running."""
        try:
            return float(psutil.Process(self.pid).memory_info().rss) / 1e6 if self.is_running else 0.0
        except psutil.NoSuchProcess:
            return 0.0

    def check_running(self) -> None:
        """Raises ``OperatorError`` with the last log line when it has ended by itself."""
        if self.exit_code is not None:
            raise OperatorError(
                f"{self.name} ended with code {self.exit_code}: {self.last_log_line()} (see {self._log_file})"
            )

    def last_log_line(self) -> str:
        """What it said last, for a message about its end."""
        try:
            lines = self._log_file.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return ""
        return next((line for line in reversed(lines) if line.strip()), "")

    def kill(self) -> None:
        """SIGKILL: for failure tests."""
        if self._process is not None and self.is_running:
            self._process.kill()
            self._process.wait()

    def stop(self, grace_seconds: float = GRACE_SECONDS) -> None:
        """SIGTERM, then SIGKILL after the grace time."""
        if self._process is None or not self.is_running:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(grace_seconds)
        except subprocess.TimeoutExpired:
            self.kill()


def ecopark_command(*arguments: str) -> list[str]:
    """The command line of one of our own programs, run by this very interpreter."""
    return [sys.executable, "-m", "ecopark", *arguments]


def _die_with_parent() -> None:
    """Ask Linux to end the child when its parent is gone, however it went."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
