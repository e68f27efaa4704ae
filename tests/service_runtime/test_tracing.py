"""Traces: nothing unless asked for, and then the steps of a round and of a turn under one another."""

import asyncio
import logging
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from service_runtime.tracing import Tracing, start_tracing


def test_without_an_endpoint_nothing_is_loaded_and_spans_are_nothing() -> None:
    tracing = start_tracing("ecopark-test", {})
    with tracing.span("round", 1, readings=5):
        tracing.past("intake", 1)
    asyncio.run(tracing.close())


@pytest.mark.parametrize("value", ["true", " TRUE"])
def test_opentelemetrys_own_switch_turns_it_off(value: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    start_tracing("ecopark-test", {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_SDK_DISABLED": value})
    assert caplog.messages == []


def test_missing_packages_are_said_once_and_stop_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    tracing = start_tracing("ecopark-test", {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"})
    with tracing.span("round"):
        pass
    assert caplog.messages == ["no traces: pip install 'ecopark[otel]'"]


class Collector(HTTPServer):
    """Notes what is posted to it, as an OpenTelemetry collector would take it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.posts: list[tuple[str, str, bytes]] = []


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posts.append((self.path, self.headers["Content-Type"], body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
        pass


@pytest.fixture
def collector() -> Iterator[Collector]:
    server = Collector()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


async def test_spans_reach_a_collector_when_the_program_ends(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = f"http://127.0.0.1:{collector.server_port}"
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
    tracing = start_tracing("ecopark-test", {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint})
    with tracing.span("a round of readings"):
        pass
    await tracing.close()
    ((path, kind, body),) = collector.posts
    assert (path, kind) == ("/v1/traces", "application/x-protobuf")
    assert b"a round of readings" in body
    assert b"ecopark-test" in body


async def test_what_is_done_within_a_span_is_its_child() -> None:
    from opentelemetry.sdk import trace as sdk
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter, provider = InMemorySpanExporter(), sdk.TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing = Tracing(provider.get_tracer("test"), provider.shutdown)
    with tracing.span("round", since_ms=1_000, readings=5):
        tracing.past("intake", since_ms=1_000)
        with tracing.span("write"):
            await asyncio.sleep(0)
    intake, write, whole = exporter.get_finished_spans()
    assert [span.name for span in (intake, write, whole)] == ["intake", "write", "round"]
    assert intake.parent.span_id == write.parent.span_id == whole.context.span_id
    assert (whole.start_time, whole.attributes["readings"]) == (1_000_000_000, 5)
    await tracing.close()
