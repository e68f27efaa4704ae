"""One value of an indicator over one period: written for boards, never judged."""

from dataclasses import dataclass


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
