"""Judging a range: what applies, what is said when data are missing, and what late data change."""

import dataclasses
import random
from collections.abc import Callable
from datetime import date
from itertools import pairwise

import pytest

from analytics.finding import Confidence, Finding, Verdict
from analytics.judging.evaluate import evaluate, judge
from analytics.judging.plan import JudgingRange, chunks, plan
from analytics.rulebook import Comparison, Limit, Rule, load_rulebook
from analytics.rulebook.limits import keeps
from telemetry_model.park_register import Park
from telemetry_store.rows import ReadingRow
from telemetry_store.sqlite_store import SqliteStore

ParkBuilder = Callable[..., Park]
Rows = Callable[..., list[ReadingRow]]
At = Callable[[str], int]
NOW = 1_800_000_000_000
DAY_MS = 86_400_000
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
SUPPLY = """
[[installations]]
id = "alpha-supply"
kind = "electricity_supply"
device = "em"
tenant = "alpha"
name_vi = "C"
name_en = "S"
contracted_kw = 500
"""
METER = ("em.active_energy_import,alpha,z,energy,kWh,3600,", "em.reactive_energy_import,alpha,z,energy,kvarh,3600,")


def rules(*wanted: str) -> list[Rule]:
    return [rule for rule in load_rulebook() if rule.id in wanted]


async def test_no_data_at_all_is_a_verdict(store: SqliteStore, make_park: ParkBuilder, at: At) -> None:
    span = JudgingRange(at("2026-03-10T00:00"), at("2026-03-12T00:00"))
    found = await evaluate(store, make_park(STATION, (PM10,)), rules("AMB-02-PM10"), span, NOW)
    assert [(f.verdict, f.observed, f.data_capture) for f in found] == [(Verdict.INSUFFICIENT_DATA, None, 0.0)] * 2
    assert "No valid value in this period." in found[0].evidence
    assert found[0].limit == 100.0


async def test_findings_are_sorted_by_period_rule_and_subject(
    store: SqliteStore, make_park: ParkBuilder, at: At
) -> None:
    park = make_park(STATION, (PM10, "aq.no2,park,z,air,ug/m3,3600,", "aq.so2,park,z,air,ug/m3,3600,"))
    found = await evaluate(
        store, park, load_rulebook(), JudgingRange(at("2026-03-10T00:00"), at("2026-03-12T00:00")), NOW
    )
    keys = [(f.period_start_ms, f.period_end_ms, f.rule, f.subject) for f in found]
    assert keys == sorted(keys)
    assert {f.rule for f in found} == {
        "AMB-02-PM10", "AMB-02-NO2", "AMB-02-SO2", "AMB-03-NO2", "AMB-03-SO2", "MON-05-FLAT",
        "MON-04-VALID", "MON-07-STATUS",
    }  # fmt: skip


async def test_late_data_change_exactly_the_windows_they_touch(
    store: SqliteStore, make_park: ParkBuilder, make_readings: Rows, at: At
) -> None:
    park, start = make_park(STATION, (PM10,)), at("2026-03-10T00:00")
    span = JudgingRange(start, at("2026-03-13T00:00"))
    chance = random.Random(7)
    rows = make_readings(park, "aq.pm10", start, [chance.uniform(20, 180) for _ in range(72)])
    late = [row for place, row in enumerate(rows) if 24 <= place < 48 and place % 2]
    await store.write_readings([row for row in rows if row not in late])
    before = await evaluate(store, park, rules("AMB-02-PM10"), span, NOW)
    chance.shuffle(late)
    await store.write_readings(late)
    after = await evaluate(store, park, rules("AMB-02-PM10"), span, NOW)
    assert [one == other for one, other in zip(before, after, strict=True)] == [True, False, True]
    assert after[1].verdict is not Verdict.INSUFFICIENT_DATA


