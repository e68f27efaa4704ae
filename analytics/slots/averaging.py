"""Means over slots and the correction to reference oxygen; pure arithmetic."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

AIR_OXYGEN_PERCENT = 21.0
"""Oxygen of dry air as the correction formula of QCVN 19:2024/BTNMT takes it."""


def time_weighted_mean(values: Sequence[float]) -> float | None:
    """Mean of slot values; slots are equally long, so each counts the same whatever the number of readings in it.

    The sum is exact (``math.fsum``): the order in which data arrived cannot change the last digit. ``None``: no value.
    """
    return math.fsum(values) / len(values) if values else None


def correct_to_reference_o2(
    concentration: npt.NDArray[np.float64], o2_percent: npt.NDArray[np.float64], reference_percent: float
) -> npt.NDArray[np.float64]:
    """``C_ref = C x (21 - O2_ref) / (21 - O2)`` per slot, same unit as ``concentration``; O2 in % by volume.

    The caller leaves out slots with O2 near 21 %, where the denominator vanishes.
    """
    corrected: npt.NDArray[np.float64] = (
        concentration * (AIR_OXYGEN_PERCENT - reference_percent) / (AIR_OXYGEN_PERCENT - o2_percent)
    )
    return corrected
