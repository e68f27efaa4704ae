"""Each value of pH by itself: one outside is enough, and that none was needs the data."""

from collections.abc import Callable
from typing import Any

import pytest

from analytics.finding import Finding, Verdict
from analytics.judging.evaluate import evaluate
from analytics.judging.plan import JudgingRange
from analytics.rulebook import load_rulebook
from telemetry_model.park_register import Park
from telemetry_store.sqlite_store import SqliteStore

OUTLET = """
[[installations]]
id = "outlet"
kind = "wastewater_outlet"
device = "wq"
tenant = "park"
name_vi = "C"
name_en = "O"
standard = "qcvn40-2011"
column = "A"
licensed_on = 2019-05-20
"""
DAY_OF_QUARTERS = 96
RULES = [rule for rule in load_rulebook() if rule.id == "WW-02-PH-EACH"]


@pytest.fixture
def judged(
    store: SqliteStore, make_park: Callable[..., Park], make_readings: Callable[..., Any], at: Callable[[str], int]
) -> Callable[..., Any]:
    async def judge(values: list[float | None], more: str = "") -> Finding:
        park = make_park(OUTLET + more, ["wq.ph,park,z,wastewater,pH,900,"])
        span = JudgingRange(at("2026-03-10T00:00"), at("2026-03-11T00:00"))
        await store.write_readings(make_readings(park, "wq.ph", span.from_ms, values))
        (found,) = await evaluate(store, park, RULES, span, span.to_ms)
        return found

    return judge


def varied(count: int) -> list[float | None]:
    return [7.0 + 0.01 * (n % 7) for n in range(count)]


async def test_one_value_outside_exceeds_though_the_mean_does_not(judged: Callable[..., Any]) -> None:
    found = await judged([*varied(95), 9.3])
    assert (found.verdict, found.observed, found.limit) == (Verdict.EXCEEDED, 9.3, 9)
    assert any("1 of 96 single values were outside 6 to 9 pH" in words for words in found.evidence)


async def test_of_two_sides_the_one_farther_out_is_shown(judged: Callable[..., Any]) -> None:
    found = await judged([*varied(94), 9.2, 5.5])
    assert (found.observed, found.limit) == (5.5, 6)


async def test_missing_values_do_not_excuse_one_outside(judged: Callable[..., Any]) -> None:
    found = await judged([*varied(10), 5.0])
    assert (found.verdict, found.data_capture) == (Verdict.EXCEEDED, 1)


async def test_that_all_were_within_needs_the_data(judged: Callable[..., Any]) -> None:
    found = await judged(varied(10))
    assert (found.verdict, found.data_capture) == (Verdict.INSUFFICIENT_DATA, pytest.approx(10 / 96, abs=1e-6))


async def test_a_whole_day_within_is_compliant(judged: Callable[..., Any]) -> None:
    found = await judged(varied(DAY_OF_QUARTERS))
    assert (found.verdict, found.observed) == (Verdict.COMPLIANT, pytest.approx(7.0))


async def test_the_licences_range_goes_first(judged: Callable[..., Any]) -> None:
    found = await judged(varied(DAY_OF_QUARTERS), "permit_ph_low = 7.02\npermit_ph_high = 8.0\n")
    assert (found.verdict, found.confidence) == (Verdict.EXCEEDED, "permit")
