"""Circular-economy indicators of a period from meters: symbiosis balances with their remainder, water in circles."""

from collections.abc import Iterator

from analytics.finding import Confidence
from analytics.indicator import Basis, IndicatorValue, untold
from analytics.indicators.circular.inflow_outflow import circular_water_share, onsite_water_reuse_ratio
from analytics.indicators.circular.symbiosis import symbiosis_intensity
from analytics.indicators.measured import Amount, Measured, total
from analytics.indicators.park_indicators import link_indicators, sums_of_roles
from analytics.indicators.park_view import ParkView, ReportedIndicator, reasons
from analytics.indicators.store_readings import Span, read_points
from analytics.indicators.water import reuse_share
from telemetry_model.park_register import Park
from telemetry_model.park_register.types import PARK_TENANT
from telemetry_store.protocol import TelemetryStore

_ROLES = ("wastewater_reused", "wastewater_discharged", "water_intake")
_METERS = Basis("Park meters", Confidence.SOURCE)


async def metered_circularity(store: TelemetryStore, park: Park, span: Span) -> list[ReportedIndicator]:
    """Balances of every link and the park's water indicators over ``span``; raises ``UnreachableError``."""
    links = {name for link in park.symbiosis for name in (link.giver_point, link.taker_point) if name}
    points = {point.id: point for role in _ROLES for point in park.points_with_role(role)}
    points |= {name: park.points[name] for name in links}
    readings = await read_points(store, park, points.values(), span, frozenset())
    view = ParkView(park, span, readings)
    found = [indicator for link in park.symbiosis for indicator in link_indicators(view, link)]
    return [*found, *_water(view)]


def exchange_intensity(found: list[ReportedIndicator], waste_t: float) -> IndicatorValue:
    """What the links gave by mass over all waste of the manifests [%]; links in other units are left out."""
    given: list[Amount] = [
        Measured(i.value.value, i.value.standard_uncertainty or 0.0, i.value.data_capture)
        for i in found
        if i.name == "symbiosis_given" and i.value.unit == "t" and i.value.value is not None
    ]
    return symbiosis_intensity(total(given), waste_t)


def _water(view: ParkView) -> Iterator[ReportedIndicator]:
    reused, discharged = sums_of_roles(view, "wastewater_reused", "wastewater_discharged")
    values: dict[str, IndicatorValue] = {}
    if isinstance(reused, Measured) and isinstance(discharged, Measured):
        values["water_reuse_share"] = reuse_share(reused, discharged)
    else:
        values["water_reuse_share"] = untold("%", _METERS, reasons((reused, discharged)))
    reused, intake = sums_of_roles(view, "wastewater_reused", "water_intake")
    if isinstance(reused, Measured) and isinstance(intake, Measured):
        values["circular_water_share"] = circular_water_share(reused, intake)
        values["onsite_water_reuse_ratio"] = onsite_water_reuse_ratio(reused, intake)
    else:
        why = reasons((reused, intake))
        values["circular_water_share"] = untold("%", _METERS, why)
        values["onsite_water_reuse_ratio"] = untold("1", _METERS, why)
    for name, value in values.items():
        yield view.report(name, view.park.id, PARK_TENANT, value)