async def test_a_long_range_gives_the_same_as_its_parts(
    store: SqliteStore, make_park: ParkBuilder, make_readings: Rows, at: At
) -> None:
    park, start, stop = make_park(STATION + SUPPLY, (PM10, *METER)), at("2026-01-01T00:00"), at("2026-07-10T00:00")
    hours = (stop - start) // 3_600_000
    chance = random.Random(3)
    await store.write_readings(
        make_readings(park, "aq.pm10", start, [chance.choice((20.0, 90.0)) for _ in range(hours)])
    )
    for point, step in (("em.active_energy_import", 9.0), ("em.reactive_energy_import", 4.0)):
        await store.write_readings(make_readings(park, point, start, [n * step for n in range(hours)]))
    chosen = rules("AMB-02-PM10", "EN-03-PF", "MON-05-FLAT")
    told: list[tuple[int, int]] = []
    whole = await judge(store, park, chosen, JudgingRange(start, stop), NOW, lambda *done: told.append(done))
    assert len(told) == 3
    assert told[-1] == (stop - start, stop - start)
    middle = at("2026-04-17T00:00")
    first = await judge(store, park, chosen, JudgingRange(start, middle), NOW)
    second = await judge(store, park, chosen, JudgingRange(middle, stop), NOW)
    closed: list[Finding] = [f for f in first.findings if not f.provisional] + second.findings
    assert sorted(closed, key=lambda f: (f.period_start_ms, f.period_end_ms, f.rule, f.subject)) == whole.findings
    assert sum(f.rule == "EN-03-PF" for f in whole.findings) == 7


async def test_power_factor_is_written_as_a_daily_indicator(
    store: SqliteStore, make_park: ParkBuilder, make_readings: Rows, at: At
) -> None:
    park, start = make_park(SUPPLY, METER), at("2026-01-01T00:00")
    for point, step in (("em.active_energy_import", 4.0), ("em.reactive_energy_import", 3.0)):
        await store.write_readings(make_readings(park, point, start, [n * step for n in range(48)]))
    found = await judge(store, park, rules("EN-03-PF"), JudgingRange(start, at("2026-01-03T00:00")), NOW)
    assert [(i.name, i.subject, i.tenant, i.value) for i in found.indicators] == [
        ("power_factor", "alpha-supply", "alpha", 0.8)
    ] * 2


async def test_monitoring_that_began_within_the_period_is_said(
    store: SqliteStore, make_park: ParkBuilder, make_readings: Rows, at: At
) -> None:
    park, since = make_park(SUPPLY, METER), at("2026-01-20T00:00")
    for point, step in (("em.active_energy_import", 4.0), ("em.reactive_energy_import", 3.0)):
        await store.write_readings(make_readings(park, point, since, [n * step for n in range(12 * 24)]))
    span = JudgingRange(since, at("2026-02-01T00:00"), since)
    (finding,) = await evaluate(store, park, rules("EN-03-PF"), span, NOW)
    assert (finding.verdict, finding.data_capture) == (Verdict.EXCEEDED, 1.0)
    assert "Judged from 2026-01-20 00:00, when monitoring began." in finding.evidence


async def test_without_monitoring_start_half_a_month_is_too_little(
    store: SqliteStore, make_park: ParkBuilder, make_readings: Rows, at: At
) -> None:
    park, begin = make_park(SUPPLY, METER), at("2026-01-20T00:00")
    for point in ("em.active_energy_import", "em.reactive_energy_import"):
        await store.write_readings(make_readings(park, point, begin, [float(n) for n in range(12 * 24)]))
    (finding,) = await evaluate(store, park, rules("EN-03-PF"), JudgingRange(begin, at("2026-02-01T00:00")), NOW)
    assert finding.verdict is Verdict.INSUFFICIENT_DATA
    assert finding.data_capture == pytest.approx(12 / 31, abs=1e-6)


async def test_data_older_than_the_rule_are_not_judged_by_their_own_date(
    store: SqliteStore, make_park: ParkBuilder, make_readings: Rows, at: At
) -> None:
    park, start = make_park(STATION, (PM10,)), at("2014-05-01T00:00")
    await store.write_readings(make_readings(park, "aq.pm10", start, [150.0] * 24))
    span = JudgingRange(start, at("2014-05-02T00:00"))
    assert await evaluate(store, park, rules("AMB-02-PM10"), span, NOW) == []
    (finding,) = await evaluate(
        store, park, rules("AMB-02-PM10"), dataclasses.replace(span, law_day=date(2024, 1, 1)), NOW
    )
    assert finding.verdict is Verdict.EXCEEDED


