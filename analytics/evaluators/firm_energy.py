"""A firm's energy per product and its share in peak hours, from production.csv and its meters; else from evidence."""

import dataclasses
import math
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from analytics.evaluators.context import Context, Judge, Outcome, nothing
from analytics.evaluators.evidence_record import evidence_record
from analytics.indicators.energy import MJ_PER_KWH
from analytics.indicators.energy_review import billed_kwh
from analytics.indicators.supply_indicators import SUPPLY, hours_of
from analytics.indicators.tariff import Band, EnergyInterval, energy_by_band
from analytics.registers.amount import COMPLETE_SHARE, Amount, amount_of, is_interval
from analytics.registers.half_hours import half_hours, is_interpolated
from analytics.registers.together import together
from analytics.rulebook.evidence import say
from analytics.rulebook.limits import LimitUnknownError, keeps, limit_for
from analytics.slots.data_capture import SlotState
from analytics.slots.series import SlotSeries
from analytics.windows import Window, start_of_day_ms
from telemetry_model.park_register import Park
from telemetry_model.quantities import Kind

CARRIERS = "energy_carriers"
ELECTRICITY_ONLY = "electricity"
FACILITY = "facility"
MINUTE_SECONDS = 60


class _MonthUse(NamedTuple):
    """What was made in a month [unit of the product], and the electricity for it [kWh] with its source."""

    made: float
    energy_kwh: float
    source: str


def specific_energy(context: Context) -> Judge:
    """Judge electricity over what was made in the whole months of the period [MJ per unit of product].

    A record of the period goes first, it counts all carriers. Electricity alone is a lower bound of what the norm
    counts: above the norm it proves the excess; below, it proves nothing unless the register says that the facility
    uses nothing else (``energy_carriers``). Data capture is the share of the months with product and energy.
    """
    by_record = evidence_record(context)

    def judge(window: Window) -> Outcome:
        recorded = by_record(window)
        if recorded.observed is not None:
            return recorded
        computed = _specific_energy(context, window)
        return dataclasses.replace(computed, evidence=(*recorded.evidence, *computed.evidence))

    return judge


def _specific_energy(context: Context, window: Window) -> Outcome:
    rule, park, points = context.rule, context.park, tuple(context.series)
    tenant = context.installation.tenant if context.installation else ""
    unit = rule.unit.removeprefix("MJ/")
    made = [entry for entry in park.production if entry.tenant == tenant]
    works = [i.id for i in park.installations.values() if i.kind == FACILITY and i.tenant == tenant]
    if not made:
        return Outcome(None, 0.0, (), points)
    if len(works) > 1 or len({entry.product for entry in made}) > 1 or {entry.unit for entry in made} != {unit}:
        return nothing(points, say("specific_energy_unclear", tenant=tenant, unit=unit))
    months = list(_whole_months(park, window))
    uses = [use for month in months if (use := _month_use(context, tenant, month)) is not None]
    produced, energy = math.fsum(use.made for use in uses), math.fsum(use.energy_kwh for use in uses)
    words = say(
        "specific_energy", energy=round(energy, 3), made=round(produced, 6), unit=unit, count=len(uses),
        expected=len(months), metered=sum(use.source == "meter" for use in uses),
    )  # fmt: skip
    if produced <= 0:
        return nothing(points, words)
    outcome = Outcome(round(MJ_PER_KWH * energy / produced, 9), len(uses) / len(months), (words,), points)
    return outcome if _is_proven(context, window, outcome) else nothing(points, words, say("other_carriers"))


def _whole_months(park: Park, window: Window) -> Iterator[Window]:
    month = window.day
    while (end_ms := start_of_day_ms(_next(month), park.timezone)) <= window.end_ms:
        yield Window(start_of_day_ms(month, park.timezone), end_ms, month)
        month = _next(month)


