"""Values of indicators: what a formula gives with its basis, and one value over one period as boards get it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from analytics.finding import Confidence


@dataclass(frozen=True, slots=True)
class Basis:
    """Why a formula is what it is: the article, letter or paper, how sure we are of it, and what must be known."""

    source: str
    confidence: Confidence
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorValue:
    """What a formula gave, in ``unit``; ``value`` is ``None`` when it cannot be told, and ``reason`` says why.

    ``inputs`` are the numbers that went in, by name with unit. ``standard_uncertainty`` (one sigma, in ``unit``) is
    ``None`` when no input had one. ``data_capture`` is the share (0-1) of the expected data that was there.
    """

    value: float | None
    unit: str
    basis: Basis
    inputs: Mapping[str, float | str] = field(default_factory=lambda: MappingProxyType({}))
    data_capture: float = 1.0
    standard_uncertainty: float | None = None
    reason: str = ""


def untold(
    unit: str, basis: Basis, reason: str, inputs: Mapping[str, float | str] | None = None, data_capture: float = 0.0
) -> IndicatorValue:
    """No value, and why."""
    return IndicatorValue(
        value=None, unit=unit, basis=basis, inputs=inputs or {}, data_capture=data_capture, reason=reason
    )


MONTH_PREFIX = "month."
"""Names of a calendar month's values begin with this: a day's value of the same name may start at the same instant."""


@dataclass(frozen=True, slots=True)
class Indicator:
    """``value`` in ``unit`` over ``[period_start_ms, period_end_ms)`` UTC for a subject (installation or park)."""

    name: str
    park: str
    subject: str
    tenant: str
    period_start_ms: int
    period_end_ms: int
    value: float
    unit: str
    data_capture: float
