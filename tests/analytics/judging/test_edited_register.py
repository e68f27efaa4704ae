"""A point's tenant or zone edited in the register: verdicts, indicators and the console still count a reading once."""

from collections.abc import Callable
from typing import Any

import pytest

from analytics.finding import Verdict
from analytics.indicators.compute import compute_indicators
from analytics.indicators.store_readings import Span
from analytics.judging.evaluate import evaluate
from analytics.judging.plan import JudgingRange
from analytics.rulebook import load_rulebook
from telemetry_model.park_register import Park
from telemetry_store.rows import ReadingRow
from telemetry_store.sqlite_store import SqliteStore

OUTLET = """
[[installations]]
id = "out"
kind = "wastewater_outlet"
device = "wq"
tenant = "alpha"
name_vi = "C"
name_en = "O"
standard = "qcvn40-2011"
column = "A"
licensed_on = 2019-05-20
kq = 1.0
kf = 1.0
"""
POINTS = (
    "wq.cod,{},z,wastewater,mg/l,3600,", "ei.active_energy_interval,{},z,energy,kWh,900,tenant_electricity",
    "em.active_energy_import,{},z,energy,kWh,900,grid_import",
)  # fmt: skip
NAMES = [point.partition(",")[0] for point in POINTS]
Rows = Callable[..., list[ReadingRow]]


@pytest.fixture
def parks(make_park: Callable[..., Park]) -> tuple[Park, Park]:
    """The same points before and after they went from one firm to the other."""
    before, after = (make_park(OUTLET, [point.format(firm) for point in POINTS]) for firm in ("alpha", "beta"))
    return before, after


def a_day(make: Rows, park: Park, start: int, cod: float, quarter_kwh: float, count: int = 96) -> list[ReadingRow]:
    outlet, interval, register = NAMES
    return [
        *make(park, outlet, start, [cod + n % 3 / 10 for n in range(count // 4)]),
        *make(park, interval, start + 900_000, [quarter_kwh] * count),
        *make(park, register, start, [1000.0 + n * quarter_kwh for n in range(count + 1)]),
    ]


async def cod_of(store: SqliteStore, park: Park, start: int) -> Any:
    rules = [rule for rule in load_rulebook() if rule.id == "WW-01-COD"]
    (finding,) = await evaluate(store, park, rules, JudgingRange(start, start + 86_400_000), start)
    return finding


async def kwh_of(store: SqliteStore, park: Park, start: int) -> dict[str, float]:
    found = await compute_indicators(store, park, Span(start, start + 86_400_000), 0.8)
    kwh = {each.name: each.value.value for each in found if each.value.value is not None}
    return {name: kwh[name] for name in ("electricity", "grid_electricity")}


async def test_a_correction_downwards_counts_after_the_tenant_was_edited(
    store: SqliteStore, parks: tuple[Park, Park], make_readings: Rows, at: Callable[[str], int]
) -> None:
    before, after = parks
    start = at("2026-03-10T00:00")
    await store.write_readings(a_day(make_readings, before, start, 140.0, 5.0))
    await store.write_readings(a_day(make_readings, after, start, 40.0, 3.0))
    finding = await cod_of(store, after, start)
    assert (finding.observed, finding.verdict, finding.data_capture) == (40.1, Verdict.COMPLIANT, 1.0)
    assert await kwh_of(store, after, start) == {"electricity": 288.0, "grid_electricity": 288.0}


async def test_the_same_readings_again_change_nothing(
    store: SqliteStore, parks: tuple[Park, Park], make_readings: Rows, at: Callable[[str], int]
) -> None:
    before, after = parks
    start = at("2026-03-10T00:00")
    await store.write_readings(a_day(make_readings, before, start, 140.0, 5.0))
    once = await kwh_of(store, before, start)
    # A refill of the first 15 hours: the other nine lie under the former tags alone.
    await store.write_readings(a_day(make_readings, after, start, 140.0, 5.0, 60))
    assert await kwh_of(store, after, start) == once == {"electricity": 480.0, "grid_electricity": 480.0}
    assert (await cod_of(store, after, start)).observed == 140.1
