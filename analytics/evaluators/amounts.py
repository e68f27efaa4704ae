"""Amounts of a period against a licence, as an equivalent of energy, and given against received."""

from analytics.evaluators.context import Context, Judge, Lacking, Outcome, nothing
from analytics.registers.amount import Amount, amount_of
from analytics.registers.together import together
from analytics.rulebook.evidence import say
from analytics.slots.series import SlotSeries
from analytics.windows import HOUR_MS, Window

DAY_HOURS = 24
LICENSED_FLOW = "licensed_flow_m3_day"


def licensed_amount(context: Context) -> Judge:
    """Judge the discharged volume in percent of ``licensed_flow_m3_day``, for the time between the registers taken.

    That is the day, but for an edge at which the register was read some time before or after it. Where none was read
    near an edge, the volume is the least it can be, and is held against the whole day's.
    """
    licensed = context.attributes.get(LICENSED_FLOW)
    series = next(iter(context.series.values()))
    if isinstance(licensed, bool) or not isinstance(licensed, (int, float)) or licensed <= 0:
        return lambda _: nothing((series.point,), say("register_missing", attribute=LICENSED_FLOW))

    def judge(window: Window) -> Outcome:
        amount = amount_of(context.park, series, window)
        if amount.value is None:
            return nothing((series.point,), *amount.evidence)
        is_part = amount.lacks_start or amount.lacks_end
        over_ms = window.end_ms - window.start_ms if is_part else amount.counted_ms
        allowed = licensed * over_ms / HOUR_MS / DAY_HOURS
        observed = round(100 * amount.value / allowed, 9)
        words = say("licensed_amount", amount=amount.value, licensed=allowed, observed=round(observed, 2))
        return _of_sum(amount, observed, 100 / allowed, words, series)

    return judge


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
        return _of_sum(amount, observed, rule.factor, words, series)

    return judge


def _of_sum(amount: Amount, observed: float, factor: float, words: str, series: SlotSeries) -> Outcome:
    """A sum, and what it lacks; ``factor`` turns the amount into the rule's unit."""
    evidence = [*amount.evidence, words]
    if amount.most is not None and amount.lacks_inside:
        evidence.append(say("sum_at_most", point=series.point, most=round(amount.most, 3), unit=series.unit))
    return Outcome(
        observed, amount.capture, tuple(evidence), (series.point,),
        lacking=Lacking(
            amount.lacks_start, amount.lacks_end, None if amount.most is None else round(amount.most * factor, 9)
        ),
    )  # fmt: skip


def mass_balance(context: Context) -> Judge:
    """Judge ``|given - received| / given x 100`` of one symbiosis link that is weighed at both ends.

    Both ends are counted over the same stretch.
    """
    link = next(link for link in context.park.symbiosis if link.link == context.subject)
    points = (link.giver_point, link.taker_point)
    giver, taker = context.series[link.giver_point], context.series[link.taker_point]

    def judge(window: Window) -> Outcome:
        both = together(context.park, (giver, taker), window)
        given, received = (both.amounts[point].value for point in points)
        if given is None or received is None:
            return nothing(points, *both.evidence)
        if given <= 0:
            return nothing(points, *both.evidence, say("balance_nothing"))
        observed = round(100 * abs(given - received) / given, 9)
        words = say(
            "balance", giver=link.giver, given=given, taker=link.taker, received=received,
            unit=giver.unit, observed=round(observed, 2),
        )  # fmt: skip
        return Outcome(observed, both.capture, (*both.evidence, words), points)

    return judge
