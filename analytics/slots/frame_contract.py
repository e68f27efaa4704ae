"""What the query hands to the calculations: one array per column of a point's slots, their types, and a check."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]

SLOT_COLUMNS = {
    "start_ms": "int64",
    "mean": "float64",
    "low": "float64",
    "high": "float64",
    "total": "float64",
    "state": "int8",
    "left_out": "int64",
    "valid": "int64",
}
"""One row per slot that has any reading, in time order. ``start_ms``: the slot's start, UTC. ``mean``, ``low``,
``high`` and ``total`` are of the valid readings alone (NaN where the slot is not valid). ``state`` is a
:class:`~analytics.slots.data_capture.SlotState`; ``left_out`` counts the slot's readings that are not valid, ``valid``
those that are (0 where the slot is not)."""


@dataclass(frozen=True, slots=True, eq=False)
class SlotFrame:
    """The columns of :data:`SLOT_COLUMNS`, all of one length; often views of arrays that many points share."""

    start_ms: npt.NDArray[np.int64]
    mean: Floats
    low: Floats
    high: Floats
    total: Floats
    state: npt.NDArray[np.int8]
    left_out: npt.NDArray[np.int64]
    valid: npt.NDArray[np.int64]

    @classmethod
    def of(cls, table: pd.DataFrame) -> "SlotFrame":
        """From a table that has the columns; raises ``ValueError`` when types or order are not those promised."""
        found = {name: str(kind) for name, kind in table.dtypes.items()}
        if found != SLOT_COLUMNS:
            raise ValueError(f"slot frame has columns {found}, expected {SLOT_COLUMNS}")
        return cls(**{name: table[name].to_numpy() for name in SLOT_COLUMNS}).checked()

    @classmethod
    def empty(cls) -> "SlotFrame":
        """A frame without slots."""
        return cls(**{name: np.empty(0, dtype=kind) for name, kind in SLOT_COLUMNS.items()})

    def __len__(self) -> int:
        return len(self.start_ms)

    def part(self, first: int, last: int) -> "SlotFrame":
        """The slots ``first`` to before ``last``, nothing copied."""
        return SlotFrame(
            self.start_ms[first:last], self.mean[first:last], self.low[first:last], self.high[first:last],
            self.total[first:last], self.state[first:last], self.left_out[first:last], self.valid[first:last],
        )  # fmt: skip

    def table(self) -> pd.DataFrame:
        """The same as a table."""
        return pd.DataFrame({name: getattr(self, name) for name in SLOT_COLUMNS})

    def checked(self) -> "SlotFrame":
        """The frame itself; raises ``ValueError`` when its slots are not in strictly growing time order."""
        if (self.start_ms[1:] <= self.start_ms[:-1]).any():
            raise ValueError("slot frame is not in strictly growing time order")
        return self


def joined(frames: Sequence[SlotFrame]) -> SlotFrame:
    """Frames of one point that follow each other in time, as one."""
    if len(frames) == 1:
        return frames[0]
    columns = {name: np.concatenate([getattr(frame, name) for frame in frames]) for name in SLOT_COLUMNS}
    return SlotFrame(**columns).checked()
