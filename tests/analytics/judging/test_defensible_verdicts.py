"""Bad data never crashes a judgement and never passes for good: too little data, and why, is the verdict."""

import dataclasses
import math
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import pytest

from analytics.finding import Finding, Verdict
from analytics.indicators.compute import compute_indicators
from analytics.indicators.store_readings import Span
from analytics.judging.evaluate import evaluate
from analytics.judging.plan import JudgingRange
from analytics.rulebook import Rule, load_rulebook
from service_runtime.text_folder import read_text_folder
from telemetry_model.park_register import Park, parse_park
from telemetry_store.rows import PointSeries, ReadingRow
from telemetry_store.sqlite_store import SqliteStore

ROOT = Path(__file__).resolve().parents[3]
HOUR_MS, DAY_MS, NOW = 3_600_000, 86_400_000, 1_900_000_000_000
ParkBuilder = Callable[..., Park]
Rows = Callable[..., list[ReadingRow]]
At = Callable[[str], int]
OUTLET = """
[[installations]]
id = "outlet"
kind = "wastewater_outlet"
device = "wq"
tenant = "park"
name_vi = "C"
name_en = "O"
standard = "qcvn40-2011"
column = "B"
licensed_on = 2019-01-01
kq = 1.0
kf = 1.0
licensed_flow_m3_day = 1000
"""
STACK = """
[[installations]]
id = "stack"
kind = "stack"
device = "st"
tenant = "park"
name_vi = "O"
name_en = "S"
equipment = "gas_turbine"
capacity_mw = 12
standard = "qcvn19-2024"
column = "B"
licensed_on = 2025-08-01
o2_reference_percent = 15
"""
STATION = """
[[installations]]
id = "aq"
kind = "ambient_station"
device = "aq"
tenant = "park"
name_vi = "T"
name_en = "S"
"""
SUPPLY = """
[[installations]]
id = "alpha-supply"
kind = "electricity_supply"
device = "em"
tenant = "alpha"
name_vi = "C"
name_en = "S"
contracted_kw = 500
voltage_level = "22kv"
"""
POINTS = (
    "wq.cod,park,z,wastewater,mg/l,900,", "wq.ph,park,z,wastewater,pH,900,", "wq.nickel,park,z,wastewater,mg/l,86400,",
    "wq.volume,park,z,wastewater,m3,900,wastewater_discharged",
    "st.nox,park,z,emissions,mg/Nm3,3600,", "st.oxygen,park,z,emissions,%,3600,",
    "aq.pm10,park,z,air,ug/m3,3600,", "aq.o3,park,z,air,ug/m3,3600,", "aq.no2,park,z,air,ug/m3,3600,",
    "em.active_energy_import,alpha,z,energy,kWh,900,tenant_electricity",
    "em.reactive_energy_import,alpha,z,energy,kvarh,900,",
    "wm.volume,alpha,z,water,m3,900,tenant_water", "wm.flow,alpha,z,water,m3/h,900,",
)  # fmt: skip
ALL = OUTLET + STACK + STATION + SUPPLY


def rules(*wanted: str) -> list[Rule]:
    found = [rule for rule in load_rulebook() if not wanted or rule.id in wanted]
    assert not wanted or {rule.id for rule in found} == set(wanted)
    return found


def is_defensible(found: Sequence[Finding]) -> None:
    """A verdict has an observed value, enough data and a limit or reason; without them it says that and why."""
    for finding in found:
        assert finding.evidence, finding
        assert all(sentence.strip() for sentence in finding.evidence), finding
        assert 0 <= finding.data_capture <= 1, finding
        assert finding.period_start_ms < finding.period_end_ms, finding
        if finding.verdict is not Verdict.INSUFFICIENT_DATA:
            assert finding.observed is not None, finding
            assert math.isfinite(finding.observed), finding
            assert finding.data_capture >= finding.minimum_data_capture - 1e-9, finding
        if finding.observed is None:
            assert finding.verdict is Verdict.INSUFFICIENT_DATA, finding


async def judged(store: SqliteStore, park: Park, span: JudgingRange, *wanted: str) -> list[Finding]:
    found = await evaluate(store, park, rules(*wanted), span, NOW)
    is_defensible(found)
    return found


@pytest.fixture
def day(at: At) -> JudgingRange:
    return JudgingRange(at("2026-03-10T00:00"), at("2026-03-11T00:00"))


