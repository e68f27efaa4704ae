"""The tables of dated records: what they accept, and that each mistake is named with file, row and column."""

from datetime import date

import pytest

from telemetry_model.park_register import Destination, Direction, Park, RegisterError, parse_park

FILES = {
    "park.toml": 'id = "p"\nname_vi = "Khu"\nname_en = "Park"\ntimezone = "Asia/Ho_Chi_Minh"\n',
    "tenants.csv": "tenant,name,sector,zone,workers\npark,Park,operator,,\nalpha,Alpha,steel,,250\nbeta,Beta,food,,\n",
    "points.csv": ("point,tenant,zone,medium,unit\nwm.volume,alpha,z,water,m3\nwm.flow,alpha,z,water,m3/h\n"),
    "contacts.csv": "tenant,name,email,language\n",
}
HEADERS = {
    "meter_exchanges.csv": "point,time,last_value,first_value,old_serial,new_serial",
    "manifests.csv": "date,tenant,code_system,code,mass_t,destination,is_hazardous,document",
    "materials.csv": "date,tenant,direction,material,mass_t,reused_percent,recycled_percent,renewable_percent",
    "products.csv": "year,tenant,product,mass_t,recycled_in_percent,recycling_in_efficiency_percent,reuse_out_percent",
    "production.csv": "month,tenant,product,amount,unit,energy_kwh",
}


def read(file: str, *rows: str) -> Park:
    return parse_park(FILES | {file: "\n".join((HEADERS[file], *rows)) + "\n"})


def test_workers_are_optional() -> None:
    tenants = parse_park(FILES).tenants
    assert (tenants["alpha"].workers, tenants["beta"].workers) == (250, None)


def test_an_exchange_has_local_time_and_both_registers() -> None:
    park = read("meter_exchanges.csv", "wm.volume,2026-03-14 10:30,5120.5,0,A-1,B-2")
    found = park.meter_exchanges[0]
    assert (found.last_value, found.first_value, found.old_serial, found.new_serial) == (5120.5, 0, "A-1", "B-2")
    assert found.time_ms == 1_773_459_000_000
    assert park.exchanges_of("wm.volume", found.time_ms - 1, found.time_ms + 1) == [found]
    assert park.exchanges_of("wm.volume", found.time_ms, found.time_ms + 1) == []


def test_manifests_keep_codes_and_know_what_is_not_known() -> None:
    first, second = read(
        "manifests.csv", "2026-03-01,alpha,ewc,020304,6,recycling,no,M-1", "2026-03-02,beta,tt02-2022,020304,1,,yes,"
    ).manifests
    assert (first.code, first.destination, first.document) == ("020304", Destination.RECYCLING, "M-1")
    assert (second.destination, second.is_hazardous) == (Destination.UNKNOWN, True)


def test_lots_products_and_production_are_read() -> None:
    lot = read("materials.csv", "2026-03-01,alpha,in,scrap,12,0,90,").materials[0]
    assert (lot.direction, lot.mass_t, lot.recycled_percent, lot.renewable_percent) == (Direction.IN, 12, 90, 0)
    product = read("products.csv", "2026,alpha,rebar,100,40,80,").products[0]
    assert (product.recycled_in_percent, product.recycling_out_efficiency_percent, product.use_ratio) == (40, 100, 1)
    made = read("production.csv", "2026-02,alpha,rebar,900,t,450000", "2026-01,alpha,rebar,800,t,").production
    assert [(m.month, m.amount, m.energy_kwh) for m in made] == [
        (date(2026, 1, 1), 800, None), (date(2026, 2, 1), 900, 450_000)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "row", "said"),
    [
        ("meter_exchanges.csv", "wm.mass,2026-03-14 10:30,1,0,,", "column point: unknown point 'wm.mass'"),
        ("meter_exchanges.csv", "wm.flow,2026-03-14 10:30,1,0,,", "column point: 'wm.flow' has no register"),
        ("meter_exchanges.csv", "wm.volume,noon,1,0,,", "column time: 'noon' is not a date and time"),
        ("meter_exchanges.csv", "wm.volume,2026-03-14 10:30,,0,,", "column last_value: a number is required"),
        ("meter_exchanges.csv", "wm.volume,2026-03-14 10:30,1,-2,,", "column first_value: -2 is outside"),
        ("manifests.csv", "2026-13-01,alpha,ewc,1,1,,no,", "column date: '2026-13-01' is not a date"),
        ("manifests.csv", ",alpha,ewc,1,1,,no,", "column date: a date is required"),
        ("manifests.csv", "2026-03-01,gamma,ewc,1,1,,no,", "column tenant: unknown tenant 'gamma'"),
        ("manifests.csv", "2026-03-01,alpha,ewc,1,-1,,no,", "column mass_t: -1 is outside"),
        ("manifests.csv", "2026-03-01,alpha,ewc,1,nan,,no,", "column mass_t: nan is outside"),
        ("manifests.csv", "2026-03-01,alpha,ewc,1,1,sea,no,", "column destination: 'sea' is not one of reuse"),
        ("manifests.csv", "2026-03-01,alpha,ewc,1,1,,maybe,", "column is_hazardous: 'maybe' is not yes or no"),
        ("manifests.csv", "2026-03-01,alpha,,1,1,,no,", "column code_system: is empty"),
        ("materials.csv", "2026-03-01,alpha,up,scrap,1,,,", "column direction: 'up' is not one of in, out"),
        ("materials.csv", "2026-03-01,alpha,in,scrap,1,60,60,", "add up to more than 100 %"),
        ("products.csv", "2026,alpha,rebar,0,,,", "column mass_t: 0 is outside"),
        ("products.csv", "2026,alpha,rebar,1,40,0,", "recycled feedstock needs an efficiency above 0"),
        ("production.csv", "2026-13,alpha,rebar,1,t,", "column month: '2026-13' is not a month"),
        ("production.csv", "2026-01,alpha,rebar,1,,", "column unit: is empty"),
    ],
)
def test_a_mistake_is_named_with_its_place(file: str, row: str, said: str) -> None:
    with pytest.raises(RegisterError) as told:
        read(file, row)
    problems = [str(problem) for problem in told.value.problems]
    assert any(problem.startswith(f"{file}, row 2, ") and said in problem for problem in problems), problems


@pytest.mark.parametrize(
    ("file", "row", "said"),
    [
        ("meter_exchanges.csv", "wm.volume,2026-03-14 10:30,1,0,,", "was exchanged twice at that time"),
        ("products.csv", "2026,alpha,rebar,1,,,", "'rebar' is there twice"),
        ("production.csv", "2026-01,alpha,rebar,1,t,5", "the energy of alpha in 2026-01 is there twice"),
    ],
)
def test_the_same_thing_twice_is_refused(file: str, row: str, said: str) -> None:
    with pytest.raises(RegisterError) as told:
        read(file, row, row)
    assert any("row 3" in str(problem) and said in str(problem) for problem in told.value.problems)
