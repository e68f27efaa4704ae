"""The InfluxDB backend against a real server: bad rows, a stopped server, missing databases, and its addresses."""

import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from service_runtime.errors import UnreachableError
from telemetry_store.open import open_store
from telemetry_store.protocol import TelemetryStore
from telemetry_store.query import Aggregate, Select, SeriesQuery
from telemetry_store.rows import PointSeries, ReadingRow, RecordRow, RejectReason
from tests.servers.influxdb import InfluxDatabase
from tests.servers.ports import free_port

SERIES = PointSeries("energy", "active_power_kw", "em-1", "p", "em-1.active_power", "steel", "east")
ROWS = [ReadingRow(SERIES, 1_700_000_000_000 + n * 1000, float(n)) for n in range(20)]
COUNT = SeriesQuery("energy", (Select("active_power_kw", Aggregate.COUNT, "n"),), 0, 4_000_000_000_000)
real_server = pytest.mark.real_server


async def count_rows(store: TelemetryStore) -> object:
    results = await store.select(COUNT)
    return results[0].rows[0][1] if results else 0


@real_server
async def test_a_type_conflict_isolates_exactly_the_bad_row(influx_store: TelemetryStore) -> None:
    def finding(time_ms: int, limit: float | str) -> RecordRow:
        return RecordRow("findings", {"rule": "r"}, time_ms, {"limit": limit})

    await influx_store.write_records([finding(0, 50.0)])
    rows = [finding(time_ms, "fifty" if time_ms == 7 else 50.0) for time_ms in range(1, 16)]
    outcome = await influx_store.write_records(rows)
    (rejection,) = outcome.rejected
    assert (rejection.index, rejection.reason) == (6, RejectReason.TYPE_CONFLICT)
    assert "limit" in rejection.detail
    query = SeriesQuery("findings", (Select("limit", Aggregate.COUNT, "n"),), 0, 100)
    assert (await influx_store.select(query))[0].rows == [(0, 15)]


@real_server
async def test_readings_older_than_the_retention_policy_are_rejected_as_such(
    influx_store: TelemetryStore, influxdb: InfluxDatabase
) -> None:
    influxdb.query(f'CREATE RETENTION POLICY "week" ON "{influxdb.name}" DURATION 7d REPLICATION 1 DEFAULT')
    outcome = await influx_store.write_readings([ReadingRow(SERIES, 1_000, 1.0)])
    assert [rejection.reason for rejection in outcome.rejected] == [RejectReason.OUT_OF_RETENTION]


@real_server
async def test_a_stopped_server_keeps_rows_and_a_restarted_one_takes_them(
    influx_store: TelemetryStore, influxdb: InfluxDatabase
) -> None:
    await influx_store.write_readings(ROWS[:5])
    influxdb.server.stop()
    outcome = await influx_store.write_readings(ROWS)
    assert (outcome.accepted, outcome.kept) == (0, tuple(range(20)))
    assert (await influx_store.write_readings(ROWS)).kept_detail.endswith("no answer: connection refused")
    with pytest.raises(UnreachableError, match=r"influxdb http://127\.0\.0\.1:\d+/test_\w+: connection refused"):
        await influx_store.select(COUNT)
    with pytest.raises(UnreachableError):
        await influx_store.check()
    influxdb.server.start()
    assert (await influx_store.write_readings([ROWS[index] for index in outcome.kept])).accepted == 20
    assert await count_rows(influx_store) == 20


@real_server
async def test_a_killed_database_behind_its_proxy_keeps_rows(
    influx_store: TelemetryStore, influxdb: InfluxDatabase
) -> None:
    influxdb.server.influxd.kill()
    outcome = await influx_store.write_readings(ROWS)
    assert (outcome.accepted, len(outcome.kept)) == (0, 20)
    assert "502" in outcome.kept_detail
    with pytest.raises(UnreachableError, match="502"):
        await influx_store.select(COUNT)


@real_server
async def test_what_was_accepted_survives_a_kill(influx_store: TelemetryStore, influxdb: InfluxDatabase) -> None:
    assert (await influx_store.write_readings(ROWS)).accepted == 20
    influxdb.server.kill()
    influxdb.server.start()
    assert await count_rows(influx_store) == 20


@real_server
async def test_a_missing_database_keeps_rows_and_is_named(influxdb: InfluxDatabase) -> None:
    store = open_store(influxdb.url.replace(influxdb.name, "nobody_made_me"))
    try:
        outcome = await store.write_readings(ROWS)
        assert len(outcome.kept) == 20
        assert "404" in outcome.kept_detail
        with pytest.raises(UnreachableError, match="nobody_made_me"):
            await store.check()
        with pytest.raises(UnreachableError, match="database not found"):
            await store.select(COUNT)
    finally:
        await store.close()


async def test_closing_a_store_that_was_never_used_is_fine() -> None:
    await open_store("influxdb://127.0.0.1:1/park").close()


class RecordingServer:
    """A small HTTP server that answers as told and remembers what it was asked."""

    def __init__(self) -> None:
        self.port = free_port()
        self.answer: tuple[int, str, dict[str, str]] = (204, "", {})
        self.answers: dict[str, tuple[int, str, dict[str, str]]] = {}
        self.seen: list[tuple[str, dict[str, str], dict[str, str], bytes]] = []

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.seen.append((request.path, dict(request.query), dict(request.headers), body))
        status, text, headers = self.answers.get(request.path, self.answer)
        return web.Response(status=status, text=text, headers=headers)


