"""Registers at the edges of periods: days add up, a gap over a border is of none, verdicts and indicators agree."""

import random
from collections.abc import Callable

import pytest

from analytics.indicators.compute import compute_indicators
from analytics.indicators.store_readings import Span, read_points
from analytics.judging.evaluate import evaluate
from analytics.judging.plan import JudgingRange
from analytics.registers.amount import Amount, counted
from analytics.registers.meters import reading_range
from analytics.rulebook import load_rulebook
from analytics.slots.readings_query import SlotRequest, read_slots
from analytics.slots.series import SlotSeries
from analytics.windows import HOUR_MS, Window, local_day
from telemetry_model.park_register import Park
from telemetry_store.rows import ReadingRow
from telemetry_store.sqlite_store import SqliteStore

MakePark = Callable[..., Park]
Rows = Callable[..., list[ReadingRow]]
At = Callable[[str], int]
SUPPLY = """
[[installations]]
id = "s"
kind = "electricity_supply"
device = "em"
tenant = "alpha"
name_vi = "C"
name_en = "S"
contracted_kw = 5000
voltage_level = "22kv"

[[installations]]
id = "f"
kind = "facility"
tenant = "alpha"
name_vi = "N"
name_en = "F"
tou_customer = true
"""
ENERGY = "em.active_energy_import"


def points(every_seconds: int) -> tuple[str, str]:
    return (
        f"{ENERGY},alpha,z,energy,kWh,{every_seconds},tenant_electricity",
        f"em.reactive_energy_import,alpha,z,energy,kvarh,{every_seconds},",
    )


async def counted_in(store: SqliteStore, park: Park, window: Window, slot_seconds: int = 3600) -> Amount:
    start_ms, stop_ms = reading_range(park, park.points[ENERGY], window.start_ms, window.end_ms)
    request = SlotRequest(ENERGY, slot_seconds, start_ms, stop_ms, with_quality=False)
    frame = (await read_slots(store, park, [request]))[request]
    return counted(park, SlotSeries.of(ENERGY, "kWh", slot_seconds * 1000, frame), window)


def day(park: Park, start_ms: int, hours: int = 24) -> Window:
    return Window(start_ms, start_ms + hours * HOUR_MS, local_day(start_ms, park.timezone))


