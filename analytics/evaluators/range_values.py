"""Each single value of a quantity that must stay between two limits (pH): the one farthest out is held against them."""

import numpy as np

from analytics.evaluators.context import Context, Judge, Outcome, nothing
from analytics.evaluators.threshold_mean import count_sentences, flat_sentences, mean_outcome, window_counts
from analytics.rulebook.evidence import say
from analytics.rulebook.limits import LimitUnknownError, limit_for
from analytics.windows import Window


def range_values(context: Context) -> Judge:
    """Judge the valid value that lies farthest outside the range, or nearest to a limit when all lie within.

    One value outside is enough, whatever is missing: data capture is then 1. That all values were within needs the
    values: data capture is that of the window.
    """
    rule, point = context.rule, context.point_of(context.rule.quantity)
    if point is None:
        return lambda _: nothing((), say("no_data"))
    series = context.series[point]
    try:
        limit = limit_for(rule, context.attributes, rule.valid_from)
    except LimitUnknownError:
        # Without limits nothing lies outside; the finding says why there are none.
        return lambda window: mean_outcome(context, series, window, window_counts(series, window))
    low, high = limit.low or 0.0, limit.high or 0.0

    def judge(window: Window) -> Outcome:
        counts = window_counts(series, window)
        evidence = [*count_sentences(context, series, window, counts), *flat_sentences(context, window, counts)]
        values = np.array(series.valid_values(series.within(window)))
        if not len(values):
            return nothing((point,), *evidence, say("no_data"))
        beyond = np.maximum(low - values, values - high)
        outside = int(np.count_nonzero(beyond > 0))
        words = say("outside_range", count=outside, valid=len(values), low=low, high=high, unit=rule.unit)
        observed = round(float(values[int(beyond.argmax())]), 9)
        return Outcome(observed, 1.0 if outside else counts.capture, (*evidence, words), (point,))

    return judge
