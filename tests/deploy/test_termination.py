"""SIGTERM ends a program as Ctrl-C does: in order, with its children, once."""

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from deploy.local.termination import EXIT_TERMINATED, Terminated, raising_on_sigterm
from tests.servers.process import wait_until

PROGRAM = """
import sys, time
from pathlib import Path
from deploy.local.child_process import ChildProcess
from deploy.local.termination import EXIT_TERMINATED, Terminated, ignore_sigterm, raising_on_sigterm

folder = Path(sys.argv[1])
child = ChildProcess("child", [sys.executable, "-c", "import time; time.sleep(600)"], folder / "child.log")
try:
    with raising_on_sigterm():
        child.start()
        (folder / "pid").write_text(str(child.pid))
        try:
            time.sleep(600)
        finally:
            ignore_sigterm()
            (folder / "ending").touch()
            while not (folder / "go-on").exists():
                time.sleep(0.01)
            child.stop()
            (folder / "ended").touch()
except Terminated:
    sys.exit(EXIT_TERMINATED)
"""


def test_children_are_stopped_and_a_second_signal_breaks_nothing_off(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", PROGRAM, str(tmp_path)]) as program:
        wait_until(lambda: (tmp_path / "pid").exists() and bool((tmp_path / "pid").read_text()), "the child", 60)
        child = psutil.Process(int((tmp_path / "pid").read_text()))
        program.send_signal(signal.SIGTERM)
        wait_until((tmp_path / "ending").exists, "the end to begin", 60)
        program.send_signal(signal.SIGTERM)
        (tmp_path / "go-on").touch()
        assert program.wait(60) == EXIT_TERMINATED
    assert (tmp_path / "ended").exists()
    assert not child.is_running()


def test_afterwards_the_signal_means_what_it_meant_before() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Terminated), raising_on_sigterm():
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) == before
