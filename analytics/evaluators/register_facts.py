"""What the register alone decides: shares of areas, single numbers, signed symbiosis links, automatic points."""

import math
from collections.abc import Mapping

from analytics.evaluators.context import Context, Judge, Outcome, nothing
from analytics.rulebook.evidence import say
from analytics.windows import Window, local_day
from telemetry_model.park_register.dated import Attribute
from telemetry_model.quantities import Kind


def register_share(context: Context) -> Judge:
    """Judge the sum of some attributes over the sum of others, in percent; one that is missing gives no verdict."""
    rule = context.rule
    return lambda window: _share(_facts(context, window), rule.numerator_attributes, rule.denominator_attributes)


def register_value(context: Context) -> Judge:
    """Judge one attribute, the first of ``numerator_attributes``."""
    name = context.rule.numerator_attributes[0]

    def judge(window: Window) -> Outcome:
        value = _number(_facts(context, window), name)
        if value is None:
            return nothing((), say("register_missing", attribute=name))
        return Outcome(value, 1.0, (say("register_value", attribute=name, observed=value),), ())

    return judge


def symbiosis_links(context: Context) -> Judge:
    """Judge how many links of symbiosis.csv name an agreement."""
    links = context.park.symbiosis
    signed = [link.link for link in links if link.agreement]
    words = say("links", signed=len(signed), links=len(links), names=", ".join(signed) or "-")
    return _always(Outcome(float(len(signed)), 1.0, (words,), ()))


def automatic_points(context: Context) -> Judge:
    """Judge how many quantities of the installation's device are measured automatically."""
    device = context.installation.device if context.installation else ""
    found = [p.id for p in context.park.points_of_device(device) if p.quantity.kind is Kind.GAUGE]
    words = say("automatic_points", count=len(found), device=device)
    return _always(Outcome(float(len(found)), 1.0, (words,), tuple(found)))


def _share(known: Mapping[str, Attribute], above: tuple[str, ...], below: tuple[str, ...]) -> Outcome:
    numbers = {name: _number(known, name) for name in (*above, *below)}
    missing = [say("register_missing", attribute=name) for name, number in numbers.items() if number is None]
    if missing:
        return nothing((), *missing)
    numerator = math.fsum(numbers[name] or 0.0 for name in above)
    denominator = math.fsum(numbers[name] or 0.0 for name in below)
    if denominator <= 0:
        return nothing((), say("share_nothing"))
    observed = round(100 * numerator / denominator, 9)
    words = say("register_sum", numerator=numerator, denominator=denominator, observed=round(observed, 2))
    return Outcome(observed, 1.0, (words,), ())


def _always(outcome: Outcome) -> Judge:
    def judge(_: Window) -> Outcome:
        return outcome

    return judge


def _facts(context: Context, window: Window) -> Mapping[str, Attribute]:
    """As at the last day of the window, like records: what is held against a limit here is the register itself."""
    return (context.installation or context.park).attributes_on(local_day(window.end_ms - 1, context.park.timezone))


def _number(known: Mapping[str, Attribute], name: str) -> float | None:
    value = known.get(name)
    return None if isinstance(value, bool) or not isinstance(value, (int, float)) else float(value)
