"""Percentiles speak of the last minute; the histogram of all."""

from ingest_service.latency import WINDOW_SECONDS, LatencyRecord
from service_runtime.clock import ManualClock


def test_percentiles_are_those_of_the_last_minute() -> None:
    clock = ManualClock(1_790_000_000_000)
    record = LatencyRecord(clock)
    for _ in range(100):
        record.add(9_000)
    clock.advance(WINDOW_SECONDS + 1)
    for latency_ms in range(1, 101):
        record.add(latency_ms)
    assert (record.percentile_ms(0.5), record.percentile_ms(0.99)) == (51, 100)
    assert record.count == 200


def test_several_percentiles_are_each_what_they_are_alone() -> None:
    record = LatencyRecord(ManualClock(0))
    for latency_ms in (30, 10, 20):
        record.add(latency_ms)
    assert record.percentiles_ms(0.0, 0.5, 0.99) == [10, 20, 30]


def test_nothing_lately_is_no_number() -> None:
    clock = ManualClock(1_790_000_000_000)
    record = LatencyRecord(clock)
    assert record.percentile_ms(0.5) is None
    record.add(5)
    clock.advance(WINDOW_SECONDS + 1)
    assert record.percentile_ms(0.5) is None


def test_a_clock_ahead_of_ours_counts_as_no_delay() -> None:
    record = LatencyRecord(ManualClock(0))
    record.add(-40)
    assert record.percentile_ms(0.5) == 0
