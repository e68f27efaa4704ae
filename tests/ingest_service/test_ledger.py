"""The completeness ledger: what it expects, what it misses, and who may ask it what."""

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from ingest_service.command import ingest
from ingest_service.http_api.app import create_app
from ingest_service.ledger_book import LedgerBook
from ingest_service.ledger_writer import LedgerWriter
from ingest_service.settings import IngestSettings
from ingest_service.state.ledger import LedgerEntry, range_text
from ingest_service.state.place import SqliteFile
from ingest_service.state.run_cursor import RunKey
from ingest_service.state.schema import SCHEMA_VERSION
from ingest_service.state.settlement import HOUR_MS, Count
from ingest_service.state.state_file import StateFile
from service_runtime.errors import OperatorError
from telemetry_store.query import Select, SeriesQuery
from tests.ingest_service.builders import NOW_MS, a_delivery, a_pack, numbered, stored_values
from tests.ingest_service.conftest import Rig
from tests.ingest_service.test_command import call, settings_file

HOUR = NOW_MS - NOW_MS % HOUR_MS


@pytest.fixture
async def client(rig: Rig) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(rig.view, rig.book))
    async with httpx.AsyncClient(transport=transport, base_url="http://ingest") as made:
        yield made


async def take(rig: Rig, *seqs: int, hours_ago: int = 0, oldest: int = 1) -> None:
    created_ms = HOUR - hours_ago * HOUR_MS
    packs = (a_delivery(a_pack(n, start_ms=NOW_MS + n), numbered("r", n, oldest, created_ms)) for n in seqs)
    await rig.take(*packs)


def lines_of(rig: Rig) -> list[LedgerEntry]:
    return rig.book.lines(0, 2 * NOW_MS)


async def test_expected_is_received_plus_missing_in_every_hour(rig: Rig) -> None:
    await take(rig, 1, 2, 4, hours_ago=2)
    await take(rig, 9, 10, hours_ago=1)
    await take(rig, 12, oldest=12)
    assert [(e.expected, e.batches, range_text(e.missing)) for e in lines_of(rig)] == [
        (4, 3, "3"), (6, 2, "5-8"), (2, 1, "11"),
    ]  # fmt: skip
    assert all(e.expected == e.batches + e.missing_count for e in lines_of(rig))


async def test_a_late_comer_closes_the_hole_also_in_the_store(rig: Rig) -> None:
    writer = LedgerWriter(rig.store, rig.state, "thu")
    await take(rig, 1, 2, hours_ago=1)
    await take(rig, 4)
    await writer.write_once()
    query = SeriesQuery("ledger", (Select("missing"), Select("missing_sequences")), 0, 2 * NOW_MS)

    async def missing() -> list[tuple[object, ...]]:
        [series] = await rig.store.select(query)
        return [row[1:] for row in series.rows]

    assert await missing() == [(0, ""), (1, "3")]
    await take(rig, 3, hours_ago=1)
    await writer.write_once()
    assert await missing() == [(0, ""), (0, "")]


async def test_what_comes_from_below_the_first_known_batch_was_not_missing(rig: Rig) -> None:
    await take(rig, 10, oldest=10)
    await take(rig, 4, oldest=4)
    assert [(e.expected, e.batches, e.missing) for e in lines_of(rig)] == [(2, 2, ())]


async def test_packs_without_numbers_are_counted_and_expect_nothing(rig: Rig) -> None:
    await rig.take(a_delivery(a_pack(1)), a_delivery(a_pack(2)))
    assert [(e.run, e.expected, e.batches, e.missing) for e in lines_of(rig)] == [("unnumbered", 2, 2, ())]


async def test_a_refilled_batch_is_written_again_and_counted_as_refilled_only(rig: Rig) -> None:
    await take(rig, 1, 2, 3)
    before = dict(rig.state.counts)
    connection = sqlite3.connect(rig.settings.store_url.removeprefix("sqlite:///"))
    with closing(connection), connection:
        connection.execute("DELETE FROM reading")
    [refill] = (await rig.state.begin_refills(NOW_MS - 1000, [], NOW_MS)).values()
    await take(rig, 2, 3)
    await take(rig, 1, 3)
    assert sorted((await stored_values(rig.store)).values()) == [1.0, 2.0, 3.0]  # type: ignore[type-var]
    changed = {name: n - before.get(name, 0) for name, n in rig.state.counts.items() if n != before.get(name, 0)}
    assert changed == {
        Count.BATCHES_RECEIVED: 4, Count.BATCHES_REFILLED: 3, Count.READINGS_REFILLED: 3, Count.BATCHES_DUPLICATE: 1,
    }  # fmt: skip
    assert (refill.arrived_count, list(refill.outstanding())) == (3, [])
    [line] = lines_of(rig)
    assert (line.batches, line.refilled, line.duplicate, line.received, line.stored) == (3, 3, 1, 3, 3)


