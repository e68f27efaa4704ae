"""Indicators of one tenant from its main meters: energy, water, waste, emissions, use per product."""

import dataclasses
from collections.abc import Iterator

from analytics.finding import Confidence
from analytics.indicator import Basis, IndicatorValue, untold
from analytics.indicators.energy import oil_equivalent_toe, specific_energy
from analytics.indicators.greenhouse_gas import GridUse, list_candidate, scope_2_emissions
from analytics.indicators.measured import Measured
from analytics.indicators.park_view import ParkView, ReportedIndicator, as_measured
from analytics.indicators.store_readings import Missing
from analytics.indicators.water import specific_water_use
from telemetry_model.park_register import Tenant

_METERS = Basis("Main meters of the tenant", Confidence.SOURCE)
_ITEMS = "produced_items"


def tenant_indicators(view: ParkView, tenant: Tenant) -> Iterator[ReportedIndicator]:
    """Electricity, TOE, scope 2 and the list flag; water; waste; use per item where items are counted."""
    energy = view.amount_of_role("tenant_electricity", tenant.id)
    water = view.amount_of_role("tenant_water", tenant.id)
    waste = view.amount_of_role("tenant_waste", tenant.id)
    found = {
        "electricity": as_measured(energy, "kWh", _METERS),
        **carbon(view, energy),
        "water_use": as_measured(water, "m3", _METERS),
        "waste": as_measured(waste, "t", _METERS),
        **_per_item(view, tenant),
    }
    for name, value in found.items():
        yield view.report(name, tenant.id, tenant.id, value)


def carbon(view: ParkView, energy_kwh: Measured | Missing) -> dict[str, IndicatorValue]:
    """TOE, scope 2 and the list flag of grid electricity alone: other carriers are not metered."""
    if isinstance(energy_kwh, Missing):
        units = {"energy": "TOE", "scope_2_emissions": "tCO2", "list_candidate": "1"}
        return {name: untold(unit, _METERS, energy_kwh.reason) for name, unit in units.items()}
    toe = oil_equivalent_toe({"electricity_kwh": energy_kwh}, view.first_day)
    emissions = scope_2_emissions([GridUse(view.first_day, view.end_day, energy_kwh)])
    alone = "electricity alone: other carriers are not metered"
    toe = dataclasses.replace(toe, basis=dataclasses.replace(toe.basis, note=alone))
    days = (view.end_day - view.first_day).days
    flag = untold("1", emissions.basis, emissions.reason)
    if emissions.value is not None and toe.value is not None:
        capture = energy_kwh.data_capture
        flag = list_candidate(Measured(emissions.value, 0.0, capture), Measured(toe.value, 0.0, capture), days)
    return {"energy": toe, "scope_2_emissions": emissions, "list_candidate": flag}


def _per_item(view: ParkView, tenant: Tenant) -> dict[str, IndicatorValue]:
    """Use per item, use and items counted over the same stretch; nothing for a firm that counts no items."""
    counters = [p for p in view.park.points.values() if p.tenant == tenant.id and p.quantity.name == _ITEMS]
    found: dict[str, IndicatorValue] = {}
    uses = (
        ("specific_energy", "MJ/item", "tenant_electricity", specific_energy),
        ("specific_water_use", "m3/item", "tenant_water", specific_water_use),
    )
    for name, unit, role, formula in uses if counters else ():
        meters = view.park.summed_with_role(role, tenant.id)
        used, items = view.sums(meters, counters)
        if isinstance(items, Missing):
            found[name] = untold(unit, _METERS, items.reason)
        elif isinstance(used, Measured) and meters:
            found[name] = formula(used, items, "item")
    return found
