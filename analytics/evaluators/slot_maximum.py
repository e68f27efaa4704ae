"""The highest single value of a quantity over a window, and how many values reached the rule's limit."""

from analytics.evaluators.context import Context, Judge, Outcome, nothing
from analytics.evaluators.threshold_mean import count_sentences, window_counts
from analytics.rulebook.evidence import say
from analytics.windows import Window


def slot_maximum(context: Context) -> Judge:
    """Judge the highest valid value of the rule's quantity at the installation.

    One value that reaches the limit is enough, whatever is missing: data capture is then 1. That none did needs the
    values: data capture is that of the window.
    """
    rule, point = context.rule, context.point_of(context.rule.quantity)
    if point is None:
        return lambda _: nothing((), say("no_data"))
    series, limit = context.series[point], rule.limit or 0.0

    def judge(window: Window) -> Outcome:
        counts = window_counts(series, window)
        evidence = count_sentences(context, series, window, counts)
        values = series.valid_values(series.within(window))
        if not values:
            return nothing((point,), *evidence, say("no_data"))
        reached = sum(value >= limit for value in values)
        words = say("slot_maximum", valid=len(values), observed=max(values), unit=rule.unit, count=reached, limit=limit)
        return Outcome(max(values), 1.0 if reached else counts.capture, (*evidence, words), (point,))

    return judge
