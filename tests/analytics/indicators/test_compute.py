"""Indicators from a store: registers, gaps, falls, half hours, months, and the reasons where there is no value."""

from collections.abc import Callable, Sequence

import pytest

from analytics.indicators.compute import compute_indicators, months_of
from analytics.indicators.park_view import ReportedIndicator
from analytics.indicators.store_readings import Span
from telemetry_model.park_register import Park
from telemetry_store.rows import ReadingRow
from telemetry_store.sqlite_store import SqliteStore

POINTS = (
    "em.active_energy_import,alpha,z,energy,kWh,60,tenant_electricity",
    "em.reactive_energy_import,alpha,z,energy,kvarh,60,",
    "em.active_power,alpha,z,energy,kW,60,",
    "wm.volume,alpha,z,water,m3,60,tenant_water",
)
MakePark = Callable[..., Park]
Rows = Callable[..., list[ReadingRow]]
At = Callable[[str], int]
MONDAY = "2026-01-05T00:00"


@pytest.fixture
def span(at: At) -> Span:
    return Span(at(MONDAY), at("2026-01-06T00:00"))


async def computed(
    store: SqliteStore, park: Park, rows: Sequence[ReadingRow], span: Span, minimum: float = 0.8
) -> dict[tuple[str, str], ReportedIndicator]:
    assert (await store.write_readings(rows)).accepted == len(rows)
    return {(i.name, i.subject): i for i in await compute_indicators(store, park, span, minimum)}


def day_of_minutes(per_minute: float, start: float = 1000.0, minutes: int = 1441) -> list[float]:
    return [start + per_minute * minute for minute in range(minutes)]


async def test_a_day_of_constant_load(
    filled: SqliteStore, make_park: MakePark, make_readings: Rows, supply: str, span: Span
) -> None:
    park = make_park(supply, POINTS)
    rows = make_readings(park, "em.active_energy_import", span.start_ms, day_of_minutes(2))
    rows += make_readings(park, "em.reactive_energy_import", span.start_ms, day_of_minutes(1.5))
    found = await computed(filled, park, rows, span)
    # 1,440 minutes x 2 kWh: the reading at the next midnight closes the day.
    assert found["electricity", "alpha"].value.value == 2880
    assert found["peak_demand", "alpha-supply"].value.value == pytest.approx(120)
    assert found["power_factor", "alpha-supply"].value.value == pytest.approx(0.8)
    # 5 h peak, 6 h off-peak, 13 h normal x 120 kWh.
    cost = 120 * (5 * 3398 + 6 * 1190 + 13 * 1833)
    assert found["time_of_use_cost", "alpha-supply"].value.value == pytest.approx(cost)
    assert found["peak_energy_share", "alpha-supply"].value.value == pytest.approx(100 * 5 / 24)
    assert found["power_factor_charge", "alpha-supply"].value.value == pytest.approx(cost * 0.125)
    assert found["energy", "alpha"].value.value == pytest.approx(2880 * 0.0001543)
    assert found["scope_2_emissions", "alpha"].value.value == pytest.approx(2.880 * 0.6592)
    assert found["electricity", "alpha"].value.data_capture == 1


async def test_what_has_no_meter_says_so(filled: SqliteStore, make_park: MakePark, supply: str, span: Span) -> None:
    found = await computed(filled, make_park(supply, POINTS), [], span)
    assert found["waste", "alpha"].value.reason == "no point measures tenant waste"
    assert found["electricity", "beta"].value.reason == "no point measures tenant electricity"
    assert found["electricity", "alpha"].value.reason == "em.active_energy_import sent no valid value"
    assert all(i.value.value is None and i.value.reason for i in found.values())


async def test_a_register_that_fell_gives_no_energy_and_no_cost(
    filled: SqliteStore, make_park: MakePark, make_readings: Rows, supply: str, span: Span
) -> None:
    park = make_park(supply, POINTS)
    values = day_of_minutes(2)[:700] + day_of_minutes(2, 20)[:741]
    found = await computed(filled, park, make_readings(park, "em.active_energy_import", span.start_ms, values), span)
    for key in (("electricity", "alpha"), ("time_of_use_cost", "alpha-supply")):
        assert found[key].value.value is None
        assert "no exchange is on record" in found[key].value.reason


