"""From committed at the gateway to durable in the store: the last minute's batches, and a histogram over all."""

from collections import deque

from service_runtime.clock import Clock

KEPT_SAMPLES = 5_000
WINDOW_SECONDS = 60.0
BUCKET_BOUNDS_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)


class LatencyRecord:
    """Milliseconds of fresh batches; percentiles look at those of the last :data:`WINDOW_SECONDS`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._recent: deque[tuple[float, int]] = deque(maxlen=KEPT_SAMPLES)
        self.bucket_counts = [0] * (len(BUCKET_BOUNDS_SECONDS) + 1)
        self.count = 0
        self.sum_ms = 0

    def add(self, latency_ms: int) -> None:
        """Clocks of two machines may disagree a little: below zero counts as zero."""
        latency_ms = max(latency_ms, 0)
        self._recent.append((self._clock.monotonic(), latency_ms))
        self.count += 1
        self.sum_ms += latency_ms
        bucket = next((i for i, bound in enumerate(BUCKET_BOUNDS_SECONDS) if latency_ms <= bound * 1000), -1)
        self.bucket_counts[bucket] += 1

    def percentile_ms(self, share: float) -> int | None:
        """The smallest recent latency that at least ``share`` (0-1) of the batches kept; ``None`` without any."""
        return self.percentiles_ms(share)[0]

    def percentiles_ms(self, *shares: float) -> list[int | None]:
        """The same for several shares, at the price of one."""
        oldest = self._clock.monotonic() - WINDOW_SECONDS
        recent = self._recent
        while recent and recent[0][0] < oldest:
            recent.popleft()
        ordered = sorted([latency_ms for _, latency_ms in recent])
        return [ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None for share in shares]
