"""Greenhouse gas: fuels burnt on site (scope 1), grid electricity under dated factors (scope 2), the legal list."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from typing import NamedTuple

from analytics.finding import Confidence
from analytics.indicator import Basis, IndicatorValue, untold
from analytics.indicators.factors import Factor, factor_on, load_factors, read_table, weakest
from analytics.indicators.measured import Amount, Measured, measured, not_negative, product, total

LIST_EMISSIONS_TCO2E = 3_000.0
LIST_ENERGY_TOE = 1_000.0
DAYS_PER_YEAR = 365
_LIST = Basis(
    "Decree 06/2022/ND-CP Art. 6; Decision 42/2026/QD-TTg",
    Confidence.SETTING,
    "thresholds of 3,000 tCO2e and 1,000 TOE a year from a secondary source: to be confirmed against the list",
)


class WarmingSet(StrEnum):
    """Which IPCC report the global warming potentials are taken from."""

    AR5 = "ar5"
    AR6 = "ar6"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fuel:
    """IPCC defaults of stationary combustion: net calorific value [TJ/Gg] and emission factors [kg/TJ]."""

    id: str
    title: str
    ncv_tj_per_gg: float
    co2_kg_per_tj: float
    ch4_kg_per_tj: float
    n2o_kg_per_tj: float
    is_biogenic: bool
    valid_from: date
    source: str
    confidence: str
    note: str


class GridUse(NamedTuple):
    """``energy_kwh`` [kWh] drawn from the grid evenly over the days ``[first_day, end_day)``."""

    first_day: date
    end_day: date
    energy_kwh: Amount


@cache
def load_fuels() -> Mapping[str, Fuel]:
    """The shipped fuels by id."""
    return {entry["id"]: Fuel(**entry) for entry in read_table("fuels")["fuels"]}


def gas_mass_t(volume_nm3: Amount, density_kg_nm3: Amount) -> Measured:
    """Mass [t] of gas from its volume [Nm3] and density [kg/Nm3], which the gas supplier states."""
    not_negative(volume_nm3=volume_nm3, density_kg_nm3=density_kg_nm3)
    return product(volume_nm3, density_kg_nm3).scaled(1e-3)


def scope_1_emissions(fuels_t: Mapping[str, Amount], day: date, warming: WarmingSet = WarmingSet.AR5) -> IndicatorValue:
    """Emissions [tCO2e] of burning ``fuels_t`` (fuel id -> mass [t]) under the potentials that hold on ``day``.

    ``mass x NCV x factor x GWP`` for CO2, CH4 and N2O; the CO2 of biomass is not in the sum but among the inputs.
    Source: IPCC 2006 Guidelines vol. 2 ch. 2, tier 1 defaults; confidence: setting. ``LookupError``: unknown fuel.
    """
    not_negative(**fuels_t)
    known, parts, inputs = load_fuels(), [], dict[str, Amount | str](warming_set=warming.value)
    biogenic = 0.0
    potential = {gas: factor_on(load_factors("warming_potentials"), f"{warming}_{gas}", day) for gas in ("ch4", "n2o")}
    for name, mass in fuels_t.items():
        if name not in known:
            raise LookupError(f"no fuel '{name}' (known: {', '.join(known)})")
        fuel = known[name]
        tj_per_t = fuel.ncv_tj_per_gg / 1000
        warming_kg_per_tj = fuel.ch4_kg_per_tj * potential["ch4"].value + fuel.n2o_kg_per_tj * potential["n2o"].value
        counted = warming_kg_per_tj + (0.0 if fuel.is_biogenic else fuel.co2_kg_per_tj)
        parts.append(measured(mass).scaled(tj_per_t * counted / 1000))
        biogenic += measured(mass).value * tj_per_t * fuel.co2_kg_per_tj / 1000 if fuel.is_biogenic else 0.0
        inputs[f"{name}_t"] = mass
    if biogenic:
        inputs["biogenic_co2_t"] = biogenic
    source = "IPCC 2006 Guidelines, vol. 2, chapter 2, tier 1; potentials of " + warming.upper()
    return total(parts).report("tCO2e", Basis(source, Confidence.SETTING, "defaults to be confirmed"), inputs)


def scope_2_emissions(uses: Sequence[GridUse], factors: Sequence[Factor] | None = None) -> IndicatorValue:
    """Emissions [tCO2] of grid electricity: each day's share of the energy under the factor of that day.

    ``factors`` [tCO2/MWh] with id ``grid_electricity``; ``None``: the shipped ones. An energy over a change of factor
    is shared by days, before and after. A day without factor: no value, and the reason. ``ValueError``: no days.
    """
    known = [f for f in (load_factors("grid_factors") if factors is None else factors) if f.id == "grid_electricity"]
    parts: list[Amount] = []
    used: dict[Factor, float] = {}
    for use in uses:
        not_negative(energy_kwh=use.energy_kwh)
        for factor, energy in _by_factor(use, known):
            if factor is None:
                reason = f"no grid factor is known for some of {use.first_day} to {use.end_day - timedelta(days=1)}"
                return untold("tCO2", Basis("Grid emission factor", Confidence.SETTING), reason)
            parts.append(measured(energy).scaled(factor.value / 1000))
            used[factor] = used.get(factor, 0.0) + measured(energy).value
    basis = Basis(
        "; ".join(dict.fromkeys(factor.source for factor in used)) or "Grid emission factor",
        weakest(factor.confidence for factor in used),
        "; ".join(dict.fromkeys(factor.note for factor in used if factor.note)),
    )
    inputs: dict[str, Amount | str] = {
        f"kwh_at_{factor.value:g}_from_{factor.valid_from}": energy for factor, energy in used.items()
    }
    return total(parts).report("tCO2", basis, inputs)


def list_candidate(emissions_tco2e: Amount, energy_toe: Amount, days: int) -> IndicatorValue:
    """1 when ``emissions_tco2e`` [tCO2e] or ``energy_toe`` [TOE] of ``days`` days reach a threshold of a year, else 0.

    A period of up to a year that reaches a threshold is enough; a shorter one that does not tells nothing, nor does one
    of which so much is missing that a threshold could have been reached in it as in the rest.
    Source: Decree 06/2022/ND-CP Art. 6; confidence: setting.
    """
    emitted, used = measured(emissions_tco2e), measured(energy_toe)
    not_negative(emissions_tco2e=emitted, energy_toe=used)
    inputs: dict[str, float | str] = {"emissions_tco2e": emitted.value, "energy_toe": used.value, "days": days}
    if days > DAYS_PER_YEAR + 1:
        return untold("1", _LIST, "the thresholds are of one year, the period is longer", inputs)
    capture = min(emitted.data_capture, used.data_capture)
    reached = emitted.value >= LIST_EMISSIONS_TCO2E or used.value >= LIST_ENERGY_TOE
    if not reached and days < DAYS_PER_YEAR:
        return untold("1", _LIST, f"no threshold reached yet, and {days} days are no year", inputs, capture)
    if not reached and not (emitted.value < capture * LIST_EMISSIONS_TCO2E and used.value < capture * LIST_ENERGY_TOE):
        known = f"{100 * capture:.1f} %"
        return untold("1", _LIST, f"no threshold reached, but only {known} of the data are there", inputs, capture)
    return IndicatorValue(value=float(reached), unit="1", basis=_LIST, inputs=inputs, data_capture=capture)


def _by_factor(use: GridUse, factors: Iterable[Factor]) -> list[tuple[Factor | None, Amount]]:
    days = (use.end_day - use.first_day).days
    if days <= 0:
        raise ValueError(f"no day lies between {use.first_day} and {use.end_day}")
    found: list[tuple[Factor | None, Amount]] = []
    covered = 0
    for factor in factors:
        first = max(use.first_day, factor.valid_from)
        end = use.end_day if factor.valid_to is None else min(use.end_day, factor.valid_to + timedelta(days=1))
        if first < end:
            covered += (end - first).days
            found.append((factor, measured(use.energy_kwh).scaled((end - first).days / days)))
    return found if covered == days else [(None, use.energy_kwh)]
