"""What the register lets be watched: which points belong together for which kind of anomaly, and what to read."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

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
from analytics.plan import COARSE_SLOT_SECONDS, LAB_ROLE
from analytics.readings_query import slot_seconds_of
from telemetry_model.park_register import Installation, MeasuringPoint, Park
from telemetry_model.quantities import Kind, Medium

HALF_HOUR_SECONDS = 1800
OUTLETS = ("wastewater_outlet", "tenant_outlet")
LOAD_QUANTITIES = ("cod", "bod5", "tss")
"""The first that an outlet measures tells its load."""
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


def questions_of(park: Park) -> list[Question]:
    """Everything that can be watched in a park."""
    return [*_outlets(park), *_instruments(park), *_laboratory(park), *_meter_trees(park), *_energy(park)]


def questions_about(park: Park, devices: frozenset[str]) -> list[Question]:
    """Those that one of the devices helps to answer; all without devices."""
    return [q for q in questions_of(park) if not devices or any(point.device in devices for point in q.points)]


def _outlets(park: Park) -> Iterator[Question]:
    for outlet in park.installations.values():
        flow = park.points.get(f"{outlet.attributes.get('flow_device', '')}.flow")
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


def _laboratory(park: Park) -> Iterator[Question]:
    for outlet in park.installations.values():
        device = outlet.attributes.get(LAB_ATTRIBUTE)
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
