"""Where a program's time goes, as OpenTelemetry spans; nothing at all unless the operator asks for them.

They are sent over OTLP/HTTP to ``OTEL_EXPORTER_OTLP_ENDPOINT``; OpenTelemetry's other variables hold as well. Without
that one, or without the packages of the extra ``otel``, a span is one call that does nothing.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from service_runtime.logs import event

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_NS_IN_MS = 1_000_000
_NOTHING: AbstractContextManager[object] = nullcontext()
_log = logging.getLogger(__name__)


class Tracing:
    """Gives out spans of one tracer; without one they are nothing."""

    def __init__(self, tracer: Any = None, shutdown: Callable[[], None] | None = None) -> None:
        self._tracer = tracer
        self._shutdown = shutdown

    def span(self, name: str, since_ms: int | None = None, **attributes: int | str) -> AbstractContextManager[object]:
        """What is done within it is its child, also across awaits; ``since_ms`` (UTC) lets it begin in the past."""
        if self._tracer is None:
            return _NOTHING
        began: AbstractContextManager[object] = self._tracer.start_as_current_span(
            name, start_time=_ns(since_ms), attributes=attributes
        )
        return began

    def past(self, name: str, since_ms: int, **attributes: int | str) -> None:
        """A span from ``since_ms`` until now."""
        if self._tracer is not None:
            self._tracer.start_span(name, start_time=_ns(since_ms), attributes=attributes).end()

    async def close(self) -> None:
        """Send what waits; a collector that does not answer holds nobody up for long."""
        if self._shutdown is not None:
            await asyncio.to_thread(self._shutdown)


def start_tracing(service: str, environ: Mapping[str, str]) -> Tracing:
    """Spans under this service name (``OTEL_SERVICE_NAME`` goes before it), if the environment asks for them."""
    wanted = any(environ.get(name) for name in _ENDPOINTS)
    if not wanted or environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return Tracing()
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - optional
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ModuleNotFoundError as error:
        event(_log, logging.WARNING, "no traces: pip install 'ecopark[otel]'", missing=error.name)
        return Tracing()
    named = Resource.create({"service.name": environ.get("OTEL_SERVICE_NAME") or service})
    provider = TracerProvider(resource=named)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    event(_log, logging.INFO, "traces are sent", to=next(environ[name] for name in _ENDPOINTS if environ.get(name)))
    return Tracing(provider.get_tracer("ecopark"), provider.shutdown)


def _ns(time_ms: int | None) -> int | None:
    return None if time_ms is None else time_ms * _NS_IN_MS
