"""``ecopark park check``: a summary of a good register, every problem of a bad one."""

from pathlib import Path

import pytest

from tests.ecopark.conftest import Run


def test_a_good_register_is_summed_up(ecopark: Run, park_folder: Path) -> None:
    done = ecopark("park", "check", park_folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "Small Park (small), Asia/Ho_Chi_Minh: the register is in order",
        "  tenants        1, 1 contact",
        "  points         3: energy 2, water 1",
        "  devices        2, of which 0 are polled",
        "  gateways       1: gw-east",
        "  installations  0: none",
        "  symbiosis      0 links",
        "  warning: contacts.csv has no line for park: no e-mail is sent about them",
    ]


STACK = """
[[installations]]
id = "chp"
kind = "stack"
device = "em-1"
tenant = "park"
name_vi = "Ống khói"
name_en = "Stack"
equipment = "gas_turbine"
standard = "qcvn19-2024"
capacity_mw = 12
column = "B"
licensed_on = 2025-08-01
"""


def test_dated_changes_are_listed_with_their_documents(ecopark: Run, park_folder: Path) -> None:
    head = park_folder / "park.toml"
    device = (park_folder / "points.csv").read_text().splitlines()[1].partition(".")[0]
    changes = '\n[[installations.changes]]\nfrom = 2026-09-01\npermit_co_mg_nm3 = 80\nwithout = ["standard"]\n'
    changes += "\n[[changes]]\nfrom = 2026-10-01\ndocument = 'QD 5'\narea_ha = 9\n"
    head.write_text(head.read_text() + STACK.replace("em-1", device) + changes)
    done = ecopark("park", "check", park_folder)
    assert (done.returncode, done.stderr) == (0, "")
    *listed, note = done.stdout.splitlines()[7:11]
    assert listed == [
        "  dated changes  2",
        "    the park from 2026-10-01: area_ha = 9 (document: QD 5)",
        "    chp from 2026-09-01: permit_co_mg_nm3 = 80, standard ends (no document named)",
    ]
    assert note.startswith("  note: no limit applies to 'chp' from 2026-09-01 on: rules for a stack look at ")


def test_a_change_that_is_wrong_is_named_with_its_field(ecopark: Run, park_folder: Path) -> None:
    head = park_folder / "park.toml"
    head.write_text(head.read_text() + "\n[[changes]]\nfrom = 2026-10-01\nsimulated = false\n")
    done = ecopark("park", "check", park_folder)
    assert done.returncode == 2
    assert done.stderr.startswith("park.toml, column changes[1].simulated: 'simulated' says what the park is")


@pytest.mark.parametrize("text", [None, "tenant,name,email,language\n"])
def test_a_park_without_contacts_is_sound_and_sends_no_letters(
    ecopark: Run, park_folder: Path, text: str | None
) -> None:
    contacts = park_folder / "contacts.csv"
    contacts.unlink()
    if text is not None:
        contacts.write_text(text)
    done = ecopark("park", "check", park_folder)
    assert (done.returncode, done.stderr) == (0, "")
    *_, last = done.stdout.splitlines()
    assert last == ("  warning: contacts.csv names nobody: alerts are shown on boards, and no e-mail is sent to anyone")


def test_every_problem_has_a_line_with_file_row_and_column(ecopark: Run, park_folder: Path) -> None:
    points = park_folder / "points.csv"
    points.write_text(points.read_text().replace("V,gw", "mV,gw").replace("wm-1.flow,steel", "wm-1.flow,stool"))
    done = ecopark("park", "check", park_folder)
    assert (done.returncode, done.stdout) == (2, "")
    first, second, last = done.stderr.splitlines()
    assert first.startswith("points.csv, row 3, column unit: unknown unit 'mV'")
    assert second.startswith("points.csv, row 4, column tenant: unknown tenant 'stool'")
    assert last == f"{park_folder}: 2 problems"


def test_a_missing_folder_is_one_line(ecopark: Run, tmp_path: Path) -> None:
    done = ecopark("park", "check", tmp_path / "nowhere")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"ecopark: {tmp_path}/nowhere: no such folder\n"


