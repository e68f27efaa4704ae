"""Marks what came late: for each device the stretches of time whose verdicts and sums must be formed anew.

A mark says that readings measured in ``[oldest_ms, newest_ms]`` were written now. It is written after their rows and
before the acknowledgement, so that whoever reads the mark finds the rows, and no crash can leave rows without one.
Readings of a device with more than :data:`GAP_MS` between them get marks of their own: what lies between is untouched.
"""

from collections.abc import Iterator, Sequence

from ingest_service.admission import LATE_AFTER_MS
from service_runtime.clock import Clock
from telemetry_model.storage_schema import LATE_ARRIVALS
from telemetry_store.rows import ReadingRow, RecordRow

GAP_MS = 3_600_000
"""No averaging period is shorter, so a stretch without longer gaps touches every period that it spans."""


class LateTimes:
    """When the late readings of one round were measured, by park and device; false while there are none."""

    def __init__(self) -> None:
        self._times: dict[tuple[str, str], list[int]] = {}

    def __bool__(self) -> bool:
        return bool(self._times)

    def note(self, rows: Sequence[ReadingRow], received_at_ms: int) -> None:
        """Those of the rows that are late."""
        late_before = received_at_ms - LATE_AFTER_MS
        for row in rows:
            if row.time_ms < late_before:
                self._times.setdefault((row.series.park, row.series.device), []).append(row.time_ms)

    def stretches(self) -> Iterator[tuple[str, str, int, int, int]]:
        """Park, device, oldest and newest instant, and how many readings lie between them."""
        for (park, device), times in self._times.items():
            times.sort()
            first = 0
            for place in range(1, len(times) + 1):
                if place == len(times) or times[place] - times[place - 1] > GAP_MS:
                    yield park, device, times[first], times[place - 1], place - first
                    first = place


class LateMarks:
    """Turns late times into rows whose times grow strictly, so that no two marks of a process are the same row."""

    def __init__(self, replica: str, clock: Clock) -> None:
        self._replica = replica
        self._clock = clock
        self._last_ms = 0

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
