"""A meter exchanged within a period: indicators count both meters, where the exchange is on record."""

from collections.abc import Callable

import pytest

from analytics.indicators.compute import compute_indicators
from analytics.indicators.store_readings import Span, read_points
from telemetry_model.park_register import Park
from telemetry_store.rows import ReadingRow
from telemetry_store.sqlite_store import SqliteStore

POINTS = (
    "em.active_energy_import,alpha,z,energy,kWh,60,tenant_electricity",
    "em.reactive_energy_import,alpha,z,energy,kvarh,60,",
    "wm.volume,alpha,z,water,m3,60,tenant_water",
)
HEADER = "point,time,last_value,first_value,old_serial,new_serial\n"
MakePark = Callable[..., Park]
Rows = Callable[..., list[ReadingRow]]
At = Callable[[str], int]


@pytest.fixture
def span(at: At) -> Span:
    return Span(at("2026-01-05T00:00"), at("2026-01-06T00:00"))


def with_exchanges(make_park: MakePark, supply: str, *rows: str) -> Park:
    return make_park(supply, POINTS, tables={"meter_exchanges.csv": HEADER + "\n".join(rows) + "\n"})


@pytest.mark.parametrize("new_from", [0.0, 150.0, 90_000.0], ids=["below", "between", "above"])
async def test_both_meters_count_and_the_bill_is_whole(
    filled: SqliteStore, make_park: MakePark, make_readings: Rows, supply: str, span: Span, at: At, new_from: float
) -> None:
    park = with_exchanges(make_park, supply, f"em.active_energy_import,2026-01-05 10:15,{100 + 615 * 2},{new_from},1,2")
    old = [100 + 2.0 * minute for minute in range(615)]
    new = [new_from + 2.0 * minute for minute in range(1441 - 615)]
    rows = make_readings(park, "em.active_energy_import", span.start_ms, [*old, *new])
    rows += make_readings(park, "em.reactive_energy_import", span.start_ms, [1.5 * m for m in range(1441)])
    await filled.write_readings(rows)
    found = {(i.name, i.subject): i.value for i in await compute_indicators(filled, park, span, 0.8)}
    assert found["electricity", "alpha"].value == pytest.approx(2880)
    assert found["electricity", "alpha"].data_capture == pytest.approx(1, abs=0.03)
    assert found["power_factor", "alpha-supply"].value == pytest.approx(0.8)
    # 5 h peak, 6 h off-peak, 13 h normal x 120 kWh: the half hour of the exchange is not lost.
    cost = 120 * (5 * 3398 + 6 * 1190 + 13 * 1833)
    assert found["time_of_use_cost", "alpha-supply"].value == pytest.approx(cost)


async def test_a_meter_that_does_not_fit_what_was_written_down_gives_no_amount(
    filled: SqliteStore, make_park: MakePark, make_readings: Rows, supply: str, span: Span
) -> None:
    park = with_exchanges(make_park, supply, "wm.volume,2026-01-05 10:00,50,0,1,2")
    await filled.write_readings(make_readings(park, "wm.volume", span.start_ms, [1000.0 + m for m in range(600)]))
    found = await read_points(filled, park, [park.points["wm.volume"]], span, frozenset())
    assert "the register fell from 1599 to 50" in str(found["wm.volume"].amount)


async def test_an_exchange_at_the_end_of_the_span_closes_it_with_the_old_meter(
    filled: SqliteStore, make_park: MakePark, make_readings: Rows, supply: str, span: Span
) -> None:
    park = with_exchanges(make_park, supply, "wm.volume,2026-01-06 00:00,2440,7,1,2")
    rows = make_readings(park, "wm.volume", span.start_ms, [1000.0 + m for m in range(1440)])
    rows += make_readings(park, "wm.volume", span.end_ms, [7.0, 8.0])
    await filled.write_readings(rows)
    found = await read_points(filled, park, [park.points["wm.volume"]], span, frozenset())
    assert found["wm.volume"].amount.value == 1440
    later = await read_points(
        filled, park, [park.points["wm.volume"]], Span(span.end_ms, span.end_ms + 120_000), frozenset()
    )
    assert later["wm.volume"].amount.value == 1


async def test_two_exchanges_in_one_day(
    filled: SqliteStore, make_park: MakePark, make_readings: Rows, supply: str, span: Span, at: At
) -> None:
    park = with_exchanges(
        make_park, supply, "wm.volume,2026-01-05 06:00,1360,0,1,2", "wm.volume,2026-01-05 06:30,30,500,2,3"
    )
    rows = make_readings(park, "wm.volume", span.start_ms, [1000.0 + m for m in range(360)])
    rows += make_readings(park, "wm.volume", at("2026-01-05T06:30"), [500.0 + m for m in range(1051)])
    await filled.write_readings(rows)
    found = await read_points(filled, park, [park.points["wm.volume"]], span, frozenset())
    assert found["wm.volume"].amount.value == 360 + 30 + 1050