@pytest.mark.parametrize(("every", "offset"), [(60, 0), (900, 840), (3600, 0), (3600, 1200)])
async def test_days_add_up_to_the_whole_whenever_the_register_is_read(
    store: SqliteStore, make_park: MakePark, make_readings: Rows, at: At, every: int, offset: int
) -> None:
    park, start = make_park(SUPPLY, points(every)), at("2026-03-10T00:00")
    steps = random.Random(every + offset)
    values = [1000.0]
    for _ in range(4 * 86_400 // every):
        values.append(values[-1] + steps.uniform(0, 100) * every / 3600)
    await store.write_readings(make_readings(park, ENERGY, start + offset * 1000 - 86_400_000, values))
    days = [await counted_in(store, park, day(park, start + n * 24 * HOUR_MS)) for n in range(2)]
    both = await counted_in(store, park, day(park, start, 48))
    assert not any(amount.lacks_start or amount.lacks_end for amount in (*days, both))
    assert sum(amount.value or 0 for amount in days) == pytest.approx(both.value, abs=1e-9)
    first = 86_400 // every
    assert both.value == pytest.approx(values[first + 2 * 86_400 // every] - values[first], abs=1e-9)


async def test_the_reading_of_the_very_border_closes_a_day_and_opens_the_next(
    store: SqliteStore, make_park: MakePark, make_readings: Rows, at: At
) -> None:
    park, start = make_park(SUPPLY, points(3600)), at("2026-03-10T00:00")
    await store.write_readings(make_readings(park, ENERGY, start, [100.0 * hour for hour in range(49)]))
    assert [(await counted_in(store, park, day(park, start + n * 24 * HOUR_MS))).value for n in range(2)] == [2400] * 2


async def test_an_hour_without_readings_at_a_border_is_bridged_with_the_register_before_it(
    store: SqliteStore, make_park: MakePark, make_readings: Rows, at: At
) -> None:
    park, start = make_park(SUPPLY, points(1800)), at("2026-03-10T00:00")
    rows = make_readings(park, ENERGY, start, [50.0 * number for number in range(97)])
    await store.write_readings([row for row in rows if row.time_ms not in (start + 86_400_000, start + 88_200_000)])
    first, second = [await counted_in(store, park, day(park, start + n * 24 * HOUR_MS)) for n in range(2)]
    # The register of 23:30 stands for midnight, in both days.
    assert (first.value, second.value) == (47 * 50, 49 * 50)


async def test_a_gap_over_a_border_belongs_to_no_known_day(
    store: SqliteStore, make_park: MakePark, make_readings: Rows, at: At
) -> None:
    park, start = make_park(SUPPLY, points(3600)), at("2026-03-10T00:00")
    rows = make_readings(park, ENERGY, start, [100.0 * hour for hour in range(49)])
    await store.write_readings([r for r in rows if not start + 22 * HOUR_MS <= r.time_ms < start + 26 * HOUR_MS])
    first, second = [await counted_in(store, park, day(park, start + n * 24 * HOUR_MS)) for n in range(2)]
    both = await counted_in(store, park, day(park, start, 48))
    assert (first.value, first.lacks_start, first.lacks_end) == (2100, False, True)
    assert (second.value, second.lacks_start, second.lacks_end) == (2200, True, False)
    assert (both.value, both.lacks_start, both.lacks_end) == (4800, False, False)
    assert "no valid register within 1 h of 2026-03-11 00:00" in first.evidence[1]
    for span in (Span(start, start + 24 * HOUR_MS), Span(start + 24 * HOUR_MS, start + 48 * HOUR_MS)):
        found = await read_points(store, park, [park.points[ENERGY]], span, frozenset())
        assert "so the share of this period is not known" in str(found[ENERGY].amount)
    whole = await read_points(store, park, [park.points[ENERGY]], Span(start, start + 48 * HOUR_MS), frozenset())
    assert whole[ENERGY].amount.value == 4800


async def test_where_nothing_was_heard_before_a_period_its_part_is_told_with_its_capture(
    store: SqliteStore, make_park: MakePark, make_readings: Rows, at: At
) -> None:
    park, start = make_park(SUPPLY, points(3600)), at("2026-03-10T00:00")
    await store.write_readings(make_readings(park, ENERGY, start + 6 * HOUR_MS, [100.0 * hour for hour in range(19)]))
    found = await read_points(store, park, [park.points[ENERGY]], Span(start, start + 24 * HOUR_MS), frozenset())
    assert (found[ENERGY].amount.value, found[ENERGY].amount.data_capture) == (1800, 0.75)


@pytest.mark.parametrize(("every", "offset"), [(60, 0), (900, 840), (1800, 0), (3600, 300)])
async def test_verdicts_and_indicators_agree(
    store: SqliteStore, make_park: MakePark, make_readings: Rows, at: At, every: int, offset: int
) -> None:
    park = make_park(SUPPLY, points(every))
    start, end = at("2026-02-01T00:00"), at("2026-03-01T00:00")
    chance = random.Random(every)
    for name, share in ((ENERGY, 1.0), ("em.reactive_energy_import", 0.6)):
        values, dark = [500.0], sorted(start + chance.randrange(27) * 24 * HOUR_MS for _ in range(2))
        step = max(every, 600)
        for _ in range(29 * 86_400 // step):
            values.append(values[-1] + share * chance.uniform(0, 900) * step / 3600)
        rows = make_readings(park, name, start + offset * 1000, values, every_seconds=step)
        await store.write_readings(
            [r for r in rows if not any(at_ms <= r.time_ms < at_ms + 20 * HOUR_MS for at_ms in dark)]
        )
    rules = [rule for rule in load_rulebook() if rule.id in ("EN-03-PF", "EN-04-PEAK")]
    findings = await evaluate(store, park, rules, JudgingRange(start, end), end)
    judged = {f.rule: f.observed for f in findings if f.period_start_ms == start}
    found = {i.name: i.value.value for i in await compute_indicators(store, park, Span(start, end), 0.5)}
    assert judged["EN-03-PF"] == pytest.approx(found["power_factor"], abs=1e-9)
    assert judged["EN-04-PEAK"] == pytest.approx(found["peak_energy_share"], abs=1e-9)


async def test_a_register_that_stood_still_over_a_border_leaves_nothing_unknown(
    store: SqliteStore, make_park: MakePark, make_readings: Rows, at: At
) -> None:
    park, start = make_park(SUPPLY, points(3600)), at("2026-03-10T00:00")
    values = [100.0 * min(hour, 20) + 100.0 * max(0, hour - 28) for hour in range(49)]
    rows = make_readings(park, ENERGY, start, values)
    await store.write_readings([r for r in rows if not start + 21 * HOUR_MS <= r.time_ms < start + 28 * HOUR_MS])
    for from_ms, used in ((start, 2000), (start + 24 * HOUR_MS, 2000)):
        span = Span(from_ms, from_ms + 24 * HOUR_MS)
        found = await read_points(store, park, [park.points[ENERGY]], span, frozenset())
        assert found[ENERGY].amount.value == used
