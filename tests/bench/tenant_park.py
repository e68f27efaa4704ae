"""An invented park of any number of tenants, and one day of its readings: what verdicts are measured on."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.judging.plan import JudgingRange
from analytics.windows import day_window
from telemetry_model.park_register import MeasuringPoint, Park, parse_park
from telemetry_model.quantities import Kind
from telemetry_store.rows import PointSeries, ReadingRow

DAY = date(2026, 11, 22)
WET_EVERY = 3
"""One tenant in three discharges wastewater and has an outlet with an analyser."""
STACK_EVERY = 10
OUTLET_QUANTITIES = {"cod": "mg/l", "bod5": "mg/l", "nh4_n": "mg/l", "tss": "mg/l", "ph": "pH", "temperature": "degC"}
STACK_QUANTITIES = {
    "nox": "mg/Nm3", "so2": "mg/Nm3", "co": "mg/Nm3", "dust": "mg/Nm3", "oxygen": "%", "stack_temperature": "degC",
}  # fmt: skip
AIR_QUANTITIES = ("pm2_5", "pm10", "no2", "so2", "co", "o3")
_LEVELS = {
    "cod": 60, "bod5": 20, "nh4_n": 4, "tss": 40, "ph": 7.4, "temperature": 29, "nox": 180, "so2": 40, "co": 60,
    "dust": 20, "oxygen": 12, "stack_temperature": 130, "pm2_5": 30, "pm10": 60, "no2": 50, "o3": 60,
    "active_power": 400,
}  # fmt: skip
_HEAD = """\
id = "tenants"
name_vi = "Khu đo thử"
name_en = "Bench park"
timezone = "Asia/Ho_Chi_Minh"
[attributes]
fictional = true
eco_park = true
automatic_stations = true
area_ha = 3000.0
green_area_ha = 400.0
road_area_ha = 290.0
technical_area_ha = 115.0
social_area_ha = 63.0
grid_emission_factor_year = 2023
"""
_FAULTY_SHARE = 0.004
_LOST_SHARE = 0.002


class _Row(NamedTuple):
    """A row of points.csv."""

    point: str
    tenant: str
    medium: str
    unit: str
    interval_seconds: int
    role: str = ""


def tenant_park(tenants: int) -> Park:
    """The register of :func:`register_texts`."""
    return parse_park(register_texts(tenants))


def register_texts(tenants: int) -> dict[str, str]:
    """Each tenant with supply, water and waste; some with an outlet or a stack; the operator with air stations.

    Six to eighteen points a tenant, every minute (energy, stacks) or every five minutes (the rest).
    """
    names = [f"firm-{number:04d}" for number in range(tenants)]
    rows = [row for number, name in enumerate(names) for row in _tenant_points(number, name)]
    rows += _operator_points()
    installations = [text for number, name in enumerate(names) for text in _installations(number, name)]
    owners = ["park,Operator,operator,zone-a", *(f"{name},{name},machinery,zone-a" for name in names)]
    points = [f"{r.point},{r.tenant},zone-a,{r.medium},{r.unit},{r.interval_seconds},gw-1,{r.role}" for r in rows]
    return {
        "park.toml": _HEAD + "".join([*installations, *_operator_installations()]),
        "tenants.csv": "\n".join(["tenant,name,sector,zone", *owners]),
        "points.csv": "\n".join(["point,tenant,zone,medium,unit,interval_seconds,gateway,role", *points]),
        "contacts.csv": "tenant,name,email,language\n",
    }


def whole_day(park: Park) -> JudgingRange:
    """The day, monitored from its first to its last minute."""
    day = day_window(DAY, park.timezone)
    return JudgingRange(day.start_ms, day.end_ms, day.start_ms)


def day_of_readings(park: Park, rows_a_write: int = 20_000) -> Iterator[list[ReadingRow]]:
    """Every point's day in writes of about ``rows_a_write``: noise, some faults, some lost; always the same."""
    day = day_window(DAY, park.timezone)
    chance = np.random.default_rng(7)
    rows: list[ReadingRow] = []
    for point in park.points.values():
        step_ms = point.interval_seconds * 1000
        times = np.arange(day.start_ms, day.end_ms, step_ms)
        rows += _rows(point, park.id, times, chance)
        if len(rows) >= rows_a_write:
            yield rows
            rows = []
    yield rows


_SIDES = ("north", "south")


