"""Three days of the demo park, recorded from the plant model minute by minute."""

from dataclasses import dataclass
from datetime import date

from simulators.plant_models.plant import PlantModel
from simulators.plant_models.signals import Sample
from simulators.plant_models.water import WaterBalance
from simulators.scenario import PlacedScenario
from telemetry_model.park_register import Park

MONDAY = date(2026, 11, 23)
"""Day -1 is a Sunday: the hardest day for loads and flows."""
THURSDAY = date(2026, 6, 18)
HOUR_MS = 3_600_000
MINUTE_MS = 60_000


@dataclass(frozen=True)
class History:
    """Three whole local days: samples by point, minute by minute from the scenario's epoch."""

    scenario: PlacedScenario
    samples: dict[str, list[Sample]]
    balances: list[WaterBalance]

    def day(self, point: str, day: int) -> list[Sample]:
        """The samples of a local day relative to today."""
        start = (self.scenario.day_ms(day) - self.scenario.epoch_ms) // MINUTE_MS
        return self.samples[point][start : start + 1440]

    def mean(self, point: str, day: int) -> float:
        """Mean of the day's values with status measuring."""
        values = [s.value for s in self.day(point, day) if s.status == 0 and s.value is not None]
        return sum(values) / len(values)

    def gain(self, counter: str) -> float:
        """What a counter has counted over the whole history."""
        samples = self.samples[counter]
        return (samples[-1].value or 0.0) - (samples[0].value or 0.0)


def record(park: Park, scenario: PlacedScenario) -> History:
    """Step a model through its first three days."""
    model = PlantModel(park, scenario, scenario.epoch_ms)
    samples: dict[str, list[Sample]] = {point: [] for point in park.points}
    balances = []
    for minute in range(3 * 1440):
        for point, sample in model.step(scenario.epoch_ms + minute * MINUTE_MS).items():
            samples[point].append(sample)
        balances.append(model.water_balance)
    return History(scenario, samples, balances)
