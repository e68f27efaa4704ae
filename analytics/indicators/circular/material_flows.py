"""Material and waste flows by code: totals, what is kept from landfill, and how much of the input is secondary."""

import math
from collections.abc import Callable, Iterable

from analytics.finding import Confidence
from analytics.indicator import Basis, IndicatorValue, untold
from analytics.indicators.measured import Amount, measured, not_negative, share_percent
from telemetry_model.park_register import Destination, WasteFlow

_DIVERSION = Basis(
    "Circular 05/2025/TT-BKHDT, forms A.4 and B.4 (waste diverted)",
    Confidence.SETTING,
    "reuse, recycling and biological treatment count as diverted; energy recovery does not; an unknown destination "
    "counts as not diverted",
)
_SECONDARY = Basis("Circular 05/2025/TT-BKHDT, forms A.4 and B.4 (secondary material)", Confidence.SETTING)


def mass_by_code_t(flows: Iterable[WasteFlow]) -> dict[tuple[str, str], float]:
    """Mass [t] by code system and code, in the order of both."""
    masses: dict[tuple[str, str], list[float]] = {}
    for flow in flows:
        masses.setdefault((flow.code_system, flow.code), []).append(flow.mass_t)
    return {key: math.fsum(parts) for key, parts in sorted(masses.items())}


def diversion_share(flows: Iterable[WasteFlow]) -> IndicatorValue:
    """Share [%] of the waste mass [t] that is reused, recycled or treated biologically."""
    return _share(list(flows), lambda destination: destination.is_diverted)


def landfill_share(flows: Iterable[WasteFlow]) -> IndicatorValue:
    """Share [%] of the waste mass [t] that goes to landfill."""
    return _share(list(flows), lambda destination: destination is Destination.LANDFILL)


def secondary_material_share(secondary_t: Amount, primary_t: Amount) -> IndicatorValue:
    """Share [%] of secondary material [t] in all material input, ``primary_t`` [t] being the rest."""
    not_negative(secondary_t=secondary_t, primary_t=primary_t)
    if measured(secondary_t).value + measured(primary_t).value == 0:
        return untold("%", _SECONDARY, "no material was used")
    inputs = {"secondary_t": secondary_t, "primary_t": primary_t}
    return share_percent(secondary_t, primary_t).report("%", _SECONDARY, inputs)


def _share(flows: list[WasteFlow], counts: Callable[[Destination], bool]) -> IndicatorValue:
    if any(flow.mass_t < 0 for flow in flows):
        raise ValueError("a waste mass cannot be negative")
    whole = math.fsum(flow.mass_t for flow in flows)
    unknown = math.fsum(flow.mass_t for flow in flows if flow.destination is Destination.UNKNOWN)
    inputs: dict[str, float | str] = {"waste_t": whole, "unknown_destination_t": unknown}
    if whole == 0:
        return untold("%", _DIVERSION, "no waste is on record", inputs)
    part = math.fsum(flow.mass_t for flow in flows if counts(flow.destination))
    value = min(100.0, 100 * (part / whole))
    known = min(1.0, max(0.0, 1 - unknown / whole))
    return IndicatorValue(value=value, unit="%", basis=_DIVERSION, inputs=inputs, data_capture=known)
