"""A reading near a border that comes late opens both periods again; then they say what an on-time run says."""

from collections.abc import Callable

import pytest

from analytics.judging.evaluate import evaluate, judge_tasks
from analytics.judging.plan import JudgingRange
from analytics.judging.reopen import Touch, pieces, touched_by
from analytics.rulebook import load_rulebook
from analytics.windows import HOUR_MS
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
contracted_kw = 500
"""
POINTS = ("em.active_energy_import,alpha,z,energy,kWh,1800,", "em.reactive_energy_import,alpha,z,energy,kvarh,1800,")
RULES = [rule for rule in load_rulebook() if rule.id == "EN-03-PF"]


@pytest.mark.parametrize(("hours", "months"), [(-2, [3]), (-0.5, [3, 4]), (0, [3, 4]), (0.5, [3, 4]), (2, [4])])
def test_what_is_read_within_an_hour_of_a_border_belongs_to_both_sides(
    make_park: MakePark, at: At, hours: float, months: list[int]
) -> None:
    park, border = make_park(SUPPLY, POINTS), at("2026-04-01T00:00")
    when = border + round(hours * HOUR_MS)
    (found,) = touched_by(park, RULES, [Touch("em", when, when)], JudgingRange(border, at("2026-06-01T00:00")))
    assert sorted(window.day.month for window in found.windows) == months


async def test_late_registers_at_a_border_give_what_an_on_time_run_gives(
    store: SqliteStore, make_park: MakePark, make_readings: Rows, at: At
) -> None:
    park, border, now = make_park(SUPPLY, POINTS), at("2026-04-01T00:00"), at("2026-05-02T00:00")
    span = JudgingRange(at("2026-03-01T00:00"), now)
    rows = make_readings(park, POINTS[0].split(",")[0], span.from_ms, [40.0 * n + n % 7 for n in range(62 * 48)])
    rows += make_readings(park, POINTS[1].split(",")[0], span.from_ms, [20.0 * n + n % 5 for n in range(62 * 48)])
    late = [row for row in rows if abs(row.time_ms - border) <= HOUR_MS]
    await store.write_readings([row for row in rows if row not in late])
    before = [f.observed for f in await evaluate(store, park, RULES, span, now) if f.period_end_ms <= now]
    await store.write_readings(late)
    on_time = [f for f in await evaluate(store, park, RULES, span, now) if f.period_end_ms <= now]
    touches = [Touch("em", late[0].time_ms, late[len(late) // 2 - 1].time_ms)]
    again = [
        finding
        for piece in pieces(park, touched_by(park, RULES, touches, span), span)
        for finding in (await judge_tasks(store, park, RULES, piece.span, piece.tasks, now)).findings
    ]
    assert sorted(again, key=lambda f: f.period_start_ms) == on_time
    assert [f.observed for f in on_time] != before
