"""The service: what it judges at each turn, what it writes, and what it does when the store is away."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from analytics.bootstrap import AnalyticsService, rules_with_capture, run_analytics
from analytics.finding import Finding, Verdict
from analytics.findings.revision import Key, Revision
from analytics.findings.store import read_findings
from analytics.rulebook import load_rulebook
from analytics.settings import AnalyticsSettings
from service_runtime.clock import ManualClock
from service_runtime.errors import OperatorError, SettingsError, UnreachableError
from service_runtime.settings import load_settings
from telemetry_model.park_register import Park
from telemetry_store.query import SeriesQuery, SeriesResult
from telemetry_store.rows import ReadingRow
from telemetry_store.sqlite_store import SqliteStore

ParkBuilder = Callable[..., Park]
Rows = Callable[..., list[ReadingRow]]
At = Callable[[str], int]
STATION = """
[[installations]]
id = "aq"
kind = "ambient_station"
device = "aq"
tenant = "park"
name_vi = "T"
name_en = "S"
"""
PM10 = "aq.pm10,park,z,air,ug/m3,3600,"
BASE = {
    "park_folder": "park", "store_url": "sqlite:///store.db", "state_path": "state.db", "smtp_host": "localhost",
    "mail_from": "ecopark@example.org",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


class Listener:
    """Remembers what the service handed over."""

    def __init__(self) -> None:
        self.heard: list[list[Finding]] = []

    async def process(self, findings: Sequence[Finding], revisions: Mapping[Key, Revision], /) -> None:
        self.heard.append(list(findings))

    async def close(self) -> None:
        """Nothing to let go of."""


class AwayStore(SqliteStore):
    """A database that can be switched off."""

    away = False

    async def select(self, query: SeriesQuery) -> list[SeriesResult]:
        if self.away:
            raise UnreachableError("store http://127.0.0.1:8086: connection refused")
        return await super().select(query)


def settings(**changes: object) -> AnalyticsSettings:
    return load_settings(AnalyticsSettings, "analytics", environment={}, overrides=BASE | changes)


async def test_a_turn_judges_closed_days_writes_and_tells(
    store: SqliteStore, make_park: ParkBuilder, make_readings: Rows, at: At
) -> None:
    park, listener = make_park(STATION, (PM10,)), Listener()
    await store.write_readings(
        make_readings(park, "aq.pm10", at("2026-03-10T00:00"), [120.0 + n / 10 for n in range(30)])
    )
    clock = ManualClock(at("2026-03-11T06:00"))
    service = AnalyticsService(settings(evaluate_from="2026-03-10"), park, store, listener, clock)
    found = await service.evaluate_once()
    days = [f for f in found.findings if f.rule == "AMB-02-PM10"]
    assert [(f.period_start_ms, f.verdict) for f in days] == [(at("2026-03-10T00:00"), Verdict.EXCEEDED)]
    silent = {"MON-04-VALID", "MON-07-STATUS"}
    assert {f.rule for f in found.findings} > silent
    assert listener.heard == [[f for f in found.findings if f.rule not in silent]]
    assert await read_findings(store, "test-park", 0, clock.now_ms()) == found.findings


async def test_a_window_is_left_to_settle_first(store: SqliteStore, make_park: ParkBuilder, at: At) -> None:
    park, clock = make_park(STATION, (PM10,)), ManualClock(at("2026-03-11T00:00"))
    chosen = settings(evaluate_from="2026-03-10", settle_seconds=60)
    service = AnalyticsService(chosen, park, store, Listener(), clock)
    assert (await service.evaluate_once()).findings == []
    clock.advance(60)
    assert {f.period_start_ms for f in (await service.evaluate_once()).findings} == {at("2026-03-10T00:00")}


async def test_late_data_are_looked_for_once_a_day_further_back(
    store: SqliteStore, make_park: ParkBuilder, at: At
) -> None:
    park, clock = make_park(STATION, (PM10,)), ManualClock(at("2026-03-20T12:00"))
    service = AnalyticsService(settings(lookback_days=2, late_data_days=9), park, store, Listener(), clock)
    counts = []
    for hours in (0, 1, 24):
        clock.advance(hours * 3600)
        found = await service.evaluate_once()
        counts.append(sum(f.rule == "AMB-02-PM10" for f in found.findings))
    assert counts == [9, 2, 9]


async def test_nothing_is_expected_before_the_start(store: SqliteStore, make_park: ParkBuilder, at: At) -> None:
    park, clock = make_park(STATION, (PM10,)), ManualClock(at("2026-03-20T12:00"))
    service = AnalyticsService(settings(evaluate_from="2026-03-18T09:30"), park, store, Listener(), clock)
    starts = {f.period_start_ms for f in (await service.evaluate_once()).findings}
    assert starts == {at("2026-03-19T00:00")}


async def test_a_start_in_the_future_judges_nothing(store: SqliteStore, make_park: ParkBuilder, at: At) -> None:
    park, clock = make_park(STATION, (PM10,)), ManualClock(at("2026-03-20T12:00"))
    service = AnalyticsService(settings(evaluate_from="2026-04-01"), park, store, Listener(), clock)
    assert (await service.evaluate_once()).findings == []


async def test_a_store_that_is_away_is_said_once_and_tried_again(
    tmp_path: Path, make_park: ParkBuilder, at: At, caplog: pytest.LogCaptureFixture
) -> None:
    store, clock = AwayStore(tmp_path / "away.db"), ManualClock(at("2026-03-20T12:00"))
    service = AnalyticsService(settings(), make_park(STATION, (PM10,)), store, Listener(), clock)
    store.away = True
    assert [await service.turn(), await service.turn()] == [None, None]
    assert [r.message for r in caplog.records].count("cannot judge, will try again") == 1
    store.away = False
    assert await service.turn() is not None
    await store.close()


def test_the_minimum_capture_is_a_setting() -> None:
    changed = {rule.id: rule.minimum_data_capture for rule in rules_with_capture(load_rulebook(), 0.7)}
    assert changed.pop("EIP-05-LIVE") == 0.5, "a level of the rule's own stays"
    assert set(changed.values()) == {0.7}


@pytest.mark.parametrize(
    "changes",
    [{"evaluate_interval_seconds": 0}, {"minimum_data_capture": 2}, {"lookback_days": 0}, {"settle_seconds": -1}],
)
def test_settings_out_of_bounds_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(SettingsError):
        settings(**changes)


async def test_a_bad_start_names_the_setting(store: SqliteStore, make_park: ParkBuilder) -> None:
    with pytest.raises(SettingsError, match="evaluate_from: 'soon'"):
        AnalyticsService(settings(evaluate_from="soon"), make_park(STATION, (PM10,)), store, Listener(), ManualClock(0))


async def test_a_missing_park_folder_stops_the_program(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="no such folder"):
        await run_analytics(settings(park_folder=str(tmp_path / "none")))


async def test_years_are_judged_once_a_local_day(store: SqliteStore, make_park: ParkBuilder, at: At) -> None:
    park = make_park("[attributes]\neco_park = true\n" + STATION, (PM10,))
    clock = ManualClock(at("2026-03-20T12:00"))
    service = AnalyticsService(settings(), park, store, Listener(), clock)
    judged = []
    for hours in (0, 1, 24):
        clock.advance(hours * 3600)
        judged.append(sum(f.rule == "EIP-01-RECP" for f in (await service.evaluate_once()).findings))
    assert judged == [1, 0, 1]


async def test_an_exceedance_of_a_silent_rule_is_written_but_told_to_nobody(
    store: SqliteStore, make_park: ParkBuilder, make_readings: Rows, at: At
) -> None:
    park, listener = make_park(STATION, (PM10,)), Listener()
    await store.write_readings(make_readings(park, "aq.pm10", at("2026-03-10T00:00"), [float(n) for n in range(12)]))
    clock = ManualClock(at("2026-03-11T06:00"))
    await AnalyticsService(settings(evaluate_from="2026-03-10"), park, store, listener, clock).evaluate_once()
    written = {f.rule: f.verdict for f in await read_findings(store, "test-park", 0, clock.now_ms())}
    assert written["MON-04-VALID"] is Verdict.EXCEEDED
    assert "MON-04-VALID" not in {f.rule for heard in listener.heard for f in heard}
