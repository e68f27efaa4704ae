"""All indicators that a park's register allows over a range, month by month if wanted, from the store."""

import dataclasses
from collections.abc import Iterable, Iterator
from datetime import date

from analytics.indicator import IndicatorValue
from analytics.indicators.district_indicators import DISTRICT, district_indicators
from analytics.indicators.machine_indicators import ENERGY, ITEMS, MACHINE, POWER, machine_indicators
from analytics.indicators.outlet_indicators import (
    ENERGY_ATTRIBUTE,
    FLOW_ATTRIBUTE,
    GASES,
    INLET_ATTRIBUTE,
    LOAD_QUANTITIES,
    OUTLETS,
    STACK,
    outlet_indicators,
    stack_indicators,
)
from analytics.indicators.park_indicators import link_indicators, park_indicators
from analytics.indicators.park_view import ParkView, ReportedIndicator
from analytics.indicators.store_readings import Span, read_points
from analytics.indicators.supply_indicators import ENERGY_PAIRS, SUPPLY, supply_indicators
from analytics.indicators.tenant_indicators import tenant_indicators
from analytics.windows import billing_windows
from telemetry_model.park_register import Installation, MeasuringPoint, Park
from telemetry_model.quantities import Kind
from telemetry_store.protocol import TelemetryStore

_STACK_GAUGES = frozenset((*GASES, "stack_flow", "gas_flow"))
_NETWORK_ROLES = ("water_intake", "wastewater_reused", "tenant_water")
_OUTLET_GAUGES = frozenset((*LOAD_QUANTITIES, "flow"))


async def compute_indicators(
    store: TelemetryStore, park: Park, span: Span, minimum_data_capture: float, law_day: date | None = None
) -> list[ReportedIndicator]:
    """Every indicator over ``span``; a value below ``minimum_data_capture`` (0-1) is withheld with the reason.

    ``law_day``: electricity is priced under the tariff of that day. Raises ``UnreachableError``.
    """
    points, fine = needed_points(park)
    machines = {i.device for i in park.installations.values() if i.kind == MACHINE}
    by_interval = frozenset(point.id for point in points if point.device in machines)
    readings = await read_points(store, park, points, span, fine, by_interval)
    view = ParkView(park, span, readings, law_day)
    return [
        dataclasses.replace(found, value=withheld(found.value, minimum_data_capture)) for found in _indicators(view)
    ]


def months_of(park: Park, span: Span) -> list[Span]:
    """The local calendar months that the span touches, cut to it."""
    windows = billing_windows(park.timezone, span.start_ms, span.end_ms)
    return [Span(max(w.start_ms, span.start_ms), min(w.end_ms, span.end_ms)) for w in windows]


def _indicators(view: ParkView) -> Iterator[ReportedIndicator]:
    yield from park_indicators(view)
    for tenant in view.park.firms():
        yield from tenant_indicators(view, tenant)
    for installation in view.park.installations.values():
        if installation.kind == SUPPLY:
            yield from supply_indicators(view, installation)
        elif installation.kind in OUTLETS:
            yield from outlet_indicators(view, installation)
        elif installation.kind == STACK:
            yield from stack_indicators(view, installation)
        elif installation.kind == DISTRICT:
            yield from district_indicators(view, installation)
        elif installation.kind == MACHINE:
            yield from machine_indicators(view, installation)
    for link in view.park.symbiosis:
        yield from link_indicators(view, link)


def needed_points(park: Park) -> tuple[list[MeasuringPoint], frozenset[str]]:
    """Points to read, and those of them whose register must be cut into half hours."""
    supplies = {i.device for i in park.installations.values() if i.kind == SUPPLY}
    wanted: dict[str, MeasuringPoint] = {}
    for installation in park.installations.values():
        wanted |= {point.id: point for point in _points_of(park, installation)}
    roles = {point.device for point in park.points.values() if point.role in _NETWORK_ROLES}
    links = {point for link in park.symbiosis for point in (link.giver_point, link.taker_point)}
    for point in park.points.values():
        is_amount = point.quantity.kind is not Kind.GAUGE and bool(point.role or point.id in links)
        is_flow = point.device in roles and point.quantity.name == "flow"
        if is_amount or is_flow or point.quantity.name == "produced_items":
            wanted[point.id] = point
    active = {pair[0] for pair in ENERGY_PAIRS}
    fine = {p.id for p in wanted.values() if p.device in supplies and p.quantity.name in active}
    return list(wanted.values()), frozenset(fine)


def _points_of(park: Park, installation: Installation) -> Iterable[MeasuringPoint]:
    names: frozenset[str] = frozenset()
    devices = [installation.device]
    if installation.kind == SUPPLY:
        names = frozenset({"active_power", *(name for pair in ENERGY_PAIRS for name in pair)})
    elif installation.kind in OUTLETS:
        names = _OUTLET_GAUGES | {"volume", "active_energy_import", "active_energy_interval"}
        names_of_devices = (FLOW_ATTRIBUTE, INLET_ATTRIBUTE, ENERGY_ATTRIBUTE)
        stated = (era.attributes.get(name) for era in installation.dated.eras for name in names_of_devices)
        devices += dict.fromkeys(device for device in stated if isinstance(device, str))
    elif installation.kind == STACK:
        names = _STACK_GAUGES
    elif installation.kind == DISTRICT:
        names = frozenset({"flow"})
    elif installation.kind == MACHINE:
        names = frozenset({POWER, ENERGY, ITEMS})
    for device in devices:
        yield from (point for point in park.points_of_device(device) if point.quantity.name in names)


def withheld(value: IndicatorValue, minimum: float) -> IndicatorValue:
    """The value, or the reason why there is none where less than ``minimum`` (0-1) of the data is there."""
    if value.value is None or value.data_capture >= minimum:
        return value
    reason = f"only {100 * value.data_capture:.1f} % of the expected data are there, {100 * minimum:g} % are needed"
    return dataclasses.replace(value, value=None, standard_uncertainty=None, reason=reason)