def demo_park(without: tuple[str, ...] = ()) -> Park:
    texts = dict(read_text_folder(ROOT / "deploy" / "parks" / "bach-dang"))
    park = parse_park(texts)
    gone = {point.id for point in park.points.values() if point.tenant in without}
    return dataclasses.replace(
        park,
        points={name: point for name, point in park.points.items() if name not in gone},
        installations={k: i for k, i in park.installations.items() if i.tenant not in without},
        symbiosis=tuple(s for s in park.symbiosis if not {s.giver_point, s.taker_point} & gone),
    )


async def test_a_park_that_never_sent_anything(store: SqliteStore, at: At) -> None:
    park = demo_park()
    span = JudgingRange(at("2026-03-10T00:00"), at("2026-03-12T00:00"))
    found = await judged(store, park, span)
    measured = {rule.id for rule in load_rulebook() if rule.evaluator.needs_points}
    without = [f for f in found if f.rule in measured]
    assert len(without) > 100
    assert {f.verdict for f in without} == {Verdict.INSUFFICIENT_DATA}
    values = await compute_indicators(store, park, Span(span.from_ms, span.to_ms), 0.8)
    assert all(value.value.value is None and value.value.reason for value in values)


async def test_two_tenants_without_meters_are_named_and_nothing_else_changes(store: SqliteStore, at: At) -> None:
    firms = ("thep-bach-dang", "van-phong-cat-bi")
    park = demo_park(firms)
    span = JudgingRange(at("2026-03-10T00:00"), at("2026-03-12T00:00"))
    meter = next(p for p in park.points.values() if p.role == "tenant_electricity")
    series = PointSeries.of(meter, park.id)
    await store.write_readings(
        [ReadingRow(series, span.from_ms + n * 60_000, 1000.0 + n, 0) for n in range(2 * 24 * 60)]
    )
    found = await judged(store, park, span)
    assert not [f for f in found if f.subject.startswith(firms) or f.tenant in firms]
    live = next(f for f in found if f.rule == "EIP-05-LIVE")
    assert live.verdict is Verdict.EXCEEDED
    for firm in firms:
        assert any(firm in sentence for sentence in live.evidence)
    values = await compute_indicators(store, park, Span(span.from_ms, span.to_ms), 0.8)
    reasons = {v.value.reason for v in values if v.subject in firms}
    assert reasons == {
        "no point measures tenant electricity", "no point measures tenant water", "no point measures tenant waste",
    }  # fmt: skip


async def test_a_negative_discharge_is_no_measurement(
    store: SqliteStore, make_park: ParkBuilder, make_readings: Rows, at: At, day: JudgingRange
) -> None:
    park = make_park(OUTLET, POINTS)
    values = [-5.0 if n % 3 == 0 else 100.0 + n % 2 for n in range(96)]
    await store.write_readings(make_readings(park, "wq.cod", day.from_ms, values))
    [found] = await judged(store, park, day, "WW-01-COD")
    assert found.verdict is Verdict.INSUFFICIENT_DATA
    assert found.data_capture == pytest.approx(64 / 96, abs=1e-6)
    assert any("32" in sentence and "wq.cod" in sentence for sentence in found.evidence)


async def test_a_volume_that_runs_backwards_gives_no_amount(
    store: SqliteStore, make_park: ParkBuilder, make_readings: Rows, day: JudgingRange
) -> None:
    park = make_park(OUTLET, POINTS)
    await store.write_readings(make_readings(park, "wq.volume", day.from_ms, [5000.0 - n for n in range(97)]))
    [found] = await judged(store, park, day, "WW-06-FLOW")
    assert (found.verdict, found.observed) == (Verdict.INSUFFICIENT_DATA, None)
    assert any("fell" in sentence for sentence in found.evidence)


@pytest.mark.parametrize(("factor", "verdict"), [(1000.0, Verdict.INSUFFICIENT_DATA), (10.0, Verdict.EXCEEDED)])
async def test_a_wrong_unit_is_left_out_where_it_cannot_be_and_shown_where_it_could(
    store: SqliteStore, make_park: ParkBuilder, make_readings: Rows, day: JudgingRange, factor: float, verdict: Verdict
) -> None:
    """µg/l sent as mg/l is beyond what the register calls possible; ten times too much is not, and stays visible."""
    park = make_park(OUTLET, POINTS)
    values = [factor * (110.0 + n % 2) for n in range(96)]
    await store.write_readings(make_readings(park, "wq.cod", day.from_ms, values))
    [found] = await judged(store, park, day, "WW-01-COD")
    assert found.verdict is verdict
    if verdict is Verdict.EXCEEDED:
        assert found.observed == pytest.approx(1105)
    else:
        assert any("100000" in sentence or "100,000" in sentence for sentence in found.evidence)


