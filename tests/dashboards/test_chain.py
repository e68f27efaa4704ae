"""Asking ingest for its status."""

from collections.abc import Iterator

import pytest

from dashboards.console.chain import ChainStatus, fetch_status
from service_runtime.errors import UnreachableError
from tests.dashboards.fake_ingest import FakeIngest


@pytest.fixture
def ingest() -> Iterator[FakeIngest]:
    server = FakeIngest()
    yield server
    server.stop()


async def test_the_status_is_typed_and_unknown_fields_are_ignored(ingest: FakeIngest) -> None:
    status = await fetch_status(ingest.url + "/")
    assert (status.readings.received, status.gateways["gw-west"].state) == (120_450, "offline")
    assert status.quarantine.by_reason == {"unknown_point": 7, "out_of_range": 3}


async def test_missing_batches_are_counted_over_gateways(ingest: FakeIngest) -> None:
    assert (await fetch_status(ingest.url)).missing_batches == 3


async def test_a_young_ingest_may_leave_things_out(ingest: FakeIngest) -> None:
    ingest.body = b'{"latency_ms": {"p50": null, "p99": null, "count": 0}}'
    assert await fetch_status(ingest.url) == ChainStatus()


@pytest.mark.parametrize("body", [b"<html>", b'{"readings": {"received": "many"}}'])
async def test_an_answer_that_is_no_status_is_said(ingest: FakeIngest, body: bytes) -> None:
    ingest.body = body
    with pytest.raises(UnreachableError, match="not a status answer"):
        await fetch_status(ingest.url)


async def test_an_error_code_is_said(ingest: FakeIngest) -> None:
    ingest.code = 503
    with pytest.raises(UnreachableError, match=rf"{ingest.url}/api/v1/status: HTTP 503"):
        await fetch_status(ingest.url)


async def test_nobody_listening_is_said_with_the_address(ingest: FakeIngest) -> None:
    ingest.stop()
    with pytest.raises(UnreachableError, match=ingest.url):
        await fetch_status(ingest.url)


async def test_an_address_that_is_none_is_said() -> None:
    with pytest.raises(UnreachableError, match="nonsense"):
        await fetch_status("nonsense://")
