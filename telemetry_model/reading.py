"""One value, or one explained missing value, of one measuring point at one instant."""

from enum import IntEnum, StrEnum

import msgspec


class InstrumentStatus(IntEnum):
    """What the instrument was doing while it measured (Circular 10/2021/TT-BTNMT: three states)."""

    MEASURING = 0
    CALIBRATING = 1
    FAULT = 2


class ReadingReason(StrEnum):
    """Why a reading has no value, or why its value needs care. A closed list: metrics and tests use it."""

    DEVICE_TIMEOUT = "device_timeout"
    """The device did not answer in time."""
    DEVICE_REFUSED = "device_refused"
    """The device answered with a protocol exception."""
    DEVICE_UNREACHABLE = "device_unreachable"
    """No connection to the device."""
    NOT_AVAILABLE = "not_available"
    """The device sent its own mark for "no value" (all ones, 0x8000 ...)."""
    NOT_A_NUMBER = "not_a_number"
    """The source gave something that is not a finite number."""
    EMPTY_CELL = "empty_cell"
    """A recording has no entry here."""
    COMMUNICATION_LOSS = "communication_loss"
    """The source wrote a known stand-in (zeros across a whole row) for a lost connection."""
    OUT_OF_RANGE = "out_of_range"
    """Outside what is physically possible at this point."""
    INSTRUMENT_FAULT = "instrument_fault"
    """The instrument reports that it is broken."""


class QualityFlag(StrEnum):
    """What is noted about a sound value beside it; a flagged value counts like any other. A closed list."""

    FAST_CHANGE = "fast_change"
    """It moved further than its point's ``max_change_per_minute``."""
    FROZEN = "frozen"
    """It has been the very same number for its point's ``frozen_after_minutes``."""
    CLOCK_AHEAD = "clock_ahead"
    """Of a gateway: its clock is ahead of ours."""
    CLOCK_BEHIND = "clock_behind"
    """Of a gateway: its clock is behind ours."""


class Reading(msgspec.Struct, frozen=True, gc=False):
    """One reading.

    ``measured_at_ms`` is UTC, milliseconds since 1970. ``value`` is in the unit the park register gives the point,
    or ``None``; then ``reason`` is set. A value *with* a reason is uncertain: kept, but not used for verdicts.
    """

    point: str
    measured_at_ms: int
    value: float | None
    status: InstrumentStatus = InstrumentStatus.MEASURING
    reason: ReadingReason | None = None

    def __post_init__(self) -> None:
        if self.value is None and self.reason is None:
            raise ValueError(f"reading of {self.point}: no value and no reason")


class Batch(msgspec.Struct, frozen=True, gc=False):
    """Readings a gateway committed and sends together; ``seq`` grows by one within a ``run`` of its outbox."""

    gateway: str
    run: str
    seq: int
    created_at_ms: int
    readings: tuple[Reading, ...]
