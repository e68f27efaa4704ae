"""What the instruments said about themselves: the share of status 00, and how long 01 or 02 lasted."""

import numpy as np

from analytics.data_capture import SlotState
from analytics.evaluators.context import Context, Judge, Outcome, nothing
from analytics.evaluators.threshold_mean import window_counts
from analytics.rulebook.evidence import say
from analytics.slot_series import SlotSeries
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
        words = say("status_share", valid=measured, expected=counts.expected, observed=round(observed, 2))
        return Outcome(observed, 1.0, (words,), (series.point,))

    return judge


def status_length(context: Context) -> Judge:
    """Judge the longest unbroken stretch of status 01 or 02 that touches the day, counted from 24 h before it."""
    series = next(iter(context.series.values()))

    def judge(window: Window) -> Outcome:
        counts = window_counts(series, window)
        if counts.expected <= counts.missing:
            return nothing((series.point,), say("no_data"))
        hours = round(_longest_ms(series, window) / HOUR_MS, 9)
        return Outcome(hours, 1.0, (say("status_longest", hours=round(hours, 2)),), (series.point,))

    return judge


def _longest_ms(series: SlotSeries, window: Window) -> int:
    part = series.within(Window(window.start_ms - LOOK_BACK_MS, window.end_ms, window.day))
    starts, states = series.start_ms[part], series.state[part]
    out = starts[(states == SlotState.CALIBRATING) | (states == SlotState.FAULT)]
    if not len(out):
        return 0
    breaks = np.flatnonzero(np.diff(out) != series.slot_ms)
    firsts, lasts = out[np.append(0, breaks + 1)], out[np.append(breaks, len(out) - 1)] + series.slot_ms
    touching = lasts > window.start_ms
    return int((lasts - firsts)[touching].max()) if touching.any() else 0
