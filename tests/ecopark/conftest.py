"""A tiny park register on disk, and a way to run the ``ecopark`` command as an operator does."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]

FILES = {
    "park.toml": 'id = "small"\nname_vi = "Nhỏ"\nname_en = "Small Park"\ntimezone = "Asia/Ho_Chi_Minh"\n',
    "tenants.csv": "tenant,name,sector,zone\npark,Operator,operator,hub\nsteel,Steel Ltd,steel,east\n",
    "points.csv": (
        "point,tenant,zone,medium,unit,gateway\n"
        "em-1.active_power,steel,east,energy,kW,gw-east\n"
        "em-1.voltage,steel,east,energy,V,gw-east\n"
        "wm-1.flow,steel,east,water,m3/h,gw-east\n"
    ),
    "contacts.csv": "tenant,name,email,language\nsteel,Lan,lan@example.org,vi\n",
}


@pytest.fixture
def park_folder(tmp_path: Path) -> Path:
    """A correct register of one firm, two devices and three points."""
    folder = tmp_path / "park"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def ecopark() -> Run:
    """Runs ``ecopark`` with these arguments in a process of its own."""

    def run(*arguments: object) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "ecopark", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    return run