def test_a_point_out_of_use_is_not_judged(make_park: ParkBuilder, at: At) -> None:
    park = make_park(STATION, (PM10,))
    used = dataclasses.replace(park.points["aq.pm10"], since=date(2026, 3, 11), until=date(2026, 3, 12))
    changed = dataclasses.replace(park, points={"aq.pm10": used})
    (task,) = plan(changed, rules("AMB-02-PM10"), JudgingRange(at("2026-03-09T00:00"), at("2026-03-15T00:00")))
    assert [window.day for window in task.windows] == [date(2026, 3, 11), date(2026, 3, 12)]


def test_an_installation_that_does_not_measure_is_no_task(make_park: ParkBuilder, at: At) -> None:
    park = make_park(STATION, (PM10,))
    span = JudgingRange(at("2026-03-09T00:00"), at("2026-03-15T00:00"))
    assert plan(park, rules("AMB-01-PM25", "EN-03-PF", "REN-SHARE", "EIP-05-LIVE"), span) == []


@pytest.mark.parametrize(("until", "judged"), [("2026-03-01T23:00", 0), ("2026-03-02T00:00", 1)])
def test_a_share_is_judged_to_date_only_after_a_whole_day(
    make_park: ParkBuilder, at: At, until: str, judged: int
) -> None:
    roles = ("grid_import", "pv_generation")
    park = make_park(points=[f"em-{role[:2]}.active_energy_import,park,z,energy,kWh,60,{role}" for role in roles])
    tasks = plan(park, rules("REN-SHARE"), JudgingRange(at("2026-03-01T00:00"), at(until)))
    assert sum(len(task.windows) for task in tasks) == judged


def test_pieces_meet_and_only_the_last_has_open_periods(make_park: ParkBuilder, at: At) -> None:
    park, span = make_park(STATION, (PM10,)), JudgingRange(at("2026-01-01T05:00"), at("2026-07-01T00:00"))
    parts = list(chunks(park, span, 31))
    assert (parts[0].from_ms, parts[-1].to_ms) == (span.from_ms, span.to_ms)
    assert all(one.to_ms == other.from_ms for one, other in pairwise(parts))
    assert [part.with_open_periods for part in parts] == [False] * (len(parts) - 1) + [True]


@pytest.mark.parametrize(
    ("comparison", "observed", "kept"),
    [
        (Comparison.MAX, 10.0, True), (Comparison.MAX, 10.1, False),
        (Comparison.MIN, 10.0, True), (Comparison.MIN, 9.9, False),
        (Comparison.BELOW, 9.9, True), (Comparison.BELOW, 10.0, False),
    ],
)  # fmt: skip
def test_comparison(comparison: Comparison, observed: float, kept: bool) -> None:
    limit = Limit(10.0, None, None, "1", "an article", Confidence.SOURCE, "")
    assert keeps(comparison, observed, limit) is kept


@pytest.mark.parametrize(("observed", "kept"), [(5.4, False), (5.5, True), (9.0, True), (9.1, False)])
def test_between(observed: float, kept: bool) -> None:
    limit = Limit(None, 5.5, 9.0, "pH", "an article", Confidence.SOURCE, "")
    assert keeps(Comparison.BETWEEN, observed, limit) is kept


async def test_running_means_are_the_same_in_pieces(
    store: SqliteStore, make_park: ParkBuilder, make_readings: Rows, at: At
) -> None:
    park, start, stop = (
        make_park(STATION, ("aq.o3,park,z,air,ug/m3,3600,",)),
        at("2026-03-10T00:00"),
        at("2026-03-13T00:00"),
    )
    chance = random.Random(5)
    values = [chance.choice((30.0, 130.0)) if hour % 24 < 14 else 130.0 for hour in range(72)]
    await store.write_readings(make_readings(park, "aq.o3", start, values))
    whole = await evaluate(store, park, rules("AMB-04-O3", "MON-05-FLAT"), JudgingRange(start, stop), NOW)
    assert any("stayed at exactly" in sentence for finding in whole for sentence in finding.evidence)
    parts: list[Finding] = []
    for day in range(3):
        piece = JudgingRange(start + day * DAY_MS, start + (day + 1) * DAY_MS, first_ms=start)
        parts += await evaluate(store, park, rules("AMB-04-O3", "MON-05-FLAT"), piece, NOW)
    assert sum(f.rule == "AMB-04-O3" for f in whole) == 72 - 7
    assert sorted(parts, key=lambda f: (f.period_start_ms, f.period_end_ms, f.rule, f.subject)) == whole
