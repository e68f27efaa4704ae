"""Asks the store what a panel shows, for one view (time range, tenant); answers are shared between browsers."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from dashboards.board import (
    DAY_SECONDS,
    FIRST_MONDAY_SECONDS,
    WEEK_SECONDS,
    Derive,
    Legend,
    Panel,
    PanelKind,
    PanelQuery,
)
from dashboards.console.charts import ChartSeries
from dashboards.derive import (
    AnomalyLine,
    FindingLine,
    Sample,
    added_up,
    anomaly_lines,
    finding_lines,
    samples_of,
    share_percent,
)
from dashboards.queries.scope import QueryScope
from dashboards.words import device_name
from service_runtime.clock import Clock
from telemetry_model.park_register import Park
from telemetry_store.each_reading_once import select_once
from telemetry_store.protocol import TelemetryStore
from telemetry_store.query import SeriesQuery, SeriesResult

BUCKETS_WANTED = {PanelKind.INSTRUMENT_STATUS: 96}
DEFAULT_BUCKETS_WANTED = 288
BUCKET_CHOICES_SECONDS = (60, 120, 300, 900, 1_800, 3_600, 7_200, 21_600, 43_200, DAY_SECONDS)
KEEP_ANSWER_SECONDS = 4.0
"""Less than the refresh interval: a browser never sees its own old answer twice, ten browsers cost as much as one."""
MAX_KEPT_ANSWERS = 500


@dataclass(frozen=True, slots=True)
class View:
    """What one browser looks at."""

    range_seconds: int
    language: str
    tenant: str = ""


@dataclass(frozen=True, slots=True)
class PanelAnswer:
    """What a panel shows. The time axis ``start_ms`` to ``stop_ms`` is whole buckets, so that it stands still until
    the next one begins; ``share`` is set for share panels only."""

    start_ms: int
    stop_ms: int
    series: tuple[ChartSeries, ...] = ()
    findings: tuple[FindingLine, ...] = ()
    anomalies: tuple[AnomalyLine, ...] = ()
    share: float | None = None
    bucket_seconds: int = 60
    has_points: bool = True
    """False when the chosen tenant has none of the panel's points in the register."""

    @property
    def is_empty(self) -> bool:
        """Whether no value at all came back."""
        return not (self.findings or self.anomalies) and not any(
            value is not None for s in self.series for _, value in s.samples
        )


