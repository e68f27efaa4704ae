"""Numbers with their uncertainty and data capture, and the arithmetic that carries both along."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from analytics.indicator import Basis, IndicatorValue


@dataclass(frozen=True, slots=True)
class Measured:
    """A number with its standard uncertainty (one sigma, same unit) and the share (0-1) of expected data behind it.

    Errors of different inputs are taken as independent (JCGM 100:2008, 5.1.2). ``ValueError``: a number that is not
    finite, an uncertainty below zero, a capture outside 0-1.
    """

    value: float
    standard_uncertainty: float = 0.0
    data_capture: float = 1.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.value) and math.isfinite(self.standard_uncertainty)):
            raise ValueError(f"{self.value} with uncertainty {self.standard_uncertainty} is not a finite number")
        if self.standard_uncertainty < 0 or not 0 <= self.data_capture <= 1:
            raise ValueError(
                f"uncertainty {self.standard_uncertainty} must not be negative, data capture {self.data_capture} "
                "must lie between 0 and 1"
            )

    def scaled(self, factor: float) -> "Measured":
        """Times an exact number."""
        return Measured(self.value * factor, self.standard_uncertainty * abs(factor), self.data_capture)

    def report(
        self, unit: str, basis: Basis, inputs: Mapping[str, "Amount | str"], *, data_capture: float | None = None
    ) -> IndicatorValue:
        """As an indicator's value in ``unit``; ``inputs`` may be numbers, measured numbers or words."""
        return IndicatorValue(
            value=self.value,
            unit=unit,
            basis=basis,
            inputs={name: given.value if isinstance(given, Measured) else given for name, given in inputs.items()},
            data_capture=self.data_capture if data_capture is None else data_capture,
            standard_uncertainty=self.standard_uncertainty or None,
        )


Amount = float | Measured
"""What the formulas take: a bare number is exact and complete."""


def measured(amount: Amount) -> Measured:
    """A bare number as a measured one."""
    return amount if isinstance(amount, Measured) else Measured(float(amount))


def total(amounts: Iterable[Amount]) -> Measured:
    """Sum; nothing at all adds up to an exact zero."""
    parts = [measured(amount) for amount in amounts]
    return Measured(
        math.fsum(part.value for part in parts),
        math.hypot(*(part.standard_uncertainty for part in parts)),
        min((part.data_capture for part in parts), default=1.0),
    )


def difference(minuend: Amount, subtrahend: Amount) -> Measured:
    """``minuend - subtrahend``."""
    return total((minuend, measured(subtrahend).scaled(-1.0)))


def product(first: Amount, second: Amount) -> Measured:
    """``first x second``."""
    a, b = measured(first), measured(second)
    spread = math.hypot(a.standard_uncertainty * b.value, b.standard_uncertainty * a.value)
    return Measured(a.value * b.value, spread, min(a.data_capture, b.data_capture))


def quotient(dividend: Amount, divisor: Amount) -> Measured:
    """``dividend / divisor``; ``ZeroDivisionError`` when the divisor is zero."""
    a, b = measured(dividend), measured(divisor)
    ratio = a.value / b.value
    spread = math.hypot(a.standard_uncertainty / b.value, b.standard_uncertainty * ratio / b.value)
    return Measured(ratio, spread, min(a.data_capture, b.data_capture))


def share_percent(part: Amount, rest: Amount) -> Measured:
    """``part / (part + rest) x 100`` [%] with the errors of both, same unit; ``ZeroDivisionError`` when both are 0."""
    a, b = measured(part), measured(rest)
    whole = a.value + b.value
    spread = math.hypot(a.standard_uncertainty * b.value, b.standard_uncertainty * a.value) / whole / whole
    return Measured(100 * (a.value / whole), 100 * spread, min(a.data_capture, b.data_capture))


def not_negative(**amounts: Amount) -> None:
    """``ValueError`` naming the first amount below zero."""
    for name, amount in amounts.items():
        if measured(amount).value < 0:
            raise ValueError(f"{name} is {measured(amount).value:g}: it cannot be negative")