def test_a_file_that_is_not_utf_8_is_one_line(ecopark: Run, park_folder: Path) -> None:
    (park_folder / "tenants.csv").write_bytes(b"tenant,name,sector\nsteel,Th\xe9p,steel\n")
    done = ecopark("park", "check", park_folder)
    assert done.returncode == 2
    assert done.stderr.startswith(f"ecopark: {park_folder}/tenants.csv: not UTF-8 text")


def test_a_record_that_nothing_asks_for_is_refused(ecopark: Run, park_folder: Path) -> None:
    header = "indicator,subject,value,document,date,responsible\n"
    (park_folder / "evidence.csv").write_text(f"{header}SOC.5,,yes,D,2026-01-01,A\nEIP-01-RCEP,,40,D,2026-01-01,A\n")
    done = ecopark("park", "check", park_folder)
    assert (done.returncode, done.stdout) == (2, "")
    said = "nothing asks for a record 'EIP-01-RCEP': did you mean 'EIP-01-RECP'?"
    assert done.stderr.splitlines() == [f"evidence.csv, row 3, column indicator: {said}", f"{park_folder}: 1 problem"]


def test_a_device_profile_that_does_not_exist_is_refused(ecopark: Run, park_folder: Path, tmp_path: Path) -> None:
    header = "device,gateway,profile,host,port,unit_id,poll_seconds\n"
    (park_folder / "devices.csv").write_text(f"{header}em-1,gw-east,schneider-iem30000,10.0.0.1,502,1,10\n")
    done = ecopark("park", "check", park_folder)
    assert (done.returncode, done.stdout) == (2, "")
    said = "unknown device profile 'schneider-iem30000': did you mean 'schneider-iem3000'?"
    assert done.stderr.splitlines() == [f"devices.csv, row 2, column profile: {said}", f"{park_folder}: 1 problem"]
    own = tmp_path / "profiles"
    own.mkdir()
    built_in = Path("gateway/device_profiles/schneider-iem3000.toml")
    (own / "schneider-iem30000.toml").write_text(built_in.read_text(encoding="utf-8"), encoding="utf-8")
    assert ecopark("park", "check", park_folder, "--profiles-folder", own).returncode == 0


def test_a_source_that_no_limit_applies_to_is_noted(ecopark: Run, park_folder: Path) -> None:
    head = (park_folder / "park.toml").read_text()
    outlet = '[[installations]]\nid = "out"\nkind = "wastewater_outlet"\ndevice = "wm-1"\ntenant = "park"\n'
    names = 'name_vi = "x"\nname_en = "x"\n'
    (park_folder / "park.toml").write_text(head + outlet + names)
    done = ecopark("park", "check", park_folder)
    assert done.returncode == 0
    note = "note: no limit applies to 'out': rules for a wastewater outlet look at column, licensed_on, standard"
    assert note in map(str.strip, done.stdout.splitlines())
    more = 'standard = "qcvn40-2011"\ncolumn = "A"\nlicensed_on = 2019-05-20\n'
    (park_folder / "park.toml").write_text(head + outlet + names + more)
    assert "note:" not in ecopark("park", "check", park_folder).stdout


def test_a_sub_meter_with_the_role_of_the_meter_above_it_is_noted(ecopark: Run, park_folder: Path) -> None:
    (park_folder / "points.csv").write_text(
        "point,tenant,zone,medium,unit,interval_seconds,role,parent\n"
        "w1.volume,steel,z,water,m3,60,tenant_water,\nw2.volume,steel,z,water,m3,60,tenant_water,w1.volume\n"
        "w3.volume,park,z,water,m3,60,tenant_water,w2.volume\nw4.volume,steel,z,water,m3,60,,w1.volume\n"
    )
    done = ecopark("park", "check", park_folder)
    notes = [line.strip() for line in done.stdout.splitlines() if "sub-meter" in line]
    behind = "is a sub-meter of 'w1.volume' and has the same role, tenant_water: sums of"
    assert notes == [
        f"note: 'w2.volume' {behind} steel and of the park count 'w1.volume' alone",
        f"note: 'w3.volume' {behind} the park count it once, those of steel with park's part",
    ]
