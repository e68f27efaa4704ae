"""Which slots a verdict may rest on: half of the readings valid, values possible, each amount counted once."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from msgspec.structs import replace

from analytics.finding import Finding, Verdict
from analytics.judging.evaluate import evaluate
from analytics.judging.plan import JudgingRange
from analytics.rulebook import load_rulebook
from analytics.slots.data_capture import SlotState
from analytics.slots.readings_query import SlotRequest, read_slots
from telemetry_model.park_register import Park
from telemetry_store.protocol import TelemetryStore
from telemetry_store.rows import PointSeries, ReadingRow
from telemetry_store.sqlite_store import SqliteStore

MINUTE = 60_000
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
POINTS = ("aq.pm10,park,z,air,ug/m3,900,", "em.active_energy_interval,alpha,z,energy,kWh,900,",
          "lab.cod,park,z,wastewater,mg/l,86400,")  # fmt: skip


async def judged(store: TelemetryStore, park: Park, at: At) -> Finding:
    rules = [rule for rule in load_rulebook() if rule.id == "AMB-02-PM10"]
    span = JudgingRange(at("2026-03-10T00:00"), at("2026-03-11T00:00"))
    (finding,) = await evaluate(store, park, rules, span, 1_800_000_000_000)
    return finding


def mixed(rows: list[ReadingRow], bad: int, status: int, reason: str | None) -> list[ReadingRow]:
    """Of every six readings the last ``bad`` ones with another status and reason."""
    return [
        replace(row, value=400.0, status=status, reason=reason) if place % 6 >= 6 - bad else row
        for place, row in enumerate(rows)
    ]


@pytest.mark.parametrize(
    ("status", "reason", "said"), [(1, None, "96 calibrating"), (0, "out_of_range", "96 without a usable value")]
)
async def test_a_day_with_one_valid_reading_of_six_gives_no_verdict(
    store: SqliteStore, make_park: ParkBuilder, make_readings: Rows, at: At, status: int, reason: str, said: str
) -> None:
    park = make_park(STATION, POINTS)
    rows = make_readings(park, "aq.pm10", at("2026-03-10T00:00"), [20.0 + n % 7 for n in range(576)], 0, 150)
    await store.write_readings(mixed(rows, 5, status, reason))
    finding = await judged(store, park, at)
    assert (finding.verdict, finding.observed, finding.data_capture) == (Verdict.INSUFFICIENT_DATA, None, 0.0)
    assert said in finding.evidence[0]


async def test_half_of_the_readings_are_enough_and_the_rest_is_said(
    store: SqliteStore, make_park: ParkBuilder, make_readings: Rows, at: At
) -> None:
    park = make_park(STATION, POINTS)
    rows = make_readings(park, "aq.pm10", at("2026-03-10T00:00"), [20.0 + n % 7 for n in range(576)], 0, 150)
    await store.write_readings(mixed(rows, 3, 1, None))
    finding = await judged(store, park, at)
    assert (finding.verdict, finding.data_capture) == (Verdict.COMPLIANT, 1.0)
    assert any(text.startswith("288 single readings") for text in finding.evidence)


@pytest.mark.parametrize("value", [-50.0, 1e308])
async def test_impossible_values_are_left_out_and_said(
    store: SqliteStore, make_park: ParkBuilder, make_readings: Rows, at: At, value: float
) -> None:
    park = make_park(STATION, POINTS)
    values = [value - n % 5 for n in range(96)]
    await store.write_readings(make_readings(park, "aq.pm10", at("2026-03-10T00:00"), values))
    finding = await judged(store, park, at)
    assert (finding.verdict, finding.observed) == (Verdict.INSUFFICIENT_DATA, None)
    words = "96 values of aq.pm10 were left out: outside what is possible there, 0 to 10000 ug/m3."
    assert words in finding.evidence


async def test_a_slot_without_enough_valid_readings_keeps_no_value(
    store: SqliteStore, make_park: ParkBuilder, make_readings: Rows, at: At
) -> None:
    park, start = make_park(points=POINTS), at("2026-03-10T00:00")
    rows = make_readings(park, "aq.pm10", start, [20.0] * 6, 0, 150)
    await store.write_readings(mixed(rows, 4, 2, None))
    request = SlotRequest("aq.pm10", 900, start, start + 15 * MINUTE)
    frame = (await read_slots(store, park, [request]))[request]
    assert frame.table()[["state", "left_out"]].to_numpy().tolist() == [[SlotState.FAULT, 4]]
    assert np.isnan([frame.mean, frame.low, frame.high]).all()


async def test_a_day_of_calibration_alone_is_a_verdict(
    store: SqliteStore, make_park: ParkBuilder, make_readings: Rows, at: At
) -> None:
    park = make_park(STATION, POINTS)
    await store.write_readings(make_readings(park, "aq.pm10", at("2026-03-10T00:00"), [500.0] * 96, 1))
    finding = await judged(store, park, at)
    assert finding.verdict is Verdict.INSUFFICIENT_DATA
    assert "96 calibrating" in finding.evidence[0]


@pytest.mark.parametrize(("bad", "state"), [(1, SlotState.VALID), (2, SlotState.CALIBRATING)])
async def test_a_day_of_laboratory_values_needs_half_of_them(
    store: SqliteStore, make_park: ParkBuilder, make_readings: Rows, at: At, bad: int, state: SlotState
) -> None:
    park, start = make_park(points=POINTS), at("2026-03-10T07:00")
    await store.write_readings(make_readings(park, "lab.cod", start, [80.0]))
    await store.write_readings(make_readings(park, "lab.cod", start + MINUTE, [500.0] * bad, 1, 60))
    request = SlotRequest("lab.cod", 86_400, at("2026-03-10T00:00"), at("2026-03-11T00:00"))
    frame = (await read_slots(store, park, [request]))[request]
    assert frame.state.tolist() == [state]


@pytest.mark.parametrize("slot_seconds", [900, 3600])
async def test_amounts_sent_again_under_an_edited_register_count_once(
    store: SqliteStore, make_park: ParkBuilder, make_readings: Rows, at: At, slot_seconds: int
) -> None:
    park, midnight = make_park(points=POINTS), at("2026-03-10T00:00")
    point = "em.active_energy_interval"
    rows = make_readings(park, point, midnight + 15 * MINUTE, [1.0, 2.0, 4.0, 8.0, 16.0])
    before = dataclasses.replace(PointSeries.of(park.points[point], park.id), tenant="beta")
    request = SlotRequest(point, slot_seconds, midnight, midnight + 24 * 60 * MINUTE)
    await store.write_readings(rows)
    once = (await read_slots(store, park, [request]))[request]
    # The old tags hold only a part: neither all old nor all new is the right sum.
    await store.write_readings([replace(row, series=before) for row in rows[1:3]])
    twice = (await read_slots(store, park, [request]))[request]
    assert np.nansum(once.total) == 31.0
    assert twice.table().equals(once.table())


@pytest.mark.real_server
async def test_influxdb_counts_and_deduplicates_the_same(
    sqlite_store: TelemetryStore, influx_store: TelemetryStore, make_park: ParkBuilder, make_readings: Rows, at: At
) -> None:
    park, start = make_park(STATION, POINTS), at("2026-03-10T00:00")
    point = "em.active_energy_interval"
    rows = mixed(make_readings(park, "aq.pm10", start, [20.0 + n % 7 for n in range(60)], 0, 150), 3, 1, None)
    rows += mixed(make_readings(park, "aq.pm10", start + 150 * MINUTE, [20.0] * 60, 0, 150), 5, 0, "out_of_range")
    amounts = make_readings(park, point, start + 15 * MINUTE, [1.0, 2.0, None, 8.0, 1e9])
    before = dataclasses.replace(PointSeries.of(park.points[point], park.id), tenant="beta")
    rows += amounts + [replace(row, series=before) for row in amounts]
    stop = at("2026-03-11T00:00")
    requests = [SlotRequest("aq.pm10", 900, start, stop), SlotRequest(point, 900, start, stop)]
    frames = []
    for store in (sqlite_store, influx_store):
        await store.write_readings(rows)
        frames.append(await read_slots(store, park, requests))
    for request in requests:
        assert frames[0][request].table().equals(frames[1][request].table())
    found = frames[0][requests[1]]
    assert np.nansum(found.total) == 11.0
    assert found.state.tolist()[2:] == [SlotState.UNCERTAIN, SlotState.VALID, SlotState.IMPOSSIBLE]
