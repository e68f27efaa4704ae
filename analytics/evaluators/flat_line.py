"""Frozen values: one and the same number for hours is a stuck sensor, not a measurement."""

from collections.abc import Sequence

import numpy as np

from analytics.evaluators.context import Context, FlatSpan, Judge, Outcome, nothing
from analytics.evaluators.threshold_mean import count_sentences, window_counts
from analytics.rulebook.evidence import say
from analytics.rulebook.rule import Rule
from analytics.slots.data_capture import SlotState
from analytics.slots.series import SlotSeries
from analytics.windows import HOUR_MS, Window


def flat_line(context: Context) -> Judge:
    """Judge the longest run of one value that touches the day, counted from at most ``flat_hours`` before it."""
    series = next(iter(context.series.values()))
    spans = context.flat.get(series.point, ())

    def judge(window: Window) -> Outcome:
        counts = window_counts(series, window)
        evidence = count_sentences(context, series, window, counts)
        if not counts.valid:
            return nothing((series.point,), *evidence, say("no_data"))
        inside = [span for span in spans if window.start_ms <= span.start_ms < window.end_ms]
        longest = max(inside, key=lambda span: span.hours, default=None)
        if longest is None:
            return Outcome(0.0, counts.capture, tuple(evidence), (series.point,))
        evidence.append(say("flat_longest", hours=round(longest.hours, 2), value=longest.value))
        return Outcome(round(longest.hours, 9), 1.0, tuple(evidence), (series.point,))

    return judge


def flat_spans(series: SlotSeries, days: Sequence[Window], rule: Rule) -> tuple[FlatSpan, ...]:
    """Per day, the stretches that belong to a run of ``flat_hours`` or more and ``flat_minimum_values`` or more.

    For a day only ``[day start - flat_hours, day end)`` is looked at, so the answer depends neither on how much was
    read nor on what came after the day. Zero never counts: an idle instrument may rest there.
    """
    flat_ms = round(rule.flat_hours * HOUR_MS)
    runs = _runs(series, flat_ms, rule.flat_minimum_values)
    found: list[FlatSpan] = []
    for first, last in runs:
        run_start, run_end = int(series.start_ms[first]), int(series.start_ms[last]) + series.slot_ms
        for day in days:
            start, end = max(run_start, day.start_ms - flat_ms), min(run_end, day.end_ms)
            long_enough = end - start >= flat_ms and (end - start) // series.slot_ms >= rule.flat_minimum_values
            if long_enough and end > day.start_ms:
                hours = (end - start) / HOUR_MS
                found.append(FlatSpan(max(start, day.start_ms), end, float(series.mean[first]), hours, rule.id))
    return tuple(found)


def mark_flat(series: SlotSeries, spans: Sequence[FlatSpan]) -> SlotSeries:
    """The series with the slots of frozen stretches marked, so that no mean uses them."""
    if not spans:
        return series
    where = np.zeros(len(series.start_ms), dtype=np.bool_)
    for span in spans:
        first, last = np.searchsorted(series.start_ms, (span.start_ms, span.end_ms))
        where[first:last] = True
    return series.with_state(where, SlotState.FLAT)


def _runs(series: SlotSeries, flat_ms: int, minimum_values: int) -> list[tuple[int, int]]:
    """First and last index of each unbroken run of one non-zero value that is long enough."""
    if not len(series.start_ms):
        return []
    steady = (series.state == SlotState.VALID) & (series.low == series.high) & (series.low != 0)
    follows = np.zeros(len(series.start_ms), dtype=np.bool_)
    follows[1:] = (
        steady[1:] & steady[:-1]
        & (series.low[1:] == series.low[:-1])
        & (np.diff(series.start_ms) == series.slot_ms)
    )  # fmt: skip
    firsts = np.flatnonzero(~follows)
    lasts = np.append(firsts[1:], len(follows)) - 1
    length_ms = (lasts - firsts + 1) * series.slot_ms
    enough = (length_ms >= flat_ms) & (lasts - firsts + 1 >= minimum_values) & steady[firsts]
    return list(zip(firsts[enough].tolist(), lasts[enough].tolist(), strict=True))
