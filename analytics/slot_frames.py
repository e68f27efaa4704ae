"""Answers of the store -> the slot frame: which slot is valid, what became of the others, what is left out."""

from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from analytics.data_capture import SlotState
from analytics.frame_contract import SLOT_COLUMNS, empty_frame
from analytics.windows import local_day, start_of_day_ms
from telemetry_model.park_register import MeasuringPoint
from telemetry_model.quantities import Kind
from telemetry_store.query import SeriesResult

MINIMUM_VALID_SHARE = 0.5
"""A slot is valid when at least this share of its readings is."""
_VALUES = ["mean", "low", "high", "total"]


def aggregated_frame(values: SeriesResult | None, quality: SeriesResult | None, point: MeasuringPoint) -> pd.DataFrame:
    """From aggregates per slot: ``values`` of the valid readings, ``quality`` of all (``None``: not asked for).

    Where both count their readings (``valid``, ``readings``), a slot needs :data:`MINIMUM_VALID_SHARE` valid ones.
    """
    frame = _numbers(values)
    status = _numbers(quality)
    if len(status):
        frame = frame.merge(status, on="start_ms", how="outer", sort=True)
    if frame.empty:
        return empty_frame()
    for name in _VALUES:
        if name not in frame:
            frame[name] = np.nan
    measured = (frame["low"].notna() | frame["mean"].notna()).to_numpy()
    valid = _column(frame, "valid", measured.astype("float64"))
    readings = np.maximum(_column(frame, "readings", valid), valid)
    enough = measured & (valid >= MINIMUM_VALID_SHARE * readings)
    frame["state"] = np.where(enough, float(SlotState.VALID), _invalid_state(_column(frame, "status", 0.0)))
    frame["left_out"] = readings - valid
    return _finished(frame, point)


def interval_frame(raw: SeriesResult | None, point: MeasuringPoint, slot_ms: int, offset_ms: int) -> pd.DataFrame:
    """Sums per slot of amounts as they were written (value, status, reason), each instant counted once.

    A point whose tenant or zone was edited may hold the same reading twice, under the old tags and the new ones: the
    valid one counts, and of two valid ones the greater. An amount belongs to the slot that its stamp ends; a slot's
    bounds are moved by a second, so that the stamp itself lies within.
    """
    if raw is None or not raw.rows:
        return empty_frame()
    times, amounts, states, reasons = zip(*raw.rows, strict=True)
    rows = pd.DataFrame({"at": np.array(times, "int64"), "value": np.array(amounts, "float64")})
    rows["status"] = np.array(states, "float64")
    rows["ok"] = (rows["status"] == 0) & rows["value"].notna() & ~np.array([bool(text) for text in reasons])
    rows = rows.sort_values(["at", "ok", "value"], ascending=[True, False, False], kind="stable")
    rows = rows.drop_duplicates("at", keep="first")
    ended = rows["at"] - 1000
    rows["start_ms"] = ended - (ended - offset_ms) % slot_ms
    used = rows["value"].where(rows["ok"])
    groups = rows.assign(low=used, high=used, total=used).groupby("start_ms", sort=True)
    frame = groups.agg(
        low=("low", "min"), high=("high", "max"), total=("total", "sum"),
        valid=("ok", "sum"), readings=("ok", "size"), status=("status", "max"),
    ).reset_index()  # fmt: skip
    enough = frame["valid"] >= np.maximum(1, MINIMUM_VALID_SHARE * frame["readings"])
    frame["state"] = np.where(enough, float(SlotState.VALID), _invalid_state(frame["status"].to_numpy()))
    frame["left_out"] = frame["readings"] - frame["valid"]
    return _finished(frame, point)


def at_local_days(frame: pd.DataFrame, zone: ZoneInfo, point: MeasuringPoint) -> pd.DataFrame:
    """Daily values carry no clock: each stands for the local day of its stamp (an interval's end: the day before)."""
    back = 1 if point.quantity.kind is Kind.INTERVAL else 0
    days = [start_of_day_ms(local_day(int(t) - back, zone), zone) for t in frame["start_ms"]]
    placed = frame.assign(start_ms=np.array(days, dtype="int64"), low=frame["mean"], high=frame["mean"])
    if point.quantity.kind is Kind.INTERVAL:
        placed = placed.assign(total=frame["mean"])
    ordered = placed.sort_values(["start_ms", "state"], kind="stable")
    invalid = ordered["state"].ne(SlotState.VALID).groupby(ordered["start_ms"])
    few = invalid.transform("mean") > 1 - MINIMUM_VALID_SHARE
    ordered["left_out"] = invalid.transform("sum")
    kept = ordered[~few | ordered["state"].ne(SlotState.VALID)].drop_duplicates("start_ms", keep="first")
    return kept.reset_index(drop=True)[list(SLOT_COLUMNS)].astype(SLOT_COLUMNS)


def _finished(frame: pd.DataFrame, point: MeasuringPoint) -> pd.DataFrame:
    """The promised columns; slots with a value outside what the register calls possible are marked, not believed."""
    if "mean" not in frame:
        frame["mean"] = np.nan
    least, most = (frame[name].fillna(frame["mean"]) for name in ("low", "high"))
    absurd = (frame["state"] == SlotState.VALID) & ((least < point.low) | (most > point.high))
    frame.loc[absurd, "state"] = float(SlotState.IMPOSSIBLE)
    frame.loc[frame["state"] != SlotState.VALID, _VALUES] = np.nan
    return frame[list(SLOT_COLUMNS)].astype(SLOT_COLUMNS)


def _invalid_state(status: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Calibrating or faulty when any reading of the slot says so; else there was no usable value."""
    return np.where(np.isin(status, (1.0, 2.0)), status, float(SlotState.UNCERTAIN))


def _numbers(result: SeriesResult | None) -> pd.DataFrame:
    """All columns as floats beside ``start_ms``; one row an instant, also where old and new tags both have one."""
    if result is None or not result.rows:
        return pd.DataFrame({"start_ms": np.empty(0, dtype="int64")})
    times, *columns = zip(*result.rows, strict=True)
    found: dict[str, npt.NDArray[np.float64] | npt.NDArray[np.int64]] = {"start_ms": np.array(times, dtype="int64")}
    for name, cells in zip(result.columns, columns, strict=True):
        found[name] = np.array(cells, dtype="float64")
    return pd.DataFrame(found).drop_duplicates("start_ms")


def _column(frame: pd.DataFrame, name: str, otherwise: float | npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    if name not in frame:
        return np.broadcast_to(np.asarray(otherwise, dtype="float64"), len(frame))
    found: npt.NDArray[np.float64] = frame[name].fillna(0.0).to_numpy()
    return found
