"""The register: what it accepts, and that every mistake is named with file, row and column."""

import dataclasses
import re
from datetime import date

import pytest

from telemetry_model.park_register import EvidenceRecord, RegisterError, parse_park
from telemetry_model.quantities import Medium

GOOD = {
    "park.toml": """
id = "song-cam"
name_vi = "Sông Cấm"
name_en = "Cam River"
timezone = "Asia/Ho_Chi_Minh"
monitoring_since = 2026-01-01

[[installations]]
id = "outlet"
kind = "wastewater_outlet"
device = "wq-1"
tenant = "park"
name_vi = "Cửa xả"
name_en = "Outlet"
column = "A"
kq = 0.9
""",
    "tenants.csv": "tenant,name,sector,zone\npark,Sông Cấm,operator,z0\nsteel,Thép,steel,z1\n",
    "points.csv": (
        "point,tenant,zone,medium,unit,interval_seconds,range_low,range_high,role\n"
        "em-1.active_power,steel,z1,energy,kW,60,0,500,\n"
        "wq-1.cod,park,z0,wastewater,mg/l,300,,,\n"
    ),
    "contacts.csv": "tenant,name,email,language\nsteel,Lan,lan@steel.example,vi\n",
    "devices.csv": "device,gateway,profile,host,port,unit_id,poll_seconds\nem-1,gw-1,eastron-sdm630,10.0.0.1,502,1,5\n",
    "symbiosis.csv": "link,giver,taker,material\nheat,steel,park,hot water\n",
    "topics.csv": "topic,point,path,unit\nshelly/7,em-1.active_power,meter.power,W\nlab/cod,wq-1.cod,,\n",
    "sparkplug.csv": (
        "group,edge,device,metric,point,unit\nhall,line-1,,Power,em-1.active_power,W\nhall,line-1,pump,Hours,-,\n"
    ),
    "evidence.csv": (
        "indicator,subject,value,document,date,responsible\n"
        "EIP-04-REPORT,,yes,Annual report,2026-03-15,Lan\nEN-05-AUDIT,outlet,2.5,Audit,2025-04-18,Minh\n"
    ),
}


def broken(file: str, old: str, new: str) -> list[str]:
    """The problems after one change to the good register."""
    assert old in GOOD[file]
    with pytest.raises(RegisterError) as caught:
        parse_park({**GOOD, file: GOOD[file].replace(old, new)})
    return [str(problem) for problem in caught.value.problems]


def test_a_good_register_is_read_whole() -> None:
    park = parse_park(GOOD)
    point = park.points["em-1.active_power"]
    assert (point.device, point.medium, point.field_name) == ("em-1", Medium.ENERGY, "active_power_kw")
    assert (point.low, point.high, point.interval_seconds) == (0, 500, 60)
    assert park.installations["outlet"].dated.first["kq"] == 0.9
    assert park.monitoring_since == date(2026, 1, 1)
    assert [tenant.id for tenant in park.firms()] == ["steel"]


def test_foreign_topics_and_metrics_lead_to_points() -> None:
    park = parse_park(GOOD)
    assert [(m.topic, m.point, m.path, m.unit) for m in park.topics] == [
        ("shelly/7", "em-1.active_power", "meter.power", "W"),
        ("lab/cod", "wq-1.cod", "value", ""),
    ]
    assert [(m.edge, m.device, m.metric, m.point) for m in park.sparkplug] == [
        ("line-1", "", "Power", "em-1.active_power"),
        ("line-1", "pump", "Hours", ""),
    ]


@pytest.mark.parametrize(("file", "old", "new"), [
    ("park.toml", "[[installations]]", "[[installations"),
    ("points.csv", "medium", "mediun"),
    ("tenants.csv", "tenant,name", "tenat,name"),
])  # fmt: skip
def test_a_table_that_cannot_be_read_is_not_followed_by_what_follows_from_it(file: str, old: str, new: str) -> None:
    with pytest.raises(RegisterError) as caught:
        parse_park({**GOOD, file: GOOD[file].replace(old, new, 1)})
    assert {problem.file for problem in caught.value.problems} == {file}


