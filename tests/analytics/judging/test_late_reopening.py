"""Late marks through the service: crashes between any two steps, any order of arrival, and what is remembered."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.bootstrap import AnalyticsService
from analytics.finding import Finding
from analytics.findings.revision import ChangeReason, Key, KnownFinding, Revision
from analytics.findings.store import read_findings, read_revisions
from analytics.judging.arrivals import OVERLAP_MS, ArrivalBook, Mark
from analytics.judging.deleted_time import note_deletion
from analytics.judging.evaluate import evaluate
from analytics.judging.plan import JudgingRange
from analytics.rulebook import load_rulebook
from analytics.settings import AnalyticsSettings
from service_runtime.clock import ManualClock
from telemetry_model.park_register import Park
from telemetry_model.quantities import Medium
from telemetry_model.storage_schema import LATE_ARRIVALS
from telemetry_store.query import SeriesQuery, SeriesResult
from telemetry_store.rows import ReadingRow, RecordRow, WriteOutcome
from telemetry_store.sqlite_store import SqliteStore
from tests.analytics.conftest import build_park, local_ms, readings

HOUR, DAY = 3_600_000, 86_400_000
STATION = """
[[installations]]
id = "aq"
kind = "ambient_station"
device = "aq"
tenant = "park"
name_vi = "T"
name_en = "S"
"""
POINTS = ("aq.pm10,park,z,air,ug/m3,3600,", "aq.co,park,z,air,ug/m3,3600,")
BEGIN_MS = local_ms("2026-03-10T00:00")
DAYS = 3
NOW_MS = BEGIN_MS + 20 * DAY + HOUR // 2


class Killed(BaseException):
    """What ends a program that asks nobody."""


class MortalStore(SqliteStore):
    """Dies at the n-th call from now, before or after doing it."""

    calls = 0
    dies_at = 0
    after = False

    async def select(self, query: SeriesQuery) -> list[SeriesResult]:
        number = self.enter()
        answer = await super().select(query)
        self.leave(number)
        return answer

    async def write_records(self, rows: Sequence[RecordRow]) -> WriteOutcome:
        number = self.enter()
        outcome = await super().write_records(rows)
        self.leave(number)
        return outcome

    def enter(self) -> int:
        """Count a step, and die before it."""
        self.calls += 1
        if self.calls == self.dies_at and not self.after:
            raise Killed
        return self.calls

    def leave(self, number: int) -> None:
        """Die after a step."""
        if number == self.dies_at and self.after:
            raise Killed


class Listener:
    """Remembers of which periods it was told, and as what."""

    def __init__(self, store: MortalStore) -> None:
        self.told: list[Mapping[Key, Revision]] = []
        self._store = store

    async def process(self, findings: Sequence[Finding], revisions: Mapping[Key, Revision], /) -> None:
        number = self._store.enter()
        self.told.append(revisions)
        self._store.leave(number)

    async def close(self) -> None:
        """Nothing to let go of."""


def a_park() -> Park:
    return build_park(STATION, POINTS)


def all_rows(park: Park) -> list[ReadingRow]:
    """Three days of two points, an exceeded PM10 day among them, and hours in which PM10 stood still."""
    pm10 = [120.0 + n % 7 if n < 24 else (30.0 if 30 <= n < 38 else 30.0 + n / 10) for n in range(24 * DAYS)]
    co = [4000.0 + 10 * (n % 5) for n in range(24 * DAYS)]
    return [*readings(park, "aq.pm10", BEGIN_MS, pm10), *readings(park, "aq.co", BEGIN_MS, co)]


def a_service(folder: Path, store: MortalStore, clock: ManualClock) -> tuple[AnalyticsService, Listener]:
    values = AnalyticsSettings(
        park_folder="park", store_url="sqlite:///unused.db", state_path=str(folder / "state.db"), smtp_host="localhost",
        mail_from="eco@park.example", evaluate_from="2026-03-10", lookback_days=1, late_data_days=1,
    )  # fmt: skip
    listener = Listener(store)
    return AnalyticsService(values, a_park(), store, listener, clock), listener


def mark(row_times: Sequence[int], at_ms: int) -> RecordRow:
    fields = {"oldest_ms": min(row_times), "newest_ms": max(row_times), "readings": len(row_times)}
    return RecordRow(LATE_ARRIVALS, {"device": "aq", "park": "test-park", "replica": "one"}, at_ms, fields)


async def arrive(store: MortalStore, rows: Sequence[ReadingRow], at_ms: int) -> None:
    """As ingest does: the rows, then their mark."""
    await store.write_readings(rows)
    await store.write_records([mark([row.time_ms for row in rows], at_ms)])


async def known(store: SqliteStore) -> list[Finding]:
    """What is known of periods that began in the three days and a few after."""
    found = await read_findings(store, "test-park", BEGIN_MS, BEGIN_MS + 6 * DAY)
    return [dataclasses.replace(finding, judged_at_ms=0) for finding in found if not finding.provisional]


async def expected(folder: Path) -> list[Finding]:
    """The closed periods with data, of a run in which all was there."""
    store = SqliteStore(folder / "expected.db")
    park = a_park()
    await store.write_readings(all_rows(park))
    span = JudgingRange(BEGIN_MS, NOW_MS, BEGIN_MS)
    found = await evaluate(store, park, load_rulebook(), span, 0)
    await store.close()
    return [f for f in found if not f.provisional and f.points and f.period_start_ms < BEGIN_MS + DAYS * DAY]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


async def test_late_windows_are_judged_once_and_then_left_alone(folder: Path) -> None:
    store, clock = MortalStore(folder / "store.db"), ManualClock(NOW_MS)
    service, _ = a_service(folder, store, clock)
    ordinary = {(f.rule, f.period_start_ms) for f in (await service.evaluate_once()).findings}
    await arrive(store, all_rows(a_park()), clock.now_ms())
    clock.advance(120)
    again = {(f.rule, f.period_start_ms) for f in (await service.evaluate_once()).findings} - ordinary
    assert {start for rule, start in again if rule == "AMB-02-PM10"} == {BEGIN_MS + n * DAY for n in range(DAYS + 1)}, (
        "the three days, and the next: a value could stand still since the evening before"
    )
    assert {(f.rule, f.period_start_ms) for f in (await service.evaluate_once()).findings} == ordinary
    await store.close()


async def test_everything_late_gives_what_was_there_in_time_gives(folder: Path) -> None:
    store, clock = MortalStore(folder / "store.db"), ManualClock(NOW_MS)
    service, _ = a_service(folder, store, clock)
    await arrive(store, all_rows(a_park()), clock.now_ms())
    clock.advance(120)
    await service.evaluate_once()
    wanted = await expected(folder)
    found = {(f.rule, f.subject, f.period_start_ms): f for f in await known(store)}
    assert [found.get((f.rule, f.subject, f.period_start_ms)) for f in wanted] == wanted
    await store.close()


async def test_late_readings_for_deleted_time_change_no_verdict(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    store, clock = MortalStore(folder / "store.db"), ManualClock(NOW_MS)
    service, _ = a_service(folder, store, clock)
    await arrive(store, all_rows(a_park()), clock.now_ms())
    clock.advance(120)
    await service.evaluate_once()
    before = await known(store)
    await note_deletion(store, "test-park", Medium.AIR, BEGIN_MS + 2 * DAY, 96)
    await store.delete_readings("air", "test-park", BEGIN_MS + 2 * DAY)
    await arrive(store, readings(a_park(), "aq.pm10", BEGIN_MS + HOUR, [900.0] * 20), clock.now_ms())
    clock.advance(120)
    await service.evaluate_once()
    assert await known(store) == before
    assert "whose readings were deleted" in caplog.text
    await store.close()


@pytest.mark.parametrize("after", [False, True])
async def test_a_crash_between_any_two_steps_loses_and_doubles_nothing(folder: Path, after: bool) -> None:
    rows = all_rows(a_park())
    seen: set[str] = set()
    for dies_at in range(1, 40):
        at = folder / f"{dies_at}"
        at.mkdir()
        store, clock = MortalStore(at / "store.db"), ManualClock(NOW_MS)
        await arrive(store, rows[:20], clock.now_ms())
        clock.advance(120)
        await a_service(at, store, clock)[0].evaluate_once()
        await arrive(store, rows[20:40], clock.now_ms())
        clock.advance(120)
        service, first = a_service(at, store, clock)
        store.calls, store.dies_at, store.after = 0, dies_at, after
        try:
            await service.evaluate_once()
            survived = True
        except Killed:
            survived = False
        store.dies_at = 0
        clock.advance(60)
        second, listener = a_service(at, store, clock)
        await second.evaluate_once()
        told = any(key[3] < BEGIN_MS + 2 * DAY for revisions in (*first.told, *listener.told) for key in revisions)
        assert survived or told, "what was not told before the crash is told after it"
        history = [
            (
                k.finding.rule,
                k.finding.subject,
                k.finding.period_start_ms,
                k.revision.number,
                k.finding.verdict,
                k.revision.reason,
            )
            for k in await read_revisions(store, "test-park", 0, NOW_MS)
        ]
        assert len(history) == len(set(history))
        seen.add(repr([entry for entry in history if entry[2] < BEGIN_MS + DAYS * DAY]))
        await store.close()
        if survived:
            break
    assert dies_at > 10, "there are many steps to die between"
    assert len(seen) == 1, "the same revisions wherever it died"


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
async def test_any_order_of_arrival_gives_the_same_findings(data: st.DataObject) -> None:
    rows = all_rows(a_park())
    order = data.draw(st.permutations(range(len(rows))))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(rows) - 1), max_size=4)))
    turns = data.draw(st.lists(st.booleans(), min_size=5, max_size=5))
    with TemporaryDirectory() as name:
        folder = Path(name)
        store, clock = MortalStore(folder / "store.db"), ManualClock(NOW_MS)
        service, _ = a_service(folder, store, clock)
        pieces = [order[a:b] for a, b in zip([0, *cuts], [*cuts, len(rows)], strict=True)]
        for piece, turn in zip(pieces, turns, strict=False):
            await arrive(store, [rows[n] for n in piece], clock.now_ms())
            clock.advance(90)
            if turn:
                await service.evaluate_once()
        await service.evaluate_once()
        wanted = await expected(folder)
        found = {(f.rule, f.subject, f.period_start_ms): f for f in await known(store)}
        assert [found.get((f.rule, f.subject, f.period_start_ms)) for f in wanted] == wanted
        service.close()
        await store.close()


async def test_a_mark_that_shows_up_behind_a_newer_one_is_not_missed(folder: Path) -> None:
    store, book = SqliteStore(folder / "store.db"), ArrivalBook(folder / "state.db")
    await store.write_records([mark([BEGIN_MS], NOW_MS)])
    book.done(await book.unread(store, "test-park", NOW_MS + DAY, 0), NOW_MS + DAY)
    await store.write_records([mark([BEGIN_MS + HOUR], NOW_MS - OVERLAP_MS + 1)])
    again = await book.unread(store, "test-park", NOW_MS + DAY, 0)
    assert [found.oldest_ms for found in again.ready] == [BEGIN_MS + HOUR]
    book.done(again, NOW_MS + DAY)
    assert await book.unread(store, "test-park", NOW_MS + DAY, 0) == ((), ())
    book.close()
    await store.close()


async def test_a_mark_of_a_clock_that_is_ahead_is_worked_through_at_once_and_hides_no_later_one(folder: Path) -> None:
    store, book = SqliteStore(folder / "store.db"), ArrivalBook(folder / "state.db")
    await store.write_records([mark([BEGIN_MS], NOW_MS + DAY)])
    ahead = await book.unread(store, "test-park", NOW_MS, 600_000)
    assert [found.oldest_ms for found in ahead.ready] == [BEGIN_MS]
    book.done(ahead, NOW_MS)
    await store.write_records([mark([BEGIN_MS + HOUR], NOW_MS + 60_000)])
    again = await book.unread(store, "test-park", NOW_MS + HOUR, 600_000)
    assert [found.oldest_ms for found in again.ready] == [BEGIN_MS + HOUR]
    book.done(again, NOW_MS + HOUR)
    assert await book.unread(store, "test-park", NOW_MS + 2 * DAY, 0) == ((), ())
    book.close()
    await store.close()


async def test_marks_wait_until_their_device_is_quiet_but_not_for_ever(folder: Path) -> None:
    store, book = SqliteStore(folder / "store.db"), ArrivalBook(folder / "state.db")
    for minute in range(0, 61, 10):
        await store.write_records([mark([BEGIN_MS + minute], NOW_MS + minute * 60_000)])
    newest = NOW_MS + 3_600_000
    waiting = await book.unread(store, "test-park", newest - 60_000, 600_000)
    assert (len(waiting.ready), len(waiting.waiting)) == (0, 7)
    book.done(waiting, newest - 60_000)
    assert len((await book.unread(store, "test-park", newest, 600_000)).ready) == 7
    book.close()
    await store.close()


def test_a_mark_says_what_it_touched() -> None:
    assert Mark(5, "aq", "one", 1, 2).touch == ("aq", 1, 2)


async def test_a_closed_period_gets_a_revision_and_a_figure_to_date_only_with_its_verdict(folder: Path) -> None:
    store, clock = MortalStore(folder / "store.db"), ManualClock(BEGIN_MS + 2 * DAY)
    park = a_park()
    await store.write_readings(all_rows(park)[:48])
    service, _ = a_service(folder, store, clock)
    for _ in range(3):
        await service.evaluate_once()
        clock.advance(3600)
    versions = await read_revisions(store, "test-park", 0, NOW_MS)
    assert {k.revision.number for k in versions} == {1}
    assert {k.revision.reason for k in versions} == {ChangeReason.FIRST}
    assert all(isinstance(k, KnownFinding) for k in versions)
    await store.close()
