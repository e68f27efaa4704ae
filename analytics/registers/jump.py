"""A register that rises faster than is physically possible: a meter exchange or a faulty reading, never consumption.

* Import registers of a supply with ``contracted_kw``: at most :data:`CONTRACT_MARGIN` times the contracted power for
  the time between two readings, for reactive energy (kvarh) likewise.
* Any other register: at most :data:`MEDIAN_MARGIN` times its own median rise per hour over the window (of the slots
  in which it rose, at least :data:`MINIMUM_RISES` of them; with fewer there is nothing to compare with).

Values above the point's ``range_high`` in the park register were left out before.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from analytics.registers.meters import Meter
from analytics.rulebook.evidence import say
from analytics.slots.frame_contract import Floats
from analytics.slots.series import SlotSeries
from analytics.windows import HOUR_MS, local_day
from telemetry_model.park_register import MeasuringPoint, Park

CONTRACT_MARGIN = 3
"""A supply is protected against less; start-up peaks and a contract that lags behind stay well below."""
MEDIAN_MARGIN = 50
MINIMUM_RISES = 3
LEAST_HOURS = 0.5
"""A register moves in steps of its last digit: a rise within less than half an hour may have taken half an hour."""
_CONTRACTED_QUANTITIES = ("active_energy_import", "reactive_energy_import")


class Jump(NamedTuple):
    """An impossible rise: from one register to the next, and the sentence about it."""

    before: float
    after: float
    hours: float
    sentence: str


def find_jump(park: Park, series: SlotSeries, meters: Sequence[Meter]) -> Jump | None:
    """The first impossible rise, within an entry or from one to the next; what was written down of an exchange too.

    A rise within a slot may have taken the whole slot, one between two slots the time from one start to the other.
    """
    point = park.points[series.point]
    meters = [meter for meter in meters if len(meter.starts)]
    if not meters:
        return None
    first_ms, last_ms = int(meters[0].starts[0]), int(meters[-1].starts[-1])
    contracted = contracted_kw(park, point, first_ms, last_ms - 1)
    median = None if contracted is not None else _median_rise(meters)
    if contracted is not None:
        per_hour = CONTRACT_MARGIN * contracted
    elif median is not None:
        per_hour = MEDIAN_MARGIN * median
    else:
        return None
    for meter in meters:
        before, after = _alternating(meter.low, meter.high[:-1]), _alternating(meter.high, meter.low[1:])
        hours = _alternating((meter.ends - meter.starts) / HOUR_MS, _hours_between(meter, series.slot_ms))
        hours = np.maximum(hours, LEAST_HOURS)
        places = np.flatnonzero(after - before > per_hour * hours)
        if len(places):
            place = int(places[0])
            rise = (float(before[place]), float(after[place]), round(float(hours[place]), 2))
            return Jump(*rise, _sentence(point, rise, per_hour * float(hours[place]), contracted, median))
    return None


def _hours_between(meter: Meter, slot_ms: int) -> Floats:
    """After an entry without length (an exchange) the next slot's first register may be read anywhere in the slot."""
    lengths = np.where(meter.ends[:-1] > meter.starts[:-1], 0, slot_ms)
    found: Floats = (meter.starts[1:] - meter.starts[:-1] + lengths) / HOUR_MS
    return found


def _median_rise(meters: Sequence[Meter]) -> float | None:
    rates = [
        (meter.high[1:] - meter.high[:-1])[steps] / passed[steps]
        for meter in meters
        if (steps := (passed := (meter.starts[1:] - meter.starts[:-1]) / HOUR_MS) > 0).any()
    ]
    rises = np.concatenate(rates) if rates else np.empty(0)
    rises = rises[rises > 0]
    return float(np.median(rises)) if len(rises) >= MINIMUM_RISES else None


def _sentence(
    point: MeasuringPoint, rise: tuple[float, float, float], most: float, contracted: float | None, median: float | None
) -> str:
    span = dict(zip(("before", "after", "hours"), rise, strict=True))
    if contracted is not None:
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
