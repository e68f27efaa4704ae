"""``ecopark analytics enpi``: a firm's energy performance against an ISO 50006 baseline and its sector's norm."""

import asyncio
import dataclasses
import json
import math
import re
from datetime import date
from pathlib import Path

import click

from analytics.commands.both_languages import said
from analytics.commands.enpi_text import review_lines
from analytics.indicators.energy_review import (
    COOLING_DRIVER,
    EnergyMonth,
    EnergyReview,
    LeftOutMonth,
    billed_kwh,
    cooling_degree_days,
    production_of,
    review,
)
from analytics.indicators.measured import Measured
from analytics.indicators.park_view import ParkView
from analytics.indicators.store_readings import Span, read_points
from analytics.registers.amount import COMPLETE_SHARE
from analytics.windows import start_of_day_ms
from service_runtime.errors import OperatorError
from service_runtime.text_folder import read_text_folder
from telemetry_model.park_register import Park, parse_park
from telemetry_model.quantities import Medium
from telemetry_store.command_options import optional_store, park_option
from telemetry_store.open import open_store, require_existing
from telemetry_store.protocol import TelemetryStore

MINIMUM_WEATHER_CAPTURE = 0.8
"""Degree days are a mean over the month: a part of it stands for the rest. A setting."""
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])\Z")


