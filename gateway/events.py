"""Everything the gateway may count or log about itself: declared once, logged on transitions, never on repetitions."""

import logging
from collections import Counter

from service_runtime.clock import utc_from_ms
from service_runtime.logs import event
from telemetry_model.reading import ReadingReason

_log = logging.getLogger("gateway")
_SILENT = (ReadingReason.DEVICE_UNREACHABLE, ReadingReason.DEVICE_TIMEOUT)
"""As a device is that has not started up yet. One that answers with a refusal has."""


class GatewayEvents:
    """Counts since the process started, and the last state of each device, so that only changes are logged."""

    def __init__(self) -> None:
        self.readings = 0
        self.bad_readings: Counter[ReadingReason] = Counter()
        self.skipped_polls = 0
        self.publish_failures = 0
        self.resent_batches = 0
        self.lost_readings = 0
        self.recalled_batches = 0
        self._device_states: dict[str, ReadingReason | None] = {}
        self._awaited: set[str] = set()
        self._ignored_runs: set[str] = set()
        self._outbox_failing = False
        self._failing_work: set[str] = set()
        self._clock_unset = False
        self._refused: set[str] = set()

    @property
    def devices_online(self) -> int:
        """Devices whose last poll answered."""
        return sum(1 for state in self._device_states.values() if state is None)

    @property
    def devices_offline(self) -> int:
        """Devices whose last poll failed."""
        return len(self._device_states) - self.devices_online

    def device_polled(
        self, device: str, failure: ReadingReason | None, detail: str = "", is_starting: bool = False
    ) -> None:
        """Logs when a device goes, returns, or fails for another reason than before.

        While all is starting up (``is_starting``), a device that has never answered is waited for without a warning.
        """
        before = self._device_states.get(device)
        has_answered = device in self._device_states and device not in self._awaited and before is None
        self._device_states[device] = failure
        if failure is None:
            if before is not None:
                event(_log, logging.INFO, "device answers" if device in self._awaited else "device answers again",
                      device=device)  # fmt: skip
            self._awaited.discard(device)
        elif is_starting and failure in _SILENT and not has_answered and (before is None or device in self._awaited):
            if device not in self._awaited:
                event(_log, logging.INFO, "device does not answer yet", device=device, detail=detail)
            self._awaited.add(device)
        elif failure is not before or device in self._awaited:
            self._awaited.discard(device)
            event(_log, logging.WARNING, "device gives no readings", device=device, reason=failure, detail=detail)

    def readings_taken(self, reasons: list[ReadingReason | None]) -> None:
        """One entry per reading."""
        self.readings += len(reasons)
        self.bad_readings.update(reason for reason in reasons if reason is not None)

    def poll_skipped(self, device: str, ticks: int) -> None:
        """The device was slower than its poll interval."""
        self.skipped_polls += ticks
        _log.debug("%s: %d ticks passed while it was being read", device, ticks)

    def outbox_refused(self, error: Exception, held: int) -> None:
        """Committing failed; readings wait in memory."""
        if not self._outbox_failing:
            event(_log, logging.ERROR, "outbox cannot be written, readings wait in memory", error=error, held=held)
        self._outbox_failing = True

    def outbox_accepted(self) -> None:
        """Committing works (again)."""
        if self._outbox_failing:
            event(_log, logging.INFO, "outbox can be written again")
        self._outbox_failing = False

    def outbox_failed(self, work: str, error: Exception) -> None:
        """Some work on the outbox other than committing failed; it is tried again."""
        if work not in self._failing_work:
            event(_log, logging.ERROR, "outbox refuses some work, it is tried again", work=work, error=error)
        self._failing_work.add(work)

    def outbox_works(self, work: str) -> None:
        """That work is done (again)."""
        if work in self._failing_work:
            event(_log, logging.INFO, "outbox does that work again", work=work)
        self._failing_work.discard(work)

    def poll_without_clock(self, now_ms: int) -> None:
        """A tick passed without a poll, because a reading of it would have an invented time."""
        self.skipped_polls += 1
        if not self._clock_unset:
            now = utc_from_ms(now_ms).isoformat(timespec="seconds")
            event(_log, logging.ERROR, "the clock was never set: devices are not polled until it is", clock=now)
        self._clock_unset = True

    def clock_is_set(self) -> None:
        """A tick of a clock we can believe."""
        if self._clock_unset:
            event(_log, logging.INFO, "the clock is set: polling begins", skipped_polls=self.skipped_polls)
        self._clock_unset = False

    def readings_lost(self, count: int) -> None:
        """Memory was full while the outbox could not be written: the one place where readings are lost."""
        if not self.lost_readings:
            event(_log, logging.ERROR, "outbox cannot be written and memory is full: oldest readings are lost")
        self.lost_readings += count

    def batches_resent(self, count: int, why: str) -> None:
        """Sent but not stored, going again."""
        self.resent_batches += count
        if count:
            event(_log, logging.INFO, "sending again what was sent but not stored", batches=count, why=why)

    def batches_recalled(self, count: int, from_seq: int, to_seq: int) -> None:
        """Ingest asked for a range; ``count`` of it were still in the log and went again."""
        self.recalled_batches += count
        _log.debug("batches %d to %d asked for again: %d sent", from_seq, to_seq, count)

    def cursor_ignored(self, run: str) -> None:
        """A stored cursor of a run that is not ours (an outbox file before this one)."""
        if run not in self._ignored_runs:
            event(_log, logging.INFO, "stored cursor of another run ignored", run=run)
        self._ignored_runs.add(run)

    def control_message_refused(self, topic: str, error: Exception) -> None:
        """Something on a control topic that we cannot read."""
        if topic not in self._refused:
            event(_log, logging.WARNING, "control message cannot be read", topic=topic, error=error)
        self._refused.add(topic)
