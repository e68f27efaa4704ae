"""From register and store to sentences: what is watched, what is said, and what is kept when it is no longer seen."""

import json
import math
from collections.abc import Callable
from datetime import date

import pytest

from analytics.anomalies.anomaly import RULES, Anomaly
from analytics.anomalies.anomaly_store import read_anomalies, write_anomalies
from analytics.anomalies.questions import days_of_devices, questions_of
from analytics.anomalies.report import as_json, as_lines
from analytics.anomalies.watch import find_anomalies
from analytics.judging.plan import JudgingRange
from telemetry_model.park_register import Park
from telemetry_model.storage_schema import ANOMALIES, RECORD_FIELDS
from telemetry_store.query import Select, SeriesQuery
from telemetry_store.rows import ReadingRow
from telemetry_store.sqlite_store import SqliteStore

ParkBuilder = Callable[..., Park]
Rows = Callable[..., list[ReadingRow]]
At = Callable[[str], int]
DAY = 86_400_000
OUTLET = """
[[installations]]
id = "outlet"
kind = "tenant_outlet"
device = "wq"
flow_device = "fm"
lab_device = "lab"
tenant = "alpha"
name_vi = "C"
name_en = "O"
"""
POINTS = (
    "wq.cod,alpha,z,wastewater,mg/l,900,",
    "fm.flow,alpha,z,wastewater,m3/h,900,",
    "lab.cod,alpha,z,wastewater,mg/l,86400,lab_sample",
)

SUBMETERED = (
    "point,tenant,zone,medium,unit,interval_seconds,role,parent\n"
    "m.active_energy_import,alpha,z,energy,kWh,3600,tenant_electricity,\n"
    "s.active_energy_import,alpha,z,energy,kWh,3600,,m.active_energy_import\n"
)


@pytest.fixture
def park(make_park: ParkBuilder) -> Park:
    return make_park(OUTLET, POINTS)


def cod(count: int) -> list[float]:
    return [100 + 5 * math.sin(number) for number in range(count)]


async def fill(store: SqliteStore, rows: list[ReadingRow]) -> None:
    assert (await store.write_readings(rows)).accepted == len(rows)


def test_the_register_decides_what_is_watched(park: Park) -> None:
    asked = {(q.rule.id, q.subject, tuple(p.id for p in q.points)) for q in questions_of(park, date(2026, 6, 3))}
    assert asked == {
        ("AN-01", "outlet", ("fm.flow",)),
        ("AN-02", "outlet", ("fm.flow", "wq.cod")),
        ("AN-03", "wq.cod", ("wq.cod",)),
        ("AN-04", "wq.cod", ("wq.cod", "lab.cod")),
    }


async def test_a_new_flow_meter_is_watched_from_its_day_on(
    store: SqliteStore, make_park: ParkBuilder, at: At, make_readings: Rows
) -> None:
    """By night the new meter sees far more than it did; what the old one sees does not count any more."""
    change = '\n[[installations.changes]]\nfrom = 2026-06-12\nflow_device = "fm-2"\n'
    park = make_park(OUTLET.replace('lab_device = "lab"\n', "") + change, (*POINTS, POINTS[1].replace("fm", "fm-2")))
    assert days_of_devices(park, date(2026, 6, 1), date(2026, 6, 30)) == [date(2026, 6, 1), date(2026, 6, 12)]
    for device, odd in (("fm", 11), ("fm-2", 13)):
        nights = [[40.0 if day == odd else 4.0 + day % 2 / 10] * 20 + [20.0] * 76 for day in range(1, 15)]
        flow = [value + number % 3 / 10 for number, value in enumerate(value for day in nights for value in day)]
        await fill(store, make_readings(park, f"{device}.flow", at("2026-06-01T00:00"), flow))
    span = JudgingRange(at("2026-06-09T00:00"), at("2026-06-15T00:00"))
    found = [a for a in await find_anomalies(store, park, span, 0) if a.rule == "AN-01"]
    assert [(a.day_start_ms, a.points) for a in found] == [
        (at("2026-06-11T00:00"), ("fm.flow",)), (at("2026-06-13T00:00"), ("fm-2.flow",)),
    ]  # fmt: skip


