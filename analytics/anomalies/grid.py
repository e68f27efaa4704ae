"""A point's values on a regular grid of slots, with NaN where there is none: what the detectors calculate on."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analytics.slots.data_capture import SlotState
from analytics.slots.series import SlotSeries

Floats = npt.NDArray[np.float64]
MAD_TO_SIGMA = 1.4826
"""Of a normal distribution, sigma is this times the median absolute deviation."""


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """``values[i]`` is the mean over ``[start_ms + i * step_ms, + step_ms)``; NaN: not measured, or not valid."""

    start_ms: int
    step_ms: int
    values: Floats

    @classmethod
    def of(cls, series: SlotSeries, start_ms: int, stop_ms: int) -> "Grid":
        """The valid means of a series; slots that lie off the grid are left out."""
        step_ms = series.slot_ms
        values = np.full(max(0, -(-(stop_ms - start_ms) // step_ms)), np.nan)
        places, rest = np.divmod(series.start_ms - start_ms, step_ms)
        fits = (rest == 0) & (places >= 0) & (places < len(values)) & (series.state == SlotState.VALID)
        values[places[fits]] = series.mean[fits]
        return cls(start_ms, step_ms, values)

    def between(self, start_ms: int, end_ms: int) -> "Grid":
        """The slots that begin in ``[start_ms, end_ms)``."""
        first = max(0, -(-(start_ms - self.start_ms) // self.step_ms))
        last = max(first, min(len(self.values), -(-(end_ms - self.start_ms) // self.step_ms)))
        return Grid(self.start_ms + first * self.step_ms, self.step_ms, self.values[first:last])

    @property
    def known(self) -> Floats:
        """The values that are there, in time order."""
        found: Floats = self.values[~np.isnan(self.values)]
        return found

    def time_ms(self, place: int) -> int:
        """When a slot begins; ``len(values)`` gives the end."""
        return self.start_ms + place * self.step_ms


def runs_of(where: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """First and one-past-last place of each unbroken run of true."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], where, [False])).astype(np.int8)))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def robust_sigma(values: Floats) -> float:
    """Spread from the median absolute deviation: a few outliers do not move it."""
    return MAD_TO_SIGMA * float(np.median(np.abs(values - np.median(values))))
