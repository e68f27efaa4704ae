"""Several replicas on one PostgreSQL state: what any of them commits counts once, and none goes back behind another."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest

from ingest_service.cursor_announcer import CursorAnnouncer
from ingest_service.settings import IngestSettings
from ingest_service.state import postgres_session, postgres_state, run_limit
from ingest_service.state.ingest_state import StaleRoundError
from ingest_service.state.run_cursor import BEYOND_ANY_LOG, RunKey
from ingest_service.state.settlement import Count, Refusal, Settlement
from service_runtime.errors import OperatorError, UnreachableError
from telemetry_model.control_messages import StoredCursor, decode_stored
from telemetry_store.open import open_store
from tests.ingest_service.builders import NOW_MS, a_delivery, a_pack, numbered, settings_for, stored_values
from tests.ingest_service.conftest import Rig
from tests.servers.ports import free_port
from tests.servers.postgres import PostgresServer

pytestmark = pytest.mark.real_server
KEY = RunKey("gw-1", "r")


class Park:
    """Replicas of one park: a state database and, instead of InfluxDB, one store file for all."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder = folder
        self._url = url
        self.rigs: list[Rig] = []

    def settings(self, client_id: str, **changes: object) -> IngestSettings:
        values: dict[str, object] = {
            "store_url": "influxdb://127.0.0.1:1/none",
            "state_path": "",
            "state_url": self._url,
            "mqtt_share_group": "ingest",
            "mqtt_client_id": client_id,
        }
        return settings_for(self._folder, **{**values, **changes})

    def replica(self, client_id: str) -> Rig:
        store = open_store(f"sqlite:///{self._folder}/store.db")
        self.rigs.append(Rig(self.settings(client_id), store))
        return self.rigs[-1]


@pytest.fixture
async def park(tmp_path: Path, postgres_url: str) -> AsyncIterator[Park]:
    made = Park(tmp_path, postgres_url)
    yield made
    for rig in made.rigs:
        await rig.close()


async def take(rig: Rig, *seqs: int, oldest: int = 1) -> None:
    await rig.take(*(a_delivery(a_pack(n, start_ms=NOW_MS + n), numbered("r", n, oldest)) for n in seqs))


async def test_a_batch_that_another_replica_has_stored_is_a_duplicate(park: Park) -> None:
    one, two = park.replica("one"), park.replica("two")
    await take(one, 1, 2)
    await take(two, 2, 3)
    assert (two.state.counts[Count.BATCHES_STORED], two.state.counts[Count.BATCHES_DUPLICATE]) == (3, 1)
    assert len(two.subscriber.acknowledged) == 2
    [line] = two.book.lines(0, 2 * NOW_MS)
    assert (line.batches, line.duplicate, line.received, line.stored, line.through_seq) == (3, 1, 3, 3, 3)


async def test_the_cursor_is_joint_whoever_has_which_batch(park: Park) -> None:
    one, two = park.replica("one"), park.replica("two")
    await take(one, 1, 3)
    await take(two, 2, 4)
    await one.state.refresh()
    assert [rig.state.cursors[KEY].through for rig in (one, two)] == [4, 4]


async def test_a_run_that_both_see_first_begins_once(park: Park) -> None:
    one, two = park.replica("one"), park.replica("two")
    await asyncio.gather(take(one, 2), take(two, 1))
    await one.state.refresh()
    cursor = one.state.cursors[KEY]
    assert (cursor.base, cursor.through, str(cursor.stored)) == (0, 2, "1-2")


async def test_what_is_spread_and_repeated_at_random_over_three_replicas_counts_once(park: Park) -> None:
    replicas = [park.replica(name) for name in ("one", "two", "three")]
    chance = random.Random(5)

    async def feed(rig: Rig, seqs: list[int]) -> None:
        while seqs:
            size = chance.randint(1, 6)
            part, seqs = seqs[:size], seqs[size:]
            await take(rig, *part)

    lots: list[list[int]] = [[], [], []]
    for seq in range(1, 121):
        for lot in chance.sample(lots, chance.choice([1, 1, 2, 3])):
            lot.append(seq)
    await asyncio.gather(*(feed(rig, lot) for rig, lot in zip(replicas, lots, strict=True)))
    await replicas[0].state.refresh()
    counts, sent = replicas[0].state.counts, sum(map(len, lots))
    assert replicas[0].state.cursors[KEY].through == 120
    assert (counts[Count.BATCHES_STORED], counts[Count.READINGS_STORED]) == (120, 120)
    assert (counts[Count.BATCHES_RECEIVED], counts[Count.BATCHES_DUPLICATE]) == (sent, sent - 120)
    [line] = replicas[1].book.lines(0, 2 * NOW_MS)
    assert (line.expected, line.batches, line.missing, line.duplicate) == (120, 120, (), sent - 120)
    assert len(await stored_values(replicas[2].store)) == 120


