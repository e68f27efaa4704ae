"""Names that are allowed but that no limit of the standard in force has: said when the register is checked."""

from pathlib import Path

import pytest

from ecopark.limit_notes import names_without_a_limit
from telemetry_model.park_register import parse_park
from tests.ecopark.conftest import Run

HEAD = 'id = "p"\nname_vi = "P"\nname_en = "P"\n'
OUTLET = 'standard = "qcvn40-2011"\nlicensed_on = 2019-05-20\nkq = 0.9\nkf = 1.0\n'
STACK = 'standard = "qcvn19-2024"\nequipment = "biomass_boiler"\nlicensed_on = 2025-08-01\n'


def notes(kind: str, attributes: str) -> list[str]:
    names = f'id = "out"\nkind = "{kind}"\ndevice = "d"\ntenant = "park"\nname_vi = "x"\nname_en = "x"\n'
    files = {
        "park.toml": f"{HEAD}[[installations]]\n{names}{attributes}",
        "tenants.csv": "tenant,name,sector\npark,Park,operator\n",
        "points.csv": "point,tenant,zone,medium,unit\nd.ph,park,z,wastewater,pH\n",
    }
    return names_without_a_limit(parse_park(files))


def test_a_column_that_the_standard_does_not_have_is_noted_with_those_it_has() -> None:
    tables, conditions = notes("wastewater_outlet", f'{OUTLET}column = "C"\n')
    begin = "'out': column = 'C', and "
    assert tables.startswith(f"{begin}limits of QCVN 40:2011/BTNMT are for column A, B alone: no verdict by WW-01-")
    assert conditions.startswith(f"{begin}rules of QCVN 40:2011/BTNMT are for column A, B alone: WW-01-")
    assert conditions.endswith(" more not applied")


@pytest.mark.parametrize(
    ("kind", "attributes", "said"),
    [
        ("wastewater_outlet", OUTLET, "column is not given, and limits of QCVN 40:2011/BTNMT are for column A, B"),
        ("tenant_outlet", "", "contract_column is not given"),
        ("stack", 'standard = "qcvn19-2009"\ncolumn = "C"', "rules of QCVN 19:2009/BTNMT are for column A, B alone"),
        (
            "facility",
            'sector = "steel"\nprocess = "tissue_under_10000"',
            "'tissue_under_10000', and limits of Circular",
        ),
        ("facility", 'sector = "textile"', "are for sector beer, paper, steel alone"),
        ("noise_point", 'standard = "qcvn26-2010"', "area is not given"),
    ],
)
def test_what_else_has_no_line_in_a_table(kind: str, attributes: str, said: str) -> None:
    (note,) = notes(kind, attributes)
    assert said in note


@pytest.mark.parametrize(
    ("kind", "attributes"),
    [
        ("wastewater_outlet", f'{OUTLET}column = "A"'),
        ("wastewater_outlet", 'standard = "qcvn40-2025"\nlicensed_on = 2019-05-20\ncolumn = "C"'),
        ("wastewater_outlet", 'facility_type = "polluting"\ndesign_capacity_m3_day = 20'),
        ("stack", 'standard = "qcvn19-2024"\nequipment = "cement_kiln"\nlicensed_on = 2025-08-01\ncolumn = "B"'),
        ("electricity_supply", 'use = "building"\ncontracted_kw = 10'),
    ],
    ids=["a column it has", "column C of 2025", "too small for the rule", "equipment of all other kinds", "exempted"],
)
def test_what_the_rules_answer_is_not_noted(kind: str, attributes: str) -> None:
    assert notes(kind, attributes) == []


def test_a_limit_of_the_licence_needs_no_column() -> None:
    without, with_permit = notes("stack", STACK), notes("stack", f"{STACK}permit_so2_mg_nm3 = 100\n")
    assert "no verdict by AIR-02-CO and 2 more" in without[0]
    assert "no verdict by AIR-02-CO and 1 more" in with_permit[0]


def test_a_column_from_a_day_on_is_noted_with_the_day() -> None:
    change = '\n[[installations.changes]]\nfrom = 2026-09-01\ncolumn = "C"\n'
    found = notes("wastewater_outlet", f'{OUTLET}column = "B"\n{change}')
    assert all(note.startswith("'out' from 2026-09-01 on: column = 'C', and ") for note in found)
    assert found


def test_the_check_prints_the_notes_and_passes(ecopark: Run, park_folder: Path) -> None:
    head = park_folder / "park.toml"
    outlet = '[[installations]]\nid = "out"\nkind = "wastewater_outlet"\ndevice = "wm-1"\ntenant = "park"\n'
    head.write_text(f'{head.read_text()}{outlet}name_vi = "x"\nname_en = "x"\n{OUTLET}column = "C"\n')
    done = ecopark("park", "check", park_folder)
    assert done.returncode == 0
    assert "  note: 'out': column = 'C', and limits of QCVN 40:2011/BTNMT are for column A, B alone" in done.stdout
