"""Amounts of a period against a licence, as an equivalent of energy, and given against received."""

from analytics.data_capture import SlotState
from analytics.evaluators.context import Context, Judge, Outcome, nothing
from analytics.evaluators.register_difference import MINIMUM_REGISTER_SLOTS, amount_of
from analytics.rulebook.evidence import say
from analytics.slot_series import SlotSeries
from analytics.windows import HOUR_MS, Window
from telemetry_model.park_register import Park
from telemetry_model.quantities import Kind

DAY_HOURS = 24
LICENSED_FLOW = "licensed_flow_m3_day"


def licensed_amount(context: Context) -> Judge:
    """Judge the discharged volume in percent of ``licensed_flow_m3_day``, for the hours that were counted.

    A register read once an hour shows 23 of a day's 24 hours from its first to its last reading: what is licensed for
    the day would hide the missing one.
    """
    licensed = context.attributes.get(LICENSED_FLOW)
    series = next(iter(context.series.values()))
    if isinstance(licensed, bool) or not isinstance(licensed, (int, float)) or licensed <= 0:
        return lambda _: nothing((series.point,), say("register_missing", attribute=LICENSED_FLOW))

    def judge(window: Window) -> Outcome:
        amount = amount_of(context.park, series, window)
        if amount.value is None:
            return nothing((series.point,), *amount.evidence)
        allowed = licensed * _counted_hours(context.park, series, window) / DAY_HOURS
        observed = round(100 * amount.value / allowed, 9)
        words = say("licensed_amount", amount=amount.value, licensed=allowed, observed=round(observed, 2))
        return Outcome(observed, amount.capture, (*amount.evidence, words), (series.point,))

    return judge


def _counted_hours(park: Park, series: SlotSeries, window: Window) -> float:
    """Hours from the first to the last register reading of the window; of interval amounts the whole window's."""
    part = series.within(window)
    starts = series.start_ms[part][series.state[part] == SlotState.VALID]
    point = park.points[series.point]
    if point.quantity.kind is not Kind.COUNTER or len(starts) < MINIMUM_REGISTER_SLOTS:
        return (window.end_ms - window.start_ms) / HOUR_MS
    # The last slot is counted up to its last reading, which is one interval before its end.
    within_slot_ms = max(0, series.slot_ms - point.interval_seconds * 1000)
    return (int(starts[-1]) - int(starts[0]) + within_slot_ms) / HOUR_MS


def energy_equivalent(context: Context) -> Judge:
    """Judge the active energy of a supply times the rule's ``factor`` (TOE or tCO2e per kWh); fuels are left out."""
    rule, series = context.rule, next(iter(context.series.values()))

    def judge(window: Window) -> Outcome:
        amount = amount_of(context.park, series, window)
        if amount.value is None:
            return nothing((series.point,), *amount.evidence)
        observed = round(amount.value * rule.factor, 9)
        words = say(
            "energy_equivalent", amount=amount.value, factor=f"{rule.factor:.10g}", unit=rule.unit, observed=observed
        )
        return Outcome(observed, amount.capture, (*amount.evidence, words), (series.point,))

    return judge


def mass_balance(context: Context) -> Judge:
    """Judge ``|given - received| / given x 100`` of one symbiosis link that is weighed at both ends."""
    link = next(link for link in context.park.symbiosis if link.link == context.subject)
    points = (link.giver_point, link.taker_point)
    giver, taker = context.series[link.giver_point], context.series[link.taker_point]

    def judge(window: Window) -> Outcome:
        given, received = amount_of(context.park, giver, window), amount_of(context.park, taker, window)
        evidence = (*given.evidence, *received.evidence)
        if given.value is None or received.value is None:
            return nothing(points, *evidence)
        if given.value <= 0:
            return nothing(points, *evidence, say("balance_nothing"))
        observed = round(100 * abs(given.value - received.value) / given.value, 9)
        words = say(
            "balance", giver=link.giver, given=given.value, taker=link.taker, received=received.value,
            unit=giver.unit, observed=round(observed, 2),
        )  # fmt: skip
        return Outcome(observed, min(given.capture, received.capture), (*evidence, words), points)

    return judge
