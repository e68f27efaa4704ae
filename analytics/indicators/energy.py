"""Energy in tonnes of oil equivalent, energy per product against sector norms, idle load and peak demand."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from analytics.finding import Confidence
from analytics.indicator import Basis, IndicatorValue, untold
from analytics.indicators.factors import Factor, factor_on, load_factors, weakest
from analytics.indicators.measured import Amount, measured, not_negative, quotient, total

MJ_PER_KWH = 3.6
IDLE_QUANTILE = 0.05
"""Without a production signal the idle load is read at this share of the sorted means: our setting."""
_IDLE = Basis(
    "Base load of a load profile, ISO 50006:2014 (relevant variables and static load)",
    Confidence.SETTING,
    "without a production signal the idle load is the 5 % quantile of the means",
)
_PEAK = Basis("Highest mean active power over the metering interval", Confidence.SETTING, "interval: a setting")
_SPECIFIC = Basis("Energy per unit of product (SEC), ISO 50006:2014", Confidence.SETTING)


@dataclass(frozen=True, slots=True)
class NormComparison:
    """Specific energy beside the norm of its process. ``is_expired``: the norm had ended, it is the last one known."""

    specific: IndicatorValue
    norm: Factor
    percent_of_norm: float
    is_expired: bool


def oil_equivalent_toe(amounts: Mapping[str, Amount], day: date) -> IndicatorValue:
    """Energy [TOE] of ``amounts`` by carrier under the factors of ``day``: the sum of amount x factor.

    A carrier's name ends in its unit: ``electricity_kwh`` [kWh], ``diesel_t`` [t], ``diesel_1000_l`` [1000 l],
    ``natural_gas_m3`` [m3] ... Source: official letter 3505/BCT-KHCN (2011). ``LookupError``: an unknown carrier.
    """
    not_negative(**amounts)
    factors = {carrier: factor_on(load_factors("toe"), carrier, day) for carrier in amounts}
    energy = total(measured(amount).scaled(factors[carrier].value) for carrier, amount in amounts.items())
    basis = Basis(
        "; ".join(dict.fromkeys(factor.source for factor in factors.values())),
        weakest(factor.confidence for factor in factors.values()),
        "; ".join(dict.fromkeys(factor.note for factor in factors.values() if factor.note)),
    )
    return energy.report("TOE", basis, amounts)


def specific_energy(energy_kwh: Amount, product_amount: Amount, product_unit: str) -> IndicatorValue:
    """Energy per product [MJ/``product_unit``] from ``energy_kwh`` [kWh] and ``product_amount`` [``product_unit``].

    Source: ISO 50006:2014; sector circulars express their norms the same way. No product: no value.
    """
    not_negative(energy_kwh=energy_kwh, product_amount=product_amount)
    unit = f"MJ/{product_unit}"
    inputs = {"energy_kwh": energy_kwh, f"product_{product_unit}": product_amount}
    if measured(product_amount).value == 0:
        return untold(unit, _SPECIFIC, "nothing was produced", {"energy_kwh": measured(energy_kwh).value})
    return quotient(measured(energy_kwh).scaled(MJ_PER_KWH), product_amount).report(unit, _SPECIFIC, inputs)


def compare_with_norm(specific: IndicatorValue, process: str, day: date) -> NormComparison:
    """Specific energy [MJ per unit of product] beside the norm of ``process`` on ``day``, or the last one known.

    Source: the sector circulars in ``data/sector_norms.toml``. ``LookupError``: no norm of that process, or none yet;
    ``ValueError``: the value is missing or in another unit than the norm.
    """
    known = [factor for factor in load_factors("sector_norms") if factor.id == process and factor.valid_from <= day]
    if not known:
        raise LookupError(f"no energy norm of '{process}' is known for {day}")
    norm = max(known, key=lambda factor: factor.valid_from)
    if specific.value is None or specific.unit != norm.unit:
        raise ValueError(f"the norm of '{process}' is in {norm.unit}, the value in {specific.unit} ({specific.value})")
    return NormComparison(specific, norm, 100 * specific.value / norm.value, not norm.is_valid_on(day))


def idle_load_kw(means_kw: Sequence[float], is_idle: Sequence[bool] | None = None) -> IndicatorValue:
    """Load of a plant that makes nothing [kW], from ``means_kw`` [kW], equally long means of active power.

    With ``is_idle`` (one flag a mean) it is the mean over the idle intervals and its spread is the uncertainty;
    without, the 5 % quantile. Source: ISO 50006:2014; confidence: setting.
    """
    if is_idle is not None:
        values = [power for power, idle in zip(means_kw, is_idle, strict=True) if idle]
        if not values:
            return untold("kW", _IDLE, "the plant was never idle")
        mean = math.fsum(values) / len(values)
        spread = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / len(values))
        return IndicatorValue(
            value=mean, unit="kW", basis=_IDLE, inputs={"idle_intervals": len(values)},
            standard_uncertainty=spread / math.sqrt(len(values)) or None,
        )  # fmt: skip
    if not means_kw:
        return untold("kW", _IDLE, "no mean power was measured")
    ordered = sorted(means_kw)
    place = IDLE_QUANTILE * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    value = ordered[low] + (place - low) * (ordered[high] - ordered[low])
    return IndicatorValue(value=value, unit="kW", basis=_IDLE, inputs={"intervals": len(ordered)})


def idle_energy_share(energies_kwh: Sequence[float], is_idle: Sequence[bool]) -> IndicatorValue:
    """Share [%] of ``energies_kwh`` [kWh per interval] that went into intervals without production (``is_idle``)."""
    used = math.fsum(energies_kwh)
    idle = math.fsum(energy for energy, rests in zip(energies_kwh, is_idle, strict=True) if rests)
    inputs: dict[str, float | str] = {"energy_kwh": used, "idle_energy_kwh": idle}
    if used <= 0:
        return untold("%", _IDLE, "no energy was used", inputs)
    return IndicatorValue(value=100 * idle / used, unit="%", basis=_IDLE, inputs=inputs)


def peak_demand_kw(means_kw: Sequence[float], interval_minutes: int, data_capture: float = 1.0) -> IndicatorValue:
    """Highest mean power [kW] of ``means_kw`` [kW over ``interval_minutes`` minutes]; demand meters use 15 or 30."""
    if not means_kw:
        return untold("kW", _PEAK, "no mean power was measured")
    inputs: dict[str, float | str] = {"interval_minutes": interval_minutes, "intervals": len(means_kw)}
    return IndicatorValue(value=max(means_kw), unit="kW", basis=_PEAK, inputs=inputs, data_capture=data_capture)
