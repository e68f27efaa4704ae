"""Power factor of a period from active and reactive energy: ``cos phi = Ap / sqrt(Ap^2 + Aq^2)``."""

import math

from analytics.evaluators.context import Context, Judge, Outcome, nothing
from analytics.evaluators.register_difference import amount_of
from analytics.rulebook.evidence import say
from analytics.windows import Window

ENERGY_PAIRS = (
    ("active_energy_import", "reactive_energy_import", "meter registers"),
    ("active_energy_interval", "reactive_energy_interval", "interval energies"),
)
"""Active and reactive quantity, in the order in which they are preferred."""


def power_factor(context: Context) -> Judge:
    """Judge the power factor of the installation's meter over the window (Circular 15/2014/TT-BCT: a billing cycle)."""
    pair = next(((a, r, words) for a, r, words in ENERGY_PAIRS if context.point_of(a) and context.point_of(r)), None)
    if pair is None:
        return lambda _: nothing((), say("no_data"))
    active_point, reactive_point = context.point_of(pair[0]) or "", context.point_of(pair[1]) or ""
    points = (active_point, reactive_point)

    def judge(window: Window) -> Outcome:
        active = amount_of(context.park, context.series[active_point], window)
        reactive = amount_of(context.park, context.series[reactive_point], window)
        evidence = [*active.evidence, *reactive.evidence]
        if active.value is None or reactive.value is None:
            return nothing(points, *dict.fromkeys(evidence))
        apparent = math.hypot(active.value, reactive.value)
        if apparent <= 0:
            return nothing(points, *evidence, say("no_energy"))
        observed = round(active.value / apparent, 9)
        evidence.append(
            say("energy", active=active.value, reactive=reactive.value, source=pair[2], observed=round(observed, 4))
        )
        return Outcome(observed, min(active.capture, reactive.capture), tuple(evidence), points)

    return judge
