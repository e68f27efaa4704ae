"""What the register lets be watched: which points belong together for which kind of anomaly, and what to read."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from analytics.anomalies import bypass, energy_baseline, frozen_sensor, meter_tree, night_discharge
from analytics.anomalies.anomaly import (
    BYPASS,
    ENERGY,
    FROZEN_SENSOR,
    LABORATORY,
    METER_TREE,
    NIGHT_DISCHARGE,
    AnomalyRule,
)
from analytics.judging.plan import COARSE_SLOT_SECONDS, LAB_ROLE
from analytics.slots.readings_query import slot_seconds_of
from telemetry_model.park_register import Installation, MeasuringPoint, Park
from telemetry_model.quantities import Kind, Medium

HALF_HOUR_SECONDS = 1800
OUTLETS = ("wastewater_outlet", "tenant_outlet")
LOAD_QUANTITIES = ("cod", "bod5", "tss")
"""The first that an outlet measures tells its load."""
FLOW_ATTRIBUTE = "flow_device"
LAB_ATTRIBUTE = "lab_device"
MAY_REST = ("flow", "stack_flow")
PRODUCTION = "produced_items"
ENERGY_COUNTER = "active_energy_import"


@dataclass(frozen=True, slots=True)
class Question:
    """One kind of anomaly for one subject; ``points`` in the order the detector takes them."""

    rule: AnomalyRule
    subject: str
    tenant: str
    points: tuple[MeasuringPoint, ...]
    slot_seconds: int
    history_days: int
    installation: Installation | None = None


def questions_of(park: Park, day: date) -> list[Question]:
    """Everything that can be watched in a park, as the register names the devices on a local day."""
    return [*_outlets(park, day), *_instruments(park), *_laboratory(park, day), *_meter_trees(park), *_energy(park)]


def days_of_devices(park: Park, first_day: date, last_day: date) -> list[date]:
    """``first_day``, and each day up to ``last_day`` from which an installation has another device beside its own."""
    changes = (change for installation in park.installations.values() for change in installation.dated.changes)
    days = {c.first_day for c in changes if c.concerns(FLOW_ATTRIBUTE) or c.concerns(LAB_ATTRIBUTE)}
    return [first_day, *sorted(day for day in days if first_day < day <= last_day)]


def questions_about(park: Park, devices: frozenset[str], day: date) -> list[Question]:
    """Those that one of the devices helps to answer on a local day; all without devices."""
    return [q for q in questions_of(park, day) if not devices or any(point.device in devices for point in q.points)]


def _outlets(park: Park, day: date) -> Iterator[Question]:
    for outlet in park.installations.values():
        flow = park.points.get(f"{outlet.attributes_on(day).get(FLOW_ATTRIBUTE, '')}.flow")
        if outlet.kind not in OUTLETS or flow is None:
            continue
        nights = night_discharge.HISTORY_NIGHTS
        yield Question(NIGHT_DISCHARGE, outlet.id, outlet.tenant, (flow,), HALF_HOUR_SECONDS, nights)
        loads = (park.points.get(f"{outlet.device}.{name}") for name in LOAD_QUANTITIES)
        carried = next((point for point in loads if point is not None), None)
        if carried is not None:
            pair = (flow, carried)
            yield Question(BYPASS, outlet.id, outlet.tenant, pair, HALF_HOUR_SECONDS, bypass.HISTORY_DAYS)


def _instruments(park: Park) -> Iterator[Question]:
    for point in park.points.values():
        watched = point.medium in (Medium.WASTEWATER, Medium.EMISSIONS, Medium.AIR)
        if not watched or point.quantity.kind is not Kind.GAUGE or point.role == LAB_ROLE:
            continue
        if point.quantity.name in MAY_REST or point.interval_seconds >= HALF_HOUR_SECONDS:
            continue
        slot = slot_seconds_of(point)
        yield Question(FROZEN_SENSOR, point.id, point.tenant, (point,), slot, frozen_sensor.HISTORY_DAYS)


def _laboratory(park: Park, day: date) -> Iterator[Question]:
    for outlet in park.installations.values():
        device = outlet.attributes_on(day).get(LAB_ATTRIBUTE)
        for sample in park.points_of_device(str(device)) if device else ():
            shown = park.points.get(f"{outlet.device}.{sample.quantity.name}")
            if shown is not None and shown.unit == sample.unit:
                pair = (shown, sample)
                yield Question(LABORATORY, shown.id, shown.tenant, pair, HALF_HOUR_SECONDS, 0, outlet)


def _meter_trees(park: Park) -> Iterator[Question]:
    for meter in park.points.values():
        behind = tuple(point for point in park.points.values() if point.parent == meter.id)
        if behind and meter.quantity.kind is Kind.COUNTER:
            days = meter_tree.HISTORY_DAYS
            yield Question(METER_TREE, meter.id, meter.tenant, (meter, *behind), COARSE_SLOT_SECONDS, days)


def _energy(park: Park) -> Iterator[Question]:
    for supply in park.installations.values():
        meter = park.points.get(f"{supply.device}.{ENERGY_COUNTER}")
        made = _of_tenant(park.points.values(), supply.tenant, PRODUCTION)
        if supply.kind == "electricity_supply" and meter is not None and made is not None:
            pair = (meter, made)
            days = energy_baseline.HISTORY_DAYS
            yield Question(ENERGY, supply.id, supply.tenant, pair, COARSE_SLOT_SECONDS, days, supply)


def _of_tenant(points: Iterable[MeasuringPoint], tenant: str, quantity: str) -> MeasuringPoint | None:
    return next((p for p in points if p.tenant == tenant and p.quantity.name == quantity), None)