@pytest.mark.parametrize("factor", [1000.0, 0.001], ids=["Wh as kWh", "MWh as kWh"])
async def test_a_register_that_changes_its_unit_in_mid_month_gives_no_amount(
    store: SqliteStore, make_park: ParkBuilder, make_readings: Rows, at: At, factor: float
) -> None:
    park = make_park(SUPPLY, POINTS)
    start, stop = at("2026-03-01T00:00"), at("2026-04-01T00:00")
    hours = range(31 * 24 * 4 + 1)
    for name, rate in (("active_energy_import", 25.0), ("reactive_energy_import", 10.0)):
        values = [(100_000 + rate * n) * (factor if n > 1500 else 1) for n in hours]
        await store.write_readings(make_readings(park, f"em.{name}", start, values))
    found = await judged(store, park, JudgingRange(start, stop), "EN-03-PF")
    assert [f.verdict for f in found] == [Verdict.INSUFFICIENT_DATA]
    assert any("rose" in sentence or "fell" in sentence for sentence in found[0].evidence), found[0].evidence
    value = {v.name: v.value for v in await compute_indicators(store, park, Span(start, stop), 0.8)}
    if factor < 1:
        assert value["time_of_use_cost"].value is None
        assert "fell" in value["time_of_use_cost"].reason


async def test_a_meter_exchanged_in_mid_month_without_a_record_gives_no_power_factor(
    store: SqliteStore, make_park: ParkBuilder, make_readings: Rows, at: At
) -> None:
    park = make_park(SUPPLY, POINTS)
    start, stop = at("2026-03-01T00:00"), at("2026-04-01T00:00")
    for name, rate in (("active_energy_import", 25.0), ("reactive_energy_import", 10.0)):
        values = [50_000 + rate * n if n < 1500 else rate * (n - 1500) for n in range(31 * 24 * 4 + 1)]
        await store.write_readings(make_readings(park, f"em.{name}", start, values))
    [found] = await judged(store, park, JudgingRange(start, stop), "EN-03-PF")
    assert (found.verdict, found.observed) == (Verdict.INSUFFICIENT_DATA, None)
    assert any("fell" in sentence for sentence in found.evidence)


async def test_a_point_put_into_use_in_mid_range_owes_nothing_before(
    store: SqliteStore, make_park: ParkBuilder, make_readings: Rows, at: At
) -> None:
    park = make_park(OUTLET, POINTS)
    point = dataclasses.replace(park.points["wq.cod"], since=date(2026, 3, 11), until=date(2026, 3, 12))
    park = dataclasses.replace(park, points={**park.points, "wq.cod": point})
    await store.write_readings(
        make_readings(park, "wq.cod", at("2026-03-11T00:00"), [100.0 + n % 2 for n in range(96)])
    )
    span = JudgingRange(at("2026-03-09T00:00"), at("2026-03-15T00:00"))
    found = await judged(store, park, span, "WW-01-COD")
    assert [(f.period_start_ms, f.verdict) for f in found] == [
        (at("2026-03-11T00:00"), Verdict.COMPLIANT),
        (at("2026-03-12T00:00"), Verdict.INSUFFICIENT_DATA),
    ]


@pytest.mark.parametrize("minutes", [60, -60])
async def test_a_clock_off_by_an_hour_moves_an_hour_of_data_and_no_more(
    store: SqliteStore, make_park: ParkBuilder, make_readings: Rows, day: JudgingRange, minutes: int
) -> None:
    park = make_park(STATION, POINTS)
    values = [90.0 + n % 2 for n in range(24)]
    await store.write_readings(make_readings(park, "aq.pm10", day.from_ms + minutes * 60_000, values))
    [found] = await judged(store, park, day, "AMB-02-PM10")
    assert found.data_capture == pytest.approx(23 / 24, abs=1e-6)
    assert found.verdict is Verdict.COMPLIANT
    assert any("1 missing" in sentence for sentence in found.evidence)


