"""A round of ingest as spans: intake, store write, state commit and acknowledgement under one round."""

from service_runtime.tracing import Tracing
from tests.ingest_service.builders import a_delivery, a_pack, numbered
from tests.ingest_service.conftest import Rig


async def test_the_steps_of_a_round_are_spans_under_it(rig: Rig) -> None:
    from opentelemetry.sdk import trace as sdk
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter, provider = InMemorySpanExporter(), sdk.TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    rig.pipeline.tracing = Tracing(provider.get_tracer("test"))
    await rig.take(a_delivery(a_pack(1.0, 2.0), numbered("r", 1)), a_delivery(a_pack(3.0), numbered("r", 2)))
    *steps, whole = exporter.get_finished_spans()
    assert [span.name for span in steps] == ["intake", "store write", "state commit", "acknowledge"]
    assert {span.parent.span_id for span in steps} == {whole.context.span_id}
    assert (whole.name, dict(whole.attributes)) == ("ingest round", {"batches": 2, "readings": 3})
    provider.shutdown()
