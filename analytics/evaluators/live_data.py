"""How many firms have live electricity, water and waste data over a window, in percent of all firms."""

import numpy as np

from analytics.evaluators.context import Context, Judge, Outcome, nothing
from analytics.rulebook.evidence import say
from analytics.slots.data_capture import expected_slots
from analytics.slots.series import SlotSeries
from analytics.windows import Window
from telemetry_model.park_register import Park


def live_data(context: Context) -> Judge:
    """Judge the share of firms of which each role of the rule has a point that is live.

    A point is live when the valid readings it sent reach the rule's minimum of those expected of its interval. Data
    capture of the outcome is 1 as soon as anything at all was received: missing data is what the rule is about, not a
    reason not to judge.
    """
    rule, park = context.rule, context.park
    owned: dict[str, dict[str, list[str]]] = {
        firm.id: {role: [] for role in rule.numerator_roles} for firm in park.firms()
    }
    for role in rule.numerator_roles:
        for point in park.points_with_role(role):
            if point.tenant in owned:
                owned[point.tenant][role].append(point.id)

    def judge(window: Window) -> Outcome:
        captures = {point: _capture(park, series, window) for point, series in context.series.items()}
        points = tuple(captures)
        if not owned or not any(captures.values()):
            return nothing(points, say("no_data"))
        evidence: list[str] = []
        for firm, roles in owned.items():
            dead = [
                role for role, found in roles.items()
                if not any(captures.get(point, 0.0) >= rule.minimum_data_capture for point in found)
            ]  # fmt: skip
            if dead:
                evidence.append(say("not_live", tenant=firm, missing=", ".join(dead)))
        live = len(owned) - len(evidence)
        observed = round(100 * live / len(owned), 9)
        return Outcome(observed, 1.0, (say("live", live=live, firms=len(owned)), *evidence), points)

    return judge


def _capture(park: Park, series: SlotSeries, window: Window) -> float:
    """Valid readings over those expected: one reading makes a good hour of a register, but not an hour of live data.

    An hour has no more than its share, however many readings a meter sent in it.
    """
    interval_ms = park.points[series.point].interval_seconds * 1000
    per_slot = -(-series.slot_ms // interval_ms)
    received = int(np.minimum(series.valid[series.within(window)], per_slot).sum())
    return min(1.0, received / expected_slots(window.start_ms, window.end_ms, interval_ms))
