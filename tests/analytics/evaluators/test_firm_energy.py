"""Energy per product and share in peak hours of a firm: from production.csv and meters, else from records."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from analytics.finding import Finding, Verdict
from analytics.judging.evaluate import evaluate
from analytics.judging.plan import JudgingRange
from analytics.rulebook import load_rulebook
from telemetry_model.park_register import Park
from telemetry_store.sqlite_store import SqliteStore

At = Callable[[str], int]
MINUTE_MS = 60_000
WORKS = """
[[installations]]
id = "works"
kind = "facility"
device = ""
tenant = "alpha"
name_vi = "N"
name_en = "W"
sector = "steel"
process = "billet_induction_furnace"
tou_customer = true
"""
SUPPLY = """
[[installations]]
id = "alpha-supply"
kind = "electricity_supply"
device = "em"
tenant = "alpha"
name_vi = "C"
name_en = "S"
"""
METER = "em.active_energy_import,alpha,z,energy,kWh,1800,tenant_electricity"
MADE = "month,tenant,product,amount,unit,energy_kwh,document\n"
RECORDS = "indicator,subject,value,document,date,responsible\n"


def production(kwh_of_month: Sequence[int | str], product: str = "billet") -> str:
    """A hundred tonnes a month of 2025 from January on."""
    rows = (f"2025-{n:02d},alpha,{product},100,t,{kwh},bill\n" for n, kwh in enumerate(kwh_of_month, 1))
    return MADE + "".join(rows)


async def judged(store: SqliteStore, park: Park, rule: str, span: JudgingRange) -> list[Finding]:
    rules = [each for each in load_rulebook() if each.id == rule]
    return await evaluate(store, park, rules, span, span.to_ms)


@pytest.fixture
def year(at: At) -> JudgingRange:
    return JudgingRange(at("2025-01-01T00:00"), at("2026-01-01T00:00"))


async def test_electricity_above_the_norm_proves_the_excess(
    store: SqliteStore, make_park: Callable[..., Park], year: JudgingRange
) -> None:
    park = make_park(WORKS, tables={"production.csv": production([70_000] * 12)})
    (found,) = await judged(store, park, "EN-02-STEEL", year)
    assert (found.verdict, found.observed, found.limit) == (Verdict.EXCEEDED, 2520.0, 2500)
    assert found.data_capture == 1
    assert any("840000 kWh for 1200 t in 12 of 12 whole months" in words for words in found.evidence)


@pytest.mark.parametrize(
    ("carriers", "verdict"),
    [('energy_carriers = "electricity"', Verdict.COMPLIANT), ("", Verdict.INSUFFICIENT_DATA)],
)
async def test_below_the_norm_other_carriers_must_be_ruled_out(
    store: SqliteStore, make_park: Callable[..., Park], year: JudgingRange, carriers: str, verdict: Verdict
) -> None:
    park = make_park(WORKS + carriers, tables={"production.csv": production([60_000] * 12)})
    (found,) = await judged(store, park, "EN-02-STEEL", year)
    assert found.verdict is verdict
    assert any("the norm counts all carriers" in words for words in found.evidence) is (not carriers)


async def test_a_record_of_all_carriers_goes_first(
    store: SqliteStore, make_park: Callable[..., Park], year: JudgingRange
) -> None:
    record = RECORDS + "EN-02-STEEL,works,2400,Audit,2025-11-01,Energy\n"
    park = make_park(WORKS, tables={"production.csv": production([70_000] * 12), "evidence.csv": record})
    (found,) = await judged(store, park, "EN-02-STEEL", year)
    assert (found.verdict, found.observed) == (Verdict.COMPLIANT, 2400)


async def test_months_without_a_bill_lower_the_capture(
    store: SqliteStore, make_park: Callable[..., Park], year: JudgingRange
) -> None:
    park = make_park(WORKS, tables={"production.csv": production([70_000] * 6 + [""] * 6)})
    (found,) = await judged(store, park, "EN-02-STEEL", year)
    assert (found.verdict, found.data_capture, found.observed) == (Verdict.INSUFFICIENT_DATA, 0.5, 2520.0)


async def test_of_two_products_nobody_knows_which_took_the_energy(
    store: SqliteStore, make_park: Callable[..., Park], year: JudgingRange
) -> None:
    both = production([70_000] * 12) + production([""] * 12, "bar").removeprefix(MADE)
    (found,) = await judged(store, make_park(WORKS, tables={"production.csv": both}), "EN-02-STEEL", year)
    assert (found.verdict, found.observed) == (Verdict.INSUFFICIENT_DATA, None)
    assert any("more than one product or facility" in words for words in found.evidence)


async def test_a_firm_without_production_stays_by_record(
    store: SqliteStore, make_park: Callable[..., Park], year: JudgingRange
) -> None:
    (found,) = await judged(store, make_park(WORKS), "EN-02-STEEL", year)
    assert found.verdict is Verdict.INSUFFICIENT_DATA
    assert any("No evidence record 'EN-02-STEEL' for works" in words for words in found.evidence)


async def test_the_meters_go_before_the_bill(
    store: SqliteStore, make_park: Callable[..., Park], make_readings: Callable[..., Any], at: At
) -> None:
    park = make_park(WORKS, [METER], tables={"production.csv": production([1])})
    start, stop = at("2025-01-01T00:00"), at("2025-02-01T00:00")
    half_hours = (stop - start) // (30 * MINUTE_MS)
    values = [100_000 * n / (half_hours - 1) for n in range(half_hours)]
    await store.write_readings(make_readings(park, "em.active_energy_import", start, values))
    (found,) = await judged(store, park, "EN-02-STEEL", JudgingRange(start, stop))
    assert found.observed == pytest.approx(3600)
    assert any("1 months from the meters" in words for words in found.evidence)


async def test_an_even_load_has_five_twentyfourths_in_the_legacy_peak_on_weekdays(
    store: SqliteStore, make_park: Callable[..., Park], make_readings: Callable[..., Any], at: At
) -> None:
    park = make_park(WORKS + SUPPLY, [METER])
    start, stop = at("2026-03-01T00:00"), at("2026-04-01T00:00")
    values = [float(10 * n) for n in range((stop - start) // (30 * MINUTE_MS))]
    await store.write_readings(make_readings(park, "em.active_energy_import", start, values))
    (found,) = await judged(store, park, "EN-04-PEAK", JudgingRange(start, stop))
    # March 2026 has 26 days that are no Sunday; the last half hour of the month has no following register.
    assert found.observed == pytest.approx(100 * 26 * 5 * 20 / (31 * 480 - 10))
    assert found.verdict is Verdict.COMPLIANT
    assert any("(legacy)" in words for words in found.evidence)


async def test_the_hours_of_the_register_are_used(
    store: SqliteStore, make_park: Callable[..., Park], make_readings: Callable[..., Any], at: At
) -> None:
    park = make_park(WORKS + SUPPLY + "tariff_hours_963_from = 2026-03-16\n", [METER])
    start, stop = at("2026-03-01T00:00"), at("2026-04-01T00:00")
    # Only between 20:00 and 22:30 something is used: no legacy peak, all of it in the peak of Decision 963.
    register, values = 0.0, []
    for n in range((stop - start) // (30 * MINUTE_MS)):
        values.append(register)
        register += 10.0 if 40 <= n % 48 < 45 else 0.0
    await store.write_readings(make_readings(park, "em.active_energy_import", start, values))
    (found,) = await judged(store, park, "EN-04-PEAK", JudgingRange(start, stop))
    assert found.observed == pytest.approx(100 * 14 / 31)
    assert any("(legacy, decision-963)" in words or "(decision-963, legacy)" in words for words in found.evidence)


async def test_an_exchanged_meter_does_not_make_a_peak(
    store: SqliteStore, make_park: Callable[..., Park], make_readings: Callable[..., Any], at: At
) -> None:
    exchange = "point,time,last_value,first_value,old_serial,new_serial\n"
    exchange += "em.active_energy_import,2026-03-10T10:10:00+07:00,4530,1000000,a,b\n"
    park = make_park(WORKS + SUPPLY, [METER], tables={"meter_exchanges.csv": exchange})
    start, stop, changed = at("2026-03-01T00:00"), at("2026-04-01T00:00"), at("2026-03-10T10:10")
    steps = range((stop - start) // (30 * MINUTE_MS))
    times = [start + 30 * MINUTE_MS * n for n in steps]
    values = [10.0 * n + (0 if time < changed else 995_470) for n, time in zip(steps, times, strict=True)]
    await store.write_readings(make_readings(park, "em.active_energy_import", start, values))
    (found,) = await judged(store, park, "EN-04-PEAK", JudgingRange(start, stop))
    assert found.observed == pytest.approx(100 * 26 * 5 * 20 / (31 * 480), abs=0.3)


async def test_without_meters_the_month_is_by_record(
    store: SqliteStore, make_park: Callable[..., Park], at: At
) -> None:
    record = RECORDS + "EN-04-PEAK,works,31.5,Bill,2026-03-31,Energy\n"
    park = make_park(WORKS, tables={"evidence.csv": record})
    (found,) = await judged(store, park, "EN-04-PEAK", JudgingRange(at("2026-03-01T00:00"), at("2026-04-01T00:00")))
    assert (found.verdict, found.observed) == (Verdict.COMPLIANT, 31.5)


async def test_a_month_whose_meter_lost_a_tenth_is_taken_from_the_bill(
    store: SqliteStore, make_park: Callable[..., Park], make_readings: Callable[..., Any], at: At
) -> None:
    """90,000 kWh heard of 100,000: 0.9 of what was used would pass for a firm that uses less."""
    interval = METER.replace("active_energy_import", "active_energy_interval")
    park = make_park(WORKS, [interval], tables={"production.csv": production([100_000])})
    start, stop = at("2025-01-01T00:00"), at("2025-02-01T00:00")
    count = (stop - start) // (30 * MINUTE_MS)
    heard = [100_000 / count if n % 10 else None for n in range(count)]
    await store.write_readings(make_readings(park, "em.active_energy_interval", start + 30 * MINUTE_MS, heard))
    (found,) = await judged(store, park, "EN-02-STEEL", JudgingRange(start, stop))
    assert found.observed == pytest.approx(3600)
    assert any("0 months from the meters" in words for words in found.evidence), found.evidence
