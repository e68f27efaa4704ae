"""The time-weighted mean of one quantity over a window, from valid slots only."""

from analytics.evaluators.context import Context, Judge, Outcome, nothing
from analytics.evaluators.impossible_values import impossible_sentence
from analytics.rulebook.evidence import say
from analytics.rulebook.rule import Averaging
from analytics.slots.averaging import time_weighted_mean
from analytics.slots.data_capture import Counts, SlotState, count_states, expected_slots
from analytics.slots.series import SlotSeries
from analytics.windows import HOUR_MS, Window

WINDOW_HOURS = {Averaging.HOUR: 1, Averaging.EIGHT_HOURS: 8, Averaging.DAY: 24}
MOST_STRETCHES = 4
"""Frozen stretches that are told one by one; a day has no more of them, a year has hundreds."""


def threshold_mean(context: Context) -> Judge:
    """Judge the mean of the rule's quantity at the installation."""
    point = context.point_of(context.rule.quantity)
    if point is None:
        return lambda _: nothing((), say("no_data"))
    series = context.series[point]

    def judge(window: Window) -> Outcome:
        counts = window_counts(series, window)
        return mean_outcome(context, series, window, counts)

    return judge


def window_counts(series: SlotSeries, window: Window) -> Counts:
    """What became of the slots of a window."""
    expected = expected_slots(window.start_ms, window.end_ms, series.slot_ms)
    return count_states(series.state[series.within(window)], expected)


def mean_outcome(context: Context, series: SlotSeries, window: Window, counts: Counts) -> Outcome:
    """The mean of a window with its evidence; none where the point's interval is longer than the rule's period.

    One sample every six hours says nothing about the mean of the hour it was taken in.
    """
    hours = WINDOW_HOURS.get(context.rule.averaging)
    if hours is not None and series.slot_ms > hours * HOUR_MS:
        minutes = series.slot_ms // 60_000
        return nothing((series.point,), say("interval_too_long", point=series.point, interval=minutes, hours=hours))
    evidence = count_sentences(context, series, window, counts)
    evidence += flat_sentences(context, window, counts)
    mean = time_weighted_mean(series.valid_values(series.within(window)))
    if mean is None:
        return nothing((series.point,), *evidence, say("no_data"))
    observed = round(mean, 9)
    evidence.append(say("mean", valid=counts.valid, observed=observed, unit=context.rule.unit))
    return Outcome(observed, counts.capture, tuple(evidence), (series.point,))


def count_sentences(context: Context, series: SlotSeries, window: Window, counts: Counts) -> list[str]:
    """How many values were valid, what became of the others, and which readings of the valid ones were not used."""
    said = [
        say("counts", valid=counts.valid, expected=max(counts.expected, counts.valid), calibrating=counts.calibrating,
            fault=counts.fault, uncertain=counts.uncertain, missing=counts.missing)
    ]  # fmt: skip
    part = series.within(window)
    left_out = int(series.left_out[part][series.state[part] == SlotState.VALID].sum())
    if left_out:
        said.append(say("readings_left_out", count=left_out, point=series.point))
    if counts.impossible:
        said.append(impossible_sentence(context.park.points[series.point], counts.impossible))
    return said


def flat_sentences(context: Context, window: Window, counts: Counts) -> list[str]:
    """One sentence per frozen stretch that was left out of this window; one in all where a point has many."""
    if not counts.flat:
        return []
    sentences: list[str] = []
    for point, spans in context.flat.items():
        slot_ms = context.series[point].slot_ms
        shared = [(span, min(span.end_ms, window.end_ms) - max(span.start_ms, window.start_ms)) for span in spans]
        inside = [(span, round(shared_ms / slot_ms)) for span, shared_ms in shared if shared_ms > 0]
        if len(inside) > MOST_STRETCHES:
            longest = max((span for span, _ in inside), key=lambda span: span.hours)
            sentences.append(
                say("flat_left_out_often", count=sum(count for _, count in inside), stretches=len(inside), point=point,
                    hours=round(longest.hours, 2), rule=longest.rule)
            )  # fmt: skip
            continue
        for span, count in inside:
            hours = round(span.hours, 2)
            sentences.append(
                say("flat_left_out", count=count, point=point, value=span.value, hours=hours, rule=span.rule)
            )
    return sentences
