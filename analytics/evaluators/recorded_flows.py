"""Shares of waste from manifests and circularity of products, from the records of the register; else from evidence."""

import math

from analytics.evaluators.context import Context, Judge, Outcome
from analytics.evaluators.evidence_record import evidence_record
from analytics.indicators.circular.material_circularity import circularity_of, material_circularity
from analytics.rulebook.evidence import say
from analytics.windows import Window, local_day
from telemetry_model.park_register import Destination


def waste_share(context: Context) -> Judge:
    """Judge the share of the waste mass of the period's manifests that went to the rule's ``destinations``.

    Data capture is the share of the mass whose destination is known. Without manifests the evidence record counts.
    """
    rule, park = context.rule, context.park
    by_record = evidence_record(context)

    def judge(window: Window) -> Outcome:
        last_day = local_day(window.end_ms - 1, park.timezone)
        flows = [flow for flow in park.manifests if window.day <= flow.day <= last_day]
        whole = math.fsum(flow.mass_t for flow in flows)
        if whole <= 0:
            return by_record(window)
        part = math.fsum(flow.mass_t for flow in flows if flow.destination in rule.destinations)
        unknown = math.fsum(flow.mass_t for flow in flows if flow.destination is Destination.UNKNOWN)
        words = say(
            "waste_share", part=round(part, 6), whole=round(whole, 6), destinations=", ".join(rule.destinations),
            unknown=round(unknown, 6),
        )  # fmt: skip
        return Outcome(round(100 * part / whole, 9), max(0.0, 1 - unknown / whole), (words,), ())

    return judge


def circularity(context: Context) -> Judge:
    """Report the mean MCI of the year's products, weighted by mass. Without products the evidence record counts."""
    park, by_record = context.park, evidence_record(context)

    def judge(window: Window) -> Outcome:
        products = [product for product in park.products if product.year == window.day.year]
        if not products:
            return by_record(window)
        mass = math.fsum(product.mass_t for product in products)
        values = [(product.mass_t, material_circularity(circularity_of(product)).value or 0.0) for product in products]
        observed = math.fsum(part * value for part, value in values) / mass
        words = say("circularity", count=len(products), mass=round(mass, 6), observed=round(observed, 4))
        return Outcome(round(observed, 9), 1.0, (words,), ())

    return judge
