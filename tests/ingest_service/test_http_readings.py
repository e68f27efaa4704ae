"""Readings over HTTP: answered when they are safe, refused with a problem document, one token per source."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from ingest_service.http_api.app import create_app
from ingest_service.http_intake import MAX_WAITING_OF_A_SOURCE, HttpIntake
from ingest_service.http_sources import load_http_sources
from ingest_service.settings import IngestSettings
from service_runtime.errors import SettingsError
from telemetry_model.senml import MAX_PACK_BYTES, MAX_PACK_RECORDS
from tests.ingest_service.builders import FLOW, NOW_MS, POWER, a_park, settings_for, stored_values
from tests.ingest_service.conftest import Rig

TOKEN = "token-of-the-flow-meter"
GATEWAY_TOKEN = "token-of-the-old-gateway"
SOURCES = f"""
[[sources]]
name = "flow-meter"
token_sha256 = "{hashlib.sha256(TOKEN.encode()).hexdigest()}"
points = ["{FLOW}"]

[[sources]]
name = "old-gateway"
token = "{GATEWAY_TOKEN}"
gateway = "gw-1"
"""
NOW_SECONDS = NOW_MS // 1000
JSON, CBOR, CSV = "application/senml+json", "application/senml+cbor", "text/csv"


@pytest.fixture
def sources_file(tmp_path: Path) -> Path:
    file = tmp_path / "sources.toml"
    file.write_text(SOURCES)
    file.chmod(0o600)
    return file


@pytest.fixture
def settings(tmp_path: Path, sources_file: Path) -> IngestSettings:
    return settings_for(tmp_path, http_sources_file=str(sources_file))


@pytest.fixture
async def client(rig: Rig) -> AsyncIterator[httpx.AsyncClient]:
    intake = HttpIntake(rig.reception, rig.subscriber, rig.clock, answer_timeout_seconds=10)
    transport = httpx.ASGITransport(create_app(rig.view, rig.book, intake))
    running = asyncio.create_task(rig.pipeline.run())
    async with httpx.AsyncClient(transport=transport, base_url="http://ingest") as made:
        yield made
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def post(client: httpx.AsyncClient, body: bytes | str, kind: str = JSON, token: str = TOKEN, **headers: str) -> (
    httpx.Response
):  # fmt: skip
    content = body.encode() if isinstance(body, str) else body
    return await client.post(
        "/api/v1/readings",
        content=content,
        headers={"authorization": f"Bearer {token}", "content-type": kind} | headers,
    )


def flow(value: float = 3.5) -> str:
    return f'[{{"n":"{FLOW}","t":{NOW_SECONDS},"v":{value}}}]'


async def test_readings_are_stored_before_they_are_answered(rig: Rig, client: httpx.AsyncClient) -> None:
    answer = await post(client, f'[{{"n":"{POWER}","t":{NOW_SECONDS},"v":41}}]', token=GATEWAY_TOKEN)
    assert (answer.status_code, answer.json()) == (
        200, {"received": 1, "stored": 1, "quarantined": 0, "reasons": {}},
    )  # fmt: skip
    assert await stored_values(rig.store) == {NOW_SECONDS * 1000: 41.0}
    assert rig.state.counts["readings_stored"] == 1


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (JSON, flow()),
        ("application/json; charset=utf-8", flow()),
        (CSV, f"time,point,value,unit\n{NOW_SECONDS},{FLOW},3.5,m3/h\n"),
        (CBOR, b"\x81\xa2\x00\x69wm-1.flow\x02\xf9\x43\x00"),
    ],
)
async def test_each_format(client: httpx.AsyncClient, kind: str, body: bytes | str) -> None:
    answer = await post(client, body, kind)
    assert (answer.status_code, answer.json()["stored"]) == (200, 1)


async def test_what_is_quarantined_is_told_and_kept(rig: Rig, client: httpx.AsyncClient) -> None:
    body = f'[{{"n":"{FLOW}","t":{NOW_SECONDS},"v":1}},{{"n":"wm-9.flow","t":{NOW_SECONDS},"v":1}}]'
    answer = await post(client, body)
    assert answer.json() == {"received": 2, "stored": 1, "quarantined": 1, "reasons": {"unknown_point": 1}}
    assert [record.topic for record in rig.quarantine.records()] == ["http:flow-meter"]


async def test_what_the_store_refuses_is_told(rig: Rig, client: httpx.AsyncClient) -> None:
    rig.store.reject = lambda row: True
    assert (await post(client, flow())).json() == {
        "received": 1, "stored": 0, "quarantined": 1, "reasons": {"store_type_conflict": 1},
    }  # fmt: skip


async def test_the_same_body_twice_is_the_same_row(rig: Rig, client: httpx.AsyncClient) -> None:
    for _ in range(2):
        await post(client, f'[{{"n":"{POWER}","t":{NOW_SECONDS},"v":41}}]', token=GATEWAY_TOKEN)
    assert len(await stored_values(rig.store)) == 1


@pytest.mark.parametrize("header", [{}, {"authorization": f"Basic {TOKEN}"}, {"authorization": "Bearer guess"},
                                    {"authorization": "Bearer "}])  # fmt: skip
async def test_without_a_known_token_nothing_is_taken(client: httpx.AsyncClient, header: dict[str, str]) -> None:
    answer = await client.post("/api/v1/readings", content=flow(), headers={"content-type": JSON} | header)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.headers["content-type"] == "application/problem+json"


async def test_points_of_others_are_forbidden_and_nothing_of_the_body_is_taken(
    rig: Rig, client: httpx.AsyncClient
) -> None:
    body = f'[{{"n":"{FLOW}","t":{NOW_SECONDS},"v":1}},{{"n":"{POWER}","t":{NOW_SECONDS},"v":1}}]'
    answer = await post(client, body)
    assert (answer.status_code, answer.json()["detail"]) == (403, f"not for this source to write: {POWER}")
    assert rig.state.counts["readings_received"] == 0


@pytest.mark.parametrize(
    ("status", "kind", "body", "headers"),
    [
        (415, "application/xml", "<a/>", {}),
        (415, JSON, flow(), {"content-encoding": "gzip"}),
        (413, JSON, " " * (MAX_PACK_BYTES + 1), {}),
        (413, CSV, "time,point,value\n" + f"1,{FLOW},1\n" * (MAX_PACK_RECORDS + 1), {}),
        (422, JSON, '[{"n":"x"', {}),
        (422, JSON, "[" * 200_000, {}),
        (422, CSV, "time,point,value\nnoon,wm-1.flow,1\n", {}),
        (422, CBOR, b"\x81\x81\x81\x81\x81\x81\x81", {}),
    ],
)
async def test_what_cannot_be_taken_is_a_problem_document(
    rig: Rig, client: httpx.AsyncClient, status: int, kind: str, body: bytes | str, headers: dict[str, str]
) -> None:
    answer = await post(client, body, kind, **headers)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert rig.state.counts["readings_received"] == 0


async def test_a_body_without_a_length_is_cut_off_at_the_limit(client: httpx.AsyncClient) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(3 * MAX_PACK_BYTES // 100_000):
            yield b" " * 100_000

    answer = await client.post(
        "/api/v1/readings", content=endless(), headers={"authorization": f"Bearer {TOKEN}", "content-type": JSON}
    )
    assert answer.status_code == 413


async def test_a_store_that_does_not_answer_is_503_and_the_readings_come_later(rig: Rig) -> None:
    intake = HttpIntake(rig.reception, rig.subscriber, rig.clock, answer_timeout_seconds=0.05)
    transport = httpx.ASGITransport(create_app(rig.view, rig.book, intake))
    async with httpx.AsyncClient(transport=transport, base_url="http://ingest") as client:
        answer = await post(client, flow())
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    await rig.pipeline.process(await rig.pipeline.collect())
    assert rig.state.counts["readings_stored"] == 1


async def test_one_source_cannot_take_all_places(rig: Rig) -> None:
    intake = HttpIntake(rig.reception, rig.subscriber, rig.clock, answer_timeout_seconds=5)
    transport = httpx.ASGITransport(create_app(rig.view, rig.book, intake))
    async with httpx.AsyncClient(transport=transport, base_url="http://ingest") as client:
        waiting = [asyncio.create_task(post(client, flow(n))) for n in range(MAX_WAITING_OF_A_SOURCE + 1)]
        done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        assert [task.result().status_code for task in done] == [503]
        await rig.pipeline.process(await rig.pipeline.collect())
        answers = await asyncio.gather(*waiting)
    assert sorted(answer.status_code for answer in answers) == [200] * MAX_WAITING_OF_A_SOURCE + [503]


async def test_without_sources_there_is_no_such_path(rig: Rig) -> None:
    transport = httpx.ASGITransport(create_app(rig.view, rig.book))
    async with httpx.AsyncClient(transport=transport, base_url="http://ingest") as client:
        assert (await post(client, flow())).status_code == 404


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (GATEWAY_TOKEN, "changeme", "source 'old-gateway': token is still a placeholder"),
        (GATEWAY_TOKEN, "short", "token has fewer than 16 characters"),
        (GATEWAY_TOKEN, "", "needs either token or token_sha256"),
        (GATEWAY_TOKEN, TOKEN, "two sources have the same token"),
        ('name = "old-gateway"', 'name = "flow-meter"', "'flow-meter' is there twice"),
        ('name = "old-gateway"', 'name = "Old Gateway"', "regex"),
        (hashlib.sha256(TOKEN.encode()).hexdigest(), "abc", "not 64 lower-case hexadecimal digits"),
        (hashlib.sha256(TOKEN.encode()).hexdigest(), hashlib.sha256(b"changeme").hexdigest(), "is of a placeholder"),
        (f'points = ["{FLOW}"]', "", "needs points or a gateway"),
        (FLOW, "wm-9.flow", "unknown point 'wm-9.flow'"),
        ("points =", "pionts =", "unknown field"),
        ("[[sources]]", "[[sources", "not valid TOML"),
    ],
)
def test_a_mistake_in_the_sources_file_stops_the_start_with_a_sentence(
    sources_file: Path, old: str, new: str, message: str
) -> None:
    sources_file.write_text(SOURCES.replace(old, new))
    with pytest.raises(SettingsError, match=message):
        load_http_sources(str(sources_file), a_park())


def test_plain_tokens_that_others_may_read_are_refused(sources_file: Path) -> None:
    sources_file.chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        load_http_sources(str(sources_file), a_park())
    sources_file.write_text(SOURCES.split("\n\n", maxsplit=1)[0])
    assert list(load_http_sources(str(sources_file), a_park()).by_name) == ["flow-meter"]


def test_a_sources_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"http_sources_file: .*gone\.toml cannot be read"):
        load_http_sources(str(tmp_path / "gone.toml"), a_park())
