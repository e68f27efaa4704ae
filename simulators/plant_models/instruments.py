"""What the scenario does to instruments: the plant goes on, but what is shown is frozen, calibrated or missing."""

from simulators.events import Bypass, Calibration, DeviceOffline, FrozenSensor, InstrumentFault, SensorBias
from simulators.plant_models.noise import WhiteNoise
from simulators.plant_models.signals import Sample
from simulators.scenario import PlacedEvent, PlacedScenario
from telemetry_model.park_register import Park
from telemetry_model.reading import InstrumentStatus, ReadingReason

SPAN_NOISE_SHARE = 0.004
SUBSTANCES = ("cod", "bod5", "nh4_n", "no3_n", "po4_p", "total_n", "total_p", "tss")


class Instruments:
    """Applies the instrument events of a scenario to the true values."""

    def __init__(self, park: Park, scenario: PlacedScenario) -> None:
        self._frozen: list[PlacedEvent[FrozenSensor]] = list(scenario.events(FrozenSensor))
        self._calibrations: list[PlacedEvent[Calibration]] = list(scenario.events(Calibration))
        self._faults: list[PlacedEvent[InstrumentFault]] = list(scenario.events(InstrumentFault))
        self._offline: list[PlacedEvent[DeviceOffline]] = list(scenario.events(DeviceOffline))
        self._biased: list[PlacedEvent[SensorBias]] = list(scenario.events(SensorBias))
        self._bypasses: list[PlacedEvent[Bypass]] = list(scenario.events(Bypass))
        self._span_noise = WhiteNoise(scenario.seed, "span-gas")
        self._held: dict[int, float] = {}
        self._points: dict[str, list[tuple[str, str]]] = {}
        for point in park.points.values():
            self._points.setdefault(point.device, []).append((point.id, point.quantity.name))

    def watch(self, time_ms: int, gauges: dict[str, float]) -> None:
        """Remember what a sensor showed when it froze; call for every minute, in order."""
        for index, placed in enumerate(self._frozen):
            if index not in self._held and placed.covers(time_ms) and placed.event.point in gauges:
                self._held[index] = gauges[placed.event.point]

    def distort(self, time_ms: int, samples: dict[str, Sample]) -> None:
        """Change the samples of this instant as the events demand."""
        self._falsify(time_ms, samples)
        for index, placed in enumerate(self._frozen):
            if placed.covers(time_ms) and index in self._held:
                samples[placed.event.point] = Sample(self._held[index])
        for calibration in self._calibrations:
            if calibration.covers(time_ms):
                self._calibrate(calibration.event, time_ms, samples)
        for fault in self._faults:
            if fault.covers(time_ms):
                lost = Sample(None, InstrumentStatus.FAULT, ReadingReason.INSTRUMENT_FAULT)
                samples.update({point: lost for point, _ in self._points.get(fault.event.device, ())})
        for device in self.offline(time_ms):
            silent = Sample(None, InstrumentStatus.MEASURING, ReadingReason.DEVICE_UNREACHABLE)
            samples.update({point: silent for point, _ in self._points.get(device, ())})

    def _falsify(self, time_ms: int, samples: dict[str, Sample]) -> None:
        for bypass in self._bypasses:
            if bypass.covers(time_ms):
                for point, quantity in self._points.get(bypass.event.device, ()):
                    if quantity in SUBSTANCES:
                        _scale(samples, point, bypass.event.shown_share, 0.0)
        for biased in self._biased:
            if biased.covers(time_ms):
                _scale(samples, biased.event.point, biased.event.factor, biased.event.offset)

    def offline(self, time_ms: int) -> list[str]:
        """Devices that do not answer at this instant."""
        return [placed.event.device for placed in self._offline if placed.covers(time_ms)]

    def _calibrate(self, event: Calibration, time_ms: int, samples: dict[str, Sample]) -> None:
        ripple = 1 + SPAN_NOISE_SHARE * self._span_noise.at(time_ms // 60_000)
        for point, quantity in self._points.get(event.device, ()):
            shown = event.values.get(quantity)
            value = shown * ripple if shown is not None else samples[point].value
            samples[point] = Sample(value, InstrumentStatus.CALIBRATING)


def _scale(samples: dict[str, Sample], point: str, factor: float, offset: float) -> None:
    sample = samples.get(point)
    if sample is not None and sample.value is not None:
        samples[point] = sample._replace(value=sample.value * factor + offset)
