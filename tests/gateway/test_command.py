"""The command line: light imports, the list of profiles, and one device read by hand."""

import asyncio
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.command import gateway
from service_runtime.errors import OperatorError, SettingsError, UnreachableError
from tests.gateway.modbus_device import ModbusDevice, running

ROOT = Path(__file__).parents[2]
HEAVY = ("pandas", "numpy", "fastapi", "influxdb_client", "nicegui", "matplotlib", "aiohttp")


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(gateway, arguments)


def test_importing_the_gateway_loads_nothing_heavy() -> None:
    code = "import sys, gateway.command; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not set(HEAVY) & set(found.stdout.split())


def test_profiles_are_listed_with_what_they_feed() -> None:
    result = invoke("profiles")
    assert result.exit_code == 0
    assert "tuf-2000m" in result.output
    assert "water, wastewater: flow, volume" in result.output


def test_a_folder_of_own_profiles_is_listed_too(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(
        'title = "Mine"\nmaker = "me"\nsource = "s"\nmedia = ["air"]\n'
        '[registers]\nno2 = { address = 0, type = "u16", unit = "ug/m3" }\n',
        encoding="utf-8",
    )
    assert "mine" in invoke("profiles", "--profiles-folder", str(tmp_path)).output


async def test_probe_prints_every_quantity_once() -> None:
    words = {52: 41_200.0, 62: float("nan")}
    device = ModbusDevice({at: list(struct.unpack(">HH", struct.pack(">f", value))) for at, value in words.items()})
    async with running(device):
        arguments = ("probe", "127.0.0.1", "--port", str(device.port), "--profile", "eastron-sdm630")
        result = await asyncio.to_thread(invoke, *arguments)
    assert result.exit_code == 0
    lines = {line.split()[0]: line.split()[1:] for line in result.output.splitlines()[1:]}
    assert lines["active_power"] == ["41.2", "kW", "measuring"]
    assert lines["power_factor"] == ["-", "1", "measuring,", "not_a_number"]
    assert lines["voltage"] == ["-", "V", "measuring,", "device_refused"]


def test_probe_of_nobody_says_so() -> None:
    result = invoke("probe", "127.0.0.1", "--port", "1", "--profile", "sungrow-sg")
    assert isinstance(result.exception, UnreachableError)
    assert "device_unreachable: no connection to 127.0.0.1:1" in str(result.exception)


def test_probe_with_an_unknown_profile_lists_the_known() -> None:
    result = invoke("probe", "127.0.0.1", "--profile", "none")
    assert isinstance(result.exception, OperatorError)
    assert "unknown profile 'none' (known: abb-b23" in str(result.exception)


def test_run_names_the_missing_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ECOPARK_GATEWAY_GATEWAY", raising=False)
    result = invoke("run", "--park-folder", "x")
    assert isinstance(result.exception, SettingsError)
    assert "missing required setting `gateway`" in str(result.exception)
