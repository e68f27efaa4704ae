"""``/metrics`` for Prometheus: read from the service at the time of asking; every label comes from a closed list."""

from collections.abc import Iterator

from fastapi import APIRouter
from fastapi.responses import Response
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from ingest_service.admission import RefusalReason
from ingest_service.latency import BUCKET_BOUNDS_SECONDS
from ingest_service.service_view import ServiceView
from ingest_service.state.settlement import Count
from telemetry_model.reading import QualityFlag
from telemetry_store.rows import RejectReason

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_READINGS = {
    "received": Count.READINGS_RECEIVED,
    "stored": Count.READINGS_STORED,
    "quarantined": Count.READINGS_QUARANTINED,
    "no_value": Count.READINGS_NO_VALUE,
    "late": Count.READINGS_LATE,
}
_BATCHES = {
    "received": Count.BATCHES_RECEIVED,
    "stored": Count.BATCHES_STORED,
    "duplicate": Count.BATCHES_DUPLICATE,
    "refilled": Count.BATCHES_REFILLED,
}
_REASONS = (*(reason.value for reason in RefusalReason), *(reason.value for reason in RejectReason))


class ServiceCollector(Collector):
    """Turns the service's own counts into metric families; keeps no counts of its own."""

    def __init__(self, view: ServiceView) -> None:
        self._view = view

    def collect(self) -> Iterator[Metric]:
        """All families."""
        yield from self._counters()
        yield from self._gauges()
        yield self._latency()

    def _counters(self) -> Iterator[Metric]:
        counts = self._view.state.counts
        readings = CounterMetricFamily("ecopark_ingest_readings", "Readings by outcome", labels=["outcome"])
        for outcome, name in _READINGS.items():
            readings.add_metric([outcome], counts[name])
        yield readings
        batches = CounterMetricFamily("ecopark_ingest_batches", "Batches by outcome", labels=["outcome"])
        for outcome, name in _BATCHES.items():
            batches.add_metric([outcome], counts[name])
        yield batches
        refused = CounterMetricFamily("ecopark_ingest_refused", "Refused records by reason", labels=["reason"])
        by_reason = self._view.refused_by_reason()
        for reason in _REASONS:
            refused.add_metric([reason], by_reason.get(reason, 0))
        yield refused
        flagged = CounterMetricFamily("ecopark_ingest_flagged", "Readings that got a flag", labels=["flag"])
        by_flag = self._view.flagged_by_flag()
        for flag in (QualityFlag.FAST_CHANGE, QualityFlag.FROZEN):
            flagged.add_metric([flag.value], by_flag.get(flag, 0))
        yield flagged
        dropped = counts[Count.QUARANTINE_DROPPED]
        yield CounterMetricFamily("ecopark_ingest_quarantine_dropped", "Records a full quarantine gave up", dropped)
        runs = counts[Count.RUNS_DROPPED]
        yield CounterMetricFamily("ecopark_ingest_runs_dropped", "Runs at rest that gave their place to new ones", runs)
        unpromised = self._view.subscriber.unpromised_dropped
        yield CounterMetricFamily("ecopark_ingest_unpromised_dropped", "QoS 0 messages that found no room", unpromised)
        yield from self._sparkplug()
        requests = self._view.asker.requests
        yield CounterMetricFamily("ecopark_ingest_resend_requests", "Ranges asked of gateways again", requests)
        retries = self._view.writer.retries
        yield CounterMetricFamily("ecopark_ingest_store_retries", "Writes tried again since the start", retries)

    def _sparkplug(self) -> Iterator[Metric]:
        reception = self._view.subscriber.reception
        if reception is None:
            return
        for name, text, value in (
            (
                "ecopark_ingest_sparkplug_lost_steps",
                "Sequence steps that were not plus one",
                reception.sparkplug.lost_steps,
            ),
            ("ecopark_ingest_sparkplug_rebirths", "Rebirths asked for", reception.sparkplug.rebirths_requested),
        ):
            yield CounterMetricFamily(name, text, value)

    def _gauges(self) -> Iterator[Metric]:
        view = self._view
        connected = view.subscriber.session.connected
        for name, text, value in (
            ("ecopark_ingest_broker_connected", "1 when the broker connection stands", connected),
            ("ecopark_ingest_store_reachable", "1 when the store takes readings", bool(view.writer.reachable)),
            ("ecopark_ingest_ready", "1 when /health/ready says so", not view.problems()),
            ("ecopark_ingest_deliveries_waiting", "Messages received and not yet taken up", view.subscriber.waiting),
            ("ecopark_ingest_gateway_clocks_off", "Gateways with a wrong clock", len(view.board.clocks_off)),
            (
                "ecopark_ingest_gateway_clock_skew_seconds",
                "The largest difference of a gateway's clock",
                view.board.largest_skew_seconds(view.clock.now_ms()),
            ),
            ("ecopark_ingest_missing_batches", "Batches no gateway holds any more", view.missing_batches()),
        ):
            yield GaugeMetricFamily(name, text, float(value))

    def _latency(self) -> Metric:
        latency = self._view.pipeline.latency
        cumulative = 0
        buckets: list[tuple[str, float]] = []
        for bound, count in zip((*map(str, BUCKET_BOUNDS_SECONDS), "+Inf"), latency.bucket_counts, strict=True):
            cumulative += count
            buckets.append((bound, cumulative))
        text = "From committed at the gateway to durable in the store"
        family = HistogramMetricFamily("ecopark_ingest_latency_seconds", text)
        family.add_metric([], buckets, latency.sum_ms / 1000)
        return family


def metrics_routes(view: ServiceView) -> APIRouter:
    """The exposition, from a registry of its own."""
    registry = CollectorRegistry()
    registry.register(ServiceCollector(view))
    ProcessCollector(registry=registry)
    routes = APIRouter()

    @routes.get("/metrics")
    async def metrics() -> Response:
        """The text format."""
        return Response(generate_latest(registry), media_type=CONTENT_TYPE)

    return routes