def test_an_empty_range_falls_back_to_what_the_quantity_allows() -> None:
    point = parse_park(GOOD).points["wq-1.cod"]
    assert (point.low, point.high) == (point.quantity.low, point.quantity.high)


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("points.csv", ",wastewater,", ",wasserwater,",
         "points.csv, row 3, column medium: unknown medium 'wasserwater' (known: energy"),
        ("points.csv", "energy,kW,60", "energy,kX,60",
         "points.csv, row 2, column unit: unknown unit 'kX' for active_power (expected kW)"),
        ("points.csv", ",unit,", ",unitt,", "points.csv, row 1, column unit: required column is missing"),
        ("points.csv", ",role", ",rolle", "points.csv, row 1, column rolle: unknown column"),
        ("points.csv", "em-1.active_power,steel", "em-1.active_power,stele",
         "points.csv, row 2, column tenant: unknown tenant 'stele' (not in tenants.csv)"),
        ("points.csv", "em-1.active_power", "em-1.power",
         "points.csv, row 2, column point: unknown quantity 'power' for energy"),
        ("points.csv", "kW,60,0,500", "kW,sixty,0,500",
         "points.csv, row 2, column interval_seconds: 'sixty' is not a number"),
        ("points.csv", "kW,60,0,500", "kW,60,500,0", "points.csv, row 2, column range_low: range 500 to 0 is empty"),
        ("contacts.csv", "lan@steel.example", "lan at steel",
         "contacts.csv, row 2, column email: 'lan at steel' is not an e-mail address"),
        ("contacts.csv", ",vi", ",fr", "contacts.csv, row 2, column language: 'fr' is not vi or en"),
        ("devices.csv", ",502,", ",70000,", "devices.csv, row 2, column port: 70000 is outside 1 to 65535"),
        ("devices.csv", "em-1,gw-1", "em-9,gw-1", "devices.csv, column device: 'em-9' has no point in points.csv"),
        ("symbiosis.csv", "steel,park", "steel,nobody", "symbiosis.csv, row 2, column taker: unknown tenant 'nobody'"),
        ("topics.csv", "lab/cod", "lab/#", "topics.csv, row 3, column topic: 'lab/#' is not a topic"),
        ("topics.csv", "lab/cod", "ecopark/1/x/y/readings",
         "topics.csv, row 3, column topic: 'ecopark/1/x/y/readings'"),
        ("topics.csv", "lab/cod,wq-1.cod", "lab/cod,wq-9.cod",
         "topics.csv, row 3, column point: unknown point 'wq-9.cod' (not in points.csv)"),
        ("topics.csv", "meter.power", "meter..power", "topics.csv, row 2, column path: 'meter..power' is not a path"),
        ("topics.csv", ",W", ",horsepower", "topics.csv, row 2, column unit: no way from 'horsepower' to kW"),
        ("topics.csv", "lab/cod,wq-1.cod,,", "shelly/7,wq-1.cod,meter.power,",
         "topics.csv, row 3, column topic: 'shelly/7' with path 'meter.power' is there twice"),
        ("sparkplug.csv", "hall,line-1,,", "hall,line/1,,", "sparkplug.csv, row 2, column edge: 'line/1' is not"),
        ("sparkplug.csv", "Power,em-1.active_power", "Power,em-1.power",
         "sparkplug.csv, row 2, column point: unknown point 'em-1.power'"),
        ("sparkplug.csv", ",Power,", ",,", "sparkplug.csv, row 2, column metric: a metric name is required"),
        ("sparkplug.csv", "pump,Hours", ",Power", "sparkplug.csv, row 3, column metric: 'Power' is there twice"),
        ("sparkplug.csv", ",W", ",l", "sparkplug.csv, row 2, column unit: no way from 'l' to kW"),
        ("park.toml", 'id = "song-cam"', "", "park.toml, column id: a text is required"),
        ("park.toml", "Asia/Ho_Chi_Minh", "Asia/Haiphong",
         "park.toml, column timezone: 'Asia/Haiphong' is not a known time zone"),
        ("park.toml", '"wastewater_outlet"', '"wastewater_outlit"',
         "park.toml, column installations[1].kind: unknown kind 'wastewater_outlit' (known: wastewater_outlet, "),
        ("park.toml", "2026-01-01", '"soon"', "park.toml, column monitoring_since: 'soon' is not a date"),
        ("park.toml", "[[installations]]", "[[installations", "park.toml: not valid TOML"),
    ],
)  # fmt: skip
def test_each_mistake_is_named_with_its_place(file: str, old: str, new: str, expected: str) -> None:
    assert any(problem.startswith(expected) for problem in broken(file, old, new))


