"""The sky over the park: solar geometry, clouds, rain, temperature and wind."""

import math
from typing import NamedTuple

from simulators.plant_models.calendar import Moment
from simulators.plant_models.noise import Wander

SOLAR_DECLINATION_DEGREES = 23.44
WET_ABOVE = 0.45
"""Cloudiness (-1..1, slow part) from which it rains."""


class WeatherState(NamedTuple):
    """One minute of weather; ``rain_mm`` is what fell in the last minute."""

    temperature_degc: float
    humidity_percent: float
    pressure_hpa: float
    irradiance_w_m2: float
    wind_speed_m_s: float
    rain_mm: float


class Weather:
    """A subtropical coast; only latitude and longitude come from the register."""

    def __init__(self, seed: int, latitude_degrees: float, longitude_degrees: float) -> None:
        self._latitude = math.radians(latitude_degrees)
        self._longitude_hours = longitude_degrees / 15.0
        self._sky = Wander(seed, "weather/sky", 240, 0.0)
        self._clouds = Wander(seed, "weather/clouds", 10, 0.2)
        self._air = Wander(seed, "weather/air", 180, 0.05)
        self._humidity = Wander(seed, "weather/humidity", 90, 0.08)
        self._pressure = Wander(seed, "weather/pressure", 360, 0.03)
        self._wind = Wander(seed, "weather/wind", 30, 0.3)

    def at(self, moment: Moment) -> WeatherState:
        """The weather of one minute."""
        minute = moment.minute
        sky = self._sky.at(minute)
        clear = self.clear_sky_w_m2(moment)
        passing = 0.5 + 0.5 * self._clouds.at(minute)
        cover = min(1.0, max(0.0, 0.35 + 0.55 * sky) * (0.5 + passing))
        irradiance = clear * (1.0 - 0.75 * cover)
        season = 23.8 - 6.2 * math.cos(2 * math.pi * (moment.day_of_year - 18) / 365)
        daily = 3.4 * math.sin(2 * math.pi * (moment.hour - 9.0) / 24)
        temperature = season + daily + 1.4 * self._air.at(minute) - 1.5 * cover
        humidity = min(99.5, 78.0 - 3.2 * daily + 7.0 * self._humidity.at(minute) + 6.0 * cover)
        return WeatherState(
            temperature_degc=temperature,
            humidity_percent=humidity,
            pressure_hpa=1013.0 + 5.0 * self._pressure.at(minute),
            irradiance_w_m2=irradiance,
            wind_speed_m_s=max(
                0.1, 2.8 + 0.6 * math.sin(2 * math.pi * (moment.hour - 10) / 24) + 1.8 * self._wind.at(minute)
            ),
            rain_mm=max(0.0, sky - WET_ABOVE) * 0.25 * passing,
        )

    def clear_sky_w_m2(self, moment: Moment) -> float:
        """Irradiance on the ground without a cloud (Haurwitz 1945): 1098 cos z exp(-0.057 / cos z)."""
        declination = math.radians(SOLAR_DECLINATION_DEGREES) * math.sin(2 * math.pi * (284 + moment.day_of_year) / 365)
        hour_angle = math.radians(15.0 * (moment.utc_hour + self._longitude_hours - 12.0))
        cos_zenith = math.sin(self._latitude) * math.sin(declination) + math.cos(self._latitude) * math.cos(
            declination
        ) * math.cos(hour_angle)
        return 1098.0 * cos_zenith * math.exp(-0.057 / cos_zenith) if cos_zenith > 0.01 else 0.0
