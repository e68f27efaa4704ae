"""Plays a recording into an outbox, as fast as the disk takes it or at a multiple of the speed it was recorded at."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from gateway.outbox import Outbox
from gateway.sources.recording import RecordedRow, Recording
from service_runtime.clock import Clock, SystemClock
from telemetry_model.reading import Reading

BATCH_READINGS = 200
BATCHES_PER_COMMIT = 50
_LONGEST_SLEEP_SECONDS = 0.5


@dataclass(frozen=True)
class PlayCounts:
    """What was played; every row of the file is in one of ``rows`` and ``rows_without_time``."""

    rows: int = 0
    readings: int = 0
    no_value: int = 0
    """Readings without a value, with their reason."""
    communication_loss_rows: int = 0
    shifted_midnights: int = 0
    repeated_hour: int = 0
    nonexistent_times: int = 0
    rows_without_time: int = 0
    first_ms: int | None = None
    last_ms: int | None = None


def never() -> bool:
    """The default ``stopped``."""
    return False


def play_recording(
    recording: Recording,
    outbox: Outbox,
    units: Mapping[str, str],
    *,
    speed: float | None = None,
    clock: Clock | None = None,
    sleep: Callable[[float], None] = time.sleep,
    progress: Callable[[PlayCounts], None] | None = None,
    stopped: Callable[[], bool] = never,
) -> PlayCounts:
    """Commit every reading of the recording; returns once the last is on the disk.

    ``speed`` 60 plays an hour in a minute, ``None`` does not wait. Measured-at times stay those of the recording.
    ``progress`` is called after each commit; ``stopped`` ends the play early, between two rows.
    """
    return _Player(recording, outbox, units, progress).play(_Pace(speed, clock or SystemClock(), sleep, stopped))


class _Pace:
    """When a row is due; ``wait`` is ``False`` when the play was stopped."""

    def __init__(
        self, speed: float | None, clock: Clock, sleep: Callable[[float], None], stopped: Callable[[], bool]
    ) -> None:
        self._speed, self._clock, self._sleep, self._stopped = speed, clock, sleep, stopped
        self._first_ms: int | None = None
        self._started = 0.0

    def due_in(self, at_ms: int) -> float:
        """Seconds until the row is due; 0 when it is."""
        if self._speed is None:
            return 0.0
        if self._first_ms is None:
            self._first_ms, self._started = at_ms, self._clock.monotonic()
        due = self._started + (at_ms - self._first_ms) / 1000 / self._speed
        return max(0.0, due - self._clock.monotonic())

    def wait(self, at_ms: int) -> bool:
        while not self._stopped():
            left = self.due_in(at_ms)
            if left <= 0:
                return True
            self._sleep(min(left, _LONGEST_SLEEP_SECONDS))
        return False


class _Player:
    def __init__(
        self,
        recording: Recording,
        outbox: Outbox,
        units: Mapping[str, str],
        progress: Callable[[PlayCounts], None] | None,
    ) -> None:
        self._recording, self._outbox, self._units, self._progress = recording, outbox, units, progress
        self._counts = PlayCounts()
        self._held: list[Reading] = []

    def play(self, pace: _Pace) -> PlayCounts:
        with contextlib.closing(self._recording.rows()) as rows:
            self._play_rows(rows, pace)
        self._commit()
        return self._counts

    def _play_rows(self, rows: Iterator[RecordedRow], pace: _Pace) -> None:
        for row in rows:
            if pace.due_in(row.measured_at_ms) > 0:
                self._commit()
            if not pace.wait(row.measured_at_ms):
                break
            self._held.extend(row.readings)
            counts = self._counts
            self._counts = replace(
                counts,
                rows=counts.rows + 1,
                readings=counts.readings + len(row.readings),
                no_value=counts.no_value + sum(reading.value is None for reading in row.readings),
                communication_loss_rows=counts.communication_loss_rows + row.lost,
                first_ms=row.measured_at_ms if counts.first_ms is None else min(counts.first_ms, row.measured_at_ms),
                last_ms=max(counts.last_ms or row.measured_at_ms, row.measured_at_ms),
            )
            if len(self._held) >= BATCH_READINGS * BATCHES_PER_COMMIT:
                self._commit()

    def _commit(self) -> None:
        oddities = self._recording.oddities
        self._counts = replace(
            self._counts,
            shifted_midnights=oddities.shifted_midnights,
            repeated_hour=oddities.repeated_hour,
            nonexistent_times=oddities.nonexistent,
            rows_without_time=self._recording.rows_without_time,
        )
        if not self._held:
            return
        batches = [self._held[i : i + BATCH_READINGS] for i in range(0, len(self._held), BATCH_READINGS)]
        self._outbox.commit(batches, self._units)
        self._held = []
        if self._progress is not None:
            self._progress(self._counts)
