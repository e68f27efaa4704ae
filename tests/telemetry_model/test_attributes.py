"""The closed list of attributes: a slip of the keyboard is refused, because a rule would silently not apply."""

import pytest

from telemetry_model.park_register import RegisterError, parse_park
from telemetry_model.park_register.attributes import INSTALLATION_ATTRIBUTES, PARK_ATTRIBUTES, attribute_forms
from telemetry_model.park_register.types import INSTALLATION_KINDS

HEAD = 'id = "p"\nname_vi = "Khu"\nname_en = "Park"\n[attributes]\n{facts}\n'
BOTH_ENDS = "permit_ph_low = 6.5\npermit_ph_high = 8.5\n"
INSTALLATION = (
    '[[installations]]\nid = "x"\nkind = "{kind}"\ndevice = "wq"\ntenant = "park"\nname_vi = "x"\nname_en = "x"\n'
)


def problems(kind: str = "wastewater_outlet", line: str = "", facts: str = "") -> list[str]:
    files = {
        "park.toml": HEAD.format(facts=facts) + INSTALLATION.format(kind=kind) + line,
        "tenants.csv": "tenant,name,sector,zone\npark,Park,operator,\n",
        "points.csv": "point,tenant,zone,medium,unit\nwq.cod,park,z,wastewater,mg/l\n",
        "contacts.csv": "tenant,name,email,language\n",
    }
    try:
        parse_park(files)
    except RegisterError as error:
        return [str(problem) for problem in error.problems]
    return []


@pytest.mark.parametrize(
    ("kind", "line", "said"),
    [
        ("wastewater_outlet", 'colunm = "A"', "'colunm' of 'x' (kind wastewater_outlet): did you mean 'column'?"),
        ("wastewater_outlet", 'standrad = "qcvn40-2011"', "did you mean 'standard'?"),
        ("wastewater_outlet", "permit_cod_mgl = 100", "did you mean 'permit_cod_mg_l'?"),
        ("wastewater_outlet", 'standard = "qcvn40_2011"', "is not known here: did you mean 'qcvn40-2011'?"),
        ("wastewater_outlet", 'licensed_on = "2019-05-20"', "'2019-05-20' is not a date (YYYY-MM-DD, without quotes)"),
        ("wastewater_outlet", "licensed_on = 2019-05-20T00:00:00", "2019-05-20T00:00:00 is not a date"),
        ("wastewater_outlet", 'kq = "0.9"', "'0.9' is not a factor above 0 and at most 2"),
        ("wastewater_outlet", "kq = true", "true is not a factor above 0 and at most 2"),
        ("wastewater_outlet", "kf = nan", "is not a factor above 0 and at most 2"),
        ("wastewater_outlet", "kf = inf", "'inf' is not a factor above 0 and at most 2"),
        ("wastewater_outlet", "permit_cod_mg_l = inf", "'inf' is not a number above 0"),
        ("stack", "o2_reference_percent = 20.9", "is not an oxygen content above 0 and below 20.9 %"),
        ("stack", "o2_reference_percent = 25", "is not an oxygen content above 0 and below 20.9 %"),
        ("wastewater_outlet", 'flow_device = "fm-centrall"', "is not a device that has points in points.csv"),
        ("wastewater_outlet", 'flow_point = "wq.volume"', "is not a point of points.csv"),
        ("wastewater_outlet", "permit_nox_mg_nm3 = 100", "unknown attribute 'permit_nox_mg_nm3'"),
        ("stack", 'equipment = "gas_turbin"', "did you mean 'gas_turbine'?"),
        ("stack", 'equipment = "Gas turbine"', "did you mean 'gas_turbine'?"),
        ("stack", 'already_at_reference_o2 = "true"', "is not true or false, without quotes"),
        ("ambient_station", 'column = "A"', "unknown attribute 'column' of 'x' (kind ambient_station) (known: none)"),
        ("electricity_supply", "billing_day = 32", "is not a whole number from 1 to 31"),
        ("electricity_supply", 'voltage_level = "22 kV"', "'22 kV' is not known here"),
        ("facility", 'process = "billet_induction_furnance"', "did you mean 'billet_induction_furnace'?"),
    ],
)  # fmt: skip
def test_a_wrong_attribute_is_refused_with_its_place(kind: str, line: str, said: str) -> None:
    found = problems(kind, line)
    assert len(found) == 1
    assert found[0].startswith(f"park.toml, column installations[1].{line.split(maxsplit=1)[0]}: ")
    assert said in found[0]


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("wastewater_outlet", "permit_ph_low = 6\npermit_ph_high = 8\nanalyser_range_cod_mg_l = 300"),
        ("tenant_outlet", 'contract_column = "B"\ncontract_cod_mg_l = 400\ncontract_temperature_degc = 45'),
        ("stack", 'equipment = "cement_kiln"\npermit_dust_mg_nm3 = 50'),
        ("facility", 'sector = "cement"\nkey_energy_user = true'),
    ],
)
def test_what_a_licence_or_an_unlisted_trade_needs_is_taken(kind: str, line: str) -> None:
    assert problems(kind, line) == []


def test_the_park_may_have_facts_of_its_own_but_no_near_miss() -> None:
    assert problems(facts='founded_by = "a firm"') == []
    assert "did you mean 'eco_park'?" in problems(facts="ecopark = true")[0]
    assert "attributes.area_ha: '12 ha' is not a number above 0" in problems(facts='area_ha = "12 ha"')[0]


def test_each_kind_of_installation_has_its_list() -> None:
    assert set(INSTALLATION_ATTRIBUTES) == set(INSTALLATION_KINDS)
    assert "permit_total_n_mg_l" in attribute_forms("wastewater_outlet")
    assert attribute_forms("unheard-of") == {}
    assert "eco_park" in PARK_ATTRIBUTES


@pytest.mark.parametrize(
    ("lines", "missing"),
    [
        ("permit_ph_low = 6.5", "installations[1].permit_ph_high"),
        ("permit_ph_high = 8.5", "installations[1].permit_ph_low"),
        (
            BOTH_ENDS + "[[installations.changes]]\nfrom = 2026-03-01\nwithout = ['permit_ph_high']",
            "installations[1].changes[1].permit_ph_high",
        ),
    ],
)
def test_a_range_with_one_end_alone_is_refused(lines: str, missing: str) -> None:
    found = problems("wastewater_outlet", lines)
    assert [problem.split(": ")[0] for problem in found] == [f"park.toml, column {missing}"]
    assert "stands alone" in found[0]


def test_a_range_with_both_ends_is_taken() -> None:
    assert problems("wastewater_outlet", BOTH_ENDS) == []
