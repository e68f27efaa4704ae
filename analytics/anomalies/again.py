"""Which days are looked at again for anomalies when readings come late: those touched, and those compared with them."""

from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

from analytics.anomalies import bypass, energy_baseline, frozen_sensor, meter_tree, night_discharge
from analytics.judging.reopen import Touch
from analytics.windows import day_window, local_day
from telemetry_model.park_register import Park

LONGEST_HISTORY_DAYS = max(
    bypass.HISTORY_DAYS,
    energy_baseline.HISTORY_DAYS,
    frozen_sensor.HISTORY_DAYS,
    meter_tree.HISTORY_DAYS,
    night_discharge.HISTORY_NIGHTS,
)


class Again(NamedTuple):
    """Whole local days ``[from_ms, to_ms)`` and the devices whose readings came late for them."""

    from_ms: int
    to_ms: int
    devices: frozenset[str]


def days_again(park: Park, touches: Iterable[Touch], from_ms: int, until_ms: int) -> list[Again]:
    """Stretches of days before ``until_ms``, none that overlaps another; what lies before ``from_ms`` is left alone."""
    zone, found = park.timezone, list[Again]()
    for touch in sorted(touches, key=lambda touch: touch.oldest_ms):
        start = max(from_ms, day_window(local_day(touch.oldest_ms, zone), zone).start_ms)
        last = local_day(touch.newest_ms, zone) + timedelta(days=LONGEST_HISTORY_DAYS)
        stop = min(until_ms, day_window(last, zone).end_ms)
        if start >= stop:
            continue
        if found and start <= found[-1].to_ms:
            before = found[-1]
            found[-1] = Again(before.from_ms, max(before.to_ms, stop), before.devices | {touch.device})
        else:
            found.append(Again(start, stop, frozenset({touch.device})))
    return found