def test_a_point_twice_is_refused() -> None:
    twice = GOOD["points.csv"] + "em-1.active_power,steel,z1,energy,kW,60,0,500,\n"
    with pytest.raises(RegisterError, match=r"points\.csv, row 4, column point: 'em-1\.active_power' is there twice"):
        parse_park({**GOOD, "points.csv": twice})


def test_a_missing_file_is_named() -> None:
    files = {name: text for name, text in GOOD.items() if name != "tenants.csv"}
    with pytest.raises(RegisterError, match=r"tenants\.csv: file is missing"):
        parse_park(files)


def test_all_problems_are_found_at_once() -> None:
    text = GOOD["points.csv"].replace(",kW,", ",kX,").replace("wq-1.cod,park", "wq-1.cod,nobody")
    with pytest.raises(RegisterError) as caught:
        parse_park({**GOOD, "points.csv": text})
    assert {problem.row for problem in caught.value.problems} >= {2, 3}
    assert "more; `ecopark park check` lists all" in str(caught.value)


def test_a_spreadsheet_byte_order_mark_is_no_part_of_the_first_column() -> None:
    files = {**GOOD, "tenants.csv": "\ufeff" + GOOD["tenants.csv"]}
    assert "steel" in parse_park(files).tenants


def test_evidence_records_are_read_with_document_date_and_responsible() -> None:
    first, second = parse_park(GOOD).evidence
    assert first == EvidenceRecord("EIP-04-REPORT", "", 1.0, "Annual report", date(2026, 3, 15), "Lan")
    assert (second.subject, second.value) == ("outlet", 2.5)


def test_a_park_without_evidence_has_none() -> None:
    assert parse_park({name: text for name, text in GOOD.items() if name != "evidence.csv"}).evidence == ()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "outlet,2.5",
            "moon,2.5",
            "evidence.csv, row 3, column subject: 'moon' is neither a tenant nor an installation",
        ),
        ("2.5,Audit", "much,Audit", "evidence.csv, row 3, column value: 'much' is not a number"),
        ("2025-04-18", "spring", "evidence.csv, row 3, column date: 'spring' is not a date (YYYY-MM-DD)"),
        ("2025-04-18", "", "evidence.csv, row 3, column date: a record needs it"),
        (",Audit,", ",,", "evidence.csv, row 3, column document: a record needs it"),
    ],
)
def test_a_mistake_in_an_evidence_record_is_named(old: str, new: str, said: str) -> None:
    assert said in broken("evidence.csv", old, new)


WATCHED = "interval_seconds,range_low,range_high,role,max_change_per_minute,frozen_after_minutes\n"


def watched(cells: str) -> dict[str, str]:
    points = GOOD["points.csv"].replace("interval_seconds,range_low,range_high,role\n", WATCHED)
    return {**GOOD, "points.csv": points.replace("em-1.active_power,steel,z1,energy,kW,60,0,500,", cells)}