async def test_a_commit_whose_answer_was_lost_is_not_counted_twice(park: Park) -> None:
    one = park.replica("one")
    one.subscriber.receive(a_delivery(a_pack(1), numbered("r", 1)).message)
    one.subscriber.receive(a_delivery(a_pack(2)).message)
    intake = await one.pipeline.collect()
    await one.state.commit(intake.settlement)
    await one.state.commit(intake.settlement)
    assert (one.state.counts[Count.READINGS_STORED], one.state.counts[Count.BATCHES_STORED]) == (2, 2)
    assert one.state.cursors[KEY].through == 1


async def test_a_round_that_is_stale_changes_nothing(park: Park) -> None:
    one, two = park.replica("one"), park.replica("two")
    two.subscriber.receive(a_delivery(a_pack(1), numbered("r", 1)).message)
    two.subscriber.receive(a_delivery(b"?", numbered("r", 2)).message)
    intake = await two.pipeline.collect()
    await take(one, 1)
    with pytest.raises(StaleRoundError):
        await two.state.commit(intake.settlement)
    assert (two.quarantine.records(), two.state.counts[Count.BATCHES_RECEIVED]) == ([], 0)
    assert two.state.cursors[KEY].through == 1


async def test_a_refill_begun_by_one_is_honoured_by_the_other_at_once(park: Park) -> None:
    one, two = park.replica("one"), park.replica("two")
    await take(one, 1, 2, 3)
    await two.state.refresh()
    await one.state.begin_refills(0, [], NOW_MS)
    await take(two, 1, 2)
    await take(one, 2, 3)
    counts = one.state.counts
    assert (counts[Count.BATCHES_REFILLED], counts[Count.BATCHES_DUPLICATE]) == (3, 1)
    assert one.state.refills[KEY].arrived_count == 3


async def test_a_state_that_was_emptied_meanwhile_does_not_hold_the_round_up(park: Park, postgres_url: str) -> None:
    import psycopg

    one = park.replica("one")
    await take(one, 1, 2)
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("TRUNCATE cursors, counts, ledger")
    await take(one, 2, 3, oldest=2)
    assert str(one.state.cursors[KEY].stored) == "2-3"


async def test_a_run_that_one_replica_dropped_is_forgotten_by_the_other_and_may_begin_again(
    park: Park, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_limit, "MAX_RUNS_PER_GATEWAY", 1)
    one, two = park.replica("one"), park.replica("two")
    await take(one, 1, 2)
    await two.state.refresh()
    for rig in (one, two):
        rig.clock.advance(86_400)
    await one.take(a_delivery(a_pack(1), numbered("new", 1)))
    await two.state.refresh()
    await two.state.refresh()
    assert {key.run for key in two.state.cursors} == {"new"}
    for rig in (one, two):
        rig.clock.advance(86_400)
    await take(two, 3, oldest=3)
    assert [(key.run, cursor.through) for key, cursor in two.state.cursors.items()] == [("r", 3)]
    assert two.state.counts[Count.RUNS_DROPPED] == 2


async def test_one_replica_leads_and_another_takes_over(park: Park) -> None:
    one, two = park.replica("one"), park.replica("two")
    assert (one.state.leads, two.state.leads) == (True, False)
    await one.state.close()
    park.rigs.remove(one)
    async with asyncio.timeout(10):
        while not two.state.leads:
            await two.state.refresh()
    await one.store.close()


