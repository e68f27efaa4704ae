"""Bad input to a command: one clear line on standard error that names the thing to mend, and a non-zero exit."""

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.workdir import PARKS
from tests.servers.ports import free_port

DEMO_PARK = str(PARKS / "bach-dang")


def refused(*arguments: str, expected: str) -> None:
    """The command fails with one line that holds ``expected``, and no trace."""
    command = [sys.executable, "-m", "ecopark", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    lines = [line for line in done.stderr.splitlines() if line.startswith(("ecopark:", "Error:"))]
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert len(lines) == 1, done.stderr
    assert expected in lines[0]


def settings_file(folder: Path, text: str) -> str:
    path = folder / "settings.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def broken_park(folder: Path, file: str, old: str, new: str) -> str:
    park = folder / "park"
    park.mkdir()
    for source in Path(DEMO_PARK).iterdir():
        text = source.read_text(encoding="utf-8")
        (park / source.name).write_text(text.replace(old, new, 1) if source.name == file else text, encoding="utf-8")
    return str(park)


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("points.csv", ",kW,", ",horses,", "column unit: unknown unit 'horses'"),
        ("points.csv", "medium", "mediums", "points.csv, row 1, column medium: required column is missing"),
        ("park.toml", 'id = "bach-dang"', 'id = "Bach Dang"', "park.toml, column id: 'Bach Dang' is not an id"),
    ],
)
def test_a_broken_register_stops_ingest(tmp_path: Path, file: str, old: str, new: str, expected: str) -> None:
    park = broken_park(tmp_path, file, old, new)
    text = f'park_folder = "{park}"\nmqtt_url = "mqtt://127.0.0.1:1"\n'
    text += 'store_url = "sqlite:///x.db"\nstate_path = "s.db"\n'
    refused("ingest", "run", "--settings", settings_file(tmp_path, text), expected=expected)


def test_a_point_twice_is_named_by_park_check(tmp_path: Path) -> None:
    park = broken_park(tmp_path, "park.toml", "", "")
    points = Path(park, "points.csv")
    lines = points.read_text(encoding="utf-8").splitlines()
    points.write_text("\n".join([*lines, lines[1]]) + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "ecopark", "park", "check", park]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert f"points.csv, row {len(lines) + 1}, column point: '{lines[1].split(',')[0]}' is there twice" in done.stderr


@pytest.mark.parametrize("program", ["gateway", "ingest", "analytics"])
def test_an_unknown_setting_is_named(tmp_path: Path, program: str) -> None:
    path = settings_file(tmp_path, "colour = 1\n")
    refused(program, "run", "--settings", path, expected=f"{path}: unknown setting 'colour'")


@pytest.mark.parametrize("program", ["gateway", "ingest", "analytics"])
def test_a_missing_settings_file_is_named(program: str) -> None:
    refused(program, "run", "--settings", "/no/such.toml", expected="/no/such.toml: cannot be read")


def test_an_unreachable_broker_is_named(tmp_path: Path) -> None:
    recording = tmp_path / "meter.csv"
    recording.write_text("time,kw\n2026-01-01T00:00:00Z,1\n", encoding="utf-8")
    port = free_port()
    refused("replay", str(recording), "--park", DEMO_PARK, "--time", "time", "--map", "kw=em-sub-1.active_power",
            "--mqtt", f"mqtt://127.0.0.1:{port}", expected=f"broker mqtt://127.0.0.1:{port}")  # fmt: skip


def test_an_unreachable_database_is_named() -> None:
    port = free_port()
    refused("analytics", "evaluate", "--store", f"influxdb://127.0.0.1:{port}/x?org=y", "--park", DEMO_PARK, "--json",
            expected=f"127.0.0.1:{port}")  # fmt: skip


def test_a_store_that_is_not_there_is_named(tmp_path: Path) -> None:
    refused("analytics", "evaluate", "--store", f"sqlite:///{tmp_path}/none.db", "--park", DEMO_PARK, "--json",
            expected="none.db")  # fmt: skip


def test_a_column_that_is_not_in_the_recording_is_named(tmp_path: Path) -> None:
    recording = tmp_path / "meter.csv"
    recording.write_text("time,kw\n2026-01-01T00:00:00Z,1\n", encoding="utf-8")
    refused("replay", str(recording), "--park", DEMO_PARK, "--time", "when", "--map", "kw=em-sub-1.active_power",
            "--local", str(tmp_path / "work"), expected="when")  # fmt: skip


def test_a_point_that_is_not_in_the_register_is_named(tmp_path: Path) -> None:
    recording = tmp_path / "meter.csv"
    recording.write_text("time,kw\n2026-01-01T00:00:00Z,1\n", encoding="utf-8")
    refused("replay", str(recording), "--park", DEMO_PARK, "--time", "time", "--map", "kw=em-nowhere.active_power",
            "--local", str(tmp_path / "work"), expected="em-nowhere.active_power")  # fmt: skip


def test_an_unknown_scenario_is_named() -> None:
    refused("demo", "--no-browser", "--scenario", "doomsday", expected="no scenario 'doomsday'")


def test_a_report_that_cannot_be_written_is_named_before_the_run() -> None:
    refused(
        "demo", "--no-browser", "--report", "/no/such/folder/out.json", expected="--report: no such folder /no/such"
    )


def test_an_unknown_log_level_is_named() -> None:
    refused("--log-level", "LOUD", "simulate", "list", expected="'LOUD' is not one of 'DEBUG'")