@pytest.fixture
async def recording() -> AsyncIterator[RecordingServer]:
    server = RecordingServer()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", server.port).start()
    yield server
    await runner.cleanup()


async def test_a_write_is_one_v2_request_with_token_precision_and_plain_lines(recording: RecordingServer) -> None:
    store = open_store(f"influxdb://127.0.0.1:{recording.port}/park?org=eco", token="t0p")
    outcome = await store.write_readings(ROWS[:1])
    await store.close()
    ((path, query, headers, body),) = recording.seen
    assert outcome.accepted == 1
    assert (path, query) == ("/api/v2/write", {"org": "eco", "bucket": "park", "precision": "ms"})
    assert headers["Authorization"] == "Token t0p"
    assert "Content-Encoding" not in headers
    assert body.endswith(b"active_power_kw=0.0,status=0i 1700000000000")


async def test_a_busy_server_says_when_to_come_back(recording: RecordingServer) -> None:
    recording.answer = (429, '{"code":"too many requests","message":"write limit"}', {"Retry-After": "12"})
    store = open_store(f"influxdb://127.0.0.1:{recording.port}/park")
    outcome = await store.write_readings(ROWS[:2])
    await store.close()
    assert (outcome.kept, outcome.retry_after_seconds) == ((0, 1), 12.0)
    assert outcome.kept_detail.endswith("429: write limit")


async def test_a_wrong_token_keeps_rows_and_fails_the_check(recording: RecordingServer) -> None:
    recording.answer = (401, '{"code":"unauthorized","message":"unauthorized access"}', {})
    store = open_store(f"influxdb://127.0.0.1:{recording.port}/park", token="wrong")
    outcome = await store.write_readings(ROWS[:2])
    with pytest.raises(UnreachableError, match="401 unauthorized access"):
        await store.check()
    await store.close()
    assert outcome.kept_detail.endswith("401: unauthorized access")


async def test_a_second_generation_without_its_mapping_names_the_way_out(recording: RecordingServer) -> None:
    words = '{"code":"not found","message":"no dbrp mapping not found for park"}'
    recording.answer = (404, words, {"X-Influxdb-Version": "v2.7.12"})
    recording.answers["/ping"] = (204, "", {"X-Influxdb-Version": "v2.7.12", "X-Influxdb-Build": "OSS"})
    store = open_store(f"influxdb://127.0.0.1:{recording.port}/park")
    with pytest.raises(UnreachableError, match=r"404 .*influx v1 dbrp create"):
        await store.check()
    await store.close()


async def test_the_third_generation_says_which_line_it_did_not_take_and_why(recording: RecordingServer) -> None:
    fault = {"original_line": "x", "line_number": 1, "error_message": "Detected a new tag 'zone' in write"}
    recording.answer = (400, json.dumps({"error": "partial write of line protocol occurred", "data": [fault]}), {})
    store = open_store(f"influxdb://127.0.0.1:{recording.port}/park")
    outcome = await store.write_readings(ROWS[:1])
    await store.close()
    (rejection,) = outcome.rejected
    assert rejection.reason is RejectReason.TYPE_CONFLICT
    assert rejection.detail == "partial write of line protocol occurred: Detected a new tag 'zone' in write"


async def test_the_check_says_what_the_server_lacks(recording: RecordingServer) -> None:
    recording.answer = (200, '{"results":[{"statement_id":0}]}', {})
    recording.answers["/ping"] = (200, "", {"X-Influxdb-Version": "3.4.1", "X-Influxdb-Build": "Core"})
    store = open_store(f"influxdb://127.0.0.1:{recording.port}/park")
    description = await store.check()
    await store.close()
    assert description.version == "3.4.1"
    assert description.detail.endswith("/park (InfluxDB 3 Core)")
    assert any("72 hours" in limit for limit in description.lacks)


async def test_reads_ask_query_with_bucket_policy_and_token(recording: RecordingServer) -> None:
    recording.answer = (200, '{"results":[{"statement_id":0}]}', {})
    store = open_store(f"influxdb://127.0.0.1:{recording.port}/park?rp=hourly", token="t0p")
    assert await store.select(COUNT) == []
    await store.close()
    ((path, query, headers, _),) = recording.seen
    assert path == "/query"
    assert {key: query[key] for key in ("db", "rp", "epoch")} == {"db": "park", "rp": "hourly", "epoch": "ms"}
    assert headers["Authorization"] == "Token t0p"


@pytest.mark.parametrize(
    "text", ["not json", '{"results":[{"error":"cut"}]}', '{"results":[{"series":[{"values":[["x"]]}]}]}']
)
async def test_an_answer_that_is_no_answer_is_an_error(recording: RecordingServer, text: str) -> None:
    recording.answer = (200, text, {})
    store = open_store(f"influxdb://127.0.0.1:{recording.port}/park")
    with pytest.raises(UnreachableError, match="influxdb http"):
        await store.select(COUNT)
    await store.close()
