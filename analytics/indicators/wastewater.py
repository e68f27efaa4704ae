"""Wastewater: load of a substance, removal of a plant, energy per cubic metre treated."""

import math
from collections.abc import Sequence

from analytics.finding import Confidence
from analytics.indicator import Basis, IndicatorValue, untold
from analytics.indicators.measured import Amount, difference, measured, not_negative, product, quotient

_LOAD = Basis("Load = flow x concentration (Metcalf and Eddy, Wastewater Engineering)", Confidence.SETTING)
_REMOVAL = Basis("Removal = (in - out) / in (Metcalf and Eddy, Wastewater Engineering)", Confidence.SETTING)
_ENERGY = Basis("Specific energy of treatment, kWh per m3 treated", Confidence.SETTING)


def daily_load(flow_m3_d: Amount, concentration_mg_l: Amount) -> IndicatorValue:
    """Load [kg/d] of ``flow_m3_d`` [m3/d] with ``concentration_mg_l`` [mg/l], which is the same as g/m3."""
    not_negative(flow_m3_d=flow_m3_d, concentration_mg_l=concentration_mg_l)
    inputs = {"flow_m3_d": flow_m3_d, "concentration_mg_l": concentration_mg_l}
    return product(flow_m3_d, concentration_mg_l).scaled(1e-3).report("kg/d", _LOAD, inputs)


def load_of_slots(flows_m3_h: Sequence[float | None], concentrations_mg_l: Sequence[float | None]) -> IndicatorValue:
    """Mean load [kg/d] over equally long slots with ``flows_m3_h`` [m3/h] and ``concentrations_mg_l`` [mg/l].

    Flow and concentration are multiplied slot by slot, as they vary together; a slot that lacks one (``None``) is left
    out and lowers the data capture.
    """
    pairs = [
        (flow, concentration)
        for flow, concentration in zip(flows_m3_h, concentrations_mg_l, strict=True)
        if flow is not None and concentration is not None
    ]
    if not pairs:
        return untold("kg/d", _LOAD, "no slot has both flow and concentration")
    if any(flow < 0 or concentration < 0 for flow, concentration in pairs):
        return untold("kg/d", _LOAD, "a flow or a concentration is negative")
    kilograms_h = math.fsum(flow * concentration for flow, concentration in pairs) / 1e3 / len(pairs)
    return IndicatorValue(
        value=kilograms_h * 24,
        unit="kg/d",
        basis=_LOAD,
        inputs={"slots": len(pairs), "mean_flow_m3_h": math.fsum(flow for flow, _ in pairs) / len(pairs)},
        data_capture=len(pairs) / len(flows_m3_h),
    )  # fmt: skip


def removal_efficiency(load_in: Amount, load_out: Amount) -> IndicatorValue:
    """Removal [%]: ``(in - out) / in x 100`` of two loads or two concentrations of equal flow, same unit.

    Below zero more leaves than enters: shown, not cut off. No load at the inlet: no value.
    """
    not_negative(load_in=load_in, load_out=load_out)
    inlet = measured(load_in)
    if inlet.value == 0:
        return untold("%", _REMOVAL, "nothing enters", {"out": measured(load_out).value})
    # 1 - out/in: the error of a ratio, not of a difference over the same inlet.
    left = quotient(load_out, inlet)
    removal = difference(1.0, left).scaled(100.0)
    return removal.report("%", _REMOVAL, {"in": inlet, "out": load_out}, data_capture=left.data_capture)


def treatment_energy(energy_kwh: Amount, treated_m3: Amount) -> IndicatorValue:
    """Energy per volume [kWh/m3] from ``energy_kwh`` [kWh] and ``treated_m3`` [m3] of the same period."""
    not_negative(energy_kwh=energy_kwh, treated_m3=treated_m3)
    inputs = {"energy_kwh": energy_kwh, "treated_m3": treated_m3}
    if measured(treated_m3).value == 0:
        return untold("kWh/m3", _ENERGY, "nothing was treated", {"energy_kwh": measured(energy_kwh).value})
    return quotient(energy_kwh, treated_m3).report("kWh/m3", _ENERGY, inputs)