def _tenant_points(number: int, name: str) -> Iterable[_Row]:
    meter = f"em-{number:04d}"
    yield _Row(f"{meter}.active_power", name, "energy", "kW", 300)
    yield _Row(f"{meter}.active_energy_import", name, "energy", "kWh", 60, "tenant_electricity")
    yield _Row(f"{meter}.reactive_energy_import", name, "energy", "kvarh", 60)
    yield _Row(f"wm-{number:04d}.flow", name, "water", "m3/h", 300)
    yield _Row(f"wm-{number:04d}.volume", name, "water", "m3", 300, "tenant_water")
    yield _Row(f"wb-{number:04d}.mass", name, "materials", "t", 300, "tenant_waste")
    if number % WET_EVERY == 0:
        for quantity, unit in OUTLET_QUANTITIES.items():
            yield _Row(f"wq-{number:04d}.{quantity}", name, "wastewater", unit, 300)
    if number % STACK_EVERY == 1:
        for quantity, unit in STACK_QUANTITIES.items():
            yield _Row(f"st-{number:04d}.{quantity}", name, "emissions", unit, 60)


def _operator_points() -> Iterable[_Row]:
    yield from (_Row(f"aq-{side}.{name}", "park", "air", "ug/m3", 300) for side in _SIDES for name in AIR_QUANTITIES)
    yield _Row("fm-central.volume", "park", "wastewater", "m3", 300, "wastewater_discharged")
    yield from (_Row(f"wq-central.{name}", "park", "wastewater", unit, 300) for name, unit in OUTLET_QUANTITIES.items())
    yield _Row("fm-reuse.volume", "park", "wastewater", "m3", 300, "wastewater_reused")
    yield _Row("pv-roof.active_energy_import", "park", "energy", "kWh", 60, "pv_generation")
    yield _Row("em-grid.active_energy_import", "park", "energy", "kWh", 60, "grid_import")


def _installations(number: int, name: str) -> Iterable[str]:
    supply = {"contracted_kw": 1500, "billing_day": 1}
    yield _installation(f"{name}-supply", "electricity_supply", f"em-{number:04d}", name, supply)
    if number % WET_EVERY == 0:
        outlet = {"contract_column": "B"}
        yield _installation(f"{name}-outlet", "tenant_outlet", f"wq-{number:04d}", name, outlet)
    if number % STACK_EVERY == 1:
        stack = {"equipment": "gas_turbine", "capacity_mw": 12, "standard": "qcvn19-2024", "column": "B",
                 "o2_reference_percent": 15, "permit_co_mg_nm3": 100}  # fmt: skip
        yield _installation(f"{name}-stack", "stack", f"st-{number:04d}", name, stack, "licensed_on = 2025-08-01\n")


def _operator_installations() -> Iterable[str]:
    outlet = {"standard": "qcvn40-2011", "column": "A", "kq": 0.9, "kf": 1.0, "facility_type": "concentrated_zone",
              "licensed_flow_m3_day": 6000, "flow_point": "fm-central.volume"}  # fmt: skip
    dated = "licensed_on = 2019-05-20\n"
    yield _installation("central-outlet", "wastewater_outlet", "wq-central", "park", outlet, dated)
    for side in _SIDES:
        yield _installation(f"aq-{side}", "ambient_station", f"aq-{side}", "park", {})


def _installation(
    name: str, kind: str, device: str, tenant: str, attributes: dict[str, object], dated: str = ""
) -> str:
    fixed: dict[str, object] = {"id": name, "kind": kind, "device": device, "tenant": tenant,
                                "name_vi": name, "name_en": name}  # fmt: skip
    lines = [f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {value}"
             for key, value in (fixed | attributes).items()]  # fmt: skip
    return "[[installations]]\n" + "\n".join(lines) + "\n" + dated


def _rows(
    point: MeasuringPoint, park: str, times: npt.NDArray[np.int64], chance: np.random.Generator
) -> list[ReadingRow]:
    series = PointSeries.of(point, park)
    count = len(times)
    level = _LEVELS.get(point.quantity.name, 10.0)
    values = level * (1 + 0.1 * chance.standard_normal(count))
    if point.quantity.kind is Kind.COUNTER:
        values = 1000.0 + np.cumsum(chance.random(count) * point.interval_seconds / 120)
    odd = chance.random(count)
    found = zip(times.tolist(), np.round(values, 3).tolist(), odd.tolist(), strict=True)
    return [
        ReadingRow(series, time_ms, value) if luck > _FAULTY_SHARE + _LOST_SHARE
        else ReadingRow(series, time_ms, value, 1 + (luck * 1e6 > 2000)) if luck <= _FAULTY_SHARE
        else ReadingRow(series, time_ms, None, 0, "device_timeout")
        for time_ms, value, luck in found
    ]  # fmt: skip
