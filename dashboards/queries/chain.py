"""Questions about the chain itself: what the completeness ledger counted per gateway and hour."""

from dashboards.queries.scope import QueryScope
from telemetry_model.reading import QualityFlag
from telemetry_model.storage_schema import LEDGER, QUALITY_FLAGS
from telemetry_store.query import Aggregate, Select, SeriesQuery


def received_by_gateway(scope: QueryScope) -> SeriesQuery:
    """Readings that came in, by the hour their batches were made."""
    return _counted(scope, "received", ("gateway",))


def quarantined_by_gateway(scope: QueryScope) -> SeriesQuery:
    """Readings that lie in quarantine."""
    return _counted(scope, "quarantined", ("gateway",))


def late_by_gateway(scope: QueryScope) -> SeriesQuery:
    """Readings that took long to arrive."""
    return _counted(scope, "late", ("gateway",))


def missing_by_gateway(scope: QueryScope) -> SeriesQuery:
    """Batches that were made and are not here."""
    return _counted(scope, "missing", ("gateway",))


def duplicates_by_gateway(scope: QueryScope) -> SeriesQuery:
    """Batches that came more than once and were counted once."""
    return _counted(scope, "duplicate", ("gateway",))


def refilled_by_gateway(scope: QueryScope) -> SeriesQuery:
    """Batches brought again after the database had been restored."""
    return _counted(scope, "refilled", ("gateway",))


def stored_of_park(scope: QueryScope) -> SeriesQuery:
    """Readings the store holds."""
    return _counted(scope, "stored", ())


def received_of_park(scope: QueryScope) -> SeriesQuery:
    """Readings that came in."""
    return _counted(scope, "received", ())


def flagged_by_point(scope: QueryScope) -> SeriesQuery:
    """Readings with a flag beside them, by when they were measured."""
    return SeriesQuery(
        measurement=QUALITY_FLAGS,
        select=(Select("value", Aggregate.COUNT),),
        start_ms=scope.start_ms,
        stop_ms=scope.stop_ms,
        where=(("park", (scope.park,)), ("flag", (QualityFlag.FAST_CHANGE.value, QualityFlag.FROZEN.value))),
        group_by=("point",),
        every_seconds=scope.every_seconds,
        offset_seconds=scope.offset_seconds,
    )


def _counted(scope: QueryScope, field: str, group_by: tuple[str, ...]) -> SeriesQuery:
    return SeriesQuery(
        measurement=LEDGER,
        select=(Select(field, Aggregate.SUM),),
        start_ms=scope.start_ms,
        stop_ms=scope.stop_ms,
        where=(("park", (scope.park,)),),
        group_by=group_by,
        every_seconds=scope.every_seconds,
        offset_seconds=scope.offset_seconds,
    )
