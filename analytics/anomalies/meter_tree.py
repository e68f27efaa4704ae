"""AN-05: what a meter counts and its sub-meters do not has left its usual share."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from analytics.anomalies.anomaly import Sighting
from analytics.anomalies.grid import robust_sigma

HISTORY_DAYS = 14
MINIMUM_DAYS = 5
ACCURACY_PERCENT = 1.0
"""Accuracy class of a meter where the register states none (``meter_accuracy_percent``): a setting."""
SIGMAS = 3.0


class TreeDay(NamedTuple):
    """What a meter and its sub-meters counted in one day, in the meter's unit; ``None`` where it cannot be told."""

    total: float | None
    parts: tuple[float | None, ...]

    @property
    def is_complete(self) -> bool:
        """Whether every meter told its amount."""
        return self.total is not None and self.total > 0 and all(part is not None for part in self.parts)

    @property
    def remainder(self) -> float:
        """What no sub-meter counted."""
        return (self.total or 0.0) - self.sum_of_parts

    @property
    def sum_of_parts(self) -> float:
        """What the sub-meters counted together."""
        return math.fsum(part or 0.0 for part in self.parts)


def meter_tree(
    day: TreeDay, before: Sequence[TreeDay], span: tuple[int, int], unit: str, accuracies_percent: Sequence[float]
) -> Sighting | None:
    """A remainder further from its usual share than three times its uncertainty; ``span`` is the day in UTC ms.

    ``accuracies_percent`` of the meter and then of its sub-meters are half-widths of rectangular distributions (JCGM
    100:2008, 4.3.7). The usual share is the median of the complete days ``before``, at least :data:`MINIMUM_DAYS`.
    """
    known = [tree for tree in before[-HISTORY_DAYS:] if tree.is_complete]
    if not day.is_complete or day.total is None or len(known) < MINIMUM_DAYS:
        return None
    shares = np.array([tree.remainder / (tree.total or 1.0) for tree in known])
    usual = float(np.median(shares)) * day.total
    amounts = (day.total, *(part or 0.0 for part in day.parts))
    meters = math.hypot(*(a * p / 100 / math.sqrt(3) for a, p in zip(amounts, accuracies_percent, strict=True)))
    limit = SIGMAS * math.hypot(meters, robust_sigma(shares) * day.total)
    if abs(day.remainder - usual) <= limit:
        return None
    facts = {"total": day.total, "parts": day.sum_of_parts, "limit": limit}
    return Sighting(*span, day.remainder, usual, unit, facts)