async def test_a_fall_within_one_day_that_is_made_good_is_seen(
    filled: SqliteStore, make_park: MakePark, make_readings: Rows, span: Span
) -> None:
    park = make_park("", POINTS)
    values = day_of_minutes(1)[:720] + day_of_minutes(10, 5.0)[:721]
    found = await computed(filled, park, make_readings(park, "wm.volume", span.start_ms, values), span)
    assert "the register fell from" in found["water_use", "alpha"].value.reason


async def test_half_a_day_is_too_little_and_the_share_is_said(
    filled: SqliteStore, make_park: MakePark, make_readings: Rows, supply: str, span: Span
) -> None:
    park = make_park(supply, POINTS)
    rows = make_readings(park, "em.active_energy_import", span.start_ms, day_of_minutes(2, minutes=721))
    found = await computed(filled, park, rows, span)
    energy = found["electricity", "alpha"].value
    assert energy.value is None
    assert energy.reason.startswith("only 50.0 % of the expected data are there")
    assert (await computed(filled, park, rows, span, 0.4))["electricity", "alpha"].value.value == 1440


async def test_energy_over_a_gap_is_billed_but_makes_no_peak(
    filled: SqliteStore, make_park: MakePark, make_readings: Rows, supply: str, span: Span
) -> None:
    park = make_park(supply, POINTS)
    rows = make_readings(park, "em.active_energy_import", span.start_ms, day_of_minutes(2))
    hours_ms = 3_600_000
    gap = [r for r in rows if not span.start_ms + 6 * hours_ms < r.time_ms < span.start_ms + 8 * hours_ms]
    found = await computed(filled, park, gap, span)
    bill = found["time_of_use_cost", "alpha-supply"].value
    assert sum(float(bill.inputs[f"{band}_kwh"]) for band in ("off_peak", "normal", "peak")) == pytest.approx(2880)
    assert bill.data_capture == pytest.approx(45 / 48)
    assert found["peak_demand", "alpha-supply"].value.value == pytest.approx(120)


async def test_energy_over_a_gap_that_ends_the_day_makes_no_peak(
    filled: SqliteStore, make_park: MakePark, make_readings: Rows, supply: str, span: Span
) -> None:
    park = make_park(supply, POINTS)
    rows = make_readings(park, "em.active_energy_import", span.start_ms, day_of_minutes(2))
    gap = [r for r in rows if not span.start_ms + 22 * 3_600_000 <= r.time_ms < span.end_ms]
    found = await computed(filled, park, gap, span)
    assert found["electricity", "alpha"].value.value == 2880
    assert found["peak_demand", "alpha-supply"].value.value == pytest.approx(120)
    # 22-24 h is off-peak: 21:30-24:00 as one slot keeps it there.
    assert found["time_of_use_cost", "alpha-supply"].value.inputs["off_peak_kwh"] == pytest.approx(720)


async def test_a_range_that_begins_within_a_half_hour_is_cut_there(
    filled: SqliteStore, make_park: MakePark, make_readings: Rows, supply: str, at: At
) -> None:
    park = make_park(supply, POINTS)
    rows = make_readings(park, "em.active_energy_import", at(MONDAY), day_of_minutes(2))
    found = await computed(filled, park, rows, Span(at("2026-01-05T09:15"), at("2026-01-05T10:00")), 0.4)
    bill = found["time_of_use_cost", "alpha-supply"].value
    assert (bill.inputs["normal_kwh"], bill.inputs["peak_kwh"]) == (pytest.approx(30), pytest.approx(60))
    assert found["peak_demand", "alpha-supply"].value.value == pytest.approx(120)


async def test_days_add_up_to_the_whole(
    filled: SqliteStore, make_park: MakePark, make_readings: Rows, supply: str, at: At
) -> None:
    park = make_park(supply, POINTS)
    whole = Span(at("2026-01-30T00:00"), at("2026-02-02T00:00"))
    values = [float(n * n) / 1000 for n in range(3 * 1440 + 1)]
    rows = make_readings(park, "em.active_energy_import", whole.start_ms, values)
    months = months_of(park, whole)
    assert [span.start_ms for span in months] == [at("2026-01-30T00:00"), at("2026-02-01T00:00")]
    for name in ("electricity", "alpha"), ("time_of_use_cost", "alpha-supply"):
        parts = [(await computed(filled, park, rows, span))[name].value.value or 0.0 for span in months]
        assert (await computed(filled, park, rows, whole))[name].value.value == pytest.approx(sum(parts))


