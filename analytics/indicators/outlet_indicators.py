"""Indicators of outlets and stacks: loads, removal, energy of treatment, mass flows, emissions of the fuel burnt."""

from collections.abc import Iterator

from analytics.finding import Confidence
from analytics.indicator import Basis, IndicatorValue, untold
from analytics.indicators.emissions import mass_flow_of_slots
from analytics.indicators.greenhouse_gas import gas_mass_t, scope_1_emissions
from analytics.indicators.measured import Measured
from analytics.indicators.park_view import ParkView, ReportedIndicator, number
from analytics.indicators.store_readings import SLOT_MS, Missing
from analytics.indicators.wastewater import load_of_slots, removal_efficiency, treatment_energy
from telemetry_model.park_register import Installation

OUTLETS = ("wastewater_outlet", "tenant_outlet")
STACK = "stack"
FLOW_ATTRIBUTE = "flow_device"
INLET_ATTRIBUTE = "inlet_device"
ENERGY_ATTRIBUTE = "energy_device"
DENSITY_ATTRIBUTE = "fuel_gas_density_kg_nm3"
LOAD_QUANTITIES = ("cod", "bod5", "nh4_n", "total_n", "total_p", "tss")
GASES = ("nox", "co", "so2", "dust")
_REGISTER = Basis("Park register", Confidence.SETTING)


def outlet_indicators(view: ParkView, outlet: Installation) -> Iterator[ReportedIndicator]:
    """Load of each measured substance; for a treatment plant also removal and energy per cubic metre."""
    flow_device = _device(outlet, FLOW_ATTRIBUTE)
    for quantity in LOAD_QUANTITIES:
        if view.point(outlet.device, quantity) is None:
            continue
        load = _load(view, outlet.device, flow_device, quantity)
        yield view.report(f"{quantity}_load", outlet.id, outlet.tenant, load)
        if outlet.kind == OUTLETS[0]:
            yield view.report(f"{quantity}_removal", outlet.id, outlet.tenant, _removal(view, outlet, quantity))
    if outlet.kind == OUTLETS[0]:
        energy = _treatment_energy(view, outlet, flow_device)
        yield view.report("treatment_energy", outlet.id, outlet.tenant, energy)


def stack_indicators(view: ParkView, stack: Installation) -> Iterator[ReportedIndicator]:
    """Mass flow of each measured gas, and what burning the metered gas emits (scope 1)."""
    flows = _by_slot(view, stack.device, "stack_flow")
    for gas in GASES:
        if view.point(stack.device, gas) is None:
            continue
        concentrations = _by_slot(view, stack.device, gas)
        value = mass_flow_of_slots(*_aligned(view, concentrations, flows))
        yield view.report(f"{gas}_mass_flow", stack.id, stack.tenant, value)
    if view.point(stack.device, "gas_flow") is not None:
        yield view.report("scope_1_emissions", stack.id, stack.tenant, _fuel(view, stack))


def _load(view: ParkView, device: str, flow_device: str, quantity: str) -> IndicatorValue:
    if not flow_device:
        return untold("kg/d", _REGISTER, f"'{FLOW_ATTRIBUTE}' of the outlet is not set in the register")
    flows, concentrations = _by_slot(view, flow_device, "flow"), _by_slot(view, device, quantity)
    return load_of_slots(*_aligned(view, flows, concentrations))


def _removal(view: ParkView, outlet: Installation, quantity: str) -> IndicatorValue:
    inlet = _device(outlet, INLET_ATTRIBUTE)
    if not inlet or view.point(inlet, quantity) is None:
        return untold("%", _REGISTER, f"'{INLET_ATTRIBUTE}' of {outlet.id} names no device that measures {quantity}")
    flow = _device(outlet, FLOW_ATTRIBUTE)
    into, out = _load(view, inlet, flow, quantity), _load(view, outlet.device, flow, quantity)
    if into.value is None or out.value is None:
        return untold("%", into.basis, into.reason or out.reason)
    return removal_efficiency(Measured(into.value, 0.0, into.data_capture), Measured(out.value, 0.0, out.data_capture))


def _treatment_energy(view: ParkView, outlet: Installation, flow_device: str) -> IndicatorValue:
    energy_device = _device(outlet, ENERGY_ATTRIBUTE)
    for attribute, device in ((ENERGY_ATTRIBUTE, energy_device), (FLOW_ATTRIBUTE, flow_device)):
        if not device:
            return untold("kWh/m3", _REGISTER, f"'{attribute}' of {outlet.id} is not set in the register")
    energy, volume = view.amount(f"{energy_device}.active_energy_import"), view.amount(f"{flow_device}.volume")
    if isinstance(energy, Missing):
        return untold("kWh/m3", _REGISTER, energy.reason)
    if isinstance(volume, Missing):
        return untold("kWh/m3", _REGISTER, volume.reason)
    return treatment_energy(energy, volume)


def _fuel(view: ParkView, stack: Installation) -> IndicatorValue:
    density = number(stack, DENSITY_ATTRIBUTE)
    if density is None:
        return untold("tCO2e", _REGISTER, f"'{DENSITY_ATTRIBUTE}' of {stack.id} is not set in the register")
    slots = view.slots(stack.device, "gas_flow")
    if not slots:
        return untold("tCO2e", _REGISTER, f"{stack.device}.gas_flow sent no valid value")
    # What was not measured is not guessed: the capture tells how much of the period the sum covers.
    volume_nm3 = sum(slot.value for slot in slots) * SLOT_MS / 3_600_000
    capture = view.capture(stack.device, "gas_flow")
    return scope_1_emissions({"natural_gas": gas_mass_t(Measured(volume_nm3, 0.0, capture), density)}, view.first_day)


def _device(installation: Installation, attribute: str) -> str:
    value = installation.attributes.get(attribute)
    return value if isinstance(value, str) else ""


def _by_slot(view: ParkView, device: str, quantity: str) -> dict[int, float]:
    return {slot.start_ms: slot.value for slot in view.slots(device, quantity)}


def _aligned(
    view: ParkView, first: dict[int, float], second: dict[int, float]
) -> tuple[list[float | None], list[float | None]]:
    """Both series over all half hours of the span: what neither has counts as missing too."""
    known = sorted(first.keys() | second.keys())
    absent = [None] * max(0, view.span.slots - len(known))
    return [first.get(start) for start in known] + absent, [second.get(start) for start in known] + absent
