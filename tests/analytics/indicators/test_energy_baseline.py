"""Regression, its prediction interval, EnPI and CUSUM."""

import math

import pytest

from analytics.indicators.energy_baseline import cumulative_saving_kwh, energy_performance, fit_baseline
from analytics.indicators.least_squares import fit_linear, t_quantile

# y = 100 + 2 p + 5 d, exactly.
PRODUCTION = [10.0, 20.0, 30.0, 40.0, 50.0, 60.0]
DEGREE_DAYS = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0]
ENERGY = [100 + 2 * p + 5 * d for p, d in zip(PRODUCTION, DEGREE_DAYS, strict=True)]
DRIVERS = {"production_t": PRODUCTION, "degree_days": DEGREE_DAYS}


def test_an_exact_plane_is_found_again() -> None:
    baseline = fit_baseline(ENERGY, DRIVERS)
    assert baseline.fit.intercept == pytest.approx(100)
    assert baseline.fit.slopes == pytest.approx((2, 5))
    assert baseline.fit.r_squared == pytest.approx(1)


def test_a_line_by_hand_with_its_scatter() -> None:
    # x 1..4, y 2, 4, 5, 7: slope 1.6, intercept 0.5; residuals -0.1, 0.3, -0.3, 0.1: s = sqrt(0.2 / 2).
    fit = fit_linear([(1,), (2,), (3,), (4,)], [2, 4, 5, 7])
    assert (fit.slopes[0], fit.intercept) == (pytest.approx(1.6), pytest.approx(0.5))
    assert fit.residual_deviation == pytest.approx(math.sqrt(0.1))
    # At x = 5: s sqrt(1 + 1/4 + (5 - 2.5)^2 / 5).
    assert fit.prediction_deviation((5,)) == pytest.approx(math.sqrt(0.1) * math.sqrt(2.5))


@pytest.mark.parametrize(
    ("probability", "degrees", "table"),
    [(0.975, 3, 3.182), (0.975, 10, 2.228), (0.95, 5, 2.015), (0.975, 30, 2.042)],
)
def test_t_quantiles_are_those_of_the_tables(probability: float, degrees: int, table: float) -> None:
    assert t_quantile(probability, degrees) == pytest.approx(table, rel=5e-3)


def test_the_interval_widens_away_from_the_data() -> None:
    noisy = [e + n for e, n in zip(ENERGY, (3, -2, 1, -3, 2, -1), strict=True)]
    baseline = fit_baseline(noisy, DRIVERS)
    near = baseline.interval_kwh({"production_t": 35, "degree_days": 4})
    far = baseline.interval_kwh({"production_t": 200, "degree_days": 4})
    assert far[1] - far[0] > near[1] - near[0]


def test_enpi_below_one_is_a_saving_with_the_models_uncertainty() -> None:
    noisy = [e + n for e, n in zip(ENERGY, (3, -2, 1, -3, 2, -1), strict=True)]
    baseline = fit_baseline(noisy, DRIVERS)
    found = energy_performance(baseline, [0.9 * e for e in ENERGY], DRIVERS)
    assert found.value == pytest.approx(0.9, rel=0.01)
    assert found.standard_uncertainty is not None
    assert 0 < found.standard_uncertainty < 0.05


def test_drivers_outside_the_baseline_are_named() -> None:
    found = energy_performance(fit_baseline(ENERGY, DRIVERS), [500], {"production_t": [99], "degree_days": [4]})
    assert found.basis.note == "outside the range of the baseline: production_t"


def test_a_baseline_that_explains_nothing_gives_no_enpi() -> None:
    useless = fit_baseline([100, 10, 90, 20, 110, 15], {"production_t": PRODUCTION})
    assert "explains too little" in energy_performance(useless, [50], {"production_t": [30]}).reason


def test_cusum_is_the_running_sum_of_the_gaps() -> None:
    used = [e + gap for e, gap in zip(ENERGY, (1, -3, 0, 0, -2, 1), strict=True)]
    sums = cumulative_saving_kwh(fit_baseline(ENERGY, DRIVERS), used, DRIVERS)
    assert [s.value for s in sums] == pytest.approx([1, -2, -2, -2, -4, -3])


@pytest.mark.parametrize("second", [[2 * p for p in PRODUCTION], [7.0] * 6])
def test_a_driver_that_cannot_be_told_apart_is_named(second: list[float]) -> None:
    with pytest.raises(ValueError, match="driver 'shifts'"):
        fit_baseline(ENERGY, {"production_t": PRODUCTION, "shifts": second})


def test_too_few_periods_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 4 are needed"):
        fit_baseline(ENERGY[:3], {name: values[:3] for name, values in DRIVERS.items()})


def test_energy_that_never_changes_has_no_r_squared() -> None:
    flat = fit_baseline([500.0] * 6, {"t": [1, 2, 3, 4, 5, 6]})
    assert (flat.fit.r_squared, flat.is_usable) == (None, False)
    assert energy_performance(flat, [450.0], {"t": [3]}).reason == (
        "the energy of the baseline never changed: no driver explains it"
    )


def test_one_period_below_zero_is_enough_for_no_enpi() -> None:
    """900 - 30 t: at t = 40 the line expects -300 kWh; with t = 1 beside it the sum is above zero."""
    falling = fit_baseline([870, 841, 809, 781, 749, 721], {"t": [1, 2, 3, 4, 5, 6]})
    found = energy_performance(falling, [100.0, 800.0], {"t": [40, 1]})
    assert (found.value, found.reason) == (None, "the baseline expects no energy for these periods")


def test_periods_share_the_error_of_the_fit() -> None:
    """At the mean of n = 6 points: one period s x sqrt(1 + 1/6), four of them s x sqrt(4 + 16/6), not 2 x the first."""
    base = fit_baseline([110, 190, 310, 390, 510, 590], {"t": [1, 2, 3, 4, 5, 6]})
    scatter = base.fit.residual_deviation
    one, four = base.expected_kwh({"t": 3.5}), base.expected_sum_kwh([{"t": 3.5}] * 4)
    assert one.standard_uncertainty == pytest.approx(scatter * (1 + 1 / 6) ** 0.5)
    assert four.standard_uncertainty == pytest.approx(scatter * (4 + 16 / 6) ** 0.5)
    assert cumulative_saving_kwh(base, [300.0] * 4, {"t": [3.5] * 4})[-1].standard_uncertainty == (
        pytest.approx(four.standard_uncertainty)
    )


def test_an_exact_line_states_no_uncertainty_and_few_points_are_said() -> None:
    exact = fit_baseline([0.1 + 0.7 * t for t in range(1, 13)], {"t": list(range(1, 13))})
    assert energy_performance(exact, [0.8], {"t": [1]}).standard_uncertainty is None
    three = fit_baseline([100, 201, 299], {"t": [1, 2, 3]})
    assert energy_performance(three, [200.0], {"t": [2]}).basis.note == (
        "degrees of freedom of the baseline: 1, so its error is hardly known"
    )
