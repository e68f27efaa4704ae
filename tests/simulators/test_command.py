"""The simulate commands, the serving one as a real process."""

import dataclasses
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import MappingProxyType

import pytest
from click.testing import CliRunner

from service_runtime.errors import OperatorError
from simulators.command import simulate
from simulators.devices.catalogue import layouts_of_park
from telemetry_model.park_register import Park
from tests.servers.ports import free_port_block
from tests.simulators.conftest import PARK_FOLDER

ROOT = Path(__file__).parents[2]


def test_list_shows_every_scenario_with_its_title() -> None:
    output = CliRunner().invoke(simulate, ["list"]).output
    assert "bach-dang-demo" in output
    assert "Ordinary days: no alert at all" in output


def test_describe_tells_events_findings_and_alerts() -> None:
    output = CliRunner().invoke(simulate, ["describe", "bach-dang-demo"]).output
    words = " ".join(output.split())
    assert "day -1 06:00-22:00     effluent_surge     tenant=hoa-chat-nam-trieu, cod_factor=2.6" in output
    assert "WW-01-TSS central-wwtp-outlet insufficient_data" in words
    assert "AIR-02-NOX chp-stack to park" in words


def test_a_bad_day_is_named() -> None:
    result = CliRunner().invoke(simulate, ["serve", "--park", str(PARK_FOLDER), "--today", "tomorrow"])
    assert isinstance(result.exception, OperatorError)
    assert "--today: 'tomorrow' is not a date" in str(result.exception)


def test_an_unknown_profile_is_named(park: Park) -> None:
    odd = dataclasses.replace(park.devices["em-thep"], profile="abacus")
    strange = dataclasses.replace(park, devices=MappingProxyType({"em-thep": odd}))
    with pytest.raises(OperatorError, match="em-thep: no simulated device 'abacus'"):
        layouts_of_park(strange)


def test_a_quantity_the_device_does_not_give_is_named(park: Park) -> None:
    odd = dataclasses.replace(park.devices["em-thep"], profile="abb-b23")
    strange = dataclasses.replace(park, devices=MappingProxyType({"em-thep": odd}))
    with pytest.raises(OperatorError, match="a abb-b23 has no reactive_power"):
        layouts_of_park(strange)


def test_serve_listens_until_it_is_told_to_stop(park: Park) -> None:
    base = free_port_block(len(park.devices))
    command = [sys.executable, "-m", "ecopark", "simulate", "serve", "--park", str(PARK_FOLDER)]
    process = subprocess.Popen([*command, "--base-port", str(base)], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    try:
        assert wait_until_open(process, base + len(park.devices) - 1)
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.communicate()


def wait_until_open(process: subprocess.Popen[str], port: int) -> bool:
    """Whether the port opens while the process lives, within a minute."""
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return True
        time.sleep(0.05)
    return False
