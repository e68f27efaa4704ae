"""Water: use per product, balance of a network, leakage from the minimum night flow, share of reused water."""

import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from analytics.finding import Confidence
from analytics.indicator import Basis, IndicatorValue, untold
from analytics.indicators.measured import (
    Amount,
    Measured,
    difference,
    measured,
    not_negative,
    quotient,
    share_percent,
    total,
)

NIGHT_HOURS = (2, 4)
"""Local hours ``[from, to)`` in which a network without night work draws least: a setting."""
HOURS_PER_DAY = 24.0
_SPECIFIC = Basis("Water per unit of product, ISO 46001:2019", Confidence.SETTING)
_BALANCE = Basis("Water balance of a network, IWA standard (Lambert and Hirner, 2000)", Confidence.SETTING)
_NIGHT = Basis(
    "Minimum night flow analysis (Farley and Trow, Losses in Water Distribution Networks, IWA 2003)",
    Confidence.SETTING,
    "night hours, legitimate night use and the hours of leakage a day are settings",
)
_REUSE = Basis("Circular 05/2025/TT-BKHDT, forms A.4 and B.4; ISO 59020:2024", Confidence.SETTING)


def specific_water_use(water_m3: Amount, product_amount: Amount, product_unit: str) -> IndicatorValue:
    """Water per product [m3/``product_unit``] from ``water_m3`` [m3] and ``product_amount`` [``product_unit``]."""
    not_negative(water_m3=water_m3, product_amount=product_amount)
    unit = f"m3/{product_unit}"
    if measured(product_amount).value == 0:
        return untold(unit, _SPECIFIC, "nothing was produced", {"water_m3": measured(water_m3).value})
    inputs = {"water_m3": water_m3, f"product_{product_unit}": product_amount}
    return quotient(water_m3, product_amount).report(unit, _SPECIFIC, inputs)


def water_balance(inflows_m3: Sequence[Amount], uses_m3: Sequence[Amount]) -> IndicatorValue:
    """Remainder [m3]: metered ``inflows_m3`` minus metered ``uses_m3`` [m3]; below zero the meters contradict.

    What is lost, unmetered or misread is in it. Source: IWA water balance.
    """
    into, used = total(inflows_m3), total(uses_m3)
    inputs: dict[str, Amount | str] = {"inflow_m3": into, "use_m3": used}
    remainder = difference(into, used)
    if into.value > 0:
        inputs["remainder_percent"] = 100 * remainder.value / into.value
    return remainder.report("m3", _BALANCE, inputs)


def minimum_night_flow(
    flows_m3_h: Iterable[tuple[int, float]], zone: ZoneInfo, night_hours: tuple[int, int] = NIGHT_HOURS
) -> IndicatorValue:
    """Minimum night flow [m3/h]: the median over nights of each night's lowest mean flow.

    ``flows_m3_h`` are ``(start of the slot in UTC ms, mean flow [m3/h])``; only slots that start in the local
    ``night_hours`` count. The standard deviation over nights, divided by their root, is the uncertainty.
    """
    nights: dict[date, float] = defaultdict(lambda: math.inf)
    for time_ms, flow in flows_m3_h:
        local = datetime.fromtimestamp(time_ms / 1000, tz=UTC).astimezone(zone)
        if night_hours[0] <= local.hour < night_hours[1]:
            nights[local.date()] = min(nights[local.date()], flow)
    if not nights:
        return untold("m3/h", _NIGHT, "no flow was measured at night")
    lowest = list(nights.values())
    spread = statistics.stdev(lowest) / math.sqrt(len(lowest)) if len(lowest) > 1 else None
    return IndicatorValue(
        value=statistics.median(lowest), unit="m3/h", basis=_NIGHT,
        inputs={"nights": len(lowest), "night_hours": f"{night_hours[0]:02d}-{night_hours[1]:02d}"},
        standard_uncertainty=spread,
    )  # fmt: skip


def night_flow_share(night_flow: IndicatorValue, mean_flow_m3_h: Amount) -> IndicatorValue:
    """Minimum night flow in percent of the mean flow [m3/h] of the same district and period: high where water leaks.

    ``night_flow`` [m3/h] from :func:`minimum_night_flow`. No flow at all: no value.
    """
    mean = measured(mean_flow_m3_h)
    if night_flow.value is None or mean.value <= 0:
        return untold("%", _NIGHT, night_flow.reason or "nothing flowed")
    flow = Measured(night_flow.value, night_flow.standard_uncertainty or 0.0, night_flow.data_capture)
    inputs = {"minimum_night_flow_m3_h": flow, "mean_flow_m3_h": mean}
    return quotient(flow, mean).scaled(100.0).report("%", _NIGHT, inputs)


def night_flow_leak(
    night_flow: IndicatorValue, legitimate_m3_h: Amount = 0.0, leak_hours_per_day: float = HOURS_PER_DAY
) -> IndicatorValue:
    """Leak estimate [m3/d]: ``(minimum night flow - legitimate night use) x hours``, never below zero.

    ``night_flow`` [m3/h] from :func:`minimum_night_flow`; ``legitimate_m3_h`` [m3/h] is what tenants use at night;
    ``leak_hours_per_day`` [h/d] is below 24 where the pressure is higher at night than by day.
    """
    not_negative(legitimate_m3_h=legitimate_m3_h, leak_hours_per_day=leak_hours_per_day)
    if night_flow.value is None:
        return untold("m3/d", _NIGHT, night_flow.reason)
    flow = Measured(night_flow.value, night_flow.standard_uncertainty or 0.0, night_flow.data_capture)
    leak = difference(flow, legitimate_m3_h).scaled(leak_hours_per_day)
    inputs = {"minimum_night_flow_m3_h": flow, "legitimate_m3_h": legitimate_m3_h}
    if leak.value < 0:
        leak = Measured(0.0, leak.standard_uncertainty, leak.data_capture)
    return leak.report("m3/d", _NIGHT, inputs)


def reuse_share(reused_m3: Amount, discharged_m3: Amount) -> IndicatorValue:
    """Share [%] of treated water that is used again: ``reused / (reused + discharged) x 100``, both [m3]."""
    not_negative(reused_m3=reused_m3, discharged_m3=discharged_m3)
    whole = measured(reused_m3).value + measured(discharged_m3).value
    inputs = {"reused_m3": reused_m3, "discharged_m3": discharged_m3}
    if whole == 0:
        return untold("%", _REUSE, "no treated water was metered", {"reused_m3": 0.0, "discharged_m3": 0.0})
    return share_percent(reused_m3, discharged_m3).report("%", _REUSE, inputs)
