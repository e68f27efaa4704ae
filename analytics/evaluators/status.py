"""What the instruments said about themselves: the share of status 00, and how long 01 or 02 lasted."""

from typing import NamedTuple

import numpy as np

from analytics.evaluators.context import Context, Judge, Outcome, nothing
from analytics.evaluators.threshold_mean import window_counts
from analytics.rulebook.evidence import say
from analytics.slots.data_capture import SlotState
from analytics.slots.series import SlotSeries
from analytics.windows import HOUR_MS, Window

LOOK_BACK_MS = 24 * HOUR_MS


def status_share(context: Context) -> Judge:
    """Judge the share of expected values measured with status 00, in percent; frozen values count as measured.

    Data capture of the outcome is 1 as soon as anything was received: missing data is what the rule is about.
    """
    series = next(iter(context.series.values()))

    def judge(window: Window) -> Outcome:
        counts = window_counts(series, window)
        if counts.expected <= counts.missing:
            return nothing((series.point,), say("no_data"))
        measured = counts.valid + counts.flat
        observed = round(min(100.0, 100 * measured / counts.expected), 9)
        expected = max(counts.expected, measured)
        words = say("status_share", valid=measured, expected=expected, observed=round(observed, 2))
        return Outcome(observed, 1.0, (words,), (series.point,))

    return judge


def status_length(context: Context) -> Judge:
    """Judge the longest stretch of status 01 or 02 that touches the day, counted from 24 h before it.

    A stretch ends with the first slot that says something else: a slot that is missing says nothing, so a link that
    loses a value now and then cuts no outage short. How much of the stretch is without data is said.
    """
    series = next(iter(context.series.values()))

    def judge(window: Window) -> Outcome:
        counts = window_counts(series, window)
        if counts.expected <= counts.missing:
            return nothing((series.point,), say("no_data"))
        stretch = _longest(series, window)
        hours, silent_hours = (round(length_ms / HOUR_MS, 9) for length_ms in stretch)
        evidence = [say("status_longest", hours=round(hours, 2))]
        if silent_hours > 0:
            evidence.append(say("status_silent", hours=round(silent_hours, 2)))
        return Outcome(hours, 1.0, tuple(evidence), (series.point,))

    return judge


class _Stretch(NamedTuple):
    length_ms: int
    silent_ms: int
    """How much of it has no slots."""


def _longest(series: SlotSeries, window: Window) -> _Stretch:
    part = series.within(Window(window.start_ms - LOOK_BACK_MS, window.end_ms, window.day))
    starts, states = series.start_ms[part], series.state[part]
    out = (states == SlotState.CALIBRATING) | (states == SlotState.FAULT)
    edges = np.diff(np.concatenate(([False], out, [False])).astype(np.int8))
    firsts, lasts = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
    lengths_ms = starts[lasts] + series.slot_ms - starts[firsts]
    touching = np.flatnonzero(starts[lasts] + series.slot_ms > window.start_ms)
    if not len(touching):
        return _Stretch(0, 0)
    place = touching[int(lengths_ms[touching].argmax())]
    length_ms = int(lengths_ms[place])
    return _Stretch(length_ms, max(0, length_ms - int(lasts[place] - firsts[place] + 1) * series.slot_ms))
