"""Indicators of outlets and stacks: loads, removal, energy of treatment, mass flows, emissions of the fuel burnt."""

import math
from collections.abc import Iterator

from analytics.finding import Confidence
from analytics.indicator import Basis, IndicatorValue, untold
from analytics.indicators.emissions import mass_flow_of_slots
from analytics.indicators.energy import oil_equivalent_toe
from analytics.indicators.greenhouse_gas import gas_mass_t, list_candidate, scope_1_emissions
from analytics.indicators.measured import Measured
from analytics.indicators.park_view import ParkView, ReportedIndicator, number
from analytics.indicators.side_by_side import join_slots, side_by_side
from analytics.indicators.store_readings import Missing
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
    flow_device = _device(view, outlet, FLOW_ATTRIBUTE)
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
    """Mass flow of each measured gas; what burning the metered gas emits (scope 1) and whether it reaches the list."""
    for gas in GASES:
        if view.point(stack.device, gas) is None:
            continue
        both = side_by_side(view, ((stack.device, gas), (stack.device, "stack_flow")))
        value = mass_flow_of_slots(both.padded(0), both.padded(1))
        yield view.report(f"{gas}_mass_flow", stack.id, stack.tenant, value)
    if view.point(stack.device, "gas_flow") is not None:
        emissions = _fuel(view, stack)
        yield view.report("scope_1_emissions", stack.id, stack.tenant, emissions)
        yield view.report("list_candidate", stack.id, stack.tenant, _listed(view, stack, emissions))


def _load(view: ParkView, device: str, flow_device: str, quantity: str) -> IndicatorValue:
    if not flow_device:
        return untold("kg/d", _REGISTER, f"'{FLOW_ATTRIBUTE}' of the outlet is not set in the register")
    both = side_by_side(view, ((flow_device, "flow"), (device, quantity)))
    return load_of_slots(both.padded(0), both.padded(1))


def _removal(view: ParkView, outlet: Installation, quantity: str) -> IndicatorValue:
    """From the slots in which flow, inlet and outlet were all measured: loads of different days do not compare."""
    inlet, flow = _device(view, outlet, INLET_ATTRIBUTE), _device(view, outlet, FLOW_ATTRIBUTE)
    if not inlet or view.point(inlet, quantity) is None:
        return untold("%", _REGISTER, f"'{INLET_ATTRIBUTE}' of {outlet.id} names no device that measures {quantity}")
    if not flow:
        return untold("%", _REGISTER, f"'{FLOW_ATTRIBUTE}' of the outlet is not set in the register")
    found = side_by_side(view, ((flow, "flow"), (inlet, quantity), (outlet.device, quantity)))
    flows = found.padded(0)
    into, out = load_of_slots(flows, found.padded(1)), load_of_slots(flows, found.padded(2))
    if into.value is None or out.value is None:
        return untold("%", into.basis, into.reason or out.reason)
    return removal_efficiency(Measured(into.value, 0.0, into.data_capture), Measured(out.value, 0.0, out.data_capture))


def _treatment_energy(view: ParkView, outlet: Installation, flow_device: str) -> IndicatorValue:
    energy_device = _device(view, outlet, ENERGY_ATTRIBUTE)
    for attribute, device in ((ENERGY_ATTRIBUTE, energy_device), (FLOW_ATTRIBUTE, flow_device)):
        if not device:
            return untold("kWh/m3", _REGISTER, f"'{attribute}' of {outlet.id} is not set in the register")
    counters = view.point(energy_device, "active_energy_import"), view.point(flow_device, "volume")
    intervals = view.point(energy_device, "active_energy_interval"), view.point(flow_device, "flow")
    if None in counters and None not in intervals:
        return _treatment_energy_of_slots(view, energy_device, flow_device)
    energy, volume = view.together(f"{energy_device}.active_energy_import", f"{flow_device}.volume").values()
    if isinstance(energy, Missing):
        return untold("kWh/m3", _REGISTER, energy.reason)
    if isinstance(volume, Missing):
        return untold("kWh/m3", _REGISTER, volume.reason)
    return treatment_energy(energy, volume)


def _treatment_energy_of_slots(view: ParkView, energy_device: str, flow_device: str) -> IndicatorValue:
    """Without registers: energy per interval and mean flow, of the slots that have both."""
    quantity = "active_energy_interval"
    powers = [slot._replace(value=slot.value / slot.hours) for slot in view.slots(energy_device, quantity)]
    flows = view.slots(flow_device, "flow"), view.slot_ms(flow_device, "flow")
    both = join_slots([(powers, view.slot_ms(energy_device, quantity)), flows], view)
    if not both.slots:
        return untold("kWh/m3", _REGISTER, f"{energy_device}.{quantity} and {flow_device}.flow have no slot in common")
    if any(flow < 0 for flow in both.column(1)):
        return untold("kWh/m3", _REGISTER, f"{flow_device}.flow is negative")
    energy_kwh, volume_m3 = (
        math.fsum(value * slot.hours for value, slot in zip(both.column(place), both.slots, strict=True))
        for place in (0, 1)
    )
    return treatment_energy(Measured(energy_kwh, 0.0, both.capture), Measured(volume_m3, 0.0, both.capture))


def _fuel(view: ParkView, stack: Installation) -> IndicatorValue:
    density = number(view.attributes(stack), DENSITY_ATTRIBUTE)
    if density is None:
        return untold("tCO2e", _REGISTER, f"'{DENSITY_ATTRIBUTE}' of {stack.id} is not set in the register")
    slots = view.slots(stack.device, "gas_flow")
    if not slots:
        return untold("tCO2e", _REGISTER, f"{stack.device}.gas_flow sent no valid value")
    # What was not measured is not guessed: the capture tells how much of the period the sum covers.
    volume_nm3 = math.fsum(slot.value * slot.hours for slot in slots)
    capture = view.capture(stack.device, "gas_flow")
    return scope_1_emissions({"natural_gas": gas_mass_t(Measured(volume_nm3, 0.0, capture), density)}, view.first_day)


def _listed(view: ParkView, stack: Installation, emissions: IndicatorValue) -> IndicatorValue:
    """The list flag of this stack's fuel alone; what the facility takes from the grid comes on top."""
    if emissions.value is None:
        return untold("1", emissions.basis, emissions.reason)
    volume_m3 = math.fsum(slot.value * slot.hours for slot in view.slots(stack.device, "gas_flow"))
    energy = oil_equivalent_toe({"natural_gas_m3": Measured(volume_m3, 0.0, emissions.data_capture)}, view.first_day)
    emitted = Measured(emissions.value, emissions.standard_uncertainty or 0.0, emissions.data_capture)
    used = Measured(energy.value or 0.0, 0.0, energy.data_capture)
    return list_candidate(emitted, used, (view.end_day - view.first_day).days)


def _device(view: ParkView, installation: Installation, attribute: str) -> str:
    value = view.attributes(installation).get(attribute)
    return value if isinstance(value, str) else ""
