"""The tables of dated records: ``meter_exchanges.csv``, ``manifests.csv``, ``materials.csv``, ``products.csv`` and
``production.csv``; all are optional.
"""

import re
from collections.abc import Container, Iterator, Mapping
from datetime import date, datetime, tzinfo
from enum import StrEnum
from typing import TypeVar

from telemetry_model.park_register.problems import RegisterProblem
from telemetry_model.park_register.records import (
    CircularProduct,
    Destination,
    Direction,
    MaterialLot,
    MeterExchange,
    MonthlyProduction,
    WasteFlow,
)
from telemetry_model.park_register.tables import Row, read_table
from telemetry_model.park_register.types import MeasuringPoint
from telemetry_model.quantities import Kind

MOST = 1e12
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])\Z")
_PERCENTS = (
    "recycled_in_percent", "reused_in_percent", "biological_in_percent", "recycling_out_percent", "reuse_out_percent",
    "composting_out_percent", "energy_out_percent", "recycling_in_efficiency_percent",
    "recycling_out_efficiency_percent",
)  # fmt: skip
_EFFICIENCIES = _PERCENTS[-2:]
_SIDES = (_PERCENTS[:3], _PERCENTS[3:7])
Names = TypeVar("Names", bound=StrEnum)


def read_meter_exchanges(
    text: str | None, points: Mapping[str, MeasuringPoint], zone: tzinfo, problems: list[RegisterProblem]
) -> tuple[MeterExchange, ...]:
    """In the order of time; a point's meter can be exchanged once at an instant, and only a counter has a register."""
    found: dict[tuple[str, int], MeterExchange] = {}
    required = ("point", "time", "last_value", "first_value")
    for row in _rows("meter_exchanges.csv", text, required, ("old_serial", "new_serial", "document"), problems):
        point = points.get(row.text("point"))
        if point is None:
            row.problem("point", f"unknown point '{row.text('point')}' (not in points.csv)")
        elif point.quantity.kind is not Kind.COUNTER:
            row.problem(
                "point", f"'{point.id}' has no register: only counters are exchanged with final and first values"
            )
        time_ms = _instant_ms(row, "time", zone)
        key = (row.text("point"), time_ms)
        if key in found:
            row.problem("time", f"'{key[0]}' was exchanged twice at that time")
        found[key] = MeterExchange(
            *key,
            _needed(row, "last_value"),
            _needed(row, "first_value"),
            row.text("old_serial"),
            row.text("new_serial"),
        )
    return tuple(sorted(found.values(), key=lambda exchange: (exchange.time_ms, exchange.point)))


def read_manifests(text: str | None, tenants: Container[str], problems: list[RegisterProblem]) -> tuple[WasteFlow, ...]:
    """One load each; an empty ``destination`` is unknown, ``is_hazardous`` is yes or no, codes keep their zeros."""
    required = ("date", "tenant", "code_system", "code", "mass_t", "destination", "is_hazardous")
    found: list[WasteFlow] = []
    for row in _rows("manifests.csv", text, required, ("document",), problems):
        for column in ("code_system", "code"):
            _filled(row, column)
        if row.text("is_hazardous") not in ("yes", "no"):
            row.problem("is_hazardous", f"'{row.text('is_hazardous')}' is not yes or no")
        found.append(
            WasteFlow(
                day=_day(row), tenant=_tenant(row, tenants), code_system=row.text("code_system"),
                code=row.text("code"), mass_t=_needed(row, "mass_t"),
                destination=_one_of(row, "destination", Destination, Destination.UNKNOWN),
                is_hazardous=row.text("is_hazardous") == "yes", document=row.text("document"),
            )
        )  # fmt: skip
    return tuple(found)


def read_materials(
    text: str | None, tenants: Container[str], problems: list[RegisterProblem]
) -> tuple[MaterialLot, ...]:
    """One lot each; empty shares are 0, and those of a lot add up to 100 % at most."""
    required = ("date", "tenant", "direction", "material", "mass_t")
    shares = ("reused_percent", "recycled_percent", "renewable_percent")
    found: list[MaterialLot] = []
    for row in _rows("materials.csv", text, required, (*shares, "document"), problems):
        reused, recycled, renewable = _percents(row, shares)
        found.append(
            MaterialLot(
                day=_day(row), tenant=_tenant(row, tenants),
                direction=_one_of(row, "direction", Direction, None), material=_filled(row, "material"),
                mass_t=_needed(row, "mass_t"), reused_percent=reused, recycled_percent=recycled,
                renewable_percent=renewable, document=row.text("document"),
            )
        )  # fmt: skip
    return tuple(found)