@click.command(short_help="A firm's energy against what its production lets expect.")
@park_option
@click.option("--tenant", required=True, help="The firm's id.")
@click.option("--baseline", "baseline_text", required=True, help="Months the baseline is fitted on: 2025-01:2025-12.")
@click.option("--months", "months_text", required=True, help="Months held against it: 2026-01:2026-10.")
@optional_store("Energy from the meters where they have the month")
@click.option("--weather", is_flag=True, help="Cooling degree days (above 24 degC) as a driver too; needs --store.")
@click.option("--language", type=click.Choice(["vi", "en"]), default="en", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def enpi(**options: str | bool) -> None:
    """Hold a firm's energy against what its production (and the weather) let expect.

    What was made each month stands in production.csv; energy comes from the firm's meters (--store), else from the bill
    in the same table. The baseline is a least-squares fit; EnPI below 1 is better than the baseline. Energy per product
    is held against the last published norm of the sector, expired or not, and says so.

    \b
      ecopark analytics enpi --park deploy/parks/bach-dang --tenant thep-bach-dang \\
          --baseline 2025-01:2025-12 --months 2026-01:2026-10 --language vi
    """
    park, tenant = parse_park(read_text_folder(Path(str(options["park_folder"])))), str(options["tenant"])
    store_url, weather = str(options["store_url"]), bool(options["weather"])
    if tenant not in park.tenants:
        raise OperatorError(f"--tenant: '{tenant}' is not in tenants.csv")
    if weather and not store_url:
        raise OperatorError("--weather needs --store: temperatures are read from it")
    base, held = (months_between(str(options[f"{name}_text"]), f"--{name}") for name in ("baseline", "months"))
    found = asyncio.run(_review(park, tenant, (base, held), (store_url, str(options["store_token"])), weather))
    words = review_lines(found, tenant, str(options["language"]))
    for line in [review_json(found, tenant)] if options["as_json"] else words:
        click.echo(line)


def months_between(text: str, option: str) -> list[date]:
    """First days of the months from ``2025-01:2025-12``, both included."""
    first, _, last = text.partition(":")
    if not _MONTH.match(first) or not _MONTH.match(last) or first > last:
        raise OperatorError(f"{option}: '{text}' is not a range of months such as 2025-01:2025-12")
    day, end, found = date.fromisoformat(f"{first}-01"), date.fromisoformat(f"{last}-01"), []
    while day <= end:
        found.append(day)
        day = _next(day)
    return found


async def _review(
    park: Park, tenant: str, ranges: tuple[list[date], list[date]], address: tuple[str, str], weather: bool
) -> EnergyReview:
    store: TelemetryStore | None = None
    if address[0]:
        require_existing(address[0])
        store = open_store(*address)
    try:
        if store is not None:
            await store.check()
        base, held = [[await _month(park, tenant, day, store, weather) for day in days] for days in ranges]
    finally:
        if store is not None:
            await store.close()
    found = review(park, tenant, *([m for m in months if isinstance(m, EnergyMonth)] for months in (base, held)))
    return dataclasses.replace(found, left_out=tuple(m for m in (*base, *held) if isinstance(m, LeftOutMonth)))


async def _month(
    park: Park, tenant: str, month: date, store: TelemetryStore | None, weather: bool
) -> EnergyMonth | LeftOutMonth:
    drivers = production_of(park, tenant, month)
    if not drivers:
        raise OperatorError(f"production.csv: nothing is on record for {tenant} in {month:%Y-%m}")
    span = Span(start_of_day_ms(month, park.timezone), start_of_day_ms(_next(month), park.timezone))
    metered = await _metered(park, tenant, span, store) if store is not None else None
    if store is not None and weather:
        drivers[COOLING_DRIVER] = await _degree_days(park, span, store, month)
    if metered is not None and metered.data_capture >= COMPLETE_SHARE:
        return EnergyMonth(month, _with_missing(metered), "meter", drivers)
    bill = billed_kwh(park, tenant, month)
    if bill is not None:
        return EnergyMonth(month, Measured(bill), "bill", drivers)
    if metered is None:
        raise OperatorError(
            f"no energy of {tenant} in {month:%Y-%m}: no meter has it and production.csv has no energy_kwh"
        )
    capture = f"the meters have {100 * metered.data_capture:.1f} % of the month, {100 * COMPLETE_SHARE:g} % are needed"
    return LeftOutMonth(month, metered.data_capture, f"{capture}, and production.csv has no energy_kwh")


def _with_missing(metered: Measured) -> Measured:
    """The missing part may be anything between nothing and twice its share: a rectangular distribution."""
    share = 1 - metered.data_capture
    half_width = metered.value * share / metered.data_capture
    spread = math.hypot(metered.standard_uncertainty, half_width / math.sqrt(3))
    return Measured(metered.value + half_width, spread, metered.data_capture)


async def _metered(park: Park, tenant: str, span: Span, store: TelemetryStore) -> Measured | None:
    points = park.summed_with_role("tenant_electricity", tenant)
    if not points:
        return None
    view = ParkView(park, span, await read_points(store, park, points, span, frozenset()))
    amount = view.amount_of(points, "electricity")
    return amount if isinstance(amount, Measured) else None


async def _degree_days(park: Park, span: Span, store: TelemetryStore, month: date) -> float:
    points = [p for p in park.points.values() if p.medium is Medium.WEATHER and p.quantity.name == "temperature"][:1]
    if not points:
        raise OperatorError("--weather: no point of points.csv measures the outdoor temperature")
    found = (await read_points(store, park, points, span, frozenset()))[points[0].id]
    if found.capture < MINIMUM_WEATHER_CAPTURE:
        raise OperatorError(f"--weather: {points[0].id} has {100 * found.capture:.0f} % of {month:%Y-%m}")
    return cooling_degree_days([slot.value for slot in found.slots]) / found.capture


def review_json(found: EnergyReview, tenant: str) -> str:
    """The review for programs (fields: docs/indicators.md)."""
    base, norm = found.baseline, found.norm
    document = {
        "tenant": tenant,
        "baseline": {
            "intercept_kwh": base.fit.intercept,
            "slopes": dict(zip(base.drivers, base.fit.slopes, strict=True)),
            "r_squared": base.fit.r_squared,
            "cv_rmse": base.cv_rmse,
            "is_usable": base.is_usable,
            "degrees_of_freedom": base.fit.degrees_of_freedom,
        },
        "months": [
            {
                "month": f"{line.month.month:%Y-%m}",
                "energy_kwh": line.month.energy.value,
                "energy_from": line.month.source,
                "data_capture": round(line.month.energy.data_capture, 6),
                "energy_standard_uncertainty_kwh": line.month.energy.standard_uncertainty,
                "drivers": dict(line.month.drivers),
                "expected_kwh": line.expected.value,
                "expected_standard_uncertainty_kwh": line.expected.standard_uncertainty,
                "ratio": line.ratio,
                "saved_so_far_kwh": -line.saving.value,
            }
            for line in found.months
        ],
        "left_out": [
            {"month": f"{one.month:%Y-%m}", "data_capture": round(one.data_capture, 6), "reason": one.reason}
            for one in found.left_out
        ],
        "enpi": found.performance.value,
        "enpi_standard_uncertainty": found.performance.standard_uncertainty,
        **said("reason", found.performance.reason),
        "confidence": found.performance.basis.confidence.value,
        "source": found.performance.basis.source,
        **said("note", found.performance.basis.note),
        "specific_energy": found.specific.value if found.specific else None,
        "specific_energy_unit": found.specific.unit if found.specific else "",
        "norm": None if norm is None else {
            "value": norm.norm.value, "unit": norm.norm.unit, "is_expired": norm.is_expired,
            "percent_of_norm": norm.percent_of_norm, "source": norm.norm.source,
            "confidence": norm.norm.confidence.value,
        },
        **said("norm_reason", found.norm_reason),
    }  # fmt: skip
    return json.dumps(document, ensure_ascii=False, indent=2)


def _next(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)
