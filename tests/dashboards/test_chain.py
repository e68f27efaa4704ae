"""Asking ingest for its status."""

from collections.abc import Iterator

import pytest

from dashboards.console.chain import ChainStatus, fetch_status
from dashboards.console.ledger import Ledger, fetch_ledger
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


async def test_the_ledger_is_shown_newest_first_with_what_is_missing(ingest: FakeIngest) -> None:
    lines = (await fetch_ledger(ingest.url)).newest()
    assert [(line.gateway, line.batches.expected, line.missing_text()) for line in lines] == [
        ("gw-east", 300, ""), ("gw-west", 301, "17-18, 40"),
    ]  # fmt: skip


async def test_many_missing_ranges_are_cut_short(ingest: FakeIngest) -> None:
    ingest.ledger_body = (
        b'{"lines": [{"gateway": "g", "run": "r", "hour": "2026-11-18T14:00:00Z",'
        b'"missing_sequences": [[1,1],[3,3],[5,5],[7,7],[9,9],[11,11]]}]}'
    )
    [line] = (await fetch_ledger(ingest.url)).lines
    assert line.missing_text() == "1, 3, 5, 7, 9, …"


async def test_an_empty_and_a_spoilt_ledger(ingest: FakeIngest) -> None:
    ingest.ledger_body = b"{}"
    assert await fetch_ledger(ingest.url) == Ledger()
    ingest.ledger_body = b"[]"
    with pytest.raises(UnreachableError, match="not a ledger answer"):
        await fetch_ledger(ingest.url)
