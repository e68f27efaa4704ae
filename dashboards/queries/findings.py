"""Questions about verdicts: the latest finding of each rule and subject."""

from dashboards.queries.scope import QueryScope
from telemetry_model.storage_schema import FINDINGS
from telemetry_store.query import Select, SeriesQuery

FINDING_COLUMNS = (
    "verdict",
    "observed",
    "limit",
    "unit",
    "data_capture",
    "provisional",
    "confidence",
    "to_confirm",
    "rule_version",
)


def latest_findings(scope: QueryScope) -> SeriesQuery:
    """The latest finding of every rule and subject of the park; row time is the judged period's start."""
    return _latest(scope, ())


def latest_findings_of_tenant(scope: QueryScope) -> SeriesQuery:
    """The latest finding of every rule and subject the chosen tenant answers for."""
    return _latest(scope, (("tenant", (scope.tenant,)),) if scope.tenant else ())


def _latest(scope: QueryScope, more: tuple[tuple[str, tuple[str, ...]], ...]) -> SeriesQuery:
    return SeriesQuery(
        measurement=FINDINGS,
        select=tuple(Select(column) for column in FINDING_COLUMNS),
        start_ms=scope.start_ms,
        stop_ms=scope.stop_ms,
        where=(("park", (scope.park,)), *more),
        group_by=("rule", "subject", "tenant"),
        descending=True,
        limit=1,
    )
