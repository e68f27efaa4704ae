"""Which whole months' indicators rest on readings that came late, or on readings that were deleted; no I/O."""

from collections import defaultdict
from collections.abc import Iterable

from analytics.indicators.compute import needed_points
from analytics.indicators.store_readings import Span
from analytics.judging.deleted_time import Edges
from analytics.judging.reopen import Touch
from analytics.registers.meters import edge_ms
from analytics.windows import billing_windows
from telemetry_model.park_register import MeasuringPoint, Park
from telemetry_model.quantities import Kind, Medium

_INTERVAL_END_MS = 1000
"""An amount is stamped at the end of its interval: one of midnight belongs to the month before."""


def months_touched(park: Park, touches: Iterable[Touch], closed_by_ms: int) -> list[Span]:
    """The local calendar months over by ``closed_by_ms`` whose indicators read a touched instant, oldest first."""
    wanted = set(touches)
    needed = needed_points(park)[0] if wanted else []
    points, reach_ms = _by_device(needed), _reach_by_field(needed)
    found: set[Span] = set()
    for touch in wanted:
        for point in points.get(touch.device, ()):
            edge = reach_ms.get((point.medium, point.field_name), 0)
            shift_ms = _INTERVAL_END_MS if point.quantity.kind is Kind.INTERVAL else 0
            first, last = touch.oldest_ms - shift_ms - edge, touch.newest_ms - shift_ms + edge
            months = billing_windows(park.timezone, first, last + 1)
            found.update(Span(month.start_ms, month.end_ms) for month in months if month.end_ms <= closed_by_ms)
    return sorted(found)


def still_there(park: Park, months: Iterable[Span], deleted: Edges) -> list[Span]:
    """Those of which no reading that indicators need was deleted: what is made of a part must not replace a whole."""
    media = {point.medium for point in needed_points(park)[0]}
    edge_ms = max((before_ms for medium, before_ms in deleted.items() if medium in media), default=0)
    return [month for month in months if month.start_ms >= edge_ms]


def _by_device(points: Iterable[MeasuringPoint]) -> dict[str, list[MeasuringPoint]]:
    found: dict[str, list[MeasuringPoint]] = defaultdict(list)
    for point in points:
        found[point.device].append(point)
    return found


def _reach_by_field(points: Iterable[MeasuringPoint]) -> dict[tuple[Medium, str], int]:
    """How far beyond a month a register is read that stands for its edge; those of a field are read together."""
    found: dict[tuple[Medium, str], int] = defaultdict(int)
    for point in points:
        if point.quantity.kind is Kind.COUNTER:
            key = (point.medium, point.field_name)
            found[key] = max(found[key], edge_ms(point))
    return found
