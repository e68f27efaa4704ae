"""A share of amounts over a window, in percent: points with some roles over points with other roles."""

import math

from analytics.evaluators.context import Context, Judge, Outcome, nothing
from analytics.registers.together import together
from analytics.rulebook.evidence import say
from analytics.windows import Window


def share(context: Context) -> Judge:
    """Judge ``numerator / denominator x 100``, all counted over the same stretch.

    A role that no point has counts as zero, and the evidence says so.
    """
    rule, park = context.rule, context.park
    roles = dict.fromkeys((*rule.numerator_roles, *rule.denominator_roles))
    members = {role: [p.id for p in park.summed_with_role(role) if p.id in context.series] for role in roles}
    points = tuple(point for found in members.values() for point in found)
    absent = [say("role_absent", role=role) for role, found in members.items() if not found]

    def judge(window: Window) -> Outcome:
        if not points:
            return nothing(points, *absent)
        amounts = together(park, [context.series[point] for point in points], window)
        unknown = [words for amount in amounts.amounts.values() if amount.value is None for words in amount.evidence]
        if unknown:
            return nothing(points, *dict.fromkeys(unknown), *absent)
        sums = {role: amounts.sum_of(found) for role, found in members.items()}
        above = math.fsum(sums[role] for role in rule.numerator_roles)
        below = math.fsum(sums[role] for role in rule.denominator_roles)
        evidence = [*amounts.evidence, *absent]
        if below <= 0:
            return nothing(points, *evidence, say("share_nothing"))
        observed = round(100 * above / below, 9)
        evidence.append(say("share", numerator=above, denominator=below, observed=round(observed, 2)))
        return Outcome(observed, amounts.capture, tuple(evidence), points)

    return judge
