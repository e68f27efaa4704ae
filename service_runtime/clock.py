"""Time comes in through the constructor: the real clock for programs, a hand-moved one for tests."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What programs may ask about time."""

    def now_ms(self) -> int:
        """UTC, milliseconds since 1970."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back; only differences mean something."""
        ...


class SystemClock:
    """The machine's clock."""

    def now_ms(self) -> int:
        """UTC, milliseconds since 1970."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()


class ManualClock:
    """A clock that moves only when told to."""

    def __init__(self, now_ms: int) -> None:
        self._now_ms = now_ms

    def now_ms(self) -> int:
        """UTC, milliseconds since 1970."""
        return self._now_ms

    def monotonic(self) -> float:
        """Seconds, moving with the hand-set time."""
        return self._now_ms / 1000

    def advance(self, seconds: float) -> None:
        """Move forward."""
        self._now_ms += round(seconds * 1000)


def utc_from_ms(time_ms: int) -> datetime:
    """Aware UTC datetime of milliseconds since 1970."""
    return datetime.fromtimestamp(time_ms / 1000, tz=UTC)


def ms_from_datetime(moment: datetime) -> int:
    """Milliseconds since 1970 of an aware datetime; a naive one raises ``ValueError``."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    return round(moment.timestamp() * 1000)
