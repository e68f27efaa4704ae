"""Percentiles, counts and hours: by hand, by property, and at the terminal."""

import asyncio
import dataclasses
import itertools
import json
import statistics
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from analytics.command import analytics
from analytics.commands.report import basis_legend
from analytics.finding import Confidence, Finding, Verdict
from analytics.findings.exceedances import ExceedanceCount, Exceedances, percentile, stretches
from analytics.rulebook import load_rulebook
from analytics.rulebook.doubt import Part, shipped_doubts
from analytics.rulebook.rule import Comparison
from service_runtime.errors import OperatorError
from telemetry_model.park_register import parse_park
from telemetry_store.query import Select, SeriesQuery
from telemetry_store.rows import ReadingRow
from telemetry_store.sqlite_store import SqliteStore

HOUR_MS = 3_600_000
RULE = next(rule for rule in load_rulebook() if rule.id == "AMB-04-O3")
FINDING = Finding(
    RULE.id, RULE.version, "p", "aq", "park", 0, 8 * HOUR_MS, Verdict.COMPLIANT, 100.0, 120.0, "ug/m3", 1.0, 0.8,
    "QCVN", Confidence.SOURCE, 0,
)  # fmt: skip
NUMBERS = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50)


def window(start_hours: int, observed: float, hours: int = 8, **changes: object) -> Finding:
    verdict = Verdict.EXCEEDED if observed > 120 else Verdict.COMPLIANT
    return dataclasses.replace(
        FINDING, period_start_ms=start_hours * HOUR_MS, period_end_ms=(start_hours + hours) * HOUR_MS,
        observed=observed, verdict=verdict, **changes,
    )  # fmt: skip


def counted(*findings: Finding, comparison: Comparison = Comparison.MAX) -> Exceedances:
    count = ExceedanceCount([dataclasses.replace(RULE, comparison=comparison)])
    count.add(findings)
    [summary] = count.summaries(0, 48 * HOUR_MS)
    return summary


def test_overlapping_windows_count_their_hours_once() -> None:
    # 8 h from 2, 3 and 4 o'clock: 2 to 12 o'clock is 10 hours; 8 h from 20 o'clock: 8 more.
    found = counted(window(0, 90), window(2, 130), window(3, 140), window(4, 125), window(20, 121), window(30, 119))
    assert (found.windows, found.judged, found.exceeded) == (6, 6, 4)
    assert (found.hours, found.longest_hours) == (18, 10)
    assert found.highest == 140
    assert found.limits == (120.0,)


def test_a_window_without_enough_data_is_counted_but_makes_no_percentile() -> None:
    poor = dataclasses.replace(window(8, 999), verdict=Verdict.INSUFFICIENT_DATA, data_capture=0.3)
    found = counted(window(0, 100), poor, window(16, 110))
    assert (found.windows, found.judged, found.exceeded, found.highest) == (3, 2, 0, 110)
    assert found.data_capture == pytest.approx(2.3 / 3)
    assert found.percentiles[50] == 105


HUNDRED_AND_ONE = [window(hour, float(100 - hour), hours=1) for hour in range(101)]
"""0 to 100, one each: P2 is 2, P98 is 98."""


def test_a_rule_that_holds_a_minimum_shows_the_low_end() -> None:
    found = counted(*HUNDRED_AND_ONE, comparison=Comparison.MIN)
    assert (found.shares, found.signs, found.limits) == ((50, 5, 2), ("≥",), (120.0,))
    assert [found.percentiles[share] for share in found.shares] == [50, 5, 2]
    assert found.lowest == 0
    kept = [indicator.name.removeprefix("month.AMB-04-O3.") for indicator in found.indicators()]
    assert kept == ["p50", "p5", "p2", "exceeded", "exceeded_hours"]


@pytest.mark.parametrize(("comparison", "sign"), [(Comparison.MAX, "≤"), (Comparison.BELOW, "<")])
def test_a_rule_that_holds_a_maximum_shows_the_high_end(comparison: Comparison, sign: str) -> None:
    found = counted(*HUNDRED_AND_ONE, comparison=comparison)
    assert (found.shares, found.signs, found.highest) == ((50, 95, 98), (sign,), 100)


