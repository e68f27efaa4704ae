"""What a finding says about values that cannot be: outside the range of the point in the park register."""

from analytics.rulebook.evidence import say
from telemetry_model.park_register import MeasuringPoint


def impossible_sentence(point: MeasuringPoint, count: int) -> str:
    """That ``count`` slots were left out, and the range they were outside of."""
    return say("impossible", count=count, point=point.id, low=point.low, high=point.high, unit=point.unit)
