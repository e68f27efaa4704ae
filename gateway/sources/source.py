"""What every source of readings promises: open, read, close, and a reason when it cannot."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from telemetry_model.reading import InstrumentStatus, ReadingReason


class Sample(NamedTuple):
    """What one read found at one point; ``value`` is in the point's unit, ``None`` comes with a ``reason``."""

    point: str
    value: float | None
    status: InstrumentStatus = InstrumentStatus.MEASURING
    reason: ReadingReason | None = None


class SourceError(Exception):
    """A device gave nothing at all; ``reason`` is what each of its readings will say."""

    def __init__(self, reason: ReadingReason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class Source(Protocol):
    """One device. Not for use by two tasks at once."""

    @property
    def points(self) -> Sequence[str]:
        """The points every read answers for."""
        ...

    async def open(self) -> None:
        """Connect if not connected; raises :class:`SourceError`."""
        ...

    async def read(self) -> list[Sample]:
        """One sample per point; raises :class:`SourceError` when the device gave nothing at all."""
        ...

    async def close(self) -> None:
        """Let go of the connection; may be called at any time, also twice."""
        ...
