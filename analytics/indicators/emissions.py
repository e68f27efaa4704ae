"""Emissions to air: mass flow of a stack and concentration at reference oxygen."""

import math
from collections.abc import Sequence

import numpy as np

from analytics.finding import Confidence
from analytics.indicator import Basis, IndicatorValue, untold
from analytics.indicators.measured import Amount, measured, not_negative, product
from analytics.slots.averaging import AIR_OXYGEN_PERCENT, correct_to_reference_o2

NEAR_AIR_PERCENT = 20.5
"""From here on the correction to reference oxygen divides by almost nothing: the value is not formed."""
_MASS_FLOW = Basis("Mass flow = concentration x flow under the same reference conditions", Confidence.SETTING)
_CORRECTED = Basis(
    "QCVN 19:2024/BTNMT, correction to reference oxygen",
    Confidence.SETTING,
    "the formula is from memory: to be confirmed",
)


def mass_flow(concentration_mg_nm3: Amount, flow_nm3_h: Amount) -> IndicatorValue:
    """Mass flow [kg/h] of ``concentration_mg_nm3`` [mg/Nm3] in ``flow_nm3_h`` [Nm3/h].

    Both as measured and under the same conditions (dry or wet): never the concentration corrected to reference O2.
    """
    not_negative(concentration_mg_nm3=concentration_mg_nm3, flow_nm3_h=flow_nm3_h)
    inputs = {"concentration_mg_nm3": concentration_mg_nm3, "flow_nm3_h": flow_nm3_h}
    return product(concentration_mg_nm3, flow_nm3_h).scaled(1e-6).report("kg/h", _MASS_FLOW, inputs)


def mass_flow_of_slots(
    concentrations_mg_nm3: Sequence[float | None], flows_nm3_h: Sequence[float | None]
) -> IndicatorValue:
    """Mean mass flow [kg/h] over equally long slots of [mg/Nm3] and [Nm3/h]; slots that lack one are left out."""
    pairs = [
        (concentration, flow)
        for concentration, flow in zip(concentrations_mg_nm3, flows_nm3_h, strict=True)
        if concentration is not None and flow is not None
    ]
    if not pairs:
        return untold("kg/h", _MASS_FLOW, "no slot has both concentration and flow")
    if any(concentration < 0 or flow < 0 for concentration, flow in pairs):
        return untold("kg/h", _MASS_FLOW, "a concentration or a flow is negative")
    value = math.fsum(concentration * flow for concentration, flow in pairs) * 1e-6 / len(pairs)
    return IndicatorValue(
        value=value, unit="kg/h", basis=_MASS_FLOW, inputs={"slots": len(pairs)},
        data_capture=len(pairs) / len(flows_nm3_h),
    )  # fmt: skip


def concentration_at_reference_oxygen(
    concentration_mg_nm3: Amount, oxygen_percent: float, reference_percent: float
) -> IndicatorValue:
    """Concentration [mg/Nm3] at ``reference_percent`` O2 [% by volume] from one measured at ``oxygen_percent``.

    ``C x (21 - O2_ref) / (21 - O2)``, QCVN 19:2024/BTNMT; no value near air, where the formula breaks down.
    """
    not_negative(concentration_mg_nm3=concentration_mg_nm3, oxygen_percent=oxygen_percent)
    given = measured(concentration_mg_nm3)
    inputs: dict[str, Amount | str] = {
        "concentration_mg_nm3": given,
        "oxygen_percent": oxygen_percent,
        "reference_percent": reference_percent,
    }
    if oxygen_percent >= NEAR_AIR_PERCENT or reference_percent >= AIR_OXYGEN_PERCENT:
        return untold(
            "mg/Nm3", _CORRECTED, f"O2 of {oxygen_percent:g} % is too near to air", {"oxygen_percent": oxygen_percent}
        )
    factor = float(correct_to_reference_o2(np.array([1.0]), np.array([oxygen_percent]), reference_percent)[0])
    return given.scaled(factor).report("mg/Nm3", _CORRECTED, inputs)
