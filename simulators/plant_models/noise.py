"""Repeatable noise: the same seed, name and minute always give the same number, whoever asks and in which order."""

from random import Random

MINUTES_PER_DAY = 1440


class WhiteNoise:
    """An independent number in -1..1 for every minute."""

    def __init__(self, seed: int, name: str) -> None:
        self._key = f"{seed}/{name}/white"
        self._day = -1
        self._values: list[float] = []

    def at(self, minute: int) -> float:
        """``minute`` counts from 1970 UTC."""
        day, offset = divmod(minute, MINUTES_PER_DAY)
        if day != self._day:
            draw = Random(f"{self._key}/{day}").random
            self._values = [2.0 * draw() - 1.0 for _ in range(MINUTES_PER_DAY)]
            self._day = day
        return self._values[offset]


class Wander:
    """A slow drift in -1..1 through a new random knot every ``period_minutes``, with a little white noise on top.

    ``period_minutes`` must divide a day. ``jitter`` is the share of white noise; it keeps a healthy sensor from ever
    looking frozen.
    """

    def __init__(self, seed: int, name: str, period_minutes: int = 60, jitter: float = 0.25) -> None:
        if MINUTES_PER_DAY % period_minutes:
            raise ValueError(f"a period of {period_minutes} minutes does not divide a day")
        self._key = f"{seed}/{name}/knots"
        self._period = period_minutes
        self._jitter = jitter
        self._white = WhiteNoise(seed, name)
        self._day = -1
        self._knots: list[float] = []

    def at(self, minute: int) -> float:
        """``minute`` counts from 1970 UTC."""
        day, offset = divmod(minute, MINUTES_PER_DAY)
        if day != self._day:
            self._knots = [*self._knots_of(day), self._knots_of(day + 1)[0]]
            self._day = day
        index, step = divmod(offset, self._period)
        share = step / self._period
        weight = share * share * (3.0 - 2.0 * share)
        left = self._knots[index]
        slow = left + (self._knots[index + 1] - left) * weight
        return slow * (1.0 - self._jitter) + self._white.at(minute) * self._jitter

    def _knots_of(self, day: int) -> list[float]:
        draw = Random(f"{self._key}/{day}").random
        return [2.0 * draw() - 1.0 for _ in range(MINUTES_PER_DAY // self._period)]
