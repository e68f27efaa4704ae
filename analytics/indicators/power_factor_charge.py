"""The charge for reactive energy: power factor of a billing period, coefficient k, and what it adds to the bill."""

import math

from analytics.finding import Confidence
from analytics.indicator import Basis, IndicatorValue, untold
from analytics.indicators.measured import Amount, Measured, measured, not_negative

THRESHOLD = 0.90
MINIMUM_DEMAND_KW = 40.0
_TEXTS = "Decree 137/2013/ND-CP Art. 15(3); Circular 15/2014/TT-BCT Art. 3"
_POWER_FACTOR = Basis(_TEXTS, Confidence.SETTING, "the formula is from memory: to be confirmed")
_CHARGE = Basis(
    _TEXTS,
    Confidence.SETTING,
    "k = (0.90 / cos phi - 1) x 100 is from memory, and a replacement of the circular after the 2024 Electricity Law "
    "was not checked: to be confirmed",
)


def power_factor(active_kwh: Amount, reactive_kvarh: Amount) -> IndicatorValue:
    """``cos phi = Ap / sqrt(Ap^2 + Aq^2)`` [1] from ``active_kwh`` [kWh] and ``reactive_kvarh`` received [kvarh].

    Both are amounts of one billing period. Source: Circular 15/2014/TT-BCT Art. 3.
    """
    not_negative(active_kwh=active_kwh, reactive_kvarh=reactive_kvarh)
    active, reactive = measured(active_kwh), measured(reactive_kvarh)
    apparent = math.hypot(active.value, reactive.value)
    inputs = {"active_kwh": active_kwh, "reactive_kvarh": reactive_kvarh}
    if apparent == 0:
        return untold("1", _POWER_FACTOR, "no energy was used", {"active_kwh": 0.0, "reactive_kvarh": 0.0})
    # d(cos phi)/dAp = Aq^2 / S^3 and d(cos phi)/dAq = -Ap Aq / S^3.
    spread = math.hypot(
        reactive.value**2 * active.standard_uncertainty, active.value * reactive.value * reactive.standard_uncertainty
    )
    result = Measured(active.value / apparent, spread / apparent**3, min(active.data_capture, reactive.data_capture))
    return result.report("1", _POWER_FACTOR, inputs)


def charge_percent(cos_phi: float, threshold: float = THRESHOLD) -> float:
    """Coefficient k [%]: ``(threshold / cos phi - 1) x 100`` below the threshold, else 0; ``cos_phi`` in (0, 1]."""
    if not 0 < cos_phi <= 1:
        raise ValueError(f"power factor {cos_phi} does not lie between 0 and 1")
    return (threshold / cos_phi - 1) * 100 if cos_phi < threshold else 0.0


def power_factor_charge(
    active_energy_bill_vnd: Amount, active_kwh: Amount, reactive_kvarh: Amount, maximum_demand_kw: float
) -> IndicatorValue:
    """``Tq = Ta x k %`` [VND], before VAT, on top of the bill for active energy.

    ``active_energy_bill_vnd`` [VND] before VAT; ``active_kwh`` [kWh] and ``reactive_kvarh`` [kvarh] of the billing
    period; ``maximum_demand_kw`` [kW] registered: below 40 kW nothing is charged. Source: Decree 137/2013/ND-CP
    Art. 15(3), Circular 15/2014/TT-BCT Art. 3; confidence: setting.
    """
    not_negative(active_energy_bill_vnd=active_energy_bill_vnd, maximum_demand_kw=maximum_demand_kw)
    bill = measured(active_energy_bill_vnd)
    factor = power_factor(active_kwh, reactive_kvarh)
    inputs: dict[str, Amount | str] = {"active_energy_bill_vnd": bill, "maximum_demand_kw": maximum_demand_kw}
    if factor.value is None:
        return untold("VND", _CHARGE, factor.reason)
    if factor.value == 0:
        return untold("VND", _CHARGE, "reactive energy without any active energy: check the meter")
    percent = charge_percent(factor.value) if maximum_demand_kw >= MINIMUM_DEMAND_KW else 0.0
    inputs |= {"power_factor": factor.value, "k_percent": percent}
    capture = min(bill.data_capture, factor.data_capture)
    return bill.scaled(percent / 100).report("VND", _CHARGE, inputs, data_capture=capture)
