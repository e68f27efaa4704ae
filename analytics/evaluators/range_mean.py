"""The mean of a quantity that must stay between two limits (pH); single values outside are counted as evidence."""

import dataclasses

import numpy as np

from analytics.evaluators.context import Context, Judge, Outcome
from analytics.evaluators.threshold_mean import threshold_mean
from analytics.rulebook.evidence import say
from analytics.rulebook.limits import LimitUnknownError, limit_for
from analytics.windows import Window


def range_mean(context: Context) -> Judge:
    """Judge the mean of the rule's quantity and say how many single values lay outside the range."""
    rule = context.rule
    point = context.point_of(rule.quantity)
    judge_mean = threshold_mean(context)
    try:
        limit = limit_for(rule, context.attributes, rule.valid_from)
    except LimitUnknownError:
        # Without limits nothing lies outside; the finding says why there are none.
        return judge_mean
    low, high = limit.low or 0.0, limit.high or 0.0

    def judge(window: Window) -> Outcome:
        outcome = judge_mean(window)
        if point is None or outcome.observed is None:
            return outcome
        series = context.series[point]
        values = np.array(series.valid_values(series.within(window)))
        outside = int(np.count_nonzero((values < low) | (values > high)))
        words = say("outside_range", count=outside, valid=len(values), low=low, high=high, unit=rule.unit)
        return dataclasses.replace(outcome, evidence=(*outcome.evidence, words))

    return judge
