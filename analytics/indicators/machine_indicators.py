"""Indicators of one machine with a power meter and an item count: energy per item, and what it draws while idle."""

import math
from collections.abc import Iterator

from analytics.finding import Confidence
from analytics.indicator import Basis, IndicatorValue, untold
from analytics.indicators.energy import idle_energy_share, idle_load_kw, specific_energy
from analytics.indicators.measured import Measured
from analytics.indicators.park_view import ParkView, ReportedIndicator, captured
from analytics.indicators.side_by_side import SideBySide, join_slots
from telemetry_model.park_register import Installation

MACHINE = "machine"
POWER, ENERGY, ITEMS = "active_power", "active_energy_interval", "produced_items_interval"
_METER = Basis("Meter and item count of the machine", Confidence.SOURCE)


def machine_indicators(view: ParkView, machine: Installation) -> Iterator[ReportedIndicator]:
    """Energy, energy per item, idle share and idle load; a slot counts where power and items were both told.

    A slot is as long as the interval of the machine's points; it is idle when no item was made in it.
    """
    found = _power_and_items(view, machine.device)
    values = _values(found, view, machine.device)
    for name, value in values.items():
        yield view.report(name, machine.id, machine.tenant, value)


def _power_and_items(view: ParkView, device: str) -> SideBySide:
    """Mean power [kW] and items an hour, slot by slot."""
    quantity = POWER if view.point(device, POWER) is not None else ENERGY
    powers = view.slots(device, quantity)
    if quantity == ENERGY:
        powers = tuple(slot._replace(value=slot.value / slot.hours) for slot in powers)
    rates = [slot._replace(value=slot.value / slot.hours) for slot in view.slots(device, ITEMS)]
    return join_slots([(powers, view.slot_ms(device, quantity)), (rates, view.slot_ms(device, ITEMS))], view)


def _values(found: SideBySide, view: ParkView, device: str) -> dict[str, IndicatorValue]:
    units = {"electricity": "kWh", "specific_energy": "MJ/item", "idle_energy_share": "%", "idle_load": "kW"}
    if not found.slots:
        is_counted = view.point(device, ITEMS) is not None
        why = f"no slot has both power and items of {device}" if is_counted else f"no point counts items of {device}"
        return {name: untold(unit, _METER, why) for name, unit in units.items()}
    powers, hours = found.column(0), [slot.hours for slot in found.slots]
    if min(powers) < 0:
        return {name: untold(unit, _METER, f"the power of {device} is negative") for name, unit in units.items()}
    energies = [power * length for power, length in zip(powers, hours, strict=True)]
    items = [rate * length for rate, length in zip(found.column(1), hours, strict=True)]
    energy = Measured(math.fsum(energies), 0.0, found.capture)
    made = Measured(math.fsum(items), 0.0, found.capture)
    is_idle = [rate == 0 for rate in items]
    return {
        "electricity": energy.report("kWh", _METER, {"slots": len(energies), "items": made}),
        "specific_energy": specific_energy(energy, made, "item"),
        "idle_energy_share": captured(idle_energy_share(energies, is_idle), found.capture),
        "idle_load": captured(idle_load_kw(powers, is_idle), found.capture),
    }