async def test_calibrating_and_faulty_readings_count_for_nothing(
    filled: SqliteStore, make_park: MakePark, make_readings: Rows, supply: str, span: Span
) -> None:
    park = make_park(supply, POINTS)
    rows = make_readings(park, "wm.volume", span.start_ms, day_of_minutes(1))
    rows += make_readings(park, "wm.volume", span.start_ms + 60_000, [9e6], status=2)
    assert (await computed(filled, park, rows, span))["water_use", "alpha"].value.value == pytest.approx(1440, abs=1)


async def test_the_accuracy_of_a_meter_becomes_an_uncertainty(
    filled: SqliteStore, make_park: MakePark, make_readings: Rows, supply: str, span: Span
) -> None:
    park = make_park(supply + "meter_accuracy_percent = 1\n", POINTS)
    rows = make_readings(park, "em.active_energy_import", span.start_ms, day_of_minutes(2))
    energy = (await computed(filled, park, rows, span))["electricity", "alpha"].value
    assert energy.standard_uncertainty == pytest.approx(28.8 / 3**0.5)


async def test_the_day_of_new_hours_is_a_setting_of_the_customer(
    filled: SqliteStore, make_park: MakePark, make_readings: Rows, supply: str, at: At
) -> None:
    day = Span(at("2026-06-01T00:00"), at("2026-06-02T00:00"))
    hours: list[object] = []
    for more in ("", "tariff_hours_963_from = 2026-05-01\n"):
        park = make_park(supply + more, POINTS)
        rows = make_readings(park, "em.active_energy_import", day.start_ms, day_of_minutes(2))
        bill = (await computed(filled, park, rows, day))["time_of_use_cost", "alpha-supply"].value
        assert "CONFLICT" in bill.basis.note
        hours.append(bill.inputs["hours"])
    assert hours == ["legacy", "decision-963"]


async def test_a_new_voltage_level_is_priced_by_the_day_and_the_contract_by_the_first(
    filled: SqliteStore, make_park: MakePark, make_readings: Rows, supply: str, span: Span, at: At
) -> None:
    change = '\n[[installations.changes]]\nfrom = 2026-01-06\nvoltage_level = "below-6kv"\ncontracted_kw = 30\n'
    two_days = Span(span.start_ms, at("2026-01-07T00:00"))
    rows = make_readings(
        make_park(supply, POINTS), "em.active_energy_import", span.start_ms, day_of_minutes(2, 0, 2881)
    )
    rows += make_readings(
        make_park(supply, POINTS), "em.reactive_energy_import", span.start_ms, day_of_minutes(1.5, 0, 2881)
    )
    found = await computed(filled, make_park(supply + change, POINTS), rows, two_days)
    first, second = (
        120 * (5 * peak + 6 * off + 13 * normal) for off, normal, peak in ((1190, 1833, 3398), (1300, 1987, 3640))
    )
    assert found["time_of_use_cost", "alpha-supply"].value.value == pytest.approx(first + second)
    # Below 40 kW nothing is charged, but on the first day 500 kW were contracted.
    assert found["power_factor_charge", "alpha-supply"].value.value == pytest.approx((first + second) * 0.125)


async def test_a_supply_without_its_voltage_level_has_no_cost(
    filled: SqliteStore, make_park: MakePark, make_readings: Rows, supply: str, span: Span
) -> None:
    park = make_park(supply.replace('voltage_level = "22kv"', ""), POINTS)
    rows = make_readings(park, "em.active_energy_import", span.start_ms, day_of_minutes(2))
    found = await computed(filled, park, rows, span)
    reason = "'voltage_level' of alpha-supply is not set in the register"
    assert found["time_of_use_cost", "alpha-supply"].value.reason == reason
    assert found["power_factor_charge", "alpha-supply"].value.reason == reason


async def test_items_give_specific_use(
    filled: SqliteStore, make_park: MakePark, make_readings: Rows, span: Span
) -> None:
    park = make_park("", (*POINTS, "line.produced_items,alpha,z,materials,items,60,"))
    rows = make_readings(park, "em.active_energy_import", span.start_ms, day_of_minutes(2))
    rows += make_readings(park, "wm.volume", span.start_ms, day_of_minutes(0.5))
    rows += make_readings(park, "line.produced_items", span.start_ms, day_of_minutes(1))
    found = await computed(filled, park, rows, span)
    assert found["specific_energy", "alpha"].value.value == pytest.approx(7.2)
    assert found["specific_water_use", "alpha"].value.value == pytest.approx(0.5)
