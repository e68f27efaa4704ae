"""Indicators of an electricity supply from its meter: peak, idle load, power factor, cost by time of use, charge."""

from collections.abc import Iterator
from datetime import date

from analytics.finding import Confidence
from analytics.indicator import Basis, IndicatorValue, untold
from analytics.indicators.energy import idle_load_kw, peak_demand_kw
from analytics.indicators.measured import Measured
from analytics.indicators.park_view import ParkView, ReportedIndicator, captured, number
from analytics.indicators.power_factor_charge import power_factor, power_factor_charge
from analytics.indicators.store_readings import Missing, slots_of
from analytics.indicators.tariff import (
    CustomerTariff,
    EnergyInterval,
    TimeOfUseCost,
    peak_share,
    time_of_use_cost,
    voltage_levels,
)
from telemetry_model.park_register import Installation
from telemetry_model.park_register.dated import Attribute

SUPPLY = "electricity_supply"
ENERGY_PAIRS = (
    ("active_energy_import", "reactive_energy_import"),
    ("active_energy_interval", "reactive_energy_interval"),
)
"""Active and reactive quantity, in the order in which they are preferred."""
VOLTAGE_ATTRIBUTE = "voltage_level"
NEW_HOURS_ATTRIBUTE = "tariff_hours_963_from"
_TARIFF = Basis("Decision 1279/QD-BCT of 9 May 2025", Confidence.SETTING)
_METER = Basis("Meter of the supply", Confidence.SOURCE)


def supply_indicators(view: ParkView, supply: Installation) -> Iterator[ReportedIndicator]:
    """All indicators of one supply; those its register entry or its data do not allow say why."""

    def report(name: str, value: IndicatorValue) -> ReportedIndicator:
        return view.report(name, supply.id, supply.tenant, value)

    means, capture, minutes = _mean_powers_kw(view, supply)
    yield report("peak_demand", peak_demand_kw(means, minutes, capture) if means else _no_power())
    idle = idle_load_kw(means)
    yield report("idle_load", captured(idle, capture))
    active_name, reactive_name = next(
        (pair for pair in ENERGY_PAIRS if view.point(supply.device, pair[0])), ENERGY_PAIRS[0]
    )
    both = view.together(*(f"{supply.device}.{name}" for name in (active_name, reactive_name)))
    active, reactive = both.values()
    if isinstance(active, Missing) or isinstance(reactive, Missing):
        why = active.reason if isinstance(active, Missing) else reactive.reason if isinstance(reactive, Missing) else ""
        yield report("power_factor", untold("1", _METER, why))
    else:
        yield report("power_factor", power_factor(active, reactive))
    bill = _cost(view, supply, active_name, view.amount(f"{supply.device}.{active_name}"))
    cost = bill if isinstance(bill, IndicatorValue) else bill.cost
    yield report("time_of_use_cost", cost)
    share = peak_share(bill) if isinstance(bill, TimeOfUseCost) else untold("%", _TARIFF, cost.reason)
    yield report("peak_energy_share", share)
    yield report("power_factor_charge", _charge(view, supply, cost, active, reactive))


def _mean_powers_kw(view: ParkView, supply: Installation) -> tuple[list[float], float, int]:
    """Mean power of each slot, data capture, and minutes a slot.

    From the energy counted in it, as a demand meter does, else from active power; slots are half hours, or longer
    where the meter says less often how much it counted.
    """
    for active, _ in ENERGY_PAIRS:
        slots, slot_ms = view.slots(supply.device, active), view.slot_ms(supply.device, active)
        if slots:
            # A slot over a gap is a mean over hours: it would hide peaks and is left out.
            whole = [slot for slot in slots if slot.end_ms - slot.start_ms == slot_ms]
            capture = min(1.0, len(whole) / slots_of(view.span, slot_ms))
            return [slot.value / slot.hours for slot in whole], capture, slot_ms // 60_000
    slots = view.slots(supply.device, "active_power")
    minutes = view.slot_ms(supply.device, "active_power") // 60_000
    return [slot.value for slot in slots], view.capture(supply.device, "active_power"), minutes


def _cost(
    view: ParkView, supply: Installation, quantity: str, active: Measured | Missing
) -> TimeOfUseCost | IndicatorValue:
    """The bill, or why there is none."""
    levels = _levels(view, supply)
    for _, level in levels:
        if level is None:
            return untold("VND", _TARIFF, f"'{VOLTAGE_ATTRIBUTE}' of {supply.id} is not set in the register")
        if level not in voltage_levels():
            known = ", ".join(voltage_levels())
            return untold("VND", _TARIFF, f"'{VOLTAGE_ATTRIBUTE}' of {supply.id} is '{level}' (known: {known})")
    if isinstance(active, Missing):
        return untold("VND", _TARIFF, active.reason)
    intervals = [EnergyInterval(*slot) for slot in view.slots(supply.device, quantity)]
    (_, first), *later = levels
    tariff = CustomerTariff(str(first), hours_of(supply), tuple((since, str(level)) for since, level in later))
    return time_of_use_cost(intervals, tariff, view.zone, view.law_day, active.data_capture)


def _levels(view: ParkView, supply: Installation) -> list[tuple[date, Attribute | None]]:
    """The voltage level of each stretch of the span, by its first day; of the day whose prices are asked for."""
    if view.law_day is not None:
        return [(date.min, supply.attributes_on(view.law_day).get(VOLTAGE_ATTRIBUTE))]
    touched = (era for era in supply.dated.eras if era.first_day < view.end_day and era.end_day > view.first_day)
    return [(era.first_day, era.attributes.get(VOLTAGE_ATTRIBUTE)) for era in touched]


def hours_of(supply: Installation | None) -> tuple[tuple[date, str], ...]:
    """Legacy hours until the day that the register states for this customer, as it stood on each day."""
    steps: dict[date, str] = {date.min: "legacy"}
    for era in supply.dated.eras if supply else ():
        changed = era.attributes.get(NEW_HOURS_ATTRIBUTE)
        is_new = isinstance(changed, date) and changed <= era.first_day
        steps[era.first_day] = "decision-963" if is_new else "legacy"
        if isinstance(changed, date) and era.first_day < changed < era.end_day:
            steps[changed] = "decision-963"
    return tuple(sorted(steps.items()))


def _charge(
    view: ParkView,
    supply: Installation,
    cost: IndicatorValue,
    active: Measured | Missing,
    reactive: Measured | Missing,
) -> IndicatorValue:
    demand = number(view.attributes(supply), "contracted_kw")
    if cost.value is None or isinstance(active, Missing):
        return untold("VND", _TARIFF, cost.reason or "no active energy was measured")
    if isinstance(reactive, Missing):
        return untold("VND", _TARIFF, reactive.reason)
    if demand is None:
        return untold("VND", _TARIFF, f"'contracted_kw' of {supply.id} is not set in the register")
    return power_factor_charge(Measured(cost.value, 0.0, cost.data_capture), active, reactive, demand)


def _no_power() -> IndicatorValue:
    return untold("kW", _METER, "the meter sent neither energy nor power")
