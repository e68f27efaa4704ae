"""What each HTTP answer means for the rows of a write, against a scripted database."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from telemetry_store.influx_status import (
    Handling,
    WriteAnswer,
    blamed_field,
    dropped_rows,
    handling,
    reject_reason,
    retry_after_seconds,
)
from telemetry_store.influx_write import MAX_REQUEST_BYTES, MAX_ROWS_PER_REQUEST, LineDelivery
from telemetry_store.rows import Rejection, RejectReason, WriteOutcome

CONFLICT = 'partial write: field type conflict: input field "x" on measurement "m" is type string dropped={}'
ACCEPTED = WriteAnswer(204)


class ScriptedDatabase:
    """Takes lines as InfluxDB would: refuses requests with a line in ``bad``, or larger than ``limit`` lines."""

    def __init__(self, bad: Sequence[str] = (), limit: int = 10**9, counts_dropped: bool = False) -> None:
        self.bad = set(bad)
        self.limit = limit
        self.counts_dropped = counts_dropped
        self.stored: list[str] = []
        self.requests: list[int] = []
        self.answers: list[WriteAnswer] = []

    async def post(self, body: bytes) -> WriteAnswer:
        lines = body.decode().split("\n")
        self.requests.append(len(lines))
        if self.answers:
            return self.answers.pop(0)
        if len(lines) > self.limit:
            return WriteAnswer(413, "Request Entity Too Large")
        good = [line for line in lines if line not in self.bad]
        if len(good) == len(lines):
            self.stored += lines
            return ACCEPTED
        dropped = len(lines) - len(good) if self.counts_dropped else 0
        return WriteAnswer(400, CONFLICT.format(dropped))

    async def take(self, lines: Sequence[str]) -> WriteOutcome:
        return await LineDelivery("influxdb test", self.post, lines, range(len(lines))).send(len(lines), ())


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (WriteAnswer(204), Handling.ACCEPTED),
        (WriteAnswer(200), Handling.ACCEPTED),
        (WriteAnswer(400, "unable to parse 'x'"), Handling.ISOLATE),
        (WriteAnswer(422, "points outside retention"), Handling.ISOLATE),
        (WriteAnswer(400, "database is required"), Handling.KEEP),
        (WriteAnswer(400, "<html>400 Bad Request</html>"), Handling.KEEP),
        (WriteAnswer(401, "unauthorized"), Handling.KEEP),
        (WriteAnswer(403, "forbidden"), Handling.KEEP),
        (WriteAnswer(404, 'database not found: "x"'), Handling.KEEP),
        (WriteAnswer(413), Handling.SPLIT),
        (WriteAnswer(429), Handling.KEEP),
        (WriteAnswer(500, "timeout"), Handling.KEEP),
        (WriteAnswer(503), Handling.KEEP),
        (WriteAnswer(0, "connection refused"), Handling.KEEP),
        (WriteAnswer(302), Handling.KEEP),
    ],
)
def test_the_status_table(answer: WriteAnswer, expected: Handling) -> None:
    assert handling(answer) is expected


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (CONFLICT.format(1), RejectReason.TYPE_CONFLICT),
        ("partial write: points beyond retention policy dropped=3", RejectReason.OUT_OF_RETENTION),
        ("unable to parse 'x y': missing fields", RejectReason.MALFORMED),
        ("partial write: max-series-per-database limit exceeded: (1000) dropped=1", RejectReason.OTHER),
    ],
)
def test_the_databases_words_become_a_reason(message: str, reason: RejectReason) -> None:
    assert reject_reason(message) is reason


def test_dropped_counts_only_in_a_partial_write() -> None:
    assert dropped_rows(CONFLICT.format(12)) == 12
    assert dropped_rows("unable to parse 'm dropped=3'") is None


def test_retry_after_is_a_number_or_a_date() -> None:
    now = datetime(2026, 11, 1, 0, 0, 0, tzinfo=UTC)
    assert retry_after_seconds("17") == 17.0
    assert retry_after_seconds("Sun, 01 Nov 2026 00:01:00 GMT", now) == 60.0
    assert retry_after_seconds("Sun, 01 Nov 2026 00:00:00 GMT", datetime(2027, 1, 1, tzinfo=UTC)) == 0.0
    assert retry_after_seconds("") is None
    assert retry_after_seconds("soon") is None


async def test_exactly_the_bad_rows_are_rejected() -> None:
    lines = [f"row{number}" for number in range(100)]
    database = ScriptedDatabase(bad=["row0", "row57", "row58", "row99"])
    outcome = await database.take(lines)
    assert [rejection.index for rejection in outcome.rejected] == [0, 57, 58, 99]
    assert {rejection.reason for rejection in outcome.rejected} == {RejectReason.TYPE_CONFLICT}
    assert outcome.accepted == 96
    assert database.stored == [line for line in lines if line not in database.bad]


async def test_a_request_that_is_all_bad_is_settled_at_once_when_the_database_counts() -> None:
    lines = [f"row{number}" for number in range(64)]
    database = ScriptedDatabase(bad=lines, counts_dropped=True)
    outcome = await database.take(lines)
    assert (len(outcome.rejected), database.requests) == (64, [64])


async def test_too_large_requests_are_split_and_a_single_too_large_row_is_refused() -> None:
    database = ScriptedDatabase(limit=10)
    assert (await database.take([f"row{number}" for number in range(100)])).accepted == 100
    assert sorted(database.stored) == sorted(f"row{number}" for number in range(100))
    database.limit = 0
    outcome = await database.take(["huge"])
    assert [(rejection.index, rejection.reason) for rejection in outcome.rejected] == [(0, RejectReason.OTHER)]


async def test_rows_go_in_requests_of_bounded_size_and_order() -> None:
    lines = [f"row{number}" for number in range(MAX_ROWS_PER_REQUEST * 2 + 1)]
    database = ScriptedDatabase()
    await database.take(lines)
    assert database.requests == [MAX_ROWS_PER_REQUEST, MAX_ROWS_PER_REQUEST, 1]
    assert database.stored == lines


async def test_long_rows_are_split_before_they_are_sent() -> None:
    database = ScriptedDatabase()
    await database.take(["x" * (MAX_REQUEST_BYTES // 3)] * 4)
    assert database.requests == [2, 2]


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503, 0])
async def test_rows_that_are_not_to_blame_are_kept(status: int) -> None:
    database = ScriptedDatabase()
    database.answers = [WriteAnswer(status, "why", "30")]
    outcome = await database.take(["a", "b", "c"])
    assert (outcome.kept, outcome.rejected, outcome.accepted) == ((0, 1, 2), (), 0)
    assert "influxdb test" in outcome.kept_detail
    assert "why" in outcome.kept_detail
    assert outcome.retry_after_seconds == 30.0


async def test_nothing_more_is_sent_after_the_database_is_in_trouble() -> None:
    lines = [f"row{number}" for number in range(MAX_ROWS_PER_REQUEST * 3)]
    database = ScriptedDatabase()
    database.answers = [ACCEPTED, WriteAnswer(503, "busy")]
    outcome = await database.take(lines)
    assert len(database.requests) == 2
    assert outcome.kept == tuple(range(MAX_ROWS_PER_REQUEST, len(lines)))


async def test_trouble_while_isolating_keeps_what_is_not_settled() -> None:
    database = ScriptedDatabase(bad=["row0"])
    conflict = WriteAnswer(400, CONFLICT.format(0))
    database.answers = [conflict, conflict, conflict, WriteAnswer(503, "busy")]
    outcome = await database.take([f"row{number}" for number in range(4)])
    assert ([rejection.index for rejection in outcome.rejected], outcome.kept) == ([0], (1, 2, 3))


async def test_indices_are_those_of_the_callers_rows() -> None:
    database = ScriptedDatabase(bad=["b"])
    refused = [Rejection(1, RejectReason.MALFORMED, "before")]
    outcome = await LineDelivery("influxdb test", database.post, ["a", "b"], [0, 2]).send(3, refused)
    assert [rejection.index for rejection in outcome.rejected] == [1, 2]
    assert outcome.accepted == 1


async def test_each_of_two_conflicts_in_one_request_gets_its_own_words() -> None:
    conflict = 'partial write: field type conflict: input field "{}" on measurement "m" is type float dropped={}'
    database = ScriptedDatabase()
    database.answers = [
        WriteAnswer(400, conflict.format("a b", 3)),
        WriteAnswer(400, conflict.format("c", 1)),
    ]
    outcome = await database.take(["m a\\ b=1 1", "m c=1 1", "m,t=x d=1,a\\ b=2 2"])
    assert [(r.index, blamed_field(r.detail)) for r in outcome.rejected] == [(0, "a b"), (1, "c"), (2, "a b")]
    assert database.requests == [3, 1]


async def test_a_field_that_no_line_has_is_blamed_on_all_of_them() -> None:
    database = ScriptedDatabase()
    database.answers = [WriteAnswer(400, CONFLICT.format(2).replace('"x"', '"elsewhere"'))]
    assert [r.index for r in (await database.take(["m a=1 1", "m b=1 1"])).rejected] == [0, 1]