async def test_what_the_store_refuses_of_a_refill_lies_in_quarantine_and_is_not_counted_twice(rig: Rig) -> None:
    await take(rig, 1, 2)
    await rig.state.begin_refills(0, [], NOW_MS)
    rig.store.reject = lambda row: row.value == 2
    await take(rig, 1, 2)
    assert [record.reason for record in rig.quarantine.records()] == ["store_type_conflict"]
    assert (rig.state.counts[Count.READINGS_STORED], rig.state.counts[Count.READINGS_QUARANTINED]) == (2, 0)


async def test_a_refill_reaches_back_to_what_was_received_late(rig: Rig) -> None:
    await take(rig, 1, 2, hours_ago=50)
    rig.clock.advance(10 * 3600)
    await take(rig, 3, 4, hours_ago=40)
    begun = await rig.state.begin_refills(rig.clock.now_ms() - 1000, [], 0)
    assert [(refill.from_seq, refill.to_seq) for refill in begun.values()] == [(3, 4)]
    assert await rig.state.begin_refills(rig.clock.now_ms() + 1000, [], 0) == {}
    assert await rig.state.begin_refills(0, ["gw-2"], 0) == {}


async def test_http_lists_lines_and_sums(rig: Rig, client: httpx.AsyncClient) -> None:
    await take(rig, 1, 3)
    answer = (await client.get("/api/v1/ledger")).json()
    assert answer["totals"] == {
        "batches": {"expected": 3, "received": 2, "missing": 1, "duplicate": 0, "refilled": 0},
        "readings": {"received": 2, "stored": 2, "quarantined": 0, "late": 0},
    }
    [line] = answer["lines"]
    assert (line["gateway"], line["hour"], line["missing_sequences"]) == ("gw-1", "2025-06-15T15:00:00Z", [[2, 2]])
    assert (await client.get("/api/v1/ledger", params={"gateway": "gw-2"})).json()["lines"] == []
    earlier = {"from": "2025-06-15T20:00:00+07:00", "to": "2025-06-15T15:00:00Z"}
    assert (await client.get("/api/v1/ledger", params=earlier)).json()["lines"] == []
    assert len((await client.get("/api/v1/ledger?from=2025-06-15T22:00:00+07:00")).json()["lines"]) == 1


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("from=yesterday", "from: 'yesterday' is not a moment"),
        ("to=2026-01-01T00:00:00", "to: '2026-01-01T00:00:00' is not a moment"),
        ("from=1960-01-01T00:00:00Z", "before 1970"),
        ("from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z", "is not before to"),
        ("gatway=gw-1", "unknown parameter 'gatway' (known: from, to, gateway)"),
    ],
)
async def test_a_bad_question_is_a_problem_document(client: httpx.AsyncClient, query: str, said: str) -> None:
    answer = await client.get(f"/api/v1/ledger?{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert said in answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b'{"since":"2020-01-01T00:00:00Z"}', "text/plain", 415),
        (b"{", "application/json", 400),
        (b'{"since":"soon"}', "application/json", 400),
        (b'{"since":"2020-01-01T00:00:00Z","gatways":[]}', "application/json", 400),
        (b'{"since":"2020-01-01T00:00:00Z","gateways":["gw-9"]}', "application/json", 404),
        (b" " * 100_001, "application/json", 413),
    ],
)
async def test_a_refill_that_cannot_be_ordered_is_a_problem_document(
    client: httpx.AsyncClient, body: bytes, kind: str, status: int
) -> None:
    answer = await client.post("/api/v1/refills", content=body, headers={"content-type": kind})
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


