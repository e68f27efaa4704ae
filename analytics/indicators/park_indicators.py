"""Indicators of the park as a whole and of its symbiosis links."""

import math
from collections.abc import Iterator, Mapping

from analytics.finding import Confidence
from analytics.indicator import Basis, IndicatorValue, untold
from analytics.indicators.circular.symbiosis import LinkBalance, balance_link
from analytics.indicators.measured import Measured, total
from analytics.indicators.park_view import ParkView, ReportedIndicator, as_measured, reasons
from analytics.indicators.renewable import renewable_share
from analytics.indicators.side_by_side import side_by_side
from analytics.indicators.store_readings import Missing
from analytics.indicators.tenant_indicators import carbon
from analytics.indicators.water import minimum_night_flow, night_flow_leak, reuse_share, water_balance
from telemetry_model.park_register.types import PARK_TENANT, SymbiosisLink

_METERS = Basis("Park meters", Confidence.SOURCE)


def park_indicators(view: ParkView) -> Iterator[ReportedIndicator]:
    """Grid electricity and its emissions, renewable share, waste; water balance, night flow, reuse."""
    grid = view.amount_of_role("grid_import")
    found = {
        "grid_electricity": as_measured(grid, "kWh", _METERS),
        **{name: value for name, value in carbon(view, grid).items() if name != "list_candidate"},
        "renewable_share": _renewable(view),
        "waste": as_measured(view.amount_of_role("tenant_waste"), "t", _METERS),
        **_water(view),
    }
    for name, value in found.items():
        yield view.report(name, view.park.id, PARK_TENANT, value)


def link_indicators(view: ParkView, link: SymbiosisLink) -> Iterator[ReportedIndicator]:
    """What a link's giver gave, its taker took, and the remainder of the stretch that both meters know."""
    point = view.park.points.get(link.giver_point) or view.park.points.get(link.taker_point)
    unit = point.unit if point else "t"
    ends = [point_id for point_id in (link.giver_point, link.taker_point) if point_id]
    whole = _balanced(link, {point_id: view.amount(point_id) for point_id in ends}, unit)
    yield view.report("symbiosis_given", link.link, link.giver, whole.given)
    yield view.report("symbiosis_taken", link.link, link.taker, whole.taken)
    yield view.report(
        "symbiosis_remainder", link.link, PARK_TENANT, _balanced(link, view.together(*ends), unit).remainder
    )


def _balanced(link: SymbiosisLink, amounts: Mapping[str, Measured | Missing], unit: str) -> LinkBalance:
    given, taken = amounts.get(link.giver_point), amounts.get(link.taker_point)
    why = reasons(amount for amount in (given, taken) if amount is not None)
    return balance_link(
        given if isinstance(given, Measured) else None, taken if isinstance(taken, Measured) else None, unit, why
    )


def _renewable(view: ParkView) -> IndicatorValue:
    others = ["grid_import", *(["chp_generation"] if view.park.points_with_role("chp_generation") else [])]
    sun, *rest = sums_of_roles(view, "pv_generation", *others)
    if isinstance(sun, Missing) or any(isinstance(other, Missing) for other in rest):
        return untold("%", _METERS, reasons([sun, *rest]))
    return renewable_share(sun, total(other for other in rest if isinstance(other, Measured)))


def sums_of_roles(view: ParkView, *roles: str) -> list[Measured | Missing]:
    """The sum over the points of each role, all over the same stretch; a role without a point has no sum."""
    groups = [view.park.summed_with_role(role) for role in roles]
    found = view.sums(*groups)
    return [
        amount if points else Missing(f"no point measures {role.replace('_', ' ')}")
        for role, points, amount in zip(roles, groups, found, strict=True)
    ]


def _water(view: ParkView) -> dict[str, IndicatorValue]:
    inflow_roles = ["water_intake", *(["wastewater_reused"] if view.park.points_with_role("wastewater_reused") else [])]
    used, *inflows = sums_of_roles(view, "tenant_water", *inflow_roles)
    balance = untold("m3", _METERS, reasons([*inflows, used]))
    if not balance.reason and isinstance(used, Measured):
        balance = water_balance([inflow for inflow in inflows if isinstance(inflow, Measured)], [used])
    reused, discharged = sums_of_roles(view, "wastewater_reused", "wastewater_discharged")
    share = untold("%", _METERS, reasons((reused, discharged)))
    if isinstance(reused, Measured) and isinstance(discharged, Measured):
        share = reuse_share(reused, discharged)
    night = _night_flow(view, ("water_intake", "wastewater_reused"))
    used_at_night = _night_flow(view, ("tenant_water",))
    why = (
        night.reason or used_at_night.reason or _backwards(night, "the intake") or _backwards(used_at_night, "tenants")
    )
    leak = untold("m3/d", night.basis, why)
    if not why and night.value is not None and used_at_night.value is not None:
        spread = used_at_night.standard_uncertainty or 0.0
        leak = night_flow_leak(night, Measured(used_at_night.value, spread, used_at_night.data_capture))
    return {"water_balance": balance, "night_flow": night, "night_leak": leak, "water_reuse_share": share}


def _backwards(night: IndicatorValue, whose: str) -> str:
    return f"the night flow of {whose} is negative" if night.value is not None and night.value < 0 else ""


def _night_flow(view: ParkView, roles: tuple[str, ...]) -> IndicatorValue:
    """Minimum night flow of the sum over the meters with these roles, in slots in which all of them measured."""
    devices = [point.device for role in roles for point in view.park.summed_with_role(role)]
    if not view.park.points_with_role(roles[0]):
        return untold("m3/h", _METERS, f"no point measures {roles[0].replace('_', ' ')}")
    found = side_by_side(view, [(device, "flow") for device in devices])
    sums = [(slot.start_ms, math.fsum(flows)) for slot, flows in zip(found.slots, found.values, strict=True)]
    value = minimum_night_flow(sums, view.zone)
    if value.value is None:
        return untold("m3/h", value.basis, f"{value.reason} by all meters of {roles[0].replace('_', ' ')}")
    flow = Measured(value.value, value.standard_uncertainty or 0.0, found.capture)
    return flow.report("m3/h", value.basis, value.inputs)
