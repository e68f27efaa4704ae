"""The working folder: the register it adopts and the settings it writes."""

import tomllib
from datetime import date
from pathlib import Path

import pytest

from deploy.local.workdir import PARKS, Workdir
from service_runtime.errors import OperatorError
from telemetry_model.park_register import RegisterError

DEMO = PARKS / "bach-dang"


@pytest.fixture
def workdir(tmp_path: Path) -> Workdir:
    made = Workdir(tmp_path / "work")
    made.create()
    return made


def test_devices_move_to_neighbouring_ports(workdir: Workdir) -> None:
    park = workdir.adopt_park(DEMO, first_port=40_000)
    ports = [device.port for device in park.devices.values()]
    assert ports == list(range(40_000, 40_000 + len(ports)))


def test_the_adopted_register_is_what_programs_will_read(workdir: Workdir) -> None:
    adopted = workdir.adopt_park(DEMO, 40_000, date(2026, 11, 20), poll_seconds=0.5)
    again = Workdir(workdir.root).adopt_park(workdir.park)
    assert again.monitoring_since == date(2026, 11, 20)
    assert {d.poll_seconds for d in again.devices.values()} == {0.5}
    assert list(again.points) == list(adopted.points)


def test_a_broken_register_is_not_adopted(workdir: Workdir, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    for name in ("park.toml", "tenants.csv", "points.csv", "contacts.csv"):
        (broken / name).write_text((DEMO / name).read_text(encoding="utf-8").replace(",unit,", ",units,"))
    with pytest.raises(RegisterError, match=r"points\.csv, row 1, column unit: required column is missing"):
        workdir.adopt_park(broken)
    assert not workdir.park.exists()


def test_settings_are_valid_toml_whatever_the_values(workdir: Workdir) -> None:
    path = workdir.write_settings("x", {"a": 'C:\\dir "quoted"', "b": 3, "c": 0.5, "d": True})
    assert tomllib.loads(path.read_text(encoding="utf-8")) == {"a": 'C:\\dir "quoted"', "b": 3, "c": 0.5, "d": True}


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OperatorError, match="file/work: cannot be created"):
        Workdir(tmp_path / "file" / "work").create()