def test_a_park_without_outlets_meters_and_instruments_has_nothing_to_watch(make_park: ParkBuilder) -> None:
    assert questions_of(make_park("", ("met.temperature,park,z,weather,degC,60,",)), date(2026, 6, 3)) == []


async def frozen_day(store: SqliteStore, park: Park, at: At, make_readings: Rows) -> list[Anomaly]:
    values = cod(3 * 96)
    values[2 * 96 + 40 : 2 * 96 + 60] = [88.0] * 20
    await fill(store, make_readings(park, "wq.cod", at("2026-06-01"), values))
    return await find_anomalies(store, park, JudgingRange(at("2026-06-03"), at("2026-06-04")), 7)


async def test_an_anomaly_says_in_one_sentence_what_was_seen(
    store: SqliteStore, park: Park, at: At, make_readings: Rows
) -> None:
    [seen] = await frozen_day(store, park, at, make_readings)
    assert (seen.rule, seen.subject, seen.tenant, seen.points) == ("AN-03", "wq.cod", "alpha", ("wq.cod",))
    assert (seen.start_ms, seen.end_ms) == (at("2026-06-03T10:00"), at("2026-06-03T15:00"))
    assert seen.said_en.startswith(
        "wq.cod: from 2026-06-03 10:00 to 2026-06-03 15:00 stood at exactly 88 for 20 readings in a row;"
    )
    assert seen.said_vi.startswith(
        "wq.cod: từ 2026-06-03 10:00 đến 2026-06-03 15:00 đứng yên ở đúng giá trị 88 trong 20 lần đo liên tiếp;"
    )
    assert "instrument's own record" in seen.method


async def test_only_days_that_have_closed_are_looked_at(
    store: SqliteStore, park: Park, at: At, make_readings: Rows
) -> None:
    await frozen_day(store, park, at, make_readings)
    assert await find_anomalies(store, park, JudgingRange(at("2026-06-03"), at("2026-06-03T23:00")), 7) == []


async def test_a_laboratory_sample_is_set_beside_the_instrument(
    store: SqliteStore, park: Park, at: At, make_readings: Rows
) -> None:
    await fill(store, make_readings(park, "wq.cod", at("2026-06-01"), cod(96)))
    await fill(store, make_readings(park, "lab.cod", at("2026-06-01T10:10"), [160.0]))
    [seen] = await find_anomalies(store, park, JudgingRange(at("2026-06-01"), at("2026-06-02")), 7)
    assert (seen.rule, seen.expected) == ("AN-04", 160.0)
    assert seen.start_ms == at("2026-06-01T10:00")
    assert "phòng thí nghiệm 160 mg/l" in seen.said_vi


async def test_a_stated_uncertainty_of_the_laboratory_goes_first(
    store: SqliteStore, make_park: ParkBuilder, at: At, make_readings: Rows
) -> None:
    unsure = make_park(OUTLET + "laboratory_uncertainty_percent = 60\n", POINTS)
    await fill(store, make_readings(unsure, "wq.cod", at("2026-06-01"), cod(96)))
    await fill(store, make_readings(unsure, "lab.cod", at("2026-06-01T10:10"), [160.0]))
    assert await find_anomalies(store, unsure, JudgingRange(at("2026-06-01"), at("2026-06-02")), 7) == []


async def test_an_empty_store_shows_nothing(store: SqliteStore, park: Park, at: At) -> None:
    assert await find_anomalies(store, park, JudgingRange(at("2026-05-01"), at("2026-07-15")), 7) == []


