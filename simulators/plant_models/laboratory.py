"""The laboratory: once a day it takes a sample where an analyser stands, and finds the truth within its own error."""

from random import Random

from simulators.plant_models.calendar import Moment
from simulators.plant_models.signals import Sample
from telemetry_model.park_register import Park

SAMPLE_MINUTE = 600
"""Ten o'clock, local time."""
LAB_ERROR_SHARE = 0.03
"""Half-width of what a laboratory's result differs from the truth, as a share of it."""
LAB_ATTRIBUTE = "lab_device"


class Laboratory:
    """Results for the points of every ``lab_device`` of an outlet, beside the outlet's own analyser."""

    def __init__(self, park: Park, seed: int) -> None:
        self._seed = seed
        self._pairs: list[tuple[str, str]] = []
        for installation in park.installations.values():
            device = installation.dated.first.get(LAB_ATTRIBUTE)
            for point in park.points_of_device(str(device)) if device else ():
                self._pairs.append((point.id, f"{installation.device}.{point.quantity.name}"))
        self.points = frozenset(point for point, _ in self._pairs)

    def results(self, moment: Moment, true_values: dict[str, float]) -> dict[str, Sample]:
        """What the sample of this minute shows; nothing at any other minute."""
        if moment.minute_of_day != SAMPLE_MINUTE:
            return {}
        found: dict[str, Sample] = {}
        for point, analysed in self._pairs:
            if analysed in true_values:
                error = Random(f"{self._seed}/{point}/{moment.day}").uniform(-LAB_ERROR_SHARE, LAB_ERROR_SHARE)
                found[point] = Sample(true_values[analysed] * (1 + error))
        return found
