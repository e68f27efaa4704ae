"""Whatever was stored: a verdict is formed without an error, and obeys what any mean must obey."""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.finding import Finding, Verdict
from analytics.indicators.compute import compute_indicators
from analytics.indicators.store_readings import Span
from analytics.judging.evaluate import evaluate
from analytics.judging.plan import JudgingRange
from telemetry_model.park_register import parse_park
from telemetry_store.rows import PointSeries, ReadingRow
from telemetry_store.sqlite_store import SqliteStore
from tests.analytics.judging.test_defensible_verdicts import ALL, HOUR_MS, NOW, POINTS, is_defensible, rules

PARK_TEXTS = {
    "park.toml": 'id = "test-park"\nname_vi = "K"\nname_en = "P"\ntimezone = "Asia/Ho_Chi_Minh"\n' + ALL,
    "tenants.csv": "tenant,name,sector,zone\npark,Operator,operator,\nalpha,Alpha,steel,\nbeta,Beta,food,\n",
    "points.csv": "point,tenant,zone,medium,unit,interval_seconds,role\n" + "\n".join(POINTS) + "\n",
    "contacts.csv": "tenant,name,email,language\n",
}
PARK = parse_park(PARK_TEXTS)
START = 1_773_075_600_000
"""10 March 2026, local midnight in Hanoi."""
VALUES = st.one_of(st.none(), st.floats(-1e7, 1e7), st.sampled_from([0.0, -0.0, 1e-12, 20.5, 21.0, 25.0, 1e12]))
READINGS = st.lists(
    st.tuples(
        st.sampled_from(sorted(PARK.points)), st.integers(-40, 52 * 4), VALUES, st.sampled_from([0, 0, 0, 1, 2]),
        st.sampled_from([None, None, "out_of_range", "device_timeout"]),
    ),
    max_size=120,
)  # fmt: skip
FEW = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
HOURS = st.dictionaries(st.integers(0, 23), st.floats(0, 900, allow_subnormal=False), min_size=1, max_size=24)
BAD = st.dictionaries(st.integers(0, 23), st.tuples(st.floats(0, 900), st.sampled_from([1, 2])), max_size=8)


def judged_alone(rows: Sequence[ReadingRow], *wanted: str, hours: int = 24) -> list[Finding]:
    """A store of its own, filled and judged once."""

    async def judge() -> list[Finding]:
        with tempfile.TemporaryDirectory() as folder:
            store = SqliteStore(Path(folder, "s.db"))
            try:
                if rows:
                    await store.write_readings(rows)
                found = await evaluate(store, PARK, rules(*wanted), JudgingRange(START, START + hours * HOUR_MS), NOW)
                if not wanted:
                    span = Span(START, START + hours * HOUR_MS)
                    for value in await compute_indicators(store, PARK, span, 0.0):
                        assert (value.value.value is None) == bool(value.value.reason), value
                return found
            finally:
                await store.close()

    found = asyncio.run(judge())
    is_defensible(found)
    return found


def hourly(values: dict[int, float], status: int = 0) -> list[ReadingRow]:
    series = PointSeries.of(PARK.points["aq.pm10"], PARK.id)
    return [ReadingRow(series, START + hour * HOUR_MS, value, status) for hour, value in values.items()]


def mean_of(rows: Sequence[ReadingRow]) -> Finding:
    [found] = judged_alone(rows, "AMB-02-PM10")
    return found


@FEW
@given(READINGS)
def test_whatever_was_stored_is_judged_and_computed_without_an_error(
    readings: list[tuple[str, int, float | None, int, str | None]],
) -> None:
    rows = [
        ReadingRow(PointSeries.of(PARK.points[name], PARK.id), START + quarter * 900_000, value, status,
                   reason if value is not None else "device_timeout")
        for name, quarter, value, status, reason in readings
    ]  # fmt: skip
    judged_alone(rows, hours=48)


@FEW
@given(HOURS)
def test_a_mean_lies_between_its_values_and_capture_is_the_share_of_hours(values: dict[int, float]) -> None:
    found = mean_of(hourly(values))
    assert found.observed is not None
    assert min(values.values()) - 1e-6 <= found.observed <= max(values.values()) + 1e-6
    assert found.data_capture == pytest.approx(len(values) / 24, abs=1e-6)
    assert (found.verdict is Verdict.INSUFFICIENT_DATA) == (len(values) < 0.8 * 24)


@FEW
@given(HOURS, st.randoms())
def test_the_order_of_arrival_changes_nothing(values: dict[int, float], random: object) -> None:
    rows = hourly(values)
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert mean_of(shuffled) == mean_of(rows)


@FEW
@given(HOURS, BAD)
def test_a_bad_hour_never_changes_the_mean(values: dict[int, float], bad: dict[int, tuple[float, int]]) -> None:
    good = mean_of(hourly(values))
    others = {hour: entry for hour, entry in bad.items() if hour not in values}
    rows = hourly(values)
    for hour, (value, status) in others.items():
        rows += hourly({hour: value}, status)
    found = mean_of(rows)
    assert (found.observed, found.data_capture, found.verdict) == (good.observed, good.data_capture, good.verdict)


@FEW
@given(HOURS, st.sampled_from([0.001, 0.5, 2.0, 10.0]))
def test_values_in_another_unit_give_the_mean_in_that_unit(values: dict[int, float], factor: float) -> None:
    one, other = mean_of(hourly(values)), mean_of(hourly({hour: value * factor for hour, value in values.items()}))
    assert one.observed is not None
    assert other.observed == pytest.approx(one.observed * factor, rel=1e-9, abs=1e-8)


@FEW
@given(HOURS, st.floats(0, 900))
def test_more_data_never_lowers_the_capture(values: dict[int, float], more: float) -> None:
    free = next((hour for hour in range(24) if hour not in values), None)
    if free is not None:
        assert mean_of(hourly({**values, free: more})).data_capture > mean_of(hourly(values)).data_capture