async def test_a_refill_says_how_it_is_getting_on(rig: Rig, client: httpx.AsyncClient) -> None:
    await take(rig, *range(1, 11))
    order = {"since": "2020-01-01T00:00:00+07:00"}
    begun = await client.post("/api/v1/refills", json=order)
    assert (begun.status_code, begun.json()["refills"][0]["outstanding"]) == (202, 10)
    assert begun.json()["unheard"] == ["dev", "gw-1", "gw-2"]
    await take(rig, 1, 2, 3)
    [refill] = (await client.get("/api/v1/refills")).json()["refills"]
    assert (refill["batches"], refill["refilled"], refill["outstanding"], refill["gone"]) == (10, 3, 7, 0)


async def test_a_book_too_long_for_one_answer_is_refused(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest_service.ledger_book.MAX_LINES", 1)
    await take(rig, 1, hours_ago=1)
    await take(rig, 2)
    with pytest.raises(OperatorError, match="more than 1 lines: ask for a shorter time or for one gateway"):
        rig.book.lines(0, 2 * NOW_MS)


def test_the_command_prints_a_table_and_json(settings: IngestSettings, tmp_path: Path) -> None:
    import asyncio

    async def fill() -> None:
        rig = Rig(settings)
        await take(rig, 1, 2, 5)
        await rig.close()

    asyncio.run(fill())
    span = ("--settings", settings_file(settings, tmp_path), "--from", "2025-06-15", "--to", "2025-06-15")
    table = call(ingest, "ledger", *span).output.splitlines()
    assert table[1].split()[:6] == ["2025-06-15", "22:00", "gw-1", "r", "5", "3"]
    assert table[1].endswith("3-4")
    assert table[2] == "1 lines; batches expected 5, received 3, missing 2"
    document = json.loads(CliRunner().invoke(ingest, ["ledger", *span, "--json"]).output)
    assert document["lines"][0]["missing_sequences"] == [[3, 4]]
    refused = call(ingest, "ledger", "--settings", span[1], "--from", "monday")
    assert "--from: 'monday' is not a date" in str(refused.exception)
    unknown = call(ingest, "ledger", *span, "--gateway", "gw-none")
    assert "--gateway: 'gw-none' is no gateway of park" in str(unknown.exception)


async def test_a_state_file_of_version_2_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    await StateFile(path, 10).close()
    with closing(sqlite3.connect(path)) as old:
        old.executescript("""
            ALTER TABLE cursors DROP COLUMN highest_created_ms;
            INSERT INTO cursors VALUES ('gw-1', 'r', 0, 1, '1-1,3-3', 1, 70);
            PRAGMA user_version = 2;
        """)
    state = StateFile(path, 10)
    cursor = state.cursors[RunKey("gw-1", "r")]
    await state.close()
    assert (cursor.told, cursor.highest_created_ms) == ((1, 70), 0)
    assert not cursor.arrive(3, 1, created_ms=90)
    assert not cursor.forked


async def test_a_state_file_of_version_1_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with closing(sqlite3.connect(path)) as old:
        old.executescript("""
            CREATE TABLE cursors (gateway TEXT, run TEXT, base INTEGER, through INTEGER, stored TEXT, changed INTEGER,
                PRIMARY KEY (gateway, run)) WITHOUT ROWID;
            CREATE TABLE counts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
            CREATE TABLE ledger (gateway TEXT, run TEXT, hour_ms INTEGER, received INTEGER, stored INTEGER,
                quarantined INTEGER, duplicate INTEGER, late INTEGER, missing INTEGER, through_seq INTEGER,
                revision INTEGER DEFAULT 1, written_revision INTEGER DEFAULT 0, PRIMARY KEY (gateway, run, hour_ms))
                WITHOUT ROWID;
            CREATE INDEX ledger_unwritten ON ledger (hour_ms) WHERE written_revision < revision;
            INSERT INTO cursors VALUES ('gw-1', 'r', 0, 20, '1-12,15-20', 1);
            INSERT INTO ledger VALUES ('gw-1', 'r', 0, 10, 10, 0, 0, 0, 0, 10, 1, 1);
            INSERT INTO ledger VALUES ('gw-1', 'r', 3600000, 8, 8, 0, 1, 0, 2, 20, 1, 1);
            PRAGMA user_version = 1;
        """)
    state = StateFile(path, 10)
    await state.close()
    lines = LedgerBook(SqliteFile(path)).lines(0, NOW_MS)
    assert [(e.expected, e.batches, e.first_seq, e.last_seq, e.missing) for e in lines] == [
        (10, 10, 1, 10, ()), (10, 8, 11, 20, ((13, 14),)),
    ]  # fmt: skip
    with closing(sqlite3.connect(path)) as upgraded:
        assert upgraded.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
