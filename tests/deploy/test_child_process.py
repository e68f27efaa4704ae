"""Children: started, watched, stopped with a grace time, never left behind."""

import sys
from pathlib import Path

import pytest

from deploy.local.child_process import ChildProcess
from service_runtime.errors import OperatorError

SLEEP = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
)


def child(folder: Path, code: str) -> ChildProcess:
    return ChildProcess("sleeper", [sys.executable, "-c", code], folder / "logs" / "sleeper.log")


def wait_for_output(process: ChildProcess) -> None:
    while process.last_log_line() != "up":
        assert process.is_running


def test_a_child_runs_until_it_is_stopped(tmp_path: Path) -> None:
    sleeper = child(tmp_path, SLEEP)
    sleeper.start()
    wait_for_output(sleeper)
    assert sleeper.is_running
    assert sleeper.rss_mb() > 1
    sleeper.stop()
    assert not sleeper.is_running
    assert sleeper.rss_mb() == 0


def test_a_child_that_ignores_the_signal_is_killed_after_the_grace_time(tmp_path: Path) -> None:
    stubborn = child(tmp_path, STUBBORN)
    stubborn.start()
    wait_for_output(stubborn)
    stubborn.stop(grace_seconds=0.2)
    assert stubborn.exit_code == -9


def test_the_last_words_of_a_child_are_kept(tmp_path: Path) -> None:
    failing = child(tmp_path, "import sys; sys.exit('no such broker')")
    failing.start()
    while failing.exit_code is None:
        pass
    assert (failing.exit_code, failing.last_log_line()) == (1, "no such broker")


def test_a_program_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="ghost: cannot start /no/such/program: No such file or directory"):
        ChildProcess("ghost", ["/no/such/program"], tmp_path / "ghost.log").start()


def test_stopping_what_never_started_does_nothing(tmp_path: Path) -> None:
    sleeper = child(tmp_path, SLEEP)
    sleeper.stop()
    assert sleeper.exit_code is None
