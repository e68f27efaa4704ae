"""Is it plausible? Values that move too fast, or not at all, get a flag beside them; the value itself stays as it is.

Only points whose register row asks for it are watched, and only by what this process has seen since it started: the
first value after a start has nothing to be compared with. How flags are kept: docs/decisions/0009-quality-flags.md.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ingest_service.bindings import ParkBindings
from telemetry_model.park_register import Park
from telemetry_model.reading import QualityFlag
from telemetry_model.storage_schema import QUALITY_FLAGS
from telemetry_store.rows import PointSeries, ReadingRow, RecordRow

MINUTE_MS = 60_000


class WatchLimits(NamedTuple):
    """What one point's values may do; infinite where nothing is asked."""

    max_change_per_minute: float
    frozen_after_ms: float


class Flagged(NamedTuple):
    """A stored reading and what is noted about it; ``observed`` is in the unit of ``limit``."""

    flag: QualityFlag
    series: PointSeries
    time_ms: int
    value: float
    observed: float
    limit: float


class _Last(NamedTuple):
    time_ms: int
    value: float
    since_ms: int
    """Since when it has been this value."""


class QualityWatch:
    """Remembers the last sound value of each watched point. Without watched points :meth:`look` costs nothing.

    Readings older than the last one are not judged: what came between is not known. With ``may_go_back`` they begin
    the point's history anew instead.
    """

    def __init__(self, limits: Mapping[PointSeries, WatchLimits], *, may_go_back: bool = False) -> None:
        self._limits = limits
        self._may_go_back = may_go_back
        self._last: dict[PointSeries, _Last] = {}

    def look(self, rows: Sequence[ReadingRow]) -> list[Flagged]:
        """Flags of these rows, in their order; rows without a value, with a reason or a status are passed over."""
        if not self._limits:
            return []
        found: list[Flagged] = []
        for row in rows:
            limits = self._limits.get(row.series)
            if limits is not None and row.value is not None and not row.reason and not row.status:
                self._judge(row, row.value, limits, found)
        return found

    def _judge(self, row: ReadingRow, value: float, limits: WatchLimits, found: list[Flagged]) -> None:
        last = self._last.get(row.series)
        if last is not None and row.time_ms <= last.time_ms and not self._may_go_back:
            return
        if last is None or row.time_ms <= last.time_ms:
            self._last[row.series] = _Last(row.time_ms, value, row.time_ms)
            return
        elapsed_ms = row.time_ms - last.time_ms
        change_per_minute = abs(value - last.value) / max(1.0, elapsed_ms / MINUTE_MS)
        if change_per_minute > limits.max_change_per_minute:
            observed, limit = change_per_minute, limits.max_change_per_minute
            found.append(Flagged(QualityFlag.FAST_CHANGE, row.series, row.time_ms, value, observed, limit))
        # After a longer silence nobody knows what it was meanwhile.
        is_same = value == last.value and elapsed_ms <= limits.frozen_after_ms
        since_ms = last.since_ms if is_same else row.time_ms
        if row.time_ms - since_ms >= limits.frozen_after_ms:
            observed, limit = (row.time_ms - since_ms) / MINUTE_MS, limits.frozen_after_ms / MINUTE_MS
            found.append(Flagged(QualityFlag.FROZEN, row.series, row.time_ms, value, observed, limit))
        self._last[row.series] = _Last(row.time_ms, value, since_ms)


def watched_series(park: Park, bindings: ParkBindings) -> dict[PointSeries, WatchLimits]:
    """The points whose register row sets a limit."""
    return {
        bindings.all[point.id].series: WatchLimits(point.max_change_per_minute, point.frozen_after_minutes * MINUTE_MS)
        for point in park.points.values()
        if math.isfinite(point.max_change_per_minute) or math.isfinite(point.frozen_after_minutes)
    }


def flag_rows(flagged: Iterable[Flagged]) -> list[RecordRow]:
    """What is stored: a row of the same point and time as the reading, so that writing it again changes nothing."""
    return [
        RecordRow(
            QUALITY_FLAGS,
            {"flag": flag.value, "park": series.park, "point": series.point},
            time_ms,
            {"observed": observed, "limit": limit, "value": value},
        )
        for flag, series, time_ms, value, observed, limit in flagged
    ]
