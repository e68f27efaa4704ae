"""Marks what came late: for each device the stretches of time whose verdicts and sums must be formed anew.

A mark says that readings measured in ``[oldest_ms, newest_ms]`` were written now. It is written after their rows and
before the acknowledgement, so that whoever reads the mark finds the rows, and no crash can leave rows without one.
Late is what was measured long before it came, and what came in time while the store was away for long.
Readings of a device with more than :data:`GAP_MS` between them get marks of their own: what lies between is untouched.
"""

from collections.abc import Iterator, Sequence

from ingest_service.admission import LATE_AFTER_MS
from service_runtime.clock import Clock
from telemetry_model.storage_schema import LATE_ARRIVALS
from telemetry_store.rows import ReadingRow, RecordRow

GAP_MS = 3_600_000
"""No averaging period is shorter, so a stretch without longer gaps touches every period that it spans."""


SLOW_WRITE_MS = 60_000
"""A round that took longer than this, from receipt to the store, may have become late on the way."""


class LateTimes:
    """When the late readings of one round were measured, by park and device; false while there are none."""

    def __init__(self) -> None:
        self._polls: dict[tuple[str, str], list[tuple[int, int]]] = {}

    def __bool__(self) -> bool:
        return bool(self._polls)

    def note(self, rows: Sequence[ReadingRow], now_ms: int, since_ms: int = 0) -> None:
        """Those of the rows that are late at ``now_ms``, but were measured at ``since_ms`` or after."""
        late_before = now_ms - LATE_AFTER_MS
        device, time_ms, readings, first = "", -1, 0, None
        for row in rows:
            # A poll's readings stand together, with one time: they are one entry.
            if row.time_ms == time_ms and row.series.device == device:
                readings += 1
                continue
            if first is not None and since_ms <= time_ms < late_before:
                self._polls.setdefault((first.park, device), []).append((time_ms, readings))
            first, time_ms, readings = row.series, row.time_ms, 1
            device = first.device
        if first is not None and since_ms <= time_ms < late_before:
            self._polls.setdefault((first.park, device), []).append((time_ms, readings))

    def stretches(self) -> Iterator[tuple[str, str, int, int, int]]:
        """Park, device, oldest and newest instant, and how many readings lie between them."""
        for (park, device), polls in self._polls.items():
            polls.sort()
            oldest = newest = polls[0][0]
            readings = 0
            for time_ms, count in polls:
                if time_ms - newest > GAP_MS:
                    yield park, device, oldest, newest, readings
                    oldest, readings = time_ms, 0
                newest = time_ms
                readings += count
            yield park, device, oldest, newest, readings


class LateMarks:
    """Turns late times into rows whose times grow strictly, so that no two marks of a process are the same row."""

    def __init__(self, replica: str, clock: Clock) -> None:
        self._replica = replica
        self._clock = clock
        self._last_ms = 0

    def are_stale(self, rows: Sequence[RecordRow]) -> bool:
        """Whether writing them took so long that a reader may be past their times: then they are stamped anew."""
        return bool(rows) and self._clock.now_ms() - rows[0].time_ms > SLOW_WRITE_MS

    def rows(self, late: LateTimes) -> list[RecordRow]:
        """One row per stretch, stamped now: call it when the readings are in the store."""
        found: list[RecordRow] = []
        for park, device, oldest_ms, newest_ms, readings in late.stretches():
            self._last_ms = max(self._last_ms + 1, self._clock.now_ms())
            tags = {"device": device, "park": park, "replica": self._replica}
            fields = {"oldest_ms": oldest_ms, "newest_ms": newest_ms, "readings": readings}
            found.append(RecordRow(LATE_ARRIVALS, tags, self._last_ms, fields))
        return found


def take_reasons_back(rows: Sequence[ReadingRow]) -> list[ReadingRow]:
    """Rows whose sound values take back a reason stored earlier, as a correction must.

    A store keeps a field that a later write does not carry. A gateway never corrects its own readings; others may.
    """
    return [
        ReadingRow(row.series, row.time_ms, row.value, row.status, "")
        if row.reason is None and row.value is not None
        else row
        for row in rows
    ]
