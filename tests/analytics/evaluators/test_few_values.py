"""What too few values cannot prove: an hour's mean from one sample in six, that oxygen never was near air's."""

from collections.abc import Callable
from typing import Any

import pytest

from analytics.finding import Finding, Verdict
from analytics.judging.evaluate import evaluate
from analytics.judging.plan import JudgingRange
from analytics.rulebook import load_rulebook
from analytics.rulebook.evidence import in_language
from telemetry_model.park_register import Park
from telemetry_store.sqlite_store import SqliteStore

HEAD = """
[[installations]]
tenant = "park"
name_vi = "N"
name_en = "I"
"""
INSTALLATIONS = {
    "aq": """
id = "aq"
kind = "ambient_station"
device = "aq"
""",
    "st": """
id = "st"
kind = "stack"
device = "st"
standard = "qcvn19-2024"
column = "B"
equipment = "gas_turbine"
capacity_mw = 12
licensed_on = 2025-08-01
""",
    "wq": """
id = "wq"
kind = "wastewater_outlet"
device = "wq"
standard = "qcvn40-2011"
column = "A"
licensed_on = 2019-05-20
kq = 1.0
kf = 1.0
""",
}
Judged = Callable[..., Any]


@pytest.fixture
def judged(
    store: SqliteStore, make_park: Callable[..., Park], make_readings: Callable[..., Any], at: Callable[[str], int]
) -> Judged:
    async def judge(rule: str, point: str, values: list[float], seconds: int = 3600, low: str = "") -> list[Finding]:
        medium, unit = {"aq": ("air", "ug/m3"), "st": ("emissions", "%"), "wq": ("wastewater", "mg/l")}[point[:2]]
        head = "point,tenant,zone,medium,unit,interval_seconds,range_low\n"
        row = f"{point},park,z,{medium},{unit},{seconds},{low}\n"
        park = make_park(HEAD + INSTALLATIONS[point[:2]], tables={"points.csv": head + row})
        span = JudgingRange(at("2026-03-10T00:00"), at("2026-03-11T00:00"))
        await store.write_readings(make_readings(park, point, span.from_ms, values))
        return await evaluate(store, park, [r for r in load_rulebook() if r.id == rule], span, span.to_ms)

    return judge


async def test_a_sample_every_six_hours_makes_no_mean_of_an_hour(judged: Judged) -> None:
    found = await judged("AMB-03-NO2", "aq.no2", [250.0, 251.0, 252.0, 253.0], 6 * 3600)
    assert {(f.verdict, f.observed, f.data_capture) for f in found} == {(Verdict.INSUFFICIENT_DATA, None, 0.0)}
    words = "aq.no2 measures once in 360 min: no mean of 1 h can be made of that."
    assert found[0].evidence[0] == words
    assert in_language(words, "vi") == "aq.no2 chỉ đo một lần mỗi 360 phút: không thể tính trung bình 1 h từ đó."


async def test_a_sample_every_six_hours_makes_the_mean_of_a_day(judged: Judged) -> None:
    (found,) = await judged("AMB-02-NO2", "aq.no2", [250.0, 251.0, 252.0, 253.0], 6 * 3600)
    assert (found.verdict, found.observed, found.data_capture) == (Verdict.EXCEEDED, 251.5, 1.0)


@pytest.mark.parametrize(
    ("values", "verdict", "capture"),
    [
        ([15.0], Verdict.INSUFFICIENT_DATA, 1 / 24),
        ([15.0 + n % 2 for n in range(18)], Verdict.INSUFFICIENT_DATA, 0.75),
        ([15.0 + n % 2 for n in range(20)], Verdict.COMPLIANT, 20 / 24),
        ([20.6], Verdict.EXCEEDED, 1.0),
    ],
)
async def test_one_oxygen_near_air_is_enough_and_that_none_was_needs_the_day(
    judged: Judged, values: list[float], verdict: Verdict, capture: float
) -> None:
    (found,) = await judged("AIR-03-O2", "st.oxygen", values)
    assert (found.verdict, found.data_capture) == (verdict, round(capture, 6))


@pytest.mark.parametrize(
    ("low", "verdict", "capture"), [("", Verdict.COMPLIANT, 1.0), ("0.1", Verdict.INSUFFICIENT_DATA, 0.0)]
)
async def test_zeros_of_a_dead_analyser_are_left_out_where_the_register_calls_them_impossible(
    judged: Judged, low: str, verdict: Verdict, capture: float
) -> None:
    (found,) = await judged("WW-01-TSS", "wq.tss", [0.0] * 24, low=low)
    assert (found.verdict, found.data_capture) == (verdict, capture)