async def test_what_is_stored_comes_back_and_is_written_once(
    store: SqliteStore, park: Park, at: At, make_readings: Rows
) -> None:
    seen = await frozen_day(store, park, at, make_readings)
    span = at("2026-06-03"), at("2026-06-04")
    assert await write_anomalies(store, park.id, seen, *span) == 1
    assert await write_anomalies(store, park.id, seen, *span) == 0
    [stored] = await read_anomalies(store, park.id, *span)
    assert (stored.anomaly, stored.verdict) == (seen[0], "noticed")
    fields = tuple(Select(name) for name in RECORD_FIELDS[ANOMALIES])
    [answer] = await store.select(SeriesQuery(ANOMALIES, fields, *span))
    assert None not in answer.rows[0]


async def test_what_is_no_longer_seen_is_withdrawn_and_may_come_again(
    store: SqliteStore, park: Park, at: At, make_readings: Rows
) -> None:
    seen = await frozen_day(store, park, at, make_readings)
    span = at("2026-06-03"), at("2026-06-04")
    await write_anomalies(store, park.id, seen, *span)
    assert await write_anomalies(store, park.id, [], *span) == 1
    assert [s.verdict for s in await read_anomalies(store, park.id, *span)] == ["withdrawn"]
    assert await write_anomalies(store, park.id, [], *span) == 0
    assert await write_anomalies(store, park.id, seen, *span) == 1
    assert [s.verdict for s in await read_anomalies(store, park.id, *span)] == ["noticed"]


async def test_it_is_printed_as_an_observation(store: SqliteStore, park: Park, at: At, make_readings: Rows) -> None:
    seen = await frozen_day(store, park, at, make_readings)
    english, vietnamese = as_lines(seen, "en"), as_lines(seen, "vi")
    assert english[0] == "Noticed (observations, no verdicts on law):"
    assert english[1].startswith("  AN-03  Frozen sensor. wq.cod: from 2026-06-03")
    assert vietnamese[1].startswith("  AN-03  Đầu đo bị đứng. wq.cod: từ 2026-06-03")
    assert (as_lines([], "en"), as_lines([], "vi")) == (["No anomaly was noticed."], ["Không có bất thường nào."])
    told = json.loads(as_json(seen[0]))
    assert (told["verdict"], told["start"], told["confidence"]) == ("noticed", "2026-06-03T03:00:00Z", "setting")


def test_every_rule_has_a_title_in_both_languages_and_a_method() -> None:
    assert list(RULES) == [f"AN-0{number}" for number in range(1, 7)]
    for rule in RULES.values():
        assert rule.title("vi") != rule.title("en")
        assert len(rule.method) > 40


async def test_a_day_shows_the_same_however_long_the_range_that_was_asked_for(
    store: SqliteStore, make_park: ParkBuilder, make_readings: Rows, at: At
) -> None:
    park = make_park("", tables={"points.csv": SUBMETERED})
    total = below = 0.0
    rows: dict[str, list[float]] = {"m": [], "s": []}
    for hour in range(24 * 45):
        rows["m"].append(total)
        rows["s"].append(below)
        step = 50 + hour * 7 % 11 / 11
        total, below = total + step, below + step * (0.95 if hour < 24 * 20 else 0.70)
    for name, values in rows.items():
        await fill(store, make_readings(park, f"{name}.active_energy_import", at("2026-06-01T00:00"), values))

    async def days(from_ms: int, to_ms: int) -> set[int]:
        seen = await find_anomalies(store, park, JudgingRange(from_ms, to_ms), 0)
        return {anomaly.day_start_ms for anomaly in seen if anomaly.rule == "AN-05"}

    whole = await days(at("2026-06-01T00:00"), at("2026-07-14T00:00"))
    assert at("2026-06-21T00:00") in whole
    for day in ("2026-06-21", "2026-06-26", "2026-06-29", "2026-07-02", "2026-07-08"):
        begin = at(f"{day}T00:00")
        assert await days(begin, begin + DAY) == whole & {begin}
