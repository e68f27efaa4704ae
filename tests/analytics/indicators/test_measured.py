"""Arithmetic that carries uncertainty and data capture along."""

import math

import pytest

from analytics.indicators.measured import Measured, difference, not_negative, product, quotient, share_percent, total


def test_independent_errors_of_a_sum_add_in_quadrature() -> None:
    assert total([Measured(10, 3), Measured(5, 4), 1.0]) == Measured(16, 5)


def test_a_difference_keeps_both_errors() -> None:
    assert difference(Measured(10, 3), Measured(4, 4)) == Measured(6, 5)


def test_relative_errors_of_a_product_add_in_quadrature() -> None:
    assert product(Measured(10, 1), Measured(20, 2)).standard_uncertainty == pytest.approx(200 * math.hypot(0.1, 0.1))


def test_relative_errors_of_a_quotient_add_in_quadrature() -> None:
    assert quotient(Measured(10, 1), Measured(20, 2)).standard_uncertainty == pytest.approx(0.5 * math.hypot(0.1, 0.1))


def test_the_error_of_a_share_knows_that_its_part_is_in_the_whole() -> None:
    # 1 of 1 + 3: d(share)/d(part) = rest / whole^2 = 3/16, d(share)/d(rest) = -part / whole^2 = -1/16.
    share = share_percent(Measured(1, 0.16), Measured(3, 0.16))
    assert share.value == 25
    assert share.standard_uncertainty == pytest.approx(100 * math.hypot(0.03, 0.01))


def test_the_worst_data_capture_speaks_for_the_result() -> None:
    assert total([Measured(1, 0, 0.9), Measured(1, 0, 0.7)]).data_capture == 0.7


@pytest.mark.parametrize("arguments", [(math.nan,), (1.0, -1.0), (1.0, 0.0, 1.1), (1.0, math.inf)])
def test_numbers_that_are_none_are_refused(arguments: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"finite|between 0 and 1"):
        Measured(*arguments)


def test_a_negative_amount_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="water_m3 is -2"):
        not_negative(energy_kwh=1.0, water_m3=Measured(-2))
