"""The console as a program: refuses bad settings in one line, stops in order, works without Internet."""

import os
import re
import signal
import subprocess
import urllib.request
from pathlib import Path

import pytest

from dashboards.settings import PROGRAM, ConsoleSettings
from service_runtime.errors import SettingsError
from service_runtime.settings import load_settings
from tests.dashboards.conftest import CONSOLE, PARK_FOLDER, REPOSITORY
from tests.servers.ports import free_port
from tests.servers.process import accepts_connections, wait_until


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_zero_and_it_leaves_no_files(tmp_path: Path, number: signal.Signals) -> None:
    port = free_port()
    arguments = ["--park-folder", str(PARK_FOLDER), "--store-url", f"sqlite:///{tmp_path}/s.db", "--port", str(port)]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    process = subprocess.Popen([*CONSOLE, *arguments], cwd=tmp_path, env=environment, stderr=subprocess.PIPE)
    try:
        wait_until(lambda: accepts_connections(port) or process.poll() is not None, "the console to listen")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30) as answer:
            page = answer.read().decode()
        process.send_signal(number)
        _, complaints = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 0, complaints.decode()
    assert {path.name for path in tmp_path.iterdir()} <= {"s.db", "s.db-wal", "s.db-shm"}
    assert _foreign_addresses(page) == []


def test_a_park_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    arguments = ["--park-folder", str(tmp_path / "none"), "--store-url", "sqlite:///s.db", "--port", str(free_port())]
    done = subprocess.run(
        [*CONSOLE, *arguments], cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert done.stderr == f"ecopark: {tmp_path}/none: no such folder\n"


def test_settings_come_from_the_environment_too() -> None:
    environment = {"ECOPARK_CONSOLE_PARK_FOLDER": "p", "ECOPARK_CONSOLE_STORE_URL": "s", "ECOPARK_CONSOLE_PORT": "81"}
    assert load_settings(ConsoleSettings, PROGRAM, environment=environment).port == 81


def test_a_missing_setting_is_named() -> None:
    with pytest.raises(SettingsError, match="store_url"):
        load_settings(ConsoleSettings, PROGRAM, environment={"ECOPARK_CONSOLE_PARK_FOLDER": "p"})


def _foreign_addresses(page: str) -> list[str]:
    """What the page would load from elsewhere; XML namespaces are names, not addresses."""
    return re.findall(r'(?:src|href|from|import)\s*=?\s*[("\']+((?:https?:)?//[^"\')]+)', page)
