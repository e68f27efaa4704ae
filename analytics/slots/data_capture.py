"""How much of the data that should be there is there and valid; what became of the rest."""

from enum import IntEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class SlotState(IntEnum):
    """What a slot (one interval of a point) holds. Only ``VALID`` may enter a mean."""

    VALID = 0
    CALIBRATING = 1
    FAULT = 2
    UNCERTAIN = 3
    """Measured, but without a value or with a reason to doubt it."""
    FLAT = 4
    O2_INVALID = 5
    O2_MISSING = 6
    IMPOSSIBLE = 7
    """Holds a value outside what the park register calls possible at the point."""


_STATES = len(SlotState)


class Counts(NamedTuple):
    """Slots of a window by state; ``left_out`` were valid readings that a rule keeps out of the mean."""

    expected: int
    valid: int
    calibrating: int
    fault: int
    uncertain: int
    flat: int
    o2_invalid: int
    o2_missing: int
    impossible: int

    @property
    def missing(self) -> int:
        """Slots without any reading."""
        return max(0, self.expected - sum(self[1:]))

    @property
    def capture(self) -> float:
        """Share (0-1) of the expected slots that were valid."""
        return min(1.0, self.valid / self.expected)


def expected_slots(start_ms: int, end_ms: int, slot_ms: int) -> int:
    """How many slots a window should hold; at least one."""
    return max(1, round((end_ms - start_ms) / slot_ms))


def count_states(states: npt.NDArray[np.int8], expected: int) -> Counts:
    """Count the states of a window's slots."""
    return Counts(expected, *np.bincount(states, minlength=_STATES).tolist())
