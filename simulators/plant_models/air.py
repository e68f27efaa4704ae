"""The ambient air stations at the fence and the weather station."""

import math

from simulators.events import DustEpisode
from simulators.plant_models.calendar import Moment
from simulators.plant_models.noise import Wander
from simulators.plant_models.signals import SignalBoard
from simulators.plant_models.weather import WeatherState
from simulators.scenario import PlacedScenario
from telemetry_model.park_register import Park
from telemetry_model.quantities import Medium

GASES = ("pm2_5", "pm10", "no2", "so2", "co", "o3")


def traffic(hour: float) -> float:
    """Road traffic through the day, 0-1: two rush hours."""
    return 0.25 + 0.75 * max(math.exp(-(((hour - 7.5) / 2.2) ** 2)), math.exp(-(((hour - 18.0) / 2.6) ** 2)))


class AirStation:
    """One station; ``burden`` scales the pollution of its surroundings (1 = clean side)."""

    def __init__(self, device: str, burden: float, scenario: PlacedScenario) -> None:
        seed = scenario.seed
        self._episodes = [placed for placed in scenario.events(DustEpisode) if placed.event.device == device]
        self._device = device
        self._burden = burden
        self._noise = {gas: Wander(seed, f"{device}/{gas}", 60, 0.3) for gas in GASES}

    def minute(self, moment: Moment, sky: WeatherState, board: SignalBoard) -> None:
        """Measure one minute, ug/m3."""
        cars = traffic(moment.hour)
        wash = 0.75 if sky.rain_mm > 0 else 1.0
        wave = {gas: noise.at(moment.minute) for gas, noise in self._noise.items()}
        fine = 22.0 * self._burden * (0.8 + 0.4 * cars) * wash * (1 + 0.15 * wave["pm2_5"])
        for episode in self._episodes:
            fine *= episode.event.factor if episode.covers(moment.minute * 60_000) else 1.0
        board.gauge(f"{self._device}.pm2_5", fine)
        board.gauge(f"{self._device}.pm10", 1.7 * fine * (1 + 0.08 * wave["pm10"]))
        board.gauge(f"{self._device}.no2", 26.0 * self._burden * (0.6 + 0.8 * cars) * (1 + 0.12 * wave["no2"]))
        board.gauge(f"{self._device}.so2", 13.0 * self._burden * (1 + 0.2 * wave["so2"]))
        board.gauge(f"{self._device}.co", 520.0 * self._burden * (0.7 + 0.6 * cars) * (1 + 0.1 * wave["co"]))
        sun = min(1.0, sky.irradiance_w_m2 / 900.0)
        board.gauge(f"{self._device}.o3", (24.0 + 52.0 * sun - 6.0 * cars) * (1 + 0.08 * wave["o3"]))


class AirNetwork:
    """All air stations of the park, the later ones nearer to the traffic, and its weather stations."""

    def __init__(self, park: Park, scenario: PlacedScenario) -> None:
        stations = [i.device for i in park.installations.values() if i.kind == "ambient_station"]
        self._stations = [AirStation(device, 1.0 + 0.25 * index, scenario) for index, device in enumerate(stations)]
        weather_points = [p for p in park.points.values() if p.medium is Medium.WEATHER]
        self._weather = list(dict.fromkeys(point.device for point in weather_points))

    def minute(self, moment: Moment, sky: WeatherState, board: SignalBoard) -> None:
        """Measure one minute everywhere."""
        for station in self._stations:
            station.minute(moment, sky, board)
        for device in self._weather:
            board.gauge(f"{device}.temperature", sky.temperature_degc)
            board.gauge(f"{device}.humidity", sky.humidity_percent)
            board.gauge(f"{device}.pressure", sky.pressure_hpa)
            board.gauge(f"{device}.irradiance", sky.irradiance_w_m2)
            board.gauge(f"{device}.wind_speed", sky.wind_speed_m_s)
            board.gauge(f"{device}.rain", sky.rain_mm)
