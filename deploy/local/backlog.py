"""Fills the gateways' outboxes with what the simulated plants measured while the park could not be reached."""

from collections.abc import Callable
from contextlib import ExitStack

from deploy.local.workdir import Workdir
from gateway.outbox import Outbox
from service_runtime.clock import SystemClock
from simulators.backlog import backlog, gateways_of
from simulators.scenario import PlacedScenario
from telemetry_model.park_register import Park
from telemetry_model.reading import Reading

BATCH_READINGS = 200
BATCHES_PER_COMMIT = 100
STEP_SECONDS = 60


def fill_outboxes(
    workdir: Workdir,
    park: Park,
    scenario: PlacedScenario,
    start_ms: int,
    end_ms: int,
    progress: Callable[[float], None],
) -> int:
    """Commit all readings of ``[start_ms, end_ms)`` and return how many; ``progress`` gets the share done, 0-1."""
    units = {point.id: point.unit for point in park.points.values()}
    committed = 0
    with ExitStack() as stack:
        writers = {name: _OutboxWriter(workdir, name, units, stack) for name in gateways_of(park)}
        for time_ms, gateway, readings in backlog(park, scenario, start_ms, end_ms, STEP_SECONDS):
            committed += len(readings)
            writers[gateway].add(readings)
            progress((time_ms - start_ms) / (end_ms - start_ms))
        for writer in writers.values():
            writer.flush()
    progress(1.0)
    return committed


class _OutboxWriter:
    """Gathers one gateway's readings into batches and commits many batches at once."""

    def __init__(self, workdir: Workdir, gateway: str, units: dict[str, str], stack: ExitStack) -> None:
        self._outbox = Outbox.open(workdir.outbox(gateway), SystemClock())
        stack.callback(self._outbox.close)
        self._units = units
        self._batches: list[list[Reading]] = [[]]

    def add(self, readings: list[Reading]) -> None:
        """Add one poll's readings."""
        if len(self._batches[-1]) + len(readings) > BATCH_READINGS:
            if len(self._batches) >= BATCHES_PER_COMMIT:
                self.flush()
            else:
                self._batches.append([])
        self._batches[-1].extend(readings)

    def flush(self) -> None:
        """Commit what is gathered."""
        full = [batch for batch in self._batches if batch]
        if full:
            self._outbox.commit(full, self._units)
        self._batches = [[]]
