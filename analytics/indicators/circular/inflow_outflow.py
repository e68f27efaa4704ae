"""Inflow and outflow indicators in the style of ISO 59020:2024, from lots of material with the shares they contain."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from analytics.finding import Confidence
from analytics.indicator import Basis, IndicatorValue, untold
from analytics.indicators.measured import Amount, measured, not_negative, quotient, share_percent

_ISO_59020 = Basis(
    "ISO 59020:2024, core circularity indicators", Confidence.SETTING, "list of indicators from memory: to be confirmed"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inflow:
    """A lot that enters: ``mass_t`` [t] and the shares (0-1) of it that are reused, recycled and renewable virgin."""

    mass_t: float
    reused: float = 0.0
    recycled: float = 0.0
    renewable: float = 0.0

    def __post_init__(self) -> None:
        _check(self.mass_t, (self.reused, self.recycled, self.renewable))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outflow:
    """A lot that leaves: ``mass_t`` [t] and the shares (0-1) that are actually reused, recycled, or biologically
    recirculated.
    """

    mass_t: float
    reused: float = 0.0
    recycled: float = 0.0
    recirculated: float = 0.0

    def __post_init__(self) -> None:
        _check(self.mass_t, (self.reused, self.recycled, self.recirculated))


def inflow_indicators(lots: Sequence[Inflow]) -> dict[str, IndicatorValue]:
    """Average reused, recycled and renewable content of the inflow [% of mass], by name."""
    masses = [lot.mass_t for lot in lots]
    return {
        "reused_content": _average(masses, [lot.reused for lot in lots]),
        "recycled_content": _average(masses, [lot.recycled for lot in lots]),
        "renewable_content": _average(masses, [lot.renewable for lot in lots]),
    }


def outflow_indicators(lots: Sequence[Outflow]) -> dict[str, IndicatorValue]:
    """Reused, recycled and biologically recirculated shares of the outflow [% of mass], by name."""
    masses = [lot.mass_t for lot in lots]
    return {
        "reused_outflow": _average(masses, [lot.reused for lot in lots]),
        "recycled_outflow": _average(masses, [lot.recycled for lot in lots]),
        "recirculated_outflow": _average(masses, [lot.recirculated for lot in lots]),
    }


def relative_lifetime(lifetime_years: float, industry_lifetime_years: float) -> IndicatorValue:
    """Lifetime of a product over that of its kind [1], both [years]."""
    if lifetime_years < 0 or industry_lifetime_years <= 0:
        raise ValueError("lifetimes must be positive")
    inputs: dict[str, float | str] = {
        "lifetime_years": lifetime_years,
        "industry_lifetime_years": industry_lifetime_years,
    }
    value = lifetime_years / industry_lifetime_years
    return IndicatorValue(value=value, unit="1", basis=_ISO_59020, inputs=inputs)


def circular_water_share(circular_m3: Amount, other_m3: Amount) -> IndicatorValue:
    """Share [%] of the water inflow [m3] that comes from circular sources (reuse, rain); ``other_m3`` is the rest."""
    return _share("circular_m3", circular_m3, "other_m3", other_m3, "no water was used")


def onsite_water_reuse_ratio(reused_m3: Amount, inflow_m3: Amount) -> IndicatorValue:
    """Water reused on site [m3] over the water that flows in [m3], 1; above 1 each drop is used more than twice."""
    not_negative(reused_m3=reused_m3, inflow_m3=inflow_m3)
    if measured(inflow_m3).value == 0:
        return untold("1", _ISO_59020, "no water flowed in")
    inputs = {"reused_m3": reused_m3, "inflow_m3": inflow_m3}
    return quotient(reused_m3, inflow_m3).report("1", _ISO_59020, inputs)


def material_productivity(revenue_vnd: Amount, inflow_t: Amount) -> IndicatorValue:
    """Revenue [VND] per mass of material that flows in [t], VND/t."""
    not_negative(revenue_vnd=revenue_vnd, inflow_t=inflow_t)
    if measured(inflow_t).value == 0:
        return untold("VND/t", _ISO_59020, "no material flowed in")
    inputs = {"revenue_vnd": revenue_vnd, "inflow_t": inflow_t}
    return quotient(revenue_vnd, inflow_t).report("VND/t", _ISO_59020, inputs)


def _share(name: str, part: Amount, other_name: str, rest: Amount, reason: str) -> IndicatorValue:
    not_negative(**{name: part, other_name: rest})
    if measured(part).value + measured(rest).value == 0:
        return untold("%", _ISO_59020, reason)
    return share_percent(part, rest).report("%", _ISO_59020, {name: part, other_name: rest})


def _average(masses_t: Sequence[float], shares: Sequence[float]) -> IndicatorValue:
    whole = math.fsum(masses_t)
    if whole == 0:
        return untold("%", _ISO_59020, "no material is on record")
    part = math.fsum(mass * share for mass, share in zip(masses_t, shares, strict=True))
    value = min(100.0, 100 * (part / whole))
    return IndicatorValue(value=value, unit="%", basis=_ISO_59020, inputs={"mass_t": whole})


def _check(mass_t: float, shares: tuple[float, ...]) -> None:
    if mass_t < 0 or any(not 0 <= share <= 1 for share in shares) or sum(shares) > 1 + 1e-9:
        raise ValueError("mass is not negative, shares lie between 0 and 1 and add up to 1 at most")
