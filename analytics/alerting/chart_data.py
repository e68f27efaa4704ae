"""Fetches the values a chart needs: the judged point over the judged period, thinned to what a chart can show."""

import logging
from dataclasses import dataclass

from analytics.alerting.naming import main_point
from analytics.finding import Finding
from service_runtime.errors import UnreachableError
from service_runtime.logs import event
from telemetry_model.park_register import Park
from telemetry_store.each_reading_once import select_once
from telemetry_store.protocol import TelemetryStore
from telemetry_store.query import Aggregate, Select, SeriesQuery

MAX_CHART_POINTS = 300
_STEPS_SECONDS = (60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ChartSeries:
    """Means of the valid values in buckets of ``step_seconds``: bucket starts (UTC ms) and values, same length."""

    times_ms: tuple[int, ...]
    values: tuple[float, ...]
    step_seconds: int


def step_seconds(finding: Finding, interval_seconds: int) -> int:
    """The smallest round step, no finer than the point's own interval, that keeps the chart readable."""
    length_seconds = (finding.period_end_ms - finding.period_start_ms) / 1000
    for step in _STEPS_SECONDS:
        if step >= interval_seconds and length_seconds / step <= MAX_CHART_POINTS:
            return step
    return _STEPS_SECONDS[-1]


async def read_chart_series(store: TelemetryStore, park: Park, finding: Finding) -> ChartSeries | None:
    """The series; ``None`` when the finding is about no single point, or the store has nothing or is unreachable."""
    point = main_point(park, finding)
    if point is None:
        return None
    step = step_seconds(finding, point.interval_seconds)
    query = SeriesQuery(
        measurement=point.medium.value,
        select=(Select(point.field_name, Aggregate.MEAN, "value"),),
        start_ms=finding.period_start_ms,
        stop_ms=finding.period_end_ms,
        where=(("point", (point.id,)),),
        every_seconds=step,
        measuring_only=True,
    )
    try:
        results = await select_once(store, park, query)
    except UnreachableError as error:
        # The alert matters more than its picture.
        event(_log, logging.WARNING, "alert goes out without measured values in its chart", error=error)
        return None
    rows = [row for result in results for row in result.rows]
    pairs = [(int(t), float(v)) for t, v in rows if isinstance(t, int | float) and isinstance(v, int | float)]
    if not pairs:
        return None
    times, values = zip(*pairs, strict=True)
    return ChartSeries(times, values, step)