def test_a_point_may_say_what_is_flagged() -> None:
    points = parse_park(watched("em-1.active_power,steel,z1,energy,kW,60,0,500,,25.5,90")).points
    assert (points["em-1.active_power"].max_change_per_minute, points["em-1.active_power"].frozen_after_minutes) == (
        25.5,
        90,
    )
    assert points["wq-1.cod"].max_change_per_minute == points["wq-1.cod"].frozen_after_minutes == float("inf")


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ("0,", "points.csv, row 2, column max_change_per_minute: 0 is outside 1e-09 to 1e+15"),
        ("fast,", "points.csv, row 2, column max_change_per_minute: 'fast' is not a number"),
        (",-5", "points.csv, row 2, column frozen_after_minutes: -5 is outside 1 to 527040"),
        (",1", "points.csv, row 2, column frozen_after_minutes: 1 is less than two intervals of 60 s"),
    ],
)
def test_a_wrong_limit_of_a_flag_is_named(cells: str, problem: str) -> None:
    with pytest.raises(RegisterError) as caught:
        parse_park(watched(f"em-1.active_power,steel,z1,energy,kW,60,0,500,,{cells}"))
    assert [str(found) for found in caught.value.problems] == [problem]


def test_points_and_installations_are_found_by_device_and_role_in_register_order() -> None:
    park = parse_park(GOOD)
    for device in {point.device for point in park.points.values()}:
        assert park.points_of_device(device) == [p for p in park.points.values() if p.device == device]
        assert park.installations_at(device) == [i for i in park.installations.values() if i.device == device]
    for role in {point.role for point in park.points.values()}:
        assert park.points_with_role(role) == [p for p in park.points.values() if p.role == role]
    assert park.points_of_device("moon") == park.points_with_role("moon") == park.installations_at("moon") == []


def test_a_changed_copy_of_a_park_finds_its_own_points() -> None:
    park = parse_park(GOOD)
    assert dataclasses.replace(park, points={}).points_with_role("") == []


@pytest.mark.parametrize(
    ("parent", "message"),
    [
        ("em-9.active_energy_import", "unknown point 'em-9.active_energy_import'"),
        (
            "em-1.active_power",
            "'em-1.active_power' does not count active_energy_import as em-2.active_energy_import does",
        ),
        ("em-3.active_energy_import", "'em-2.active_energy_import' is behind itself"),
    ],
)
def test_a_sub_meter_stands_behind_a_meter_of_the_same_kind(parent: str, message: str) -> None:
    rows = [
        "em-1.active_power,park,z,energy,kW,",
        "em-1.active_energy_import,park,z,energy,kWh,",
        f"em-2.active_energy_import,park,z,energy,kWh,{parent}",
        "em-3.active_energy_import,park,z,energy,kWh,em-2.active_energy_import",
    ]
    texts = {
        "park.toml": 'id = "p"\nname_vi = "Khu"\nname_en = "Park"\n',
        "tenants.csv": "tenant,name,sector,zone\npark,Park,operator,z\n",
        "contacts.csv": "tenant,name,email,language\n",
        "points.csv": "\n".join(("point,tenant,zone,medium,unit,parent", *rows)) + "\n",
    }
    with pytest.raises(RegisterError, match=re.escape(message)):
        parse_park(texts)
    good = texts | {"points.csv": texts["points.csv"].replace(f"kWh,{parent}", "kWh,em-1.active_energy_import")}
    assert parse_park(good).points["em-3.active_energy_import"].parent == "em-2.active_energy_import"


def test_a_table_separated_by_semicolons_is_read_with_decimal_commas() -> None:
    points = GOOD["points.csv"].replace(",", ";")
    tenants = "\ufeff" + GOOD["tenants.csv"].replace(",", ";")
    park = parse_park(GOOD | {"points.csv": points, "tenants.csv": tenants})
    assert park.points == parse_park(GOOD).points
    header, _, _ = GOOD["evidence.csv"].partition("\n")
    row = "EIP-01-RECP;;31,5;Survey;2026-02-10;Office"
    found = parse_park(GOOD | {"evidence.csv": header.replace(",", ";") + "\n" + row}).evidence[0]
    assert found.value == 31.5


def test_a_comma_stays_no_decimal_where_commas_separate() -> None:
    header, _, _ = GOOD["evidence.csv"].partition("\n")
    with pytest.raises(RegisterError, match="'31,5' is not a number"):
        parse_park(GOOD | {"evidence.csv": header + '\nEIP-01-RECP,,"31,5",Survey,2026-02-10,Office'})
