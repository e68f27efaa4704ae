"""Energy performance against a baseline (ISO 50006): a regression on production and weather, its error, and CUSUM."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analytics.finding import Confidence
from analytics.indicator import Basis, IndicatorValue, untold
from analytics.indicators.least_squares import CollinearError, LinearFit, fit_linear, t_quantile
from analytics.indicators.measured import Amount, Measured, difference, quotient, total

MINIMUM_R_SQUARED = 0.75
MAXIMUM_CV_RMSE = 0.25
"""What a model should reach before it may speak; common practice (ASHRAE Guideline 14 for monthly data): settings."""
MINIMUM_DEGREES_OF_FREEDOM = 3
"""With fewer, the scatter itself is a guess: the EnPI says so. A setting."""
_BASELINE = Basis(
    "ISO 50006:2014 (energy baselines and EnPIs); regression by ordinary least squares", Confidence.SETTING
)


@dataclass(frozen=True, slots=True)
class EnergyBaseline:
    """``energy_kwh = intercept + sum(slope x driver)`` per period of equal length.

    ``fit`` holds the numbers, ``drivers`` their names in order (with unit, e.g. ``production_t``), ``mean_kwh`` the
    mean energy of a baseline period.
    """

    drivers: tuple[str, ...]
    fit: LinearFit
    mean_kwh: float
    lows: tuple[float, ...]
    highs: tuple[float, ...]

    @property
    def cv_rmse(self) -> float:
        """Scatter over mean energy, 1."""
        return self.fit.residual_deviation / self.mean_kwh

    @property
    def is_usable(self) -> bool:
        """Whether R2 and CV(RMSE) reach the settings above."""
        r_squared = self.fit.r_squared
        return r_squared is not None and r_squared >= MINIMUM_R_SQUARED and self.cv_rmse <= MAXIMUM_CV_RMSE

    def expected_kwh(self, drivers: Mapping[str, float]) -> Measured:
        """What a period with these drivers should use [kWh], with the standard error of one prediction."""
        row = [drivers[name] for name in self.drivers]
        return Measured(self.fit.at(row), self.fit.prediction_deviation(row))

    def expected_sum_kwh(self, periods: Sequence[Mapping[str, float]]) -> Measured:
        """What these periods together should use [kWh]; the error of the fit is in all of them at once."""
        rows = [[period[name] for name in self.drivers] for period in periods]
        return Measured(sum(self.fit.at(row) for row in rows), self.fit.sum_deviation(rows) if rows else 0.0)

    def interval_kwh(self, drivers: Mapping[str, float], probability: float = 0.95) -> tuple[float, float]:
        """Two-sided prediction interval [kWh]; ``ValueError`` with fewer than three degrees of freedom."""
        expected = self.expected_kwh(drivers)
        reach = t_quantile(0.5 + probability / 2, self.fit.degrees_of_freedom) * expected.standard_uncertainty
        return expected.value - reach, expected.value + reach

    def outside(self, drivers: Mapping[str, float]) -> tuple[str, ...]:
        """The drivers that lie outside what the baseline period saw: there the model only guesses."""
        return tuple(
            name
            for name, low, high in zip(self.drivers, self.lows, self.highs, strict=True)
            if not low <= drivers[name] <= high
        )


def fit_baseline(energies_kwh: Sequence[float], drivers: Mapping[str, Sequence[float]]) -> EnergyBaseline:
    """Fit ``energies_kwh`` [kWh per period] on ``drivers`` (name with unit -> one value a period).

    Source: ISO 50006:2014; confidence: setting. ``ValueError``: too few periods, no energy, or drivers that cannot be
    told apart (named).
    """
    names = tuple(drivers)
    mean = sum(energies_kwh) / len(energies_kwh) if energies_kwh else 0.0
    if mean <= 0:
        raise ValueError("the baseline periods used no energy")
    columns = [tuple(drivers[name]) for name in names]
    rows = list(zip(*columns, strict=True)) if names else [() for _ in energies_kwh]
    try:
        fit = fit_linear(rows, energies_kwh)
    except CollinearError as error:
        raise ValueError(f"driver '{names[error.column]}' is constant or a mixture of the others") from error
    return EnergyBaseline(names, fit, mean, tuple(map(min, columns)), tuple(map(max, columns)))


def energy_performance(
    baseline: EnergyBaseline, energies_kwh: Sequence[Amount], drivers: Mapping[str, Sequence[float]]
) -> IndicatorValue:
    """EnPI [1]: measured over expected energy of the periods together; below 1 is better than the baseline.

    ``energies_kwh`` [kWh], ``drivers`` as in the fit. The uncertainty is that of the predictions, which share the error
    of the fit, and of the energies. A period whose expected energy is not above zero gives no EnPI: there the baseline
    says nothing. Source: ISO 50006:2014.
    """
    periods = _periods(baseline, drivers, len(energies_kwh))
    expected, used = baseline.expected_sum_kwh(periods), total(energies_kwh)
    inputs: dict[str, float | str] = {
        "energy_kwh": used.value,
        "expected_kwh": expected.value,
        "r_squared": "-" if baseline.fit.r_squared is None else baseline.fit.r_squared,
        "cv_rmse": baseline.cv_rmse,
        "degrees_of_freedom": baseline.fit.degrees_of_freedom,
    }
    if not periods:
        return untold("1", _BASELINE, "no period has its energy", inputs)
    if any(baseline.expected_kwh(period).value <= 0 for period in periods):
        return untold("1", _BASELINE, "the baseline expects no energy for these periods", inputs)
    if baseline.fit.r_squared is None:
        return untold("1", _BASELINE, "the energy of the baseline never changed: no driver explains it", inputs)
    if not baseline.is_usable:
        return untold("1", _BASELINE, "the baseline explains too little of the energy to be used", inputs)
    strange = sorted({name for period in periods for name in baseline.outside(period)})
    notes = [f"outside the range of the baseline: {', '.join(strange)}"] if strange else []
    if baseline.fit.degrees_of_freedom < MINIMUM_DEGREES_OF_FREEDOM:
        notes.append(
            f"degrees of freedom of the baseline: {baseline.fit.degrees_of_freedom}, so its error is hardly known"
        )
    basis = Basis(_BASELINE.source, _BASELINE.confidence, "; ".join(notes))
    return quotient(used, expected).report("1", basis, inputs)


def cumulative_saving_kwh(
    baseline: EnergyBaseline, energies_kwh: Sequence[Amount], drivers: Mapping[str, Sequence[float]]
) -> list[Measured]:
    """CUSUM [kWh]: running sum of measured minus expected energy, one entry a period; falling means saving."""
    periods = _periods(baseline, drivers, len(energies_kwh))
    ends = range(1, len(periods) + 1)
    return [difference(total(energies_kwh[:end]), baseline.expected_sum_kwh(periods[:end])) for end in ends]


def _periods(baseline: EnergyBaseline, drivers: Mapping[str, Sequence[float]], count: int) -> list[dict[str, float]]:
    columns = [drivers[name] for name in baseline.drivers]
    if any(len(column) != count for column in columns):
        raise ValueError(f"each driver needs {count} values, one a period")
    return [dict(zip(baseline.drivers, (column[i] for column in columns), strict=True)) for i in range(count)]
