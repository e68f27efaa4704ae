"""A register that rises faster than is physically possible: a meter exchange or a faulty reading, never consumption.

* Import registers of a supply with ``contracted_kw``: at most :data:`CONTRACT_MARGIN` times the contracted power for
  the time between two readings, for reactive energy (kvarh) likewise.
* Any other register: at most :data:`MEDIAN_MARGIN` times its own median rise per hour over the window (of the slots
  in which it rose, at least :data:`MINIMUM_RISES` of them; with fewer there is nothing to compare with).

Values above the point's ``range_high`` in the park register were left out before.
"""

import numpy as np
import numpy.typing as npt

from analytics.frame_contract import Floats
from analytics.rulebook.evidence import say
from analytics.slot_series import SlotSeries
from analytics.windows import HOUR_MS, local_day
from telemetry_model.park_register import MeasuringPoint, Park

CONTRACT_MARGIN = 3
"""A supply is protected against less; start-up peaks and a contract that lags behind stay well below."""
MEDIAN_MARGIN = 50
MINIMUM_RISES = 3
_CONTRACTED_QUANTITIES = ("active_energy_import", "reactive_energy_import")


def find_jump(park: Park, series: SlotSeries, starts: npt.NDArray[np.int64], low: Floats, high: Floats) -> str | None:
    """The sentence about the first impossible rise, within a slot or from one valid slot to the next, or ``None``.

    ``starts`` (ms), ``low`` and ``high`` are the valid slots of a window. A rise within a slot may have taken the
    whole slot, one between two slots the time from one start to the other.
    """
    point = park.points[series.point]
    passed = (starts[1:] - starts[:-1]) / HOUR_MS
    before, after = _alternating(low, high[:-1]), _alternating(high, low[1:])
    hours = _alternating(np.full(len(starts), series.slot_ms / HOUR_MS), passed)
    contracted = contracted_kw(park, point, int(starts[0]), int(starts[-1]))
    if contracted is not None:
        per_hour = CONTRACT_MARGIN * contracted
    else:
        rates = (high[1:] - high[:-1]) / passed
        rises = rates[rates > 0]
        if len(rises) < MINIMUM_RISES:
            return None
        median = float(np.median(rises))
        per_hour = MEDIAN_MARGIN * median
    places = np.flatnonzero(after - before > per_hour * hours)
    if not len(places):
        return None
    place = int(places[0])
    span = {"before": float(before[place]), "after": float(after[place]), "hours": round(float(hours[place]), 2)}
    if contracted is not None:
        most = per_hour * float(hours[place])
        return say("register_jumped", point=point.id, unit=point.unit, margin=CONTRACT_MARGIN,
                   contracted=contracted, most=most, **span)  # fmt: skip
    return say("register_jumped_unusually", point=point.id, unit=point.unit, margin=MEDIAN_MARGIN,
               median=median, **span)  # fmt: skip


def _alternating(within: Floats, between: Floats) -> Floats:
    """One of the slots, one of the gap to the next slot, and so on; there is one slot more than gaps."""
    mixed = np.empty(len(within) + len(between))
    mixed[::2], mixed[1::2] = within, between
    return mixed


def contracted_kw(park: Park, point: MeasuringPoint, first_ms: int, last_ms: int) -> float | None:
    """The greatest contracted power of the supplies that the point's meter stands for, if it counts what they take.

    What was contracted on any local day from the one of ``first_ms`` to the one of ``last_ms`` counts.
    """
    if point.quantity.name not in _CONTRACTED_QUANTITIES:
        return None
    first_day, last_day = local_day(first_ms, park.timezone), local_day(last_ms, park.timezone)
    stated = [
        era.attributes.get("contracted_kw")
        for installation in park.installations_at(point.device)
        for era in installation.dated.eras
        if era.first_day <= last_day and era.end_day > first_day
    ]
    numbers = [float(kw) for kw in stated if isinstance(kw, (int, float)) and not isinstance(kw, bool) and kw > 0]
    return max(numbers, default=None)
