"""Unbroken stretches of status 01 and 02."""

from collections.abc import Callable

import pytest

from analytics.judging.evaluate import evaluate
from analytics.judging.plan import JudgingRange
from analytics.rulebook import load_rulebook
from telemetry_model.park_register import Park
from telemetry_store.rows import ReadingRow
from telemetry_store.sqlite_store import SqliteStore

PM10 = "aq.pm10,park,z,air,ug/m3,3600,"
RULES = [rule for rule in load_rulebook() if rule.id == "MON-07-STATUS"]


@pytest.mark.parametrize(
    ("states", "hours"),
    [
        ([0] * 48, 0.0),
        ([0] * 20 + [1] * 8 + [0] * 20, 8.0),
        ([0] * 20 + [1] * 4 + [2] * 4 + [0] * 20, 8.0),
        ([2] * 22 + [0] * 26, 0.0),
        ([0] * 24 + [2] * 3 + [0] + [2] * 5 + [0] * 15, 5.0),
        ([2] * 48, 48.0),
        # A value lost now and then (None) cuts no outage short; the first one measured does.
        (([2] * 5 + [None]) * 8, 47.0),
        ([2] * 20 + [None] * 10 + [1] * 3 + [0] * 15, 33.0),
        ([2] * 26 + [None] * 4 + [0] * 18, 26.0),
        ([2] * 23 + [None] * 4 + [0] * 21, 0.0),
    ],
)
async def test_the_longest_stretch_that_touches_the_day(
    store: SqliteStore,
    make_park: Callable[..., Park],
    make_readings: Callable[..., list[ReadingRow]],
    at: Callable[[str], int],
    states: list[int | None],
    hours: float,
) -> None:
    park, start = make_park(points=(PM10,)), at("2026-03-10T00:00")
    for place, status in enumerate(states):
        if status is None:
            continue
        await store.write_readings(make_readings(park, "aq.pm10", start + place * 3_600_000, [5.0], status))
    span = JudgingRange(at("2026-03-11T00:00"), at("2026-03-12T00:00"))
    (finding,) = await evaluate(store, park, RULES, span, 1_800_000_000_000)
    assert finding.observed == hours


async def test_how_much_of_a_stretch_has_no_data_is_said(
    store: SqliteStore,
    make_park: Callable[..., Park],
    make_readings: Callable[..., list[ReadingRow]],
    at: Callable[[str], int],
) -> None:
    park, start = make_park(points=(PM10,)), at("2026-03-11T00:00")
    await store.write_readings(make_readings(park, "aq.pm10", start, [5.0] * 4, 2))
    await store.write_readings(make_readings(park, "aq.pm10", start + 7 * 3_600_000, [5.0] * 5, 1))
    span = JudgingRange(start, at("2026-03-12T00:00"))
    (finding,) = await evaluate(store, park, RULES, span, 1_800_000_000_000)
    assert finding.evidence[:2] == (
        "Longest unbroken stretch with status 01 or 02: 12 h.",
        "3 h of that stretch are without any data.",
    )
