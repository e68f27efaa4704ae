"""One point's readings cut into slots of its interval: the arrays every evaluator works on."""

import dataclasses
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analytics.slots.data_capture import SlotState
from analytics.slots.frame_contract import Floats, SlotFrame
from analytics.windows import Window


@dataclass(frozen=True, slots=True, eq=False)
class SlotSeries:
    """Slots in time order; ``slot_ms`` is their length. Values are in the point's unit, NaN where none is valid."""

    point: str
    unit: str
    slot_ms: int
    start_ms: npt.NDArray[np.int64]
    mean: Floats
    low: Floats
    high: Floats
    total: Floats
    state: npt.NDArray[np.int8]
    left_out: npt.NDArray[np.int64]
    valid: npt.NDArray[np.int64]

    @classmethod
    def of(cls, point: str, unit: str, slot_ms: int, frame: SlotFrame) -> "SlotSeries":
        """From a frame, which is checked."""
        slots = frame.checked()
        return cls(
            point, unit, slot_ms, slots.start_ms, slots.mean, slots.low, slots.high, slots.total, slots.state,
            slots.left_out, slots.valid,
        )  # fmt: skip

    @classmethod
    def empty(cls, point: str, unit: str, slot_ms: int) -> "SlotSeries":
        """A point that never sent anything."""
        return cls.of(point, unit, slot_ms, SlotFrame.empty())

    def within(self, window: Window) -> slice:
        """The slots that start in the window."""
        find = self.start_ms.searchsorted
        return slice(int(find(window.start_ms)), int(find(window.end_ms)))

    def with_state(self, where: npt.NDArray[np.bool_], state: SlotState) -> "SlotSeries":
        """A copy in which the valid slots among ``where`` have another state."""
        changed = self.state.copy()
        changed[where & (changed == SlotState.VALID)] = state
        return dataclasses.replace(self, state=changed)

    def valid_values(self, part: slice) -> list[float]:
        """The slot means that may be used, in time order."""
        values: list[float] = self.mean[part][self.state[part] == SlotState.VALID].tolist()
        return values