async def test_all_replicas_speak_of_the_same_broker_session(park: Park) -> None:
    one, two = park.replica("one"), park.replica("two")
    await one.state.begin_broker_session()
    await two.state.refresh()
    assert one.state.broker_session == two.state.broker_session != ""


@pytest.mark.parametrize(
    ("client_id", "changes", "said"),
    [
        ("one", {}, "another ingest runs as mqtt_client_id 'one'"),
        ("two", {"mqtt_share_group": ""}, "another ingest is using this state and does not share it"),
    ],
)
async def test_a_replica_that_would_disturb_another_is_told_so(
    park: Park, monkeypatch: pytest.MonkeyPatch, client_id: str, changes: dict[str, object], said: str
) -> None:
    monkeypatch.setattr(postgres_session, "LOCK_WAIT_SECONDS", 0.2)
    park.replica("one")
    with pytest.raises(OperatorError, match=said):
        Rig(park.settings(client_id, **changes), open_store("sqlite:///unused.db"))


class Broker:
    """Keeps what was retained last; ``before`` runs between a publication and its acknowledgement."""

    connected = True

    def __init__(self) -> None:
        self.retained: list[StoredCursor] = []
        self.before: Callable[[], object] | None = None

    async def publish(self, topic: str, payload: bytes, retain: bool = False) -> bool:
        before, self.before = self.before, None
        if before is not None:
            await before()  # type: ignore[misc]
        self.retained.append(decode_stored(payload))
        return True


@asynccontextmanager
async def announcing(rig: Rig, broker: Broker) -> AsyncIterator[CursorAnnouncer]:
    announcer = CursorAnnouncer(broker, "thu", rig.state, rig.clock)  # type: ignore[arg-type]
    task = asyncio.create_task(announcer.run())
    yield announcer
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_replica_whose_word_was_overtaken_says_the_new_one(park: Park) -> None:
    one, two, broker = park.replica("one"), park.replica("two"), Broker()
    await take(one, 1)

    async def overtake() -> None:
        """The other one commits and publishes while our older word is on its way."""
        await take(two, 2)
        broker.retained.append(StoredCursor("r", 2))

    broker.before = overtake
    async with announcing(one, broker) as announcer:
        announcer.note([KEY])
        async with asyncio.timeout(10):
            while len(broker.retained) < 3:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    assert [cursor.through for cursor in broker.retained] == [2, 1, 2]


async def test_a_fork_that_only_all_replicas_together_can_see_is_announced(park: Park) -> None:
    one, two, broker = park.replica("one"), park.replica("two"), Broker()
    await take(one, 1, 2)
    # Two never saw the second batch; another one under its number comes to it.
    await two.take(a_delivery(a_pack(9), numbered("r", 2, created_ms=NOW_MS - 7)))
    assert two.state.cursors[KEY].forked
    async with announcing(two, broker) as announcer:
        announcer.note([KEY])
        async with asyncio.timeout(10):
            while not broker.retained:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    assert broker.retained[0].through == BEYOND_ANY_LOG


async def test_a_fork_found_by_another_replica_is_not_overtaken_by_our_older_word(park: Park) -> None:
    one, two, broker = park.replica("one"), park.replica("two"), Broker()
    await take(one, 1)

    async def overtake() -> None:
        """The other one finds the fork and says so while our older word is on its way."""
        await two.take(a_delivery(a_pack(9), numbered("r", 1, created_ms=NOW_MS - 7)))
        broker.retained.append(StoredCursor("r", BEYOND_ANY_LOG))

    broker.before = overtake
    async with announcing(one, broker) as announcer:
        announcer.note([KEY])
        async with asyncio.timeout(10):
            while len(broker.retained) < 3:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    assert [cursor.through for cursor in broker.retained] == [BEYOND_ANY_LOG, 1, BEYOND_ANY_LOG]


async def test_a_broker_that_forgot_one_replica_is_told_of_by_both(park: Park) -> None:
    one, two, broker = park.replica("one"), park.replica("two"), Broker()
    await take(one, 1)
    async with announcing(one, broker) as first, announcing(two, broker) as second:
        await two.state.refresh()
        first.connected(session_present=False)
        async with asyncio.timeout(10):
            while not broker.retained:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            second.connected(session_present=True)
            while len(broker.retained) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    assert len({cursor.session for cursor in broker.retained}) == 1