def test_a_range_shows_both_ends_and_each_limit_with_its_own_sign() -> None:
    above = dataclasses.replace(window(0, 130), limit=125.0)
    below = dataclasses.replace(window(8, 90), limit=100.0, verdict=Verdict.EXCEEDED)
    found = counted(above, below, comparison=Comparison.BETWEEN)
    assert (found.signs, found.limits) == (("≤", "≥"), (125.0, 100.0))
    assert found.shares == (50, 95, 98, 5, 2)


def test_a_period_that_is_still_open_is_left_out() -> None:
    assert counted(window(0, 100), window(8, 500, provisional=True)).exceeded == 0


def test_no_judged_window_gives_no_number_and_nothing_to_keep() -> None:
    found = counted(dataclasses.replace(FINDING, verdict=Verdict.INSUFFICIENT_DATA, observed=None, data_capture=0.0))
    assert (found.highest, found.percentiles[95], found.hours) == (None, None, 0.0)
    assert found.indicators() == []


def test_percentiles_by_hand() -> None:
    # 1 .. 21: rank (21 - 1) x 0.95 = 19 -> the 20th value; x 0.98 = 19.6 -> 20 + 0.6.
    ordered = [float(value) for value in range(1, 22)]
    assert [percentile(ordered, share) for share in (0, 50, 95, 98, 100)] == [1, 11, 20, pytest.approx(20.6), 21]
    assert percentile([], 95) is None


@given(NUMBERS)
def test_a_percentile_lies_within_grows_with_its_share_and_agrees_with_the_library(values: list[float]) -> None:
    ordered = sorted(values)
    found = [percentile(ordered, share) or 0.0 for share in range(0, 101, 5)]
    slack = 1e-6
    assert all(ordered[0] - slack <= value <= ordered[-1] + slack for value in found)
    assert all(low <= high + slack for low, high in itertools.pairwise(found))
    if len(values) > 1:
        expected = statistics.quantiles(ordered, n=20, method="inclusive")[18]
        assert found[19] == pytest.approx(expected, abs=1e-6)


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(1, 24)), max_size=30), st.randoms())
def test_joined_stretches_are_apart_cover_each_hour_and_do_not_depend_on_the_order(
    windows: list[tuple[int, int]], random: object
) -> None:
    pieces = [(start, start + length) for start, length in windows]
    joined = stretches(pieces)
    shuffled = list(pieces)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert stretches(shuffled) == joined
    assert all(before[1] < after[0] for before, after in itertools.pairwise(joined))
    hours = {hour for start, end in pieces for hour in range(start, end)}
    assert sum(end - start for start, end in joined) == len(hours)


PARK = {
    "park.toml": 'id = "p"\nname_vi = "K"\nname_en = "P"\n[[installations]]\nid = "aq"\nkind = "ambient_station"\n'
    'device = "aq"\ntenant = "park"\nname_vi = "T"\nname_en = "S"\n',
    "tenants.csv": "tenant,name,sector\npark,P,operator\n",
    "points.csv": "point,tenant,zone,medium,unit,interval_seconds\naq.no2,park,z,air,ug/m3,3600\n",
    "contacts.csv": "tenant,name,email,language\n",
}


@pytest.fixture
def place(tmp_path: Path, make_readings: Callable[..., list[ReadingRow]], at: Callable[[str], int]) -> list[str]:
    """59 days: every hour 40 or 41, but in February every day's first three hours are 300."""
    for name, text in PARK.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    values = [40.0, 41.0] * (12 * 31) + [300.0, 301.0, 300.0, *[41.0, 40.0] * 10, 41.0] * 28

    async def fill() -> None:
        store = SqliteStore(tmp_path / "store.db")
        await store.write_readings(make_readings(parse_park(PARK), "aq.no2", at("2026-01-01T00:00"), values))
        await store.close()

    asyncio.run(fill())
    return ["exceedances", "--store", f"sqlite:///{tmp_path}/store.db", "--park", str(tmp_path)]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(analytics, list(arguments))


