"""The HTTP interface over a service that was fed by hand."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from ingest_service.http_api.app import create_app
from ingest_service.http_api.server import bind_http, serve_http
from service_runtime.errors import OperatorError
from telemetry_model.control_messages import GatewayHealth, GatewayStatus, encode_control
from telemetry_model.topics import Channel
from tests.ingest_service.builders import NOW_MS, a_delivery, a_pack, numbered
from tests.ingest_service.conftest import Rig


@pytest.fixture
async def client(rig: Rig) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(rig.view, rig.book))
    async with httpx.AsyncClient(transport=transport, base_url="http://ingest") as made:
        yield made


async def test_live_says_so_whatever_else_is_wrong(client: httpx.AsyncClient) -> None:
    assert (await client.get("/health/live")).json() == {"status": "live"}


async def test_ready_names_what_is_missing_as_a_problem(client: httpx.AsyncClient) -> None:
    answer = await client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.json()["checks"]) == {"broker", "store"}
    assert "mqtt://127.0.0.1:1 is not connected" in answer.json()["detail"]


async def test_a_round_that_does_not_end_is_a_problem(rig: Rig) -> None:
    rig.pipeline.busy_since = rig.clock.monotonic()
    rig.clock.advance(61)
    assert "61 s" in rig.view.problems()["pipeline"]


async def test_status_adds_up(rig: Rig, client: httpx.AsyncClient) -> None:
    await rig.writer.check()
    await rig.take(
        a_delivery(a_pack(1, 2), numbered("r", 1)),
        a_delivery(a_pack(3, point="em-9.active_power"), numbered("r", 2)),
        a_delivery(a_pack(1, 2), numbered("r", 1)),
    )
    status = (await client.get("/api/v1/status")).json()
    assert status["park"] == "thu"
    assert status["readings"] == {"received": 3, "stored": 2, "quarantined": 1, "no_value": 0, "late": 0}
    assert status["batches"] == {"received": 3, "stored": 2, "duplicate": 1, "refilled": 0}
    assert status["quarantine"] == {"records": 1, "by_reason": {"unknown_point": 1}}
    assert status["latency_ms"] == {"p50": 100, "p99": 100, "count": 2}
    assert (status["store"]["kind"], status["store"]["reachable"]) == ("sqlite", True)
    assert status["gateways"]["gw-1"] == {
        "state": "unknown", "run": "r", "through": 2, "missing": 0, "last_seen_ms": NOW_MS, "health": None,
        "clock": None, "clock_skew_seconds": None,
    }  # fmt: skip


async def test_status_shows_what_gateways_say(rig: Rig, client: httpx.AsyncClient) -> None:
    health = GatewayHealth(NOW_MS, "r", 10, 1, 2, 3, 4, 0, 5, 1, 1.5)
    rig.board.note("gw-2", Channel.STATUS, encode_control(GatewayStatus("online")), True, NOW_MS)
    rig.board.note("gw-2", Channel.HEALTH, encode_control(health), False, NOW_MS)
    rig.board.note("gw-2", Channel.HEALTH, b"{nonsense", False, NOW_MS + 9)
    gateway = (await client.get("/api/v1/status")).json()["gateways"]["gw-2"]
    assert (gateway["state"], gateway["health"]["devices_online"], gateway["last_seen_ms"]) == ("online", 5, NOW_MS)


async def test_an_unknown_path_is_a_problem_document(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v2/status")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json()["detail"] == "GET /api/v2/status: Not Found"


async def test_a_wrong_method_is_a_problem_document(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/v1/status")
    assert (answer.status_code, answer.headers["content-type"]) == (405, "application/problem+json")


async def test_a_state_file_that_is_gone_is_a_problem_document(
    rig: Rig, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    Path(rig.settings.state_path).rename(tmp_path / "elsewhere.db")
    answer = await client.get("/api/v1/status")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")


async def test_metrics_count_what_status_counts(rig: Rig, client: httpx.AsyncClient) -> None:
    await rig.take(a_delivery(a_pack(1, 2), numbered("r", 1)), a_delivery(b"?", numbered("r", 2)))
    text = (await client.get("/metrics")).text
    for line in (
        'ecopark_ingest_readings_total{outcome="stored"} 2.0',
        'ecopark_ingest_refused_total{reason="malformed_pack"} 1.0',
        'ecopark_ingest_refused_total{reason="unit_unknown"} 0.0',
        'ecopark_ingest_batches_total{outcome="received"} 2.0',
        "ecopark_ingest_broker_connected 0.0",
        "ecopark_ingest_unpromised_dropped_total 0.0",
        "ecopark_ingest_sparkplug_lost_steps_total 0.0",
        'ecopark_ingest_latency_seconds_bucket{le="0.1"} 2.0',
        "ecopark_ingest_latency_seconds_count 2.0",
    ):
        assert line in text
    assert "process_resident_memory_bytes" in text


async def test_labels_do_not_grow_with_what_strangers_send(rig: Rig, client: httpx.AsyncClient) -> None:
    before = len((await client.get("/metrics")).text.splitlines())
    for number in range(5):
        await rig.take(a_delivery(a_pack(1, point=f"x-{number}.y"), numbered("r", 1), gateway=f"stranger-{number}"))
    text = (await client.get("/metrics")).text
    assert len(text.splitlines()) == before
    assert not re.search("stranger|x-1", text)


async def test_it_is_served_in_this_loop_and_ends_when_cancelled(rig: Rig) -> None:
    listener = bind_http("127.0.0.1", 0)
    port = listener.getsockname()[1]
    task = asyncio.create_task(serve_http(create_app(rig.view, rig.book), listener))
    async with httpx.AsyncClient() as http:
        answer = await http.get(f"http://127.0.0.1:{port}/health/live")
    assert answer.status_code == 200
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    bind_http("127.0.0.1", port).close()


def test_a_port_in_use_is_one_sentence_naming_it() -> None:
    with bind_http("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OperatorError, match=rf"http://127\.0\.0\.1:{port}: address already in use \(http_host"):
            bind_http("127.0.0.1", port)
