"""The past of a simulated park as gateways would have recorded it: what is needed to begin with some history."""

from collections.abc import Callable, Iterator

from simulators.devices.catalogue import layouts_of_park
from simulators.events import GatewayOutage
from simulators.plant_models.calendar import MS_PER_MINUTE
from simulators.plant_models.plant import PlantModel
from simulators.plant_models.signals import Sample
from simulators.scenario import PlacedScenario
from telemetry_model.park_register import Park
from telemetry_model.quantities import Kind
from telemetry_model.reading import Reading


def backlog(
    park: Park, scenario: PlacedScenario, start_ms: int, end_ms: int, step_seconds: int = 60, coarse: bool = False
) -> Iterator[tuple[int, str, list[Reading]]]:
    """``(time_ms, gateway, readings)`` for every step of ``[start_ms, end_ms)`` and every gateway that was on.

    Values have the resolution of the devices' own registers, so that what is polled later continues them exactly.
    Amounts per interval are summed over the step. ``step_seconds`` must be whole minutes (``ValueError`` otherwise).
    ``coarse`` lets the plants themselves take such steps, which is faster for months; they then know no amounts per
    interval (``ValueError``).
    """
    if step_seconds <= 0 or step_seconds % 60:
        raise ValueError(f"a step of {step_seconds} s is not a whole number of minutes")
    if coarse and any(point.quantity.kind is Kind.INTERVAL for point in park.points.values()):
        raise ValueError("coarse steps know no amounts per interval")
    step_ms = step_seconds * 1000
    model = PlantModel(park, scenario, start_ms, step_seconds // 60 if coarse else 1)
    recorders = [_GatewayRecorder(park, gateway, scenario) for gateway in gateways_of(park)]
    amounts = _IntervalAmounts(park)
    for time_ms in range(start_ms, end_ms, step_ms):
        first = max(start_ms, time_ms - step_ms + MS_PER_MINUTE)
        for minute_ms in () if coarse else range(first, time_ms, MS_PER_MINUTE):
            amounts.collect(model.step(minute_ms))
        samples = amounts.settle(model.step(time_ms))
        for recorder in recorders:
            if not recorder.is_off(time_ms):
                yield time_ms, recorder.gateway, recorder.record(time_ms, samples)


def gateways_of(park: Park) -> list[str]:
    """Gateway ids in the order of the register."""
    return list(dict.fromkeys(point.gateway for point in park.points.values() if point.gateway))


class _IntervalAmounts:
    """Sums the points that report an amount per interval over the minutes of a longer step."""

    def __init__(self, park: Park) -> None:
        self._points = [p.id for p in park.points.values() if p.quantity.kind is Kind.INTERVAL]
        self._sums = dict.fromkeys(self._points, 0.0)

    def collect(self, samples: dict[str, Sample]) -> None:
        """Take in a minute between two steps."""
        for point in self._points:
            self._sums[point] += samples[point].value or 0.0

    def settle(self, samples: dict[str, Sample]) -> dict[str, Sample]:
        """The samples of the step itself, with the collected amounts added."""
        for point in self._points:
            sample = samples[point]
            if sample.value is not None:
                samples[point] = sample._replace(value=sample.value + self._sums[point])
            self._sums[point] = 0.0
        return samples


class _GatewayRecorder:
    """Turns samples into the readings of one gateway's points."""

    def __init__(self, park: Park, gateway: str, scenario: PlacedScenario) -> None:
        self.gateway = gateway
        self._outages = [p for p in scenario.events(GatewayOutage) if p.event.gateway == gateway]
        layouts = layouts_of_park(park)
        self._points: list[tuple[str, Callable[[float], float]]] = []
        for point in park.points.values():
            if point.gateway != gateway:
                continue
            layout = layouts.get(point.device)
            self._points.append((point.id, layout.reader_of(point.quantity.name) if layout else float))

    def is_off(self, time_ms: int) -> bool:
        """Whether the scenario has switched this gateway off."""
        return any(outage.covers(time_ms) for outage in self._outages)

    def record(self, time_ms: int, samples: dict[str, Sample]) -> list[Reading]:
        """One reading for every point of the gateway; of a laboratory's only when it took a sample."""
        readings = []
        for point, as_shown in self._points:
            sample = samples.get(point)
            if sample is None:
                continue
            value, status, reason = sample
            readings.append(Reading(point, time_ms, None if value is None else as_shown(value), status, reason))
        return readings
