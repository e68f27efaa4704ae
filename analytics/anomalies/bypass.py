"""AN-02: the flow goes on, but what it carries has all but vanished: the water does not pass the probe."""

import numpy as np

from analytics.anomalies.anomaly import Sighting
from analytics.anomalies.grid import Grid, runs_of

HISTORY_DAYS = 10
MINIMUM_HISTORY_SLOTS = 48
RUNNING_SHARE = 0.3
"""The outlet runs when its flow is at least this share of the flow exceeded 5 % of the time."""
LOST_SHARE = 0.3
"""A load below this share of the usual one is not explained by dilution."""
BELOW_LOWEST = 0.5
"""And the concentration must be below this share of the lowest (1 %) in the record."""
MINIMUM_SLOTS = 3


def bypass(flow: Grid, concentration: Grid, day: tuple[int, int], history_from_ms: int) -> Sighting | None:
    """The longest stretch of the day with flow [m3/h] but hardly any load; concentrations in mg/l, same grid.

    Usual is the median concentration of the running half hours of ``[history_from_ms, day)``. ``None``: nothing, or
    the record is too short.
    """
    before_flow, before = flow.between(history_from_ms, day[0]), concentration.between(history_from_ms, day[0])
    if not len(before_flow.known):
        return None
    running_from = RUNNING_SHARE * float(np.quantile(before_flow.known, 0.95))
    running = np.nan_to_num(before_flow.values, nan=-1.0) >= running_from
    usual_values = before.values[running & ~np.isnan(before.values)]
    if len(usual_values) < MINIMUM_HISTORY_SLOTS or running_from <= 0:
        return None
    usual = float(np.median(usual_values))
    lost_below = min(LOST_SHARE * usual, BELOW_LOWEST * float(np.quantile(usual_values, 0.01)))
    flows, found = flow.between(*day), concentration.between(*day)
    lost = (np.nan_to_num(flows.values, nan=-1.0) >= running_from) & (
        np.nan_to_num(found.values, nan=np.inf) < lost_below
    )
    stretches = [(first, last) for first, last in runs_of(lost) if last - first >= MINIMUM_SLOTS]
    if not stretches:
        return None
    first, last = max(stretches, key=lambda run: run[1] - run[0])
    flow_m3_h = float(flows.values[first:last].mean())
    load_kg_h = float((flows.values[first:last] * found.values[first:last]).mean()) / 1000
    facts = {"flow": flow_m3_h, "concentration": 1000 * load_kg_h / flow_m3_h, "usual": usual}
    expected = flow_m3_h * usual / 1000
    return Sighting(flows.time_ms(first), flows.time_ms(last), load_kg_h, expected, "kg/h", facts)
