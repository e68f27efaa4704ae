"""A firm's energy performance month by month: a baseline on what it made and the weather, EnPI, CUSUM and its norm."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from analytics.indicator import IndicatorValue
from analytics.indicators.energy import NormComparison, compare_with_norm, specific_energy
from analytics.indicators.energy_baseline import (
    EnergyBaseline,
    cumulative_saving_kwh,
    energy_performance,
    fit_baseline,
)
from analytics.indicators.measured import Measured, total
from service_runtime.errors import OperatorError
from telemetry_model.park_register import Park

COOLING_BASE_DEGC = 24.0
"""Cooling degree days are counted above this outdoor temperature: a setting."""
COOLING_DRIVER = "cooling_degree_days"
NORM_OF_PROCESS: Mapping[str, str] = {
    "iron_ore_sintering": "steel_ore_sintering",
    "blast_furnace_iron": "steel_blast_furnace_iron",
    "billet_converter": "steel_billet_converter",
    "billet_arc_furnace": "steel_billet_arc_furnace",
    "billet_induction_furnace": "steel_billet_induction_furnace",
    "hot_rolling_long": "steel_hot_rolling_long",
    "cold_rolling_sheet": "steel_cold_rolling_sheet",
    "packaging_over_50000": "paper_packaging_over_50000_t",
    "packaging_10000_to_50000": "paper_packaging_10000_to_50000_t",
    "packaging_under_10000": "paper_packaging_below_10000_t",
    "tissue_10000_to_50000": "paper_tissue_10000_to_50000_t",
    "tissue_under_10000": "paper_tissue_below_10000_t",
    "printing_over_50000": "paper_printing_over_50000_t",
    "printing_10000_to_50000": "paper_printing_10000_to_50000_t",
    "over_100": "beer_over_100_million_l",
    "from_20_to_100": "beer_20_to_100_million_l",
    "under_20": "beer_below_20_million_l",
}
"""A facility's ``process`` in the register -> its norm in ``data/sector_norms.toml``."""


@dataclass(frozen=True, slots=True)
class EnergyMonth:
    """A month's energy [kWh] with where it comes from (``meter`` or ``bill``), and its drivers by name with unit."""

    month: date
    energy: Measured
    source: str
    drivers: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class LeftOutMonth:
    """A month of which too little energy is known to be held against anything: data capture (0-1) and the reason."""

    month: date
    data_capture: float
    reason: str


@dataclass(frozen=True, slots=True)
class ReviewedMonth:
    """A month beside the baseline: expected energy [kWh], measured / expected, and the running saving [kWh]."""

    month: EnergyMonth
    expected: Measured
    ratio: float | None
    saving: Measured


@dataclass(frozen=True, slots=True)
class EnergyReview:
    """The baseline, each month beside it, the EnPI of all together, and energy per product where there is one."""

    baseline: EnergyBaseline
    months: tuple[ReviewedMonth, ...]
    performance: IndicatorValue
    specific: IndicatorValue | None
    norm: NormComparison | None
    norm_reason: str
    left_out: tuple[LeftOutMonth, ...] = ()
    """Months of the baseline and of those held against it that do not count."""


def production_of(park: Park, tenant: str, month: date) -> dict[str, float]:
    """What a firm made in a month by driver name (``Rebar [t]``)."""
    return {f"{m.product} [{m.unit}]": m.amount for m in park.production if m.tenant == tenant and m.month == month}


def billed_kwh(park: Park, tenant: str, month: date) -> float | None:
    """The energy on the month's bill, where ``production.csv`` has it."""
    bills = [m.energy_kwh for m in park.production if m.tenant == tenant and m.month == month]
    return next((bill for bill in bills if bill is not None), None)


def review(
    park: Park, tenant: str, baseline_months: Sequence[EnergyMonth], months: Sequence[EnergyMonth]
) -> EnergyReview:
    """Fit the baseline and hold ``months`` against it.

    Source: ISO 50006:2014. Raises :class:`OperatorError` when the baseline cannot be fitted or a month lacks a driver.
    """
    names = sorted({name for month in (*baseline_months, *months) for name in month.drivers})
    for month in (*baseline_months, *months):
        lacking = [name for name in names if name not in month.drivers]
        if lacking:
            raise OperatorError(f"production.csv: {tenant} has no '{lacking[0]}' for {month.month:%Y-%m}")
    try:
        fitted = fit_baseline([m.energy.value for m in baseline_months], _columns(baseline_months, names))
    except ValueError as error:
        raise OperatorError(f"no baseline of {tenant} from {len(baseline_months)} months: {error}") from error
    used = [month.energy for month in months]
    columns = _columns(months, names)
    savings = cumulative_saving_kwh(fitted, used, columns)
    reviewed = tuple(_reviewed(fitted, month, saving) for month, saving in zip(months, savings, strict=True))
    specific = _specific(months)
    why = "more than one product is made" if months else "no period has its energy"
    norm, why = _norm(park, tenant, specific, months[-1].month) if specific else (None, why)
    return EnergyReview(fitted, reviewed, energy_performance(fitted, used, columns), specific, norm, why)


def cooling_degree_days(half_hours_degc: Sequence[float]) -> float:
    """Degree days above 24 degC from half-hour means [degC]."""
    return math.fsum(max(0.0, mean - COOLING_BASE_DEGC) for mean in half_hours_degc) / 48


def _columns(months: Sequence[EnergyMonth], names: Sequence[str]) -> dict[str, list[float]]:
    return {name: [month.drivers[name] for month in months] for name in names}


def _reviewed(fitted: EnergyBaseline, month: EnergyMonth, saving: Measured) -> ReviewedMonth:
    expected = fitted.expected_kwh(month.drivers)
    ratio = month.energy.value / expected.value if expected.value > 0 else None
    return ReviewedMonth(month, expected, ratio, saving)


def _specific(months: Sequence[EnergyMonth]) -> IndicatorValue | None:
    """Energy per product, for a firm that makes one: of several, no one can tell which took how much."""
    products = {name for month in months for name in month.drivers if name != COOLING_DRIVER}
    if len(products) != 1:
        return None
    name = products.pop()
    energy = total(month.energy for month in months)
    made = math.fsum(month.drivers[name] for month in months)
    return specific_energy(energy, made, name.rpartition("[")[2].rstrip("]"))


def _norm(park: Park, tenant: str, specific: IndicatorValue, day: date) -> tuple[NormComparison | None, str]:
    works = (i.attributes_on(day) for i in park.installations.values() if i.tenant == tenant and i.kind == "facility")
    processes = [str(known["process"]) for known in works if "process" in known]
    if not processes:
        return None, f"no facility of {tenant} in park.toml names its process"
    try:
        return compare_with_norm(specific, NORM_OF_PROCESS[processes[0]], day), ""
    except (LookupError, ValueError) as error:
        return None, str(error)
