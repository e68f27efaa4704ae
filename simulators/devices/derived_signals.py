"""Signals real devices also show although the park register does not measure them: phases, power factor, frequency."""

import math
from collections.abc import Mapping

from simulators.devices.encoding import split_count

PHASES = ("l1", "l2", "l3")
MAINS_FREQUENCY_HZ = 50.0
FULL_SIGNAL_QUALITY_PERCENT = 88.0


def with_derived(signals: Mapping[str, float | None]) -> dict[str, float | None]:
    """The device's own signals and what follows from them; what cannot be derived stays absent."""
    full = dict(signals)
    if full.get("active_power") is not None:
        _electrical(full)
    if full.get("flow") is not None:
        full["velocity"] = (full["flow"] or 0.0) / 180.0
        full["signal_quality"] = FULL_SIGNAL_QUALITY_PERCENT
    if full.get("volume") is not None:
        full["volume_fraction"] = split_count(full["volume"] or 0.0)[1]
    if full.get("ph") is not None:
        full["potential"] = (7.0 - (full["ph"] or 7.0)) * 59.2
    if full.get("cod") is not None:
        full["turbidity"] = 2.0 + 0.08 * (full["cod"] or 0.0)
    return full


def _electrical(full: dict[str, float | None]) -> None:
    power, reactive = full["active_power"] or 0.0, full.get("reactive_power") or 0.0
    apparent = math.hypot(power, reactive)
    voltage = full.get("voltage") or 230.0
    current = full.get("current")
    if current is None:
        current = apparent * 1000 / (3 * voltage)
    full.update(
        reactive_power=reactive,
        apparent_power=apparent,
        power_factor=power / apparent if apparent else 1.0,
        voltage=voltage,
        current=current,
        frequency=MAINS_FREQUENCY_HZ,
        active_energy_export=0.0,
    )
    for phase in PHASES:
        full[f"voltage_{phase}"] = voltage
        full[f"current_{phase}"] = current
        full[f"active_power_{phase}"] = power / 3
        full[f"reactive_power_{phase}"] = reactive / 3
