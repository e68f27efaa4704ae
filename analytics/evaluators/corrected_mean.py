"""The mean of a stack concentration, each slot corrected to the reference oxygen first (QCVN 19:2024/BTNMT)."""

import dataclasses

import numpy as np

from analytics.evaluators.context import Context, Judge, Outcome, nothing
from analytics.evaluators.threshold_mean import mean_outcome, threshold_mean, window_counts
from analytics.rulebook.evidence import say
from analytics.slots.averaging import correct_to_reference_o2
from analytics.slots.data_capture import SlotState
from analytics.slots.frame_contract import Floats
from analytics.slots.series import SlotSeries
from analytics.windows import Window

OXYGEN = "oxygen"


def corrected_mean(context: Context) -> Judge:
    """Judge the corrected mean; without an O2 point the register must say that values are already at reference O2."""
    point = context.point_of(context.rule.quantity)
    if point is None:
        return lambda _: nothing((), say("no_data"))
    if context.attributes.get("already_at_reference_o2") is True:
        return _uncorrected(context)
    oxygen = context.point_of(OXYGEN)
    reference = _reference(context)
    if reference is None:
        return lambda _: nothing((point,), say("o2_no_reference"))
    if oxygen is None:
        words = say(
            "o2_no_point", device=context.installation.device if context.installation else "", reference=reference
        )
        return lambda _: nothing((point,), words)
    return _corrected(context, context.series[point], context.series[oxygen], reference)


def _reference(context: Context) -> float | None:
    stated = context.attributes.get("o2_reference_percent", context.rule.o2_reference_percent)
    return float(stated) if isinstance(stated, (int, float)) else context.rule.o2_reference_percent


def _uncorrected(context: Context) -> Judge:
    judge_mean = threshold_mean(context)

    def judge(window: Window) -> Outcome:
        outcome = judge_mean(window)
        return dataclasses.replace(outcome, evidence=(*outcome.evidence, say("o2_at_reference")))

    return judge


def _corrected(context: Context, raw: SlotSeries, oxygen: SlotSeries, reference: float) -> Judge:
    o2 = _o2_beside(raw, oxygen)
    limit = context.rule.o2_invalid_from_percent
    usable = o2 < limit
    corrected = np.full_like(raw.mean, np.nan)
    corrected[usable] = correct_to_reference_o2(raw.mean[usable], o2[usable], reference)
    series = dataclasses.replace(raw, mean=corrected)
    series = series.with_state(np.isnan(o2), SlotState.O2_MISSING).with_state(o2 >= limit, SlotState.O2_INVALID)

    def judge(window: Window) -> Outcome:
        counts = window_counts(series, window)
        outcome = mean_outcome(context, series, window, counts)
        evidence = list(outcome.evidence)
        part = series.within(window)
        used = o2[part][series.state[part] == SlotState.VALID]
        if len(used):
            evidence.append(say("o2_corrected", reference=reference, o2=round(float(used.mean()), 3)))
        if counts.o2_invalid:
            evidence.append(say("o2_left_out", count=counts.o2_invalid, invalid_from=limit))
        if counts.o2_missing:
            evidence.append(say("o2_missing", count=counts.o2_missing))
        return dataclasses.replace(outcome, evidence=tuple(evidence), points=(raw.point, oxygen.point))

    return judge


def _o2_beside(raw: SlotSeries, oxygen: SlotSeries) -> Floats:
    """The valid O2 of the slot each raw slot starts in; NaN where there is none. Both series have equal slots."""
    beside = np.full(len(raw.start_ms), np.nan)
    if not len(oxygen.start_ms):
        return beside
    place = np.clip(np.searchsorted(oxygen.start_ms, raw.start_ms, side="right") - 1, 0, None)
    found = (oxygen.start_ms[place] == raw.start_ms) & (oxygen.state[place] == SlotState.VALID)
    beside[found] = oxygen.mean[place][found]
    return beside
