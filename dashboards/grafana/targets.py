"""A panel's queries as Grafana targets: raw InfluxQL, and Grafana expressions where two queries make one number."""

from dataclasses import replace
from typing import Any

from grafana_foundation_sdk.builders import expr
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.dashboard import DataSourceRef

from dashboards.board import (
    DAY_SECONDS,
    FIRST_MONDAY_SECONDS,
    WEEK_SECONDS,
    Board,
    Derive,
    Legend,
    Panel,
    PanelKind,
    PanelQuery,
)
from dashboards.grafana.config import DATASOURCE_TYPE, DATASOURCE_UID, SHARE_DECIMALS, TENANT_VARIABLE
from dashboards.queries.scope import QueryScope
from telemetry_model.park_register import Park
from telemetry_store.influxql import quote_name, render_template
from telemetry_store.query import SeriesQuery

DATASOURCE = DataSourceRef(DATASOURCE_TYPE, DATASOURCE_UID)
EXPRESSIONS = DataSourceRef("__expr__", "__expr__")
INTERVAL = "$__interval"
TABLE_KINDS = (PanelKind.FINDINGS, PanelKind.VERDICT_COUNTS, PanelKind.ANOMALIES)
_ALIASES = {
    Legend.TENANT: "$tag_tenant",
    Legend.DEVICE: "$tag_device",
    Legend.POINT: "$tag_point",
    Legend.GATEWAY: "$tag_gateway",
}
_LETTERS = "ABCDEFGHIJ"
_PARTS_OF_WHOLE = 100 * 10**SHARE_DECIMALS
# The smallest thing beside the cut is what floating point adds to a whole share, no lost reading.
_SHARE = f"floor($C / $D * {_PARTS_OF_WHOLE} + 0.000000001) / {10**SHARE_DECIMALS}"


class InfluxqlTarget(Dataquery):
    """One raw InfluxQL query of a panel; the SDK has no type for it."""

    def __init__(self, ref_id: str, query: str, alias: str, result_format: str, hide: bool) -> None:
        self._payload = {
            "refId": ref_id, "datasource": DATASOURCE, "query": query, "rawQuery": True, "alias": alias,
            "resultFormat": result_format, "hide": hide,
        }  # fmt: skip

    def to_json(self) -> dict[str, object]:
        """The target as Grafana stores it."""
        return dict(self._payload)


class _Ready(Builder[Dataquery]):
    """The SDK takes builders of targets; ours are built already."""

    def __init__(self, target: Dataquery) -> None:
        self._target = target

    def build(self) -> Dataquery:
        return self._target


def targets_of(panel: Panel, board: Board, park: Park, language: str) -> list[Builder[Any]]:
    """The targets of a panel, in the order of its queries; expressions come last."""
    if panel.kind is PanelKind.SHARE:
        return _share_targets(panel, board, park)
    if panel.queries[0].derive is Derive.POWER_FACTOR:
        return _power_factor_targets(panel.queries[0], board, park)
    form = "table" if panel.kind in TABLE_KINDS else "time_series"
    return [
        _influxql(letter, _shown(query, board, park), _alias(query, language), form)
        for letter, query in zip(_LETTERS, panel.queries, strict=False)
    ]


def statement(query: PanelQuery, board: Board, park: Park, column: int | None = None) -> str:
    """The InfluxQL of a panel's query; ``column`` keeps only one of its columns."""
    asked = query.build(QueryScope(park.id, 0, 1, query.bucket_seconds or 60))
    if column is not None:
        asked = replace(asked, select=(asked.select[column],))
    text = render_template(
        asked,
        every=_buckets(query.bucket_seconds) if query.bucket_seconds else INTERVAL,
        # Buckets without data are said to be empty, so that a line breaks there.
        fill="none" if query.derive is Derive.INCREASE else "null",
        variables={TENANT_VARIABLE: TENANT_VARIABLE} if board.variables else {},
        timezone=park.timezone.key if (query.bucket_seconds or 0) >= DAY_SECONDS else "",
    )
    return _as_increase(text, asked) if query.derive is Derive.INCREASE else text


def _shown(query: PanelQuery, board: Board, park: Park) -> str:
    """The statement; what several counters grew under one label is added up, else each would bear that label."""
    text = statement(query, board, park)
    if not query.is_added_up or query.bucket_seconds is None:
        return text
    column = query.build(QueryScope(park.id, 0, 1, query.bucket_seconds)).select[0].column
    return _summed(text, column, column, f" GROUP BY time({_buckets(query.bucket_seconds)}) fill(none)")


def _summed(text: str, column: str, name: str, buckets: str = "") -> str:
    """Around a statement; InfluxDB cuts a subquery's buckets in UTC unless the subquery names the zone itself too."""
    zone = "".join(text.rpartition(" tz(")[1:]) if " tz(" in text else ""
    return f"SELECT sum({quote_name(column)}) AS {quote_name(name)} FROM ({text}) WHERE $timeFilter{buckets}{zone}"


def _as_increase(text: str, asked: SeriesQuery) -> str:
    """Growth of a counter from bucket to bucket; InfluxQL drops what would be negative (an exchanged meter)."""
    select = asked.select[0]
    plain = f"SELECT {select.aggregate}({quote_name(select.field)}) AS "
    if not text.startswith(plain):
        raise ValueError(f"a counter query does not begin with {plain!r}: {text}")
    grown = f"SELECT non_negative_difference({select.aggregate}({quote_name(select.field)})) AS "
    return grown + text.removeprefix(plain)


def _share_targets(panel: Panel, board: Board, park: Park) -> list[Builder[Any]]:
    totals = []
    for letter, query in zip("AB", panel.queries, strict=True):
        column = query.build(QueryScope(park.id, 0, 1, DAY_SECONDS)).select[0].column
        total = _summed(statement(query, board, park), column, "total")
        totals.append(_influxql(letter, total, "", "time_series", hide=True))
    reduced = [
        expr.TypeReduce().ref_id(to).expression(of).reducer("last").datasource(EXPRESSIONS).hide(True)
        for to, of in (("C", "A"), ("D", "B"))
    ]
    share = expr.TypeMath().ref_id("E").expression(_SHARE).datasource(EXPRESSIONS)
    return [*totals, *reduced, share]


def _power_factor_targets(query: PanelQuery, board: Board, park: Park) -> list[Builder[Any]]:
    # InfluxQL got sqrt() only in 1.8: the root is left to Grafana.
    power = [
        _influxql(letter, statement(query, board, park, column), "", "time_series", hide=True)
        for letter, column in (("A", 0), ("B", 1))
    ]
    factor = expr.TypeMath().ref_id("C").expression("$A / (($A ** 2 + $B ** 2) ** 0.5)").datasource(EXPRESSIONS)
    return [*power, factor]


def _influxql(ref_id: str, query: str, alias: str, result_format: str, hide: bool = False) -> Builder[Dataquery]:
    return _Ready(InfluxqlTarget(ref_id, query, alias, result_format, hide))


def _alias(query: PanelQuery, language: str) -> str:
    return _ALIASES.get(query.legend) or query.label.say(language)


def _buckets(seconds: int) -> str:
    return f"{seconds}s, {FIRST_MONDAY_SECONDS}s" if seconds % WEEK_SECONDS == 0 else f"{seconds}s"
