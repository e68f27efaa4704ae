"""Minutes since 1970 seen from the park: local hour, weekday and day, which shifts, traffic and the sun follow."""

from datetime import UTC, date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

MS_PER_MINUTE = 60_000
MINUTES_PER_DAY = 1440
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


class Moment(NamedTuple):
    """One minute. ``minute`` counts from 1970 UTC; everything else is local wall time."""

    minute: int
    day: int
    minute_of_day: int
    weekday: int
    """Monday is 0."""
    day_of_year: int
    utc_hour: float

    @property
    def hour(self) -> float:
        """Local hour, 0 to just below 24."""
        return self.minute_of_day / 60.0


class ParkCalendar:
    """Turns minutes into moments; the time zone's offset is looked up once an hour."""

    def __init__(self, timezone: ZoneInfo) -> None:
        self._timezone = timezone
        self._hour = -1
        self._offset_minutes = 0
        self._day = -1
        self._day_of_year = 0

    def moment(self, minute: int) -> Moment:
        """The moment of a minute since 1970 UTC."""
        hour = minute // 60
        if hour != self._hour:
            offset = datetime.fromtimestamp(hour * 3600, tz=UTC).astimezone(self._timezone).utcoffset()
            self._offset_minutes = round(offset.total_seconds() / 60) if offset is not None else 0
            self._hour = hour
        day, minute_of_day = divmod(minute + self._offset_minutes, MINUTES_PER_DAY)
        if day != self._day:
            self._day_of_year = date.fromordinal(_EPOCH_ORDINAL + day).timetuple().tm_yday
            self._day = day
        utc_hour = (minute % MINUTES_PER_DAY) / 60.0
        return Moment(minute, day, minute_of_day, (day + 3) % 7, self._day_of_year, utc_hour)


def local_midnight_ms(day: date, timezone: ZoneInfo) -> int:
    """UTC milliseconds of the start of a local day."""
    return round(datetime(day.year, day.month, day.day, tzinfo=timezone).timestamp() * 1000)
