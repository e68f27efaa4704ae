"""Questions about anomalies: what was noticed lately, by rule and subject."""

from dashboards.queries.scope import QueryScope
from telemetry_model.storage_schema import ANOMALIES
from telemetry_store.query import Select, SeriesQuery

ANOMALY_COLUMNS = ("verdict", "said_vi", "said_en")
NOTICED = "noticed"
"""The other stored verdict is ``withdrawn``: no longer seen once late or corrected readings had come."""
LATEST = 5
"""Of each rule and subject."""


def latest_anomalies(scope: QueryScope) -> SeriesQuery:
    """The latest anomalies of every rule and subject of the park; row time is when it began in its day."""
    return _latest(scope, ())


def latest_anomalies_of_tenant(scope: QueryScope) -> SeriesQuery:
    """The latest anomalies of the chosen tenant's subjects."""
    return _latest(scope, (("tenant", (scope.tenant,)),) if scope.tenant else ())


def _latest(scope: QueryScope, more: tuple[tuple[str, tuple[str, ...]], ...]) -> SeriesQuery:
    return SeriesQuery(
        measurement=ANOMALIES,
        select=tuple(Select(column) for column in ANOMALY_COLUMNS),
        start_ms=scope.start_ms,
        stop_ms=scope.stop_ms,
        where=(("park", (scope.park,)), *more),
        group_by=("rule", "subject", "tenant"),
        descending=True,
        limit=LATEST,
    )