def lines(done: Result) -> list[dict[str, object]]:
    assert done.exception is None, done.exception
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_hours_above_the_limit_month_by_month(place: list[str]) -> None:
    months = lines(run(*place, "--rule", "AMB-03-NO2", "--by-month", "--json"))
    assert [(m["windows"], m["judged"], m["exceeded"], m["hours"], m["longest_hours"]) for m in months] == [
        (31 * 24, 31 * 24, 0, 0, 0),
        (28 * 24, 28 * 24, 84, 84, 3),
    ]
    assert months[1]["highest"] == 301
    assert months[1]["limits"] == [200.0]
    assert months[1]["p50"] == 41.0
    # 672 hours: rank 671 x 0.98 = 657.6, and the 28 highest (from rank 644 on) are 301.
    assert months[1]["p98"] == 301.0
    assert str(months[1]["period_start"]).startswith("2026-01-31T17:00:00")


def test_the_table_has_one_line_a_rule_and_subject(place: list[str]) -> None:
    done = run(*place, "--rule", "AMB-03-NO2", "--rule", "AMB-02-NO2")
    head, *rows = done.stdout.splitlines()
    assert head.split()[2:4] == ["rule", "subject"]
    place_of_gap = rows.index("")
    assert [row.split()[2] for row in rows[:place_of_gap]] == ["AMB-02-NO2", "AMB-03-NO2"]
    assert all(row.endswith("  law") for row in rows[:place_of_gap])
    assert rows[place_of_gap + 1 :] == list(basis_legend())


def test_the_table_shows_limits_with_their_signs_and_the_end_that_can_break_them(place: list[str]) -> None:
    done = run(*place, "--rule", "AMB-03-NO2", "--rule", "MON-04-VALID")
    head, highest, lowest = (line.split() for line in done.stdout.splitlines()[:3])
    first = head.index("lowest")
    assert head[first : first + 7] == ["lowest", "P2", "P5", "P50", "P95", "P98", "highest"]
    # 1416 hours; from rank 1332 on 56 of 300, then 28 of 301: P95 is rank 1344.25, P98 rank 1386.7.
    assert highest[first : first + 9] == ["-", "-", "-", "41", "300", "300", "301", "≤", "200"]
    assert lowest[first : first + 9] == ["100", "100", "100", "100", "-", "-", "-", "≥", "80"]


def test_json_has_all_percentiles_and_the_sign_of_each_limit(place: list[str]) -> None:
    [found] = lines(run(*place, "--rule", "MON-04-VALID", "--json"))
    assert (found["limits"], found["limit_signs"]) == ([80.0], ["≥"])
    assert [found[name] for name in ("lowest", "p2", "p5", "p50", "p95", "p98", "highest")] == [100.0] * 7


def test_a_count_says_which_part_of_its_rule_is_to_be_confirmed() -> None:
    marked = window(0, 100.0, evidence=(shipped_doubts()["daily-mean"].sentence(),))
    assert counted(marked).to_confirm == (Part.AVERAGING,)
    assert counted(window(0, 100.0)).to_confirm == ()


def test_written_months_are_kept_once(place: list[str], tmp_path: Path) -> None:
    first = run(*place, "--rule", "AMB-03-NO2", "--by-month", "--write")
    again = run(*place, "--rule", "AMB-03-NO2", "--by-month", "--write")
    assert "wrote 10 indicator values" in first.stderr
    assert "wrote 0 indicator values" in again.stderr

    async def stored() -> dict[tuple[str, int], float]:
        store = SqliteStore(tmp_path / "store.db")
        query = SeriesQuery("indicators", (Select("value"),), 0, 2**42, group_by=("indicator", "subject"))
        found = {
            (result.tags["indicator"], row[0]): row[1] for result in await store.select(query) for row in result.rows
        }
        await store.close()
        return found  # type: ignore[return-value]

    values = asyncio.run(stored())
    assert len(values) == 10
    assert max(value for (name, _), value in values.items() if name == "month.AMB-03-NO2.exceeded_hours") == 84


def test_a_month_that_is_not_whole_is_not_kept(place: list[str]) -> None:
    done = run(*place, "--from", "2026-01-10", "--rule", "AMB-03-NO2", "--by-month", "--write")
    assert "wrote 5 indicator values" in done.stderr


def test_keeping_needs_months(place: list[str]) -> None:
    done = run(*place, "--write")
    assert isinstance(done.exception, OperatorError)
    assert "--by-month" in str(done.exception)
