"""AN-01: more wastewater at night than the outlet's own nights explain."""

from collections.abc import Sequence

import numpy as np

from analytics.anomalies.anomaly import Sighting
from analytics.anomalies.grid import Grid, robust_sigma
from analytics.windows import HOUR_MS

NIGHT_HOURS = (0, 5)
"""Local hours in which least is discharged: a setting."""
HISTORY_NIGHTS = 14
MINIMUM_NIGHTS = 5
SIGMAS = 6.0
SHARE_OF_MEDIAN = 0.5
SHARE_OF_BUSY_FLOW = 0.1
"""Least excess, as a share of the flow exceeded 5 % of the time: below it a meter's own noise could be meant."""
MINIMUM_SLOTS = 2


def night_discharge(flow: Grid, night: tuple[int, int], nights_before: Sequence[tuple[int, int]]) -> Sighting | None:
    """Half hours of a night whose flow [m3/h] lies above the nights before, at least :data:`MINIMUM_SLOTS` of them.

    ``night`` and ``nights_before`` are ``[start, end)`` in UTC ms. Threshold: median + the greatest of 6 robust sigma,
    half the median and a tenth of the busy flow. ``None``: nothing, or too few nights are known.
    """
    earlier = [part.known for part in (flow.between(*span) for span in nights_before) if _half_known(part)]
    if len(earlier) < MINIMUM_NIGHTS:
        return None
    usual = np.concatenate(earlier)
    median = float(np.median(usual))
    busy = float(np.quantile(flow.between(nights_before[0][0], night[0]).known, 0.95))
    excess_from = max(SIGMAS * robust_sigma(usual), SHARE_OF_MEDIAN * median, SHARE_OF_BUSY_FLOW * busy)
    part = flow.between(*night)
    places = np.flatnonzero(np.nan_to_num(part.values, nan=-np.inf) > median + excess_from)
    if len(places) < MINIMUM_SLOTS:
        return None
    above = part.values[places]
    excess_m3 = float((above - median).sum()) * part.step_ms / HOUR_MS
    return Sighting(
        part.time_ms(int(places[0])), part.time_ms(int(places[-1]) + 1), float(above.mean()), median, "m3/h",
        {"excess": excess_m3, "nights": float(len(earlier))},
    )  # fmt: skip


def _half_known(part: Grid) -> bool:
    return len(part.values) > 0 and 2 * len(part.known) >= len(part.values)
