"""The systemd unit of a gateway: valid, closed, never giving up, with settings its program knows."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from gateway.settings import GatewaySettings
from service_runtime.settings import load_settings

UNIT = Path(__file__).resolve().parents[2] / "deploy" / "gateway" / "ecopark-gateway.service"
_LINE = re.compile(r"^(\w+)=(.*)$", re.MULTILINE)


def directives() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, value in _LINE.findall(UNIT.read_text()):
        found.setdefault(key, []).append(value)
    return found


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The unit as if its program stood here."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text().replace("/opt/ecopark/bin/ecopark", "/bin/true"))
    return copy


def test_systemd_finds_no_mistake(installed: Path) -> None:
    result = subprocess.run(["systemd-analyze", "verify", installed], capture_output=True, text=True, check=False)
    about_us = [line for line in result.stderr.splitlines() if UNIT.name in line]
    assert (result.returncode, about_us) == (0, [])


def test_systemd_finds_little_exposure(installed: Path) -> None:
    command = ["systemd-analyze", "security", "--offline=yes", "--threshold=20", str(installed)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("directive", "value"),
    [
        ("DynamicUser", "yes"),
        ("ProtectSystem", "strict"),
        ("StateDirectory", "ecopark-gateway"),
        ("Restart", "always"),
        ("StartLimitIntervalSec", "0"),
        ("NoNewPrivileges", "yes"),
    ],
)
def test_the_unit_keeps_its_promises(directive: str, value: str) -> None:
    assert directives()[directive] == [value]


def test_the_units_variables_are_settings_of_the_gateway(tmp_path: Path) -> None:
    (tmp_path / "mqtt_password").write_text("0123456789abcdef\n")
    specifiers = {"%d": str(tmp_path), "%S": "/var/lib"}
    lines = directives()["Environment"]
    for specifier, meaning in specifiers.items():
        lines = [line.replace(specifier, meaning) for line in lines]
    environment = dict(line.split("=", 1) for line in lines)
    rest = {"park_folder": "/etc/ecopark/park", "gateway": "gw-1", "mqtt_url": "mqtts://broker:8883"}
    settings = load_settings(GatewaySettings, "gateway", None, environment, rest)
    assert settings.mqtt_password == "0123456789abcdef"
    assert settings.outbox_path == f"/var/lib/{directives()['StateDirectory'][0]}/outbox.db"


def test_the_password_comes_from_a_file_only_root_can_read() -> None:
    (credential,) = directives()["LoadCredential"]
    name, _, file = credential.partition(":")
    assert f"ECOPARK_GATEWAY_MQTT_PASSWORD_FILE=%d/{name}" in directives()["Environment"]
    assert file.startswith("/etc/ecopark/")