@dataclass
class PanelReader:
    """Answers panels from a store. ``store.select`` raises ``UnreachableError``, which is passed on."""

    park: Park
    store: TelemetryStore
    clock: Clock
    monotonic: Callable[[], float] = time.monotonic
    _kept: dict[SeriesQuery, tuple[float, list[SeriesResult]]] = field(default_factory=dict)

    async def answer(self, panel: Panel, view: View) -> PanelAnswer:
        """The panel's data, up to now."""
        scopes = [self.scope_of(panel, query, view) for query in panel.queries]
        start_ms, stop_ms = scopes[0].start_ms, scopes[0].stop_ms
        if view.tenant and not self._concerns(panel, view.tenant):
            return PanelAnswer(start_ms, stop_ms, has_points=False)
        results = [await self._select(query.build(scope)) for query, scope in zip(panel.queries, scopes, strict=True)]
        if panel.kind is PanelKind.ANOMALIES:
            noticed = anomaly_lines(each for group in results for each in group)
            return PanelAnswer(start_ms, stop_ms, anomalies=tuple(noticed))
        if panel.kind in (PanelKind.FINDINGS, PanelKind.VERDICT_COUNTS):
            lines = finding_lines((each for group in results for each in group), panel.only_exceeded)
            return PanelAnswer(start_ms, stop_ms, findings=tuple(lines))
        series = [
            each
            for query, group, scope in zip(panel.queries, results, scopes, strict=True)
            for each in self._series(query, group, scope, view.language)
        ]
        return PanelAnswer(
            start_ms,
            stop_ms,
            tuple(series),
            share=self._share(panel, results, scopes),
            bucket_seconds=scopes[0].every_seconds,
        )

    def scope_of(self, panel: Panel, query: PanelQuery, view: View) -> QueryScope:
        """The time range is widened to whole buckets, so that the same question is asked until the bucket ends."""
        start_ms, stop_ms = self._time_range(panel, view)
        wanted = BUCKETS_WANTED.get(panel.kind, DEFAULT_BUCKETS_WANTED)
        every = query.bucket_seconds or bucket_for((stop_ms - start_ms) // 1000, wanted)
        offset = self._offset_seconds(stop_ms, every)
        every_ms, offset_ms = every * 1000, offset * 1000
        return QueryScope(
            park=self.park.id,
            start_ms=start_ms - (start_ms - offset_ms) % every_ms,
            stop_ms=stop_ms + (offset_ms - stop_ms) % every_ms,
            every_seconds=every,
            tenant=view.tenant,
            offset_seconds=offset,
        )

    def _concerns(self, panel: Panel, tenant: str) -> bool:
        asked = [query.point_ids for query in panel.queries]
        return not any(asked) or any(self.park.points[point].tenant == tenant for ids in asked for point in ids)

    def _time_range(self, panel: Panel, view: View) -> tuple[int, int]:
        now_ms = self.clock.now_ms()
        seconds = panel.range_days * DAY_SECONDS if panel.range_days else view.range_seconds
        return now_ms - seconds * 1000, now_ms

    def _offset_seconds(self, at_ms: int, every_seconds: int) -> int:
        # The instant the park's day begins, as seconds after midnight UTC: buckets of a day are days of the park, those
        # of a week begin on its Monday.
        local = datetime.fromtimestamp(at_ms / 1000, tz=UTC).astimezone(self.park.timezone)
        offset = local.utcoffset()
        midnight = -int(offset.total_seconds()) if offset is not None else 0
        if every_seconds % WEEK_SECONDS == 0:
            return (midnight + FIRST_MONDAY_SECONDS) % WEEK_SECONDS
        return midnight % DAY_SECONDS

    async def _select(self, query: SeriesQuery) -> list[SeriesResult]:
        kept = self._kept.get(query)
        if kept is not None and self.monotonic() - kept[0] < KEEP_ANSWER_SECONDS:
            return kept[1]
        results = await select_once(self.store, self.park, query)
        if len(self._kept) >= MAX_KEPT_ANSWERS:
            self._kept.clear()
        self._kept[query] = (self.monotonic(), results)
        return results

    def _series(
        self, query: PanelQuery, group: list[SeriesResult], scope: QueryScope, language: str
    ) -> list[ChartSeries]:
        samples = [self._samples(query, result, scope) for result in group]
        if query.is_added_up and samples:
            return [ChartSeries(query.label.say(language), added_up(samples))]
        names = [self._series_name(query, result, language) for result in group]
        return [ChartSeries(name, each) for name, each in zip(names, samples, strict=True)]

    def _samples(self, query: PanelQuery, result: SeriesResult, scope: QueryScope) -> list[Sample]:
        """What is drawn of one series; a counter's recorded meter exchanges are counted as such."""
        if query.derive is not Derive.INCREASE or not self.park.meter_exchanges:
            return samples_of(result, query.derive)
        point, device = result.tags.get("point"), result.tags.get("device")
        counted = [p for p in query.point_ids if p == point or (point is None and p.partition(".")[0] == device)]
        exchanges = [e for p in counted for e in self.park.exchanges_of(p, scope.start_ms, scope.stop_ms)]
        return samples_of(result, query.derive, exchanges, scope.every_seconds * 1000)

    def _share(self, panel: Panel, results: list[list[SeriesResult]], scopes: list[QueryScope]) -> float | None:
        if panel.kind is not PanelKind.SHARE:
            return None
        part, whole = (
            [self._samples(query, result, scope) for result in group]
            for query, group, scope in zip(panel.queries, results, scopes, strict=True)
        )
        return share_percent(part, whole)

    def _series_name(self, query: PanelQuery, result: SeriesResult, language: str) -> str:
        if query.legend is Legend.TENANT:
            tenant = self.park.tenants.get(result.tags["tenant"])
            return tenant.name if tenant else result.tags["tenant"]
        if query.legend is Legend.DEVICE:
            return device_name(self.park, result.tags["device"], language)
        if query.legend is Legend.POINT:
            return result.tags["point"]
        if query.legend is Legend.GATEWAY:
            return result.tags["gateway"]
        return query.label.say(language)


def bucket_for(range_seconds: int, wanted: int) -> int:
    """The smallest bucket that cuts the range into at most ``wanted`` pieces."""
    for seconds in BUCKET_CHOICES_SECONDS:
        if range_seconds <= seconds * wanted:
            return seconds
    return BUCKET_CHOICES_SECONDS[-1]
