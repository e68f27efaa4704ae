"""The service and dated changes of the register: a change written down late, taken back, and one at midnight."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from analytics.bootstrap import AnalyticsService
from analytics.finding import Finding
from analytics.findings.revision import ChangeReason, Key, KnownFinding, Revision
from analytics.findings.store import read_revisions
from analytics.settings import AnalyticsSettings
from service_runtime.clock import ManualClock
from telemetry_model.park_register import Park
from telemetry_store.sqlite_store import SqliteStore
from tests.analytics.judging.test_dated_register import (
    COD,
    COD_2,
    OTHER,
    OUTLET,
    At,
    MakePark,
    Rows,
    change,
    days_of_cod,
)


class Listener:
    """Remembers of which findings it was told."""

    async def process(self, findings: Sequence[Finding], revisions: Mapping[Key, Revision], /) -> None:
        """Nobody is written to here."""

    async def close(self) -> None:
        """Nothing to let go of."""


async def turn(folder: Path, store: SqliteStore, park: Park, now_ms: int) -> list[Finding]:
    """The service is started, judges once and is stopped."""
    values = AnalyticsSettings(
        park_folder="park", store_url="sqlite:///unused.db", state_path=str(folder / "state.db"), smtp_host="localhost",
        mail_from="eco@park.example", evaluate_from="2026-03-11", lookback_days=2, late_data_days=2,
    )  # fmt: skip
    service = AnalyticsService(values, park, store, Listener(), ManualClock(now_ms))
    try:
        return (await service.evaluate_once()).findings
    finally:
        service.close()


async def known(store: SqliteStore, subject: str) -> list[KnownFinding]:
    return await read_revisions(store, "test-park", 0, 2**62, rules=("WW-01-COD",), subjects=(subject,))


def as_told(found: Sequence[KnownFinding], at: At) -> list[tuple[int, int, str, float | None]]:
    """Days since 11 March, revision, reason and limit."""
    first = at("2026-03-11T00:00")
    return [
        ((k.finding.period_start_ms - first) // 86_400_000, k.revision.number, k.revision.reason.value, k.finding.limit)
        for k in found
    ]


async def test_a_change_written_down_late_is_judged_from_its_day_on_and_nowhere_else(
    tmp_path: Path, store: SqliteStore, make_park: MakePark, make_readings: Rows, at: At
) -> None:
    """The change is twenty days old, the service looks back two."""
    points = [COD, COD_2]
    undated, dated = (make_park(text, points) for text in (OUTLET + OTHER, OUTLET + change("kq = 0.5") + OTHER))
    for point in ("wq.cod", "wq-2.cod"):
        await days_of_cod(store, undated, make_readings, at, point)
    for day in ("12", "13", "14"):
        await turn(tmp_path, store, undated, at(f"2026-03-{day}T01:00"))
    before, other = await known(store, "outlet"), await known(store, "other")
    assert as_told(before, at) == [(n, 1, "first", 67.5) for n in range(3)]

    found = await turn(tmp_path, store, dated, at("2026-04-01T01:00"))
    after = await known(store, "outlet")
    assert as_told(after, at)[:5] == [
        (0, 1, "first", 67.5),
        (1, 1, "first", 67.5), (1, 2, ChangeReason.REGISTER_CHANGED.value, 37.5),
        (2, 1, "first", 67.5), (2, 2, ChangeReason.REGISTER_CHANGED.value, 37.5),
    ]  # fmt: skip
    assert after[0] == before[0]
    assert [k for k in await known(store, "other") if k.revision.known_at_ms < at("2026-04-01T00:00")] == other
    assert {k.revision.number for k in await known(store, "other")} == {1}
    assert not [f for f in found if f.period_start_ms < at("2026-03-12T00:00") and f.rule == "WW-01-COD"]

    await turn(tmp_path, store, dated, at("2026-04-01T02:00"))
    assert as_told(await known(store, "outlet"), at) == as_told(after, at)


async def test_a_change_that_is_taken_back_is_judged_again_too(
    tmp_path: Path, store: SqliteStore, make_park: MakePark, make_readings: Rows, at: At
) -> None:
    undated, dated = make_park(OUTLET, [COD]), make_park(OUTLET + change("kq = 0.5"), [COD])
    await days_of_cod(store, undated, make_readings, at, days=2)
    for park, now in ((dated, "2026-03-13"), (undated, "2026-03-30")):
        await turn(tmp_path, store, park, at(f"{now}T01:00"))
    assert as_told(await known(store, "outlet"), at)[:3] == [
        (0, 1, "first", 67.5), (1, 1, "first", 37.5), (1, 2, "register_changed", 67.5),
    ]  # fmt: skip


async def test_the_very_first_turn_judges_no_further_back_than_ever(
    tmp_path: Path, store: SqliteStore, make_park: MakePark, make_readings: Rows, at: At
) -> None:
    park = make_park(OUTLET + change("kq = 0.5"), [COD])
    await days_of_cod(store, park, make_readings, at)
    found = await turn(tmp_path, store, park, at("2026-03-30T01:00"))
    assert min(f.period_start_ms for f in found if f.rule == "WW-01-COD") == at("2026-03-28T00:00")


async def test_the_licence_changes_at_midnight_without_a_restart(
    tmp_path: Path, store: SqliteStore, make_park: MakePark, make_readings: Rows, at: At
) -> None:
    park = make_park(OUTLET + change("kq = 0.5"), [COD])
    await days_of_cod(store, park, make_readings, at, days=2)
    for now in ("2026-03-12T01:00", "2026-03-13T01:00"):
        await turn(tmp_path, store, park, at(now))
    assert as_told(await known(store, "outlet"), at) == [(0, 1, "first", 67.5), (1, 1, "first", 37.5)]