async def test_a_clock_set_back_an_hour_overwrites_and_never_counts_twice(
    store: SqliteStore, make_park: ParkBuilder, make_readings: Rows, day: JudgingRange
) -> None:
    park = make_park(STATION, POINTS)
    await store.write_readings(make_readings(park, "aq.no2", day.from_ms, [40.0 + n % 3 for n in range(24)]))
    again = make_readings(park, "aq.no2", day.from_ms + 10 * HOUR_MS, [300.0])
    await store.write_readings(again)
    found = await judged(store, park, day, "AMB-03-NO2", "AMB-02-NO2")
    hours = [f for f in found if f.rule == "AMB-03-NO2"]
    assert [f.observed for f in hours if f.verdict is Verdict.EXCEEDED] == [300.0]
    assert {f.data_capture for f in found} == {1.0}
    assert len(hours) == 24


async def test_a_stamp_that_lies_between_two_slots_is_counted_once(
    store: SqliteStore, make_park: ParkBuilder, make_readings: Rows, day: JudgingRange
) -> None:
    """A gateway that reads a second early each hour: 24 slots, none doubled, none lost inside the day."""
    park = make_park(STATION, POINTS)
    await store.write_readings(make_readings(park, "aq.pm10", day.from_ms - 1000, [80.0 + n % 2 for n in range(25)]))
    [found] = await judged(store, park, day, "AMB-02-PM10")
    assert found.data_capture == 1.0
    assert found.observed == 80.5


async def test_a_yearly_mean_of_a_station_that_began_in_november_is_no_yearly_mean(
    store: SqliteStore, make_park: ParkBuilder, make_readings: Rows, at: At
) -> None:
    park = make_park(STATION, POINTS)
    begun, stop = at("2025-11-01T00:00"), at("2026-01-01T00:00")
    await store.write_readings(make_readings(park, "aq.no2", begun, [20.0 + n % 2 for n in range(61 * 24)]))
    [found] = await judged(store, park, JudgingRange(begun, stop, since_ms=begun), "AMB-05-NO2")
    assert found.verdict is Verdict.INSUFFICIENT_DATA
    assert found.data_capture == pytest.approx(61 / 365, abs=1e-4)


async def test_an_open_year_has_no_yearly_mean(
    store: SqliteStore, make_park: ParkBuilder, make_readings: Rows, at: At
) -> None:
    park = make_park(STATION, POINTS)
    start = at("2026-01-01T00:00")
    await store.write_readings(make_readings(park, "aq.no2", start, [20.0 + n % 2 for n in range(90 * 24)]))
    assert await judged(store, park, JudgingRange(start, start + 90 * DAY_MS), "AMB-05-NO2") == []


async def test_a_whole_year_has_one(store: SqliteStore, make_park: ParkBuilder, make_readings: Rows, at: At) -> None:
    park = make_park(STATION, POINTS)
    start, stop = at("2025-01-01T00:00"), at("2026-01-01T00:00")
    await store.write_readings(make_readings(park, "aq.no2", start, [40.0 + n % 2 for n in range(365 * 24)]))
    [found] = await judged(store, park, JudgingRange(start, stop), "AMB-05-NO2")
    assert (found.verdict, found.observed, found.limit) == (Verdict.EXCEEDED, 40.5, 40.0)


@pytest.mark.parametrize("value", [-3.0, 0.0])
async def test_tenants_whose_night_flow_is_negative_or_nothing_leave_the_leak_untold_or_whole(
    store: SqliteStore, make_park: ParkBuilder, make_readings: Rows, day: JudgingRange, value: float
) -> None:
    points = (
        "wm.volume,alpha,z,water,m3,900,tenant_water", "wm.flow,alpha,z,water,m3/h,900,",
        "wi.volume,park,z,water,m3,900,water_intake", "wi.flow,park,z,water,m3/h,900,",
    )  # fmt: skip
    park = make_park("", points)
    await store.write_readings(make_readings(park, "wm.flow", day.from_ms, [value] * 96))
    await store.write_readings(make_readings(park, "wi.flow", day.from_ms, [12.0] * 96))
    found = {v.name: v.value for v in await compute_indicators(store, park, Span(day.from_ms, day.to_ms), 0.8)}
    assert found["night_flow"].value == 12
    leak = found["night_leak"]
    assert leak.value == 288 if value == 0 else leak.value is None and "negative" in leak.reason
