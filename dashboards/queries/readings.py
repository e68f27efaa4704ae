"""Questions about what meters and analysers measure: power, counters, concentrations, instrument status."""

from dashboards.queries.points import PointSet
from dashboards.queries.scope import QueryScope
from telemetry_model.storage_schema import FIELD_STATUS
from telemetry_store.query import Aggregate, Select, SeriesQuery

Where = tuple[tuple[str, tuple[str, ...]], ...]


def power_by_tenant(scope: QueryScope, points: PointSet) -> SeriesQuery:
    """Mean power per main meter and bucket, added up per tenant; kW."""
    return _sum_of_means(scope, points, ("tenant",))


def power_of_source(scope: QueryScope, points: PointSet) -> SeriesQuery:
    """Mean power of all meters of one source (grid, PV, CHP), added up; kW."""
    return _sum_of_means(scope, points, ())


def power_of_tenant(scope: QueryScope, points: PointSet) -> SeriesQuery:
    """Mean power of the chosen tenant's main meters, added up; kW."""
    return _sum_of_means(scope, points, ("tenant",), tenant=scope.tenant)


def active_and_reactive_power_of_tenant(scope: QueryScope, active: PointSet, reactive: PointSet) -> SeriesQuery:
    """Mean active (kW) and reactive (kvar) power of the chosen tenant's main meters: columns ``p`` and ``q``."""
    return SeriesQuery(
        measurement=active.measurement,
        select=(Select(active.field, Aggregate.MEAN, "p"), Select(reactive.field, Aggregate.MEAN, "q")),
        start_ms=scope.start_ms,
        stop_ms=scope.stop_ms,
        where=_where(scope, (*active.ids, *reactive.ids), scope.tenant),
        group_by=("tenant",),
        every_seconds=scope.every_seconds,
        offset_seconds=scope.offset_seconds,
        measuring_only=True,
    )


def counter_of_park(scope: QueryScope, points: PointSet) -> SeriesQuery:
    """The counters' last value per bucket, one series a point (kWh, m3 or t)."""
    return _per_bucket(scope, points, Aggregate.LAST, ("point",), measuring_only=True)


def counter_of_tenant(scope: QueryScope, points: PointSet) -> SeriesQuery:
    """The chosen tenant's counters' last value per bucket, one series a point (kWh, m3 or t)."""
    return _per_bucket(scope, points, Aggregate.LAST, ("point",), measuring_only=True, tenant=scope.tenant)


def counter_of_device(scope: QueryScope, points: PointSet) -> SeriesQuery:
    """The counters' last value per bucket, one series a device (kWh, m3 or t)."""
    return _per_bucket(scope, points, Aggregate.LAST, ("device",), measuring_only=True)


def mean_of_days_by_device(scope: QueryScope, points: PointSet) -> SeriesQuery:
    """The daily means as they are kept; one series a device."""
    return _per_bucket(scope, points, Aggregate.MEAN, ("device",), measuring_only=True)


def measured_by_device(scope: QueryScope, points: PointSet) -> SeriesQuery:
    """Mean of the values measured with the instrument in state "measuring"; one series a device."""
    return _per_bucket(scope, points, Aggregate.MEAN, ("device",), measuring_only=True)


def instrument_status_by_device(scope: QueryScope, points: PointSet) -> SeriesQuery:
    """The worst instrument status of a bucket: 0 measuring, 1 calibrating, 2 fault; one series a device."""
    status = PointSet(points.measurement, FIELD_STATUS, "", points.ids)
    return _per_bucket(scope, status, Aggregate.MAX, ("device",), measuring_only=False)


def _per_bucket(
    scope: QueryScope,
    points: PointSet,
    aggregate: Aggregate,
    group_by: tuple[str, ...],
    *,
    measuring_only: bool,
    tenant: str = "",
) -> SeriesQuery:
    return SeriesQuery(
        measurement=points.measurement,
        select=(Select(points.field, aggregate, points.field),),
        start_ms=scope.start_ms,
        stop_ms=scope.stop_ms,
        where=_where(scope, points.ids, tenant),
        group_by=group_by,
        every_seconds=scope.every_seconds,
        offset_seconds=scope.offset_seconds,
        measuring_only=measuring_only,
    )


def _sum_of_means(scope: QueryScope, points: PointSet, group_by: tuple[str, ...], tenant: str = "") -> SeriesQuery:
    return SeriesQuery(
        measurement=points.measurement,
        select=(Select(points.field, Aggregate.MEAN, points.field),),
        start_ms=scope.start_ms,
        stop_ms=scope.stop_ms,
        where=_where(scope, points.ids, tenant),
        group_by=group_by,
        every_seconds=scope.every_seconds,
        offset_seconds=scope.offset_seconds,
        measuring_only=True,
        combine=Aggregate.SUM,
    )


def _where(scope: QueryScope, points: tuple[str, ...], tenant: str) -> Where:
    where: Where = (("park", (scope.park,)), ("point", points))
    return (*where, ("tenant", (tenant,))) if tenant else where
