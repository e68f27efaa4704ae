"""How the demo begins and how it is broken off: taken ports, children that end, Ctrl-C before there is a report."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from deploy.local.child_process import ChildProcess
from deploy.local.command import EXIT_INTERRUPTED, demo
from deploy.local.ingest_status import IngestStatus
from deploy.local.ports import BLOCKS_FROM, HeldPorts, free_port, free_port_block, wait_for_port
from deploy.local.report import latency_of
from deploy.local.termination import EXIT_TERMINATED
from deploy.local.workdir import Workdir
from service_runtime.errors import OperatorError
from tests.servers.process import wait_until

STATUS = IngestStatus(10, 10, 0, 0, 40.0, 80.0, {})


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the demo makes its folder when none is named."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def test_a_taken_port_is_noticed_before_anything_is_made(taken_port: int, temporary: Path) -> None:
    done = CliRunner().invoke(demo, ["--no-browser", "--port", str(taken_port)])
    assert isinstance(done.exception, OperatorError)
    words = f"--port {taken_port}: cannot listen on 127.0.0.1:{taken_port} (Address already in use)"
    assert str(done.exception) == words
    assert not list(temporary.iterdir())


def test_an_unknown_scenario_leaves_no_folder(temporary: Path) -> None:
    done = CliRunner().invoke(demo, ["--no-browser", "--scenario", "none-such"])
    assert isinstance(done.exception, OperatorError)
    assert not list(temporary.iterdir())


@pytest.mark.parametrize("left", ["telemetry.db", "outbox-gw-east.db"])
def test_a_folder_where_a_run_began_is_not_taken_for_another(tmp_path: Path, left: str) -> None:
    (tmp_path / left).touch()
    done = CliRunner().invoke(demo, ["--no-browser", "--workdir", str(tmp_path)])
    assert str(done.exception) == f"{tmp_path}: already holds a run; give another --workdir"


def test_two_chains_started_at_once_look_for_ports_in_different_places() -> None:
    blocks = [free_port_block(64) for _ in range(8)]
    assert len(set(blocks)) > 1
    assert min(blocks) >= BLOCKS_FROM


def test_a_block_goes_around_a_taken_port(taken_port: int) -> None:
    first = free_port_block(4, taken_port - 2)
    assert taken_port not in range(first, first + 4)


def test_single_ports_are_not_given_twice() -> None:
    assert len({free_port() for _ in range(50)}) == 50


def test_held_ports_are_nobody_elses_until_they_are_let_go() -> None:
    with HeldPorts(3) as ports:
        assert free_port_block(3, ports.first) >= ports.first + 3
        ports.let_go()
        with socket.create_server(("127.0.0.1", ports.first + 2)):
            assert free_port_block(1, ports.first + 2) > ports.first + 2


def test_waiting_ends_when_the_child_does(tmp_path: Path) -> None:
    log = tmp_path / "broken.log"
    child = ChildProcess("broken", [sys.executable, "-c", "import sys; sys.exit('no luck')"], log)
    child.start()
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        with pytest.raises(OperatorError, match=f"broken ended with code 1: no luck .see {log}"):
            wait_for_port(port, "broken", 60, child.check_running)


def test_a_run_shorter_than_the_window_has_no_latency() -> None:
    latency_ms = latency_of(STATUS, 12.4)
    assert (latency_ms["p50"], latency_ms["p99"]) == (None, None)
    assert latency_ms["note"] == "not measured: live for 12 s, and the drain is in the last 60 s"


def test_a_longer_run_has_the_latency_of_live_batches() -> None:
    assert latency_of(STATUS, 60.0) == {"p50": 40.0, "p99": 80.0}


@pytest.mark.parametrize(
    ("signal_number", "status", "is_named"),
    [
        (signal.SIGINT, EXIT_INTERRUPTED, False),
        (signal.SIGINT, EXIT_INTERRUPTED, True),
        (signal.SIGTERM, EXIT_TERMINATED, False),
    ],
)
def test_what_ends_the_demo_while_the_backlog_is_simulated(
    tmp_path: Path, signal_number: int, status: int, is_named: bool
) -> None:
    workdir = ["--workdir", str(tmp_path / "kept")] if is_named else []
    command = [sys.executable, "-m", "ecopark", "demo", "--no-browser", "--broker", "embedded", *workdir]
    (tmp_path / "tmp").mkdir()
    environment = {**os.environ, "TMPDIR": str(tmp_path / "tmp")}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        wait_until(lambda: any(tmp_path.glob("*/**/outbox-*.db-wal")), "the backlog to grow", 60)
        process.send_signal(signal_number)
        said = " ".join(process.communicate(timeout=60)[1].split())
    assert process.returncode == status
    end = f"see {tmp_path / 'kept'}" if is_named else "nothing is kept"
    assert said.endswith(f"outboxes ... Stopping ... Interrupted before there was a report; {end}.")
    assert not list((tmp_path / "tmp").iterdir())
    assert Workdir(tmp_path / "kept").holds_a_run is is_named
