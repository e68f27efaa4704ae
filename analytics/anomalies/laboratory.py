"""AN-04: an instrument and the laboratory differ by more than both could be wrong."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from analytics.anomalies.anomaly import Sighting
from analytics.anomalies.grid import Grid

LEAST_ACCEPTED_EN = 1.0


class Uncertainty(NamedTuple):
    """Expanded uncertainties (k = 2): in percent of each value, and what neither method resolves, in the unit."""

    instrument_percent: float = 15.0
    laboratory_percent: float = 10.0
    least: float = 0.0


USUAL = Uncertainty()
"""Where the register states nothing: a setting."""
_LEAST = {"cod": 5.0, "bod5": 3.0, "tss": 3.0, "nh4_n": 0.3, "no3_n": 0.3, "po4_p": 0.1, "total_n": 1.0, "total_p": 0.1}
_NARROW = {"ph": Uncertainty(2.0, 2.0, 0.1), "temperature": Uncertainty(2.0, 2.0, 0.5)}


def usual_uncertainty(quantity: str) -> Uncertainty:
    """What a quantity's analyser and laboratory usually are good for: settings, to be stated by the operator."""
    return _NARROW.get(quantity, USUAL._replace(least=_LEAST.get(quantity, 0.0)))


def normalised_error(instrument: float, laboratory: float, uncertainty: Uncertainty) -> float:
    """``E_n = |x - y| / sqrt(U_x^2 + U_y^2 + U_least^2)``; 0 when nothing differs.

    Source: ISO 13528 (proficiency testing); uncertainties combine as in JCGM 100:2008, 5.1.2. Above 1 the two disagree.
    """
    spread = math.hypot(
        instrument * uncertainty.instrument_percent / 100,
        laboratory * uncertainty.laboratory_percent / 100,
        uncertainty.least,
    )
    difference = abs(instrument - laboratory)
    if spread == 0:
        return 0.0 if difference == 0 else math.inf
    return difference / spread


def against_laboratory(
    instrument: Grid, laboratory: Grid, unit: str, uncertainty: Uncertainty = USUAL
) -> Iterator[Sighting]:
    """Each sample beside the instrument's mean of the same slot, where :func:`normalised_error` is above 1."""
    for place in np.flatnonzero(~np.isnan(laboratory.values)).tolist():
        shown, found = float(instrument.values[place]), float(laboratory.values[place])
        if math.isnan(shown):
            continue
        error = normalised_error(shown, found, uncertainty)
        if error > LEAST_ACCEPTED_EN and math.isfinite(error):
            start = laboratory.time_ms(place)
            yield Sighting(start, start + laboratory.step_ms, shown, found, unit, {"en": error})
