"""AN-06: a day's energy outside what production explains, by the firm's own days before."""

from collections.abc import Sequence
from typing import NamedTuple

from analytics.anomalies.anomaly import Sighting
from analytics.indicators.energy_baseline import EnergyBaseline, fit_baseline

HISTORY_DAYS = 28
MINIMUM_DAYS = 14
PROBABILITY = 0.998
SHARE = 0.05
"""Least deviation, as a share of what was expected: a smaller one is not worth a visit."""
CORE_SHARE = 0.8
"""As many days make the core: up to a fifth of the days before may be outliers themselves."""
CORE_WIDENING = 1.51
"""Of normal scatter, the best 80 % have a standard deviation of 1 / 1.51 of the whole."""
DRIVER = "production_items"


class EnergyDay(NamedTuple):
    """What a firm used and made in one day."""

    energy_kwh: float
    items: float


def energy_outside(day: EnergyDay, before: Sequence[EnergyDay], span: tuple[int, int]) -> Sighting | None:
    """A day outside the prediction interval of the baseline, and by more than :data:`SHARE`; ``span`` in UTC ms.

    The baseline is fitted on the days ``before`` (at least :data:`MINIMUM_DAYS`); days that lie outside it themselves
    are left out of it. ``None``: inside, or the baseline explains too little (R2, CV(RMSE)).
    """
    baseline, days = _fit(list(before[-HISTORY_DAYS:]))
    if baseline is None or not baseline.is_usable:
        return None
    drivers = {DRIVER: day.items}
    expected = baseline.expected_kwh(drivers).value
    low, high = baseline.interval_kwh(drivers, PROBABILITY)
    if low <= day.energy_kwh <= high or abs(day.energy_kwh - expected) <= SHARE * abs(expected):
        return None
    facts = {"driver": day.items, "low": low, "high": high, "days": float(days)}
    return Sighting(*span, day.energy_kwh, expected, "kWh", facts)


def _fit(days: list[EnergyDay]) -> tuple[EnergyBaseline | None, int]:
    """The baseline of the days without the outliers among them, and how many it rests on.

    The days that a first fit explains best make a core; every day within the core's own interval, widened because
    the core was chosen for its small scatter, is taken back (a reweighted trimmed fit, after Rousseeuw 1984).
    """
    first = _fitted(days)
    if first is None or len(days) < MINIMUM_DAYS:
        return None, 0
    by_distance = sorted(days, key=lambda d: abs(d.energy_kwh - first.expected_kwh({DRIVER: d.items}).value))
    core = _fitted(by_distance[: max(MINIMUM_DAYS, round(CORE_SHARE * len(days)))])
    kept = [day for day in days if core is None or _belongs(day, core)]
    return _fitted(kept) if len(kept) >= MINIMUM_DAYS else None, len(kept)


def _fitted(days: Sequence[EnergyDay]) -> EnergyBaseline | None:
    try:
        return fit_baseline([day.energy_kwh for day in days], {DRIVER: [day.items for day in days]})
    except ValueError:
        return None


def _belongs(day: EnergyDay, core: EnergyBaseline) -> bool:
    expected = core.expected_kwh({DRIVER: day.items}).value
    reach = core.interval_kwh({DRIVER: day.items}, PROBABILITY)[1] - expected
    return abs(day.energy_kwh - expected) <= CORE_WIDENING * reach
