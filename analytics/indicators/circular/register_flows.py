"""Circular-economy indicators of a period from the tables of the register: waste, materials, products."""

import dataclasses
import math
from collections.abc import Iterator, Sequence
from datetime import date

from analytics.finding import Confidence
from analytics.indicator import Basis, IndicatorValue, untold
from analytics.indicators.circular.inflow_outflow import Inflow, Outflow, inflow_indicators, outflow_indicators
from analytics.indicators.circular.material_circularity import circularity_of, material_circularity
from analytics.indicators.circular.material_flows import (
    diversion_share,
    landfill_share,
    mass_by_code_t,
    secondary_material_share,
)
from analytics.indicators.park_view import ReportedIndicator
from analytics.indicators.store_readings import Span
from telemetry_model.park_register import Direction, MaterialLot, Park, WasteFlow
from telemetry_model.park_register.types import PARK_TENANT

_MANIFESTS = Basis("Waste manifests (manifests.csv)", Confidence.SOURCE)
_PRODUCTS = Basis("Products (products.csv)", Confidence.SETTING)


def register_circularity(park: Park, first_day: date, last_day: date, span: Span) -> Iterator[ReportedIndicator]:
    """Everything that the tables tell of ``first_day`` to ``last_day``, for the park and for each firm with records."""
    flows = [flow for flow in park.manifests if first_day <= flow.day <= last_day]
    lots = [lot for lot in park.materials if first_day <= lot.day <= last_day]
    yield from _waste_by_code(flows, span)
    owners = [(park.id, PARK_TENANT, flows, lots)]
    for firm in park.firms():
        own_flows, own_lots = [f for f in flows if f.tenant == firm.id], [lt for lt in lots if lt.tenant == firm.id]
        if own_flows or own_lots:
            owners.append((firm.id, firm.id, own_flows, own_lots))
    for subject, tenant, some_flows, some_lots in owners:
        if some_flows or subject == park.id:
            yield from _waste(subject, tenant, some_flows, span)
        if some_lots or subject == park.id:
            yield from _materials(subject, tenant, some_lots, span)
    yield from _products(park, first_day.year, span)


def _waste_by_code(flows: Sequence[WasteFlow], span: Span) -> Iterator[ReportedIndicator]:
    for (system, code), mass in mass_by_code_t(flows).items():
        own = [flow for flow in flows if (flow.code_system, flow.code) == (system, code)]
        inputs: dict[str, float | str] = {
            "loads": len(own),
            "destinations": ", ".join(dict.fromkeys(flow.destination.value for flow in own)),
            "hazardous_t": math.fsum(flow.mass_t for flow in own if flow.is_hazardous),
        }
        value = IndicatorValue(value=mass, unit="t", basis=_MANIFESTS, inputs=inputs)
        yield ReportedIndicator("waste_by_code", f"{system}:{code}", PARK_TENANT, span, value)


def _waste(subject: str, tenant: str, flows: Sequence[WasteFlow], span: Span) -> Iterator[ReportedIndicator]:
    mass = math.fsum(flow.mass_t for flow in flows)
    hazardous = math.fsum(flow.mass_t for flow in flows if flow.is_hazardous)
    inputs: dict[str, float | str] = {"loads": len(flows), "hazardous_t": hazardous}
    whole = IndicatorValue(value=mass, unit="t", basis=_MANIFESTS, inputs=inputs)
    if not flows:
        whole = untold("t", _MANIFESTS, "no waste manifest of this period is on record")
    found = {
        "waste_on_manifests": whole,
        "waste_diversion_share": diversion_share(flows),
        "waste_landfill_share": landfill_share(flows),
    }
    for name, value in found.items():
        yield ReportedIndicator(name, subject, tenant, span, value)


def _materials(subject: str, tenant: str, lots: Sequence[MaterialLot], span: Span) -> Iterator[ReportedIndicator]:
    into = [lot for lot in lots if lot.direction is Direction.IN]
    out = [lot for lot in lots if lot.direction is Direction.OUT]
    secondary = math.fsum(lot.mass_t * (lot.reused_percent + lot.recycled_percent) / 100 for lot in into)
    inflows = [
        Inflow(
            mass_t=lot.mass_t, reused=lot.reused_percent / 100, recycled=lot.recycled_percent / 100,
            renewable=lot.renewable_percent / 100,
        )
        for lot in into
    ]  # fmt: skip
    outflows = [
        Outflow(
            mass_t=lot.mass_t, reused=lot.reused_percent / 100, recycled=lot.recycled_percent / 100,
            recirculated=lot.renewable_percent / 100,
        )
        for lot in out
    ]  # fmt: skip
    mass = math.fsum(lot.mass_t for lot in into)
    found = {
        "secondary_material_share": secondary_material_share(secondary, max(0.0, mass - secondary)),
        **inflow_indicators(inflows),
        **outflow_indicators(outflows),
    }
    for name, value in found.items():
        yield ReportedIndicator(name, subject, tenant, span, value)


def _products(park: Park, year: int, span: Span) -> Iterator[ReportedIndicator]:
    """The products of the newest year on record up to ``year``; the note says which one."""
    newest = max((product.year for product in park.products if product.year <= year), default=None)
    if newest is None:
        why = f"no product of {year} or before is on record (products.csv)"
        yield ReportedIndicator("material_circularity", park.id, PARK_TENANT, span, untold("1", _PRODUCTS, why))
        return
    for product in park.products:
        if product.year == newest:
            value = material_circularity(circularity_of(product))
            note = f"product data of {newest}; {value.basis.note}"
            value = dataclasses.replace(value, basis=dataclasses.replace(value.basis, note=note))
            subject = f"{product.tenant}:{product.product}"
            yield ReportedIndicator("material_circularity", subject, product.tenant, span, value)
