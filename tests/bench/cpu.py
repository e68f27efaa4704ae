"""Measures CPU time, of a piece of work in this process and of other processes: the clock on the wall lies when the
machine is shared."""

import gc
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple, TypeVar

import psutil

from ingest_service.bootstrap import GARBAGE_THRESHOLD

REPEATS = 5
T = TypeVar("T")


@contextmanager
def collector_as_in_ingest() -> Iterator[None]:
    """The garbage collector set as the ingest service sets it for itself."""
    before = gc.get_threshold()
    gc.collect()
    gc.set_threshold(GARBAGE_THRESHOLD)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def cpu_seconds_of(work: Callable[[T], object], items: Sequence[T], repeats: int = REPEATS) -> float:
    """CPU time of ``work`` on every item, nothing kept; the least of some repeats: the one least disturbed."""
    best = float("inf")
    with collector_as_in_ingest():
        for _ in range(repeats):
            started = time.process_time()
            for item in items:
                work(item)
            best = min(best, time.process_time() - started)
    return best


def yardstick() -> float:
    """Million steps of a plain Python loop in a CPU second: tells a slow moment of a shared machine from slow code."""

    def loop(steps: int) -> int:
        return sum(step & 7 for step in range(steps))

    return 0.5 / cpu_seconds_of(loop, [500_000])


class Spent(NamedTuple):
    """What one awaited piece of work took."""

    cpu_seconds: float
    wall_seconds: float


async def spent_by(work: Callable[[], Awaitable[object]]) -> Spent:
    """CPU time of all threads of this process and wall time, once."""
    started, cpu_started = time.perf_counter(), time.process_time()
    await work()
    return Spent(time.process_time() - cpu_started, time.perf_counter() - started)


class ProcessMeter:
    """CPU time and memory of another process since :meth:`reset`."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._cpu_before = 0.0
        self._wall_before = 0.0
        self.reset()

    def reset(self) -> None:
        """Count from now."""
        self._cpu_before, self._wall_before = self._cpu_now(), time.perf_counter()

    def spent(self) -> Spent:
        """User and system time of all its threads, and wall time."""
        return Spent(self._cpu_now() - self._cpu_before, time.perf_counter() - self._wall_before)

    def rss_mb(self) -> float:
        """Resident memory now."""
        return float(self._process.memory_info().rss) / 1e6

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """SIGSTOP for a while: its connections stay open and what is sent to it queues up."""
        self._process.suspend()
        try:
            yield
        finally:
            self._process.resume()

    def _cpu_now(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)


def meter_of_child(program: str) -> ProcessMeter:
    """The running descendant of this process with that name; ``LookupError`` when there is none."""
    for child in psutil.Process().children(recursive=True):
        if child.name() == program:
            return ProcessMeter(child.pid)
    raise LookupError(f"no child process '{program}' is running")
