"""The frame that the query hands to the calculations: its columns, their types, and a check on entry."""

import numpy as np
import pandas as pd

SLOT_COLUMNS = {
    "start_ms": "int64",
    "mean": "float64",
    "low": "float64",
    "high": "float64",
    "total": "float64",
    "state": "int8",
    "left_out": "int64",
}
"""One row per slot that has any reading, in time order. ``start_ms``: the slot's start, UTC. ``mean``, ``low``,
``high`` and ``total`` are of the valid readings alone (NaN where the slot is not valid). ``state`` is a
:class:`~analytics.data_capture.SlotState`; ``left_out`` counts the slot's readings that are not valid."""


def empty_frame() -> pd.DataFrame:
    """A frame without rows."""
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in SLOT_COLUMNS.items()})


def check_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame itself; raises ``ValueError`` when columns, types or order are not those promised."""
    found = {name: str(kind) for name, kind in frame.dtypes.items()}
    if found != SLOT_COLUMNS:
        raise ValueError(f"slot frame has columns {found}, expected {SLOT_COLUMNS}")
    if np.any(np.diff(frame["start_ms"].to_numpy()) <= 0):
        raise ValueError("slot frame is not in strictly growing time order")
    return frame