def read_products(
    text: str | None, tenants: Container[str], problems: list[RegisterProblem]
) -> tuple[CircularProduct, ...]:
    """One product of a firm and year each; efficiencies default to 100 %, ratios to 1."""
    required = ("year", "tenant", "product", "mass_t")
    found: dict[tuple[int, str, str], CircularProduct] = {}
    optional = (*_PERCENTS, "lifetime_ratio", "use_ratio", "document")
    for row in _rows("products.csv", text, required, optional, problems):
        percents = {name: row.number_in(name, 100.0 if name in _EFFICIENCIES else 0.0, 0, 100) for name in _PERCENTS}
        for side in _SIDES:
            if sum(percents[name] for name in side) > 100 + 1e-9:
                row.problem(side[0], f"{', '.join(side)} add up to more than 100 %")
        if percents["recycled_in_percent"] and not percents["recycling_in_efficiency_percent"]:
            row.problem("recycling_in_efficiency_percent", "recycled feedstock needs an efficiency above 0")
        year, tenant = int(_needed(row, "year", 1990, 2200)), _tenant(row, tenants)
        key = (year, tenant, _filled(row, "product"))
        if key in found:
            row.problem("product", f"'{key[2]}' is there twice for {tenant} in {year}")
        ratios = {name: row.number_in(name, 1.0, 1e-6, 1e6) for name in ("lifetime_ratio", "use_ratio")}
        found[key] = CircularProduct(
            year=year, tenant=tenant, product=key[2], mass_t=_needed(row, "mass_t", 1e-9), **percents, **ratios,
            document=row.text("document"),
        )  # fmt: skip
    return tuple(found.values())


def read_production(
    text: str | None, tenants: Container[str], problems: list[RegisterProblem]
) -> tuple[MonthlyProduction, ...]:
    """One product of a firm and month each; ``energy_kwh`` is the month's bill, once a firm and month."""
    required = ("month", "tenant", "product", "amount", "unit")
    found: dict[tuple[date, str, str], MonthlyProduction] = {}
    billed: set[tuple[date, str]] = set()
    for row in _rows("production.csv", text, required, ("energy_kwh", "document"), problems):
        month, tenant = _month(row), _tenant(row, tenants)
        key = (month, tenant, _filled(row, "product"))
        if key in found:
            row.problem("product", f"'{key[2]}' is there twice for {tenant} in {row.text('month')}")
        energy = _needed(row, "energy_kwh") if row.text("energy_kwh") else None
        if energy is not None and (month, tenant) in billed:
            row.problem("energy_kwh", f"the energy of {tenant} in {row.text('month')} is there twice")
        if energy is not None:
            billed.add((month, tenant))
        found[key] = MonthlyProduction(
            month=month, tenant=tenant, product=key[2], amount=_needed(row, "amount"), unit=_filled(row, "unit"),
            energy_kwh=energy, document=row.text("document"),
        )  # fmt: skip
    return tuple(sorted(found.values(), key=lambda made: (made.month, made.tenant, made.product)))


def _rows(
    file: str, text: str | None, required: tuple[str, ...], optional: tuple[str, ...], problems: list[RegisterProblem]
) -> Iterator[Row]:
    return iter(()) if text is None else read_table(file, text, required, (*required, *optional), problems)


def _needed(row: Row, column: str, low: float = 0.0, high: float = MOST) -> float:
    if not row.text(column):
        row.problem(column, "a number is required")
    return row.number_in(column, low, low, high)


def _filled(row: Row, column: str) -> str:
    if not row.text(column):
        row.problem(column, "is empty")
    return row.text(column)


def _tenant(row: Row, tenants: Container[str]) -> str:
    if row.text("tenant") not in tenants:
        row.problem("tenant", f"unknown tenant '{row.text('tenant')}' (not in tenants.csv)")
    return row.text("tenant")


def _day(row: Row) -> date:
    if not row.text("date"):
        row.problem("date", "a date is required")
    return row.day("date") or date.min


def _month(row: Row) -> date:
    text = row.text("month")
    if not _MONTH.match(text):
        row.problem("month", f"'{text}' is not a month (YYYY-MM)")
        return date.min
    return date.fromisoformat(f"{text}-01")


def _instant_ms(row: Row, column: str, zone: tzinfo) -> int:
    text = row.text(column)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        row.problem(column, f"'{text}' is not a date and time (YYYY-MM-DD HH:MM, local to the park)")
        return 0
    return round((moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp() * 1000)


def _one_of(row: Row, column: str, names: type[Names], default: Names | None) -> Names:
    text = row.text(column)
    if not text and default is not None:
        return default
    try:
        return names(text)
    except ValueError:
        row.problem(column, f"'{text}' is not one of {', '.join(names)}")
        return next(iter(names))


def _percents(row: Row, columns: tuple[str, ...]) -> list[float]:
    found = [row.number_in(column, 0.0, 0, 100) for column in columns]
    if sum(found) > 100 + 1e-9:
        row.problem(columns[0], f"{', '.join(columns)} add up to more than 100 %")
    return found