async def test_a_database_that_goes_and_comes_back_loses_and_doubles_nothing(
    park: Park, postgres_server: PostgresServer
) -> None:
    one = park.replica("one")
    await take(one, 1)
    await asyncio.to_thread(postgres_server.kill)
    task = asyncio.create_task(take(one, 2))
    async with asyncio.timeout(20):
        while not one.pipeline.state_problem:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert one.view.problems()["state"].startswith("ingest state postgresql://127.0.0.1:")
    assert (len(one.subscriber.acknowledged), one.state.leads) == (1, False)
    await asyncio.to_thread(postgres_server.start)
    await asyncio.wait_for(task, 60)
    await one.state.refresh()
    assert (len(one.subscriber.acknowledged), one.state.cursors[KEY].through, one.state.leads) == (2, 2, True)
    assert "state" not in one.view.problems()
    assert one.state.counts[Count.READINGS_STORED] == 2


async def test_a_database_that_is_silent_makes_the_service_not_ready_and_is_left_in_the_end(
    park: Park, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = park.replica("one")
    monkeypatch.setattr(postgres_state, "SILENT_SECONDS", 0.2)
    monkeypatch.setattr(postgres_state, "GIVE_UP_SECONDS", 1.0)
    watching = asyncio.create_task(one.state.watch())
    await asyncio.to_thread(postgres_server.pause)
    try:
        commit = asyncio.create_task(one.state.commit(Settlement(refusals=[Refusal("t", "r", "", b"x", 0)])))
        async with asyncio.timeout(20):
            while "no answer for" not in one.state.problem:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        with pytest.raises(OperatorError):
            await asyncio.wait_for(commit, 20)
    finally:
        await asyncio.to_thread(postgres_server.resume)
    async with asyncio.timeout(40):
        while one.state.problem:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


def test_a_database_that_is_not_there_is_named_at_the_start(park: Park, tmp_path: Path) -> None:
    url = f"postgresql://ecopark@127.0.0.1:{free_port()}/none"
    with pytest.raises(UnreachableError, match=r"ingest state postgresql://127\.0\.0\.1:\d+/none: .*refused") as said:
        Rig(park.settings("one", state_url=url), open_store(f"sqlite:///{tmp_path}/s.db"))
    assert "\n" not in str(said.value)


def test_a_database_without_that_name_is_named_at_the_start(park: Park, postgres_server: PostgresServer) -> None:
    with pytest.raises(UnreachableError, match='database "none" does not exist'):
        Rig(park.settings("one", state_url=postgres_server.url("none")), open_store("sqlite:///unused.db"))


def test_a_state_of_another_version_is_not_touched(park: Park, postgres_url: str) -> None:
    import psycopg

    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE ingest_state (key TEXT PRIMARY KEY, value TEXT)")
        connection.execute("INSERT INTO ingest_state VALUES ('version', '99')")
    with pytest.raises(OperatorError, match="state of version 99"):
        Rig(park.settings("one"), open_store("sqlite:///unused.db"))


def test_tables_of_somebody_else_are_not_touched(park: Park, postgres_url: str) -> None:
    import psycopg

    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE ledger (amount INT)")
    with pytest.raises(OperatorError, match='relation "ledger" already exists'):
        Rig(park.settings("one"), open_store("sqlite:///unused.db"))


async def test_a_state_of_version_1_is_brought_up_to_date(park: Park, postgres_url: str) -> None:
    before = park.replica("replica-a")
    await before.take(a_delivery(a_pack(1), numbered("r", 1)))
    await park.rigs.pop().close()
    with psycopg.connect(postgres_url) as old:
        old.execute("ALTER TABLE cursors DROP COLUMN highest_created_ms")
        old.execute("UPDATE ingest_state SET value = '1' WHERE key = 'version'")
    rig = park.replica("replica-a")
    assert rig.state.cursors[KEY].told == (1, NOW_MS - 100)
    await rig.take(a_delivery(a_pack(2), numbered("r", 2, created_ms=NOW_MS - 50)))
    assert (rig.state.cursors[KEY].told, rig.state.cursors[KEY].highest_created_ms) == ((2, NOW_MS - 50), NOW_MS - 50)
