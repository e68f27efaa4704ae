"""Power factor of a period from active and reactive energy: ``cos phi = Ap / sqrt(Ap^2 + Aq^2)``."""

import math

from analytics.evaluators.context import Context, Judge, Outcome, nothing
from analytics.registers.together import together
from analytics.rulebook.evidence import say
from analytics.windows import Window

ENERGY_PAIRS = (
    ("active_energy_import", "reactive_energy_import", "meter registers"),
    ("active_energy_interval", "reactive_energy_interval", "interval energies"),
)
"""Active and reactive quantity, in the order in which they are preferred."""


def power_factor(context: Context) -> Judge:
    """Judge the power factor of the installation's meter over the window (Circular 15/2014/TT-BCT: a billing cycle).

    Both energies are counted over the same stretch.
    """
    pair = next(((a, r, words) for a, r, words in ENERGY_PAIRS if context.point_of(a) and context.point_of(r)), None)
    if pair is None:
        return lambda _: nothing((), say("no_data"))
    active_point, reactive_point = context.point_of(pair[0]) or "", context.point_of(pair[1]) or ""
    points = (active_point, reactive_point)

    def judge(window: Window) -> Outcome:
        both = together(context.park, [context.series[point] for point in points], window)
        active, reactive = (both.amounts[point].value for point in points)
        evidence = list(both.evidence)
        if active is None or reactive is None:
            return nothing(points, *evidence)
        apparent = math.hypot(active, reactive)
        if apparent <= 0:
            return nothing(points, *evidence, say("no_energy"))
        observed = round(active / apparent, 9)
        evidence.append(say("energy", active=active, reactive=reactive, source=pair[2], observed=round(observed, 4)))
        return Outcome(observed, both.capture, tuple(evidence), points)

    return judge