def _next(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _month_use(context: Context, tenant: str, month: Window) -> _MonthUse | None:
    """The meters' energy where they have the month, else the bill's; ``None`` without either or without product."""
    entries = [e for e in context.park.production if e.tenant == tenant and e.month == month.day]
    if not entries:
        return None
    made = math.fsum(entry.amount for entry in entries)
    amounts = [amount_of(context.park, series, month) for series in context.series.values()]
    metered = [a.value for a in amounts if a.value is not None and _has_month(a, context)]
    if amounts and len(metered) == len(amounts):
        return _MonthUse(made, math.fsum(metered), "meter")
    bill = billed_kwh(context.park, tenant, month.day)
    return None if bill is None else _MonthUse(made, bill, "bill")


def _has_month(amount: Amount, context: Context) -> bool:
    """Whether meters tell a month's energy: of a part of it the bill knows more, and it would pass for a saving."""
    if amount.lacks_start or amount.lacks_end or (amount.lacks_inside and amount.capture < COMPLETE_SHARE):
        return False
    return amount.capture >= context.rule.minimum_data_capture


def _is_proven(context: Context, window: Window, outcome: Outcome) -> bool:
    """Whether electricity alone tells the verdict: the facility uses nothing else, or it alone breaks the norm."""
    if context.attributes.get(CARRIERS) == ELECTRICITY_ONLY:
        return True
    try:
        limit = limit_for(context.rule, context.attributes, window.day)
    except LimitUnknownError:
        return True  # there is no verdict whatever the value, and the finding says why
    return outcome.observed is not None and not keeps(context.rule.comparison, outcome.observed, limit)


def peak_energy_share(context: Context) -> Judge:
    """Report the share of a firm's metered energy in peak hours [%], under the hours of each supply's register entry.

    Without meters the evidence record counts. Energy over a gap is spread evenly; data capture shows how much that is.
    A register that is not read at the half hour is interpolated between the readings next to it.
    """
    park, by_record, points = context.park, evidence_record(context), tuple(context.series)

    def judge(window: Window) -> Outcome:
        if not points:
            return by_record(window)
        amounts = together(park, list(context.series.values()), window)
        if amounts.reasons:
            recorded = by_record(window)
            return recorded if recorded.observed is not None else nothing(points, *amounts.evidence)
        counted = [*amounts.evidence, *_interpolated(park, points)]
        peak, whole, names = 0.0, 0.0, dict[str, None]()
        for series in context.series.values():
            bands = _bands(park, series, amounts.stretch, names)
            peak += bands.get(Band.PEAK, 0.0)
            whole += math.fsum(bands.values())
        if whole <= 0:
            return nothing(points, *counted, say("share_nothing"))
        observed = round(100 * peak / whole, 9)
        words = say("peak_share", peak=round(peak, 3), whole=round(whole, 3), hours=", ".join(names),
                    observed=round(observed, 2))  # fmt: skip
        return Outcome(observed, amounts.capture, (*counted, words), points)

    return judge


def _bands(park: Park, series: SlotSeries, window: Window, names: dict[str, None]) -> dict[Band, float]:
    """Energy of a point by band [kWh]; adds the hours used to ``names``."""
    device = park.points[series.point].device
    supply = next((i for i in park.installations_at(device) if i.kind == SUPPLY), None)
    hours = hours_of(supply)
    found = energy_by_band(_intervals(park, series, window), hours, park.timezone)
    names.update(dict.fromkeys(name for name, _ in found))
    bands: dict[Band, float] = {}
    for (_, band), energy in found.items():
        bands[band] = bands.get(band, 0.0) + energy
    return bands


def _interpolated(park: Park, points: tuple[str, ...]) -> Iterator[str]:
    for name in points:
        point = park.points[name]
        if point.quantity.kind is Kind.COUNTER and is_interpolated(point):
            yield say("register_interpolated", point=name, minutes=point.interval_seconds / MINUTE_SECONDS)


def _intervals(park: Park, series: SlotSeries, window: Window) -> Iterator[EnergyInterval]:
    """Energy from half hour to half hour as :func:`half_hours` cuts it; interval amounts as they are."""
    if not is_interval(park, series):
        yield from (EnergyInterval(*piece) for piece in half_hours(park, series, window))
        return
    part = series.within(window)
    valid = series.state[part] == SlotState.VALID
    for start, energy in zip(series.start_ms[part][valid].tolist(), series.total[part][valid].tolist(), strict=True):
        yield EnergyInterval(start, start + series.slot_ms, energy)
