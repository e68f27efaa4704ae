"""A share of amounts over a window, in percent: points with some roles over points with other roles."""

import math

from analytics.evaluators.context import Context, Judge, Outcome, nothing
from analytics.evaluators.register_difference import amount_of
from analytics.rulebook.evidence import say
from analytics.windows import Window


def share(context: Context) -> Judge:
    """Judge ``numerator / denominator x 100``; a role that no point has counts as zero, and the evidence says so."""
    rule, park = context.rule, context.park
    roles = dict.fromkeys((*rule.numerator_roles, *rule.denominator_roles))
    members = {role: [p.id for p in park.points_with_role(role) if p.id in context.series] for role in roles}
    points = tuple(point for found in members.values() for point in found)
    absent = [say("role_absent", role=role) for role, found in members.items() if not found]

    def judge(window: Window) -> Outcome:
        amounts = {point: amount_of(park, context.series[point], window) for point in points}
        unknown = [words for amount in amounts.values() if amount.value is None for words in amount.evidence]
        if unknown or not amounts:
            return nothing(points, *unknown, *absent)
        sums = {role: math.fsum(amounts[point].value or 0.0 for point in found) for role, found in members.items()}
        above = math.fsum(sums[role] for role in rule.numerator_roles)
        below = math.fsum(sums[role] for role in rule.denominator_roles)
        evidence = [*(words for amount in amounts.values() for words in amount.evidence), *absent]
        if below <= 0:
            return nothing(points, *evidence, say("share_nothing"))
        observed = round(100 * above / below, 9)
        evidence.append(say("share", numerator=above, denominator=below, observed=round(observed, 2)))
        return Outcome(observed, min(amount.capture for amount in amounts.values()), tuple(evidence), points)

    return judge
