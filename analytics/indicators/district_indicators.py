"""Indicators of a district of a water network (or any zone with one flow meter): how little flows at night."""

import math
from collections.abc import Iterator

from analytics.finding import Confidence
from analytics.indicator import Basis, untold
from analytics.indicators.measured import Measured
from analytics.indicators.park_view import ParkView, ReportedIndicator, captured
from analytics.indicators.water import minimum_night_flow, night_flow_share
from telemetry_model.park_register import Installation

DISTRICT = "water_district"
_METER = Basis("Flow meter of the district", Confidence.SOURCE)


def district_indicators(view: ParkView, district: Installation) -> Iterator[ReportedIndicator]:
    """Mean flow, minimum night flow, and one as a share of the other."""
    capture = view.capture(district.device, "flow")
    slots = view.slots(district.device, "flow")
    mean = untold("m3/h", _METER, f"{district.device}.flow sent no valid value")
    share = untold("%", _METER, mean.reason)
    night = captured(minimum_night_flow(((slot.start_ms, slot.value) for slot in slots), view.zone), capture)
    if slots:
        flow = Measured(math.fsum(slot.value for slot in slots) / len(slots), 0.0, capture)
        mean = flow.report("m3/h", _METER, {"slots": len(slots)})
        share = night_flow_share(night, flow)
    for name, value in (("mean_flow", mean), ("night_flow", night), ("night_flow_share", share)):
        yield view.report(name, district.id, district.tenant, value)
