"""Ages of evidence records by the calendar, and which record counts."""

from collections.abc import Callable
from datetime import date

import pytest

from analytics.evaluators.evidence_record import years_between
from analytics.finding import Finding, Verdict
from analytics.judging.evaluate import evaluate
from analytics.judging.plan import JudgingRange
from analytics.rulebook import load_rulebook
from telemetry_model.park_register import Park
from telemetry_store.sqlite_store import SqliteStore

MakePark = Callable[..., Park]
WORKS = """
[[installations]]
id = "works"
kind = "facility"
tenant = "alpha"
name_vi = "Nhà máy"
name_en = "Works"
ghg_listed = true
key_energy_user = true
"""


async def judged(
    store: SqliteStore, make_park: MakePark, at: Callable[[str], int], rule_id: str, *rows: str
) -> Finding:
    """What a rule says of 2027 with these rows of evidence.csv."""
    table = "indicator,subject,value,document,date,responsible\n" + "".join(f"{row}\n" for row in rows)
    park = make_park(WORKS, tables={"evidence.csv": table})
    rules = [rule for rule in load_rulebook() if rule.id == rule_id]
    span = JudgingRange(at("2027-01-01T00:00"), at("2028-01-01T00:00"))
    [found] = [f for f in await evaluate(store, park, rules, span, 0) if not f.provisional]
    return found


async def test_what_came_in_time_is_not_late_because_a_copy_was_filed_later(
    store: SqliteStore, make_park: MakePark, at: Callable[[str], int]
) -> None:
    rows = ("GHG-02-INVENTORY,works,yes,Sent,2027-03-20,X", "GHG-02-INVENTORY,works,yes,Stamped copy,2027-06-20,X")
    found = await judged(store, make_park, at, "GHG-02-INVENTORY", *rows)
    assert (found.verdict, found.observed) == (Verdict.COMPLIANT, -11.0)
    assert "Sent" in found.evidence[0]


@pytest.mark.parametrize("rule_id", ["EN-05-AUDIT", "GHG-02-INVENTORY"])
async def test_a_record_of_no_is_never_kept_however_new_it_is(
    store: SqliteStore, make_park: MakePark, at: Callable[[str], int], rule_id: str
) -> None:
    found = await judged(store, make_park, at, rule_id, f"{rule_id},works,no,Note: not done,2027-02-01,X")
    assert (found.verdict, found.observed) == (Verdict.EXCEEDED, None)
    assert "The record says no: what the rule asks for is not there." in found.evidence


@pytest.mark.parametrize(
    ("start", "end", "years"),
    [
        (date(2020, 6, 30), date(2027, 6, 30), 7.0),
        (date(2020, 6, 30), date(2027, 7, 1), 7 + 1 / 366),
        (date(2026, 1, 1), date(2026, 1, 1), 0.0),
        (date(2024, 2, 29), date(2025, 2, 28), 1 - 1 / 366),
        (date(2024, 2, 29), date(2025, 3, 1), 1.0),
        (date(2024, 2, 29), date(2028, 2, 29), 4.0),
    ],
)
def test_an_anniversary_is_a_whole_number_of_years(start: date, end: date, years: float) -> None:
    assert years_between(start, end) == pytest.approx(years, abs=1e-9)
