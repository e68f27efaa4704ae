"""Verdicts by the licence of their own day: midnight, periods in which it changes, and changes written down late."""

import dataclasses
import itertools
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.bootstrap import load_park
from analytics.finding import Finding, Verdict
from analytics.judging.evaluate import evaluate, judge_tasks
from analytics.judging.plan import JudgingRange, plan
from analytics.rulebook import load_rulebook
from analytics.rulebook.evidence import in_language
from analytics.rulebook.register_dates import judged_attributes
from analytics.windows import Window
from telemetry_model.park_register import Park
from telemetry_model.park_register.dated import Attribute
from telemetry_store.rows import ReadingRow
from telemetry_store.sqlite_store import SqliteStore
from tests.analytics.conftest import build_park, local_ms

At = Callable[[str], int]
MakePark = Callable[..., Park]
Rows = Callable[..., list[ReadingRow]]
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
kq = 0.9
kf = 1.0
"""
OTHER = OUTLET.replace('"outlet"', '"other"').replace('"wq"', '"wq-2"')
COD = "wq.cod,park,z,wastewater,mg/l,3600,"
COD_2 = "wq-2.cod,park,z,wastewater,mg/l,3600,"
SUPPLY = """
[[installations]]
id = "supply"
kind = "electricity_supply"
device = "em"
tenant = "alpha"
name_vi = "Đ"
name_en = "S"
"""
METER = (
    "em.active_energy_import,alpha,z,energy,kWh,3600,tenant_electricity",
    "em.reactive_energy_import,alpha,z,energy,kvarh,3600,",
)


def change(line: str, day: str = "2026-03-12", document: str = 'document = "GP 12/2026"\n') -> str:
    return f"\n[[installations.changes]]\nfrom = {day}\n{document}{line}\n"


async def judged(
    store: SqliteStore, park: Park, rule: str, start_ms: int, stop_ms: int, law_day: date | None = None
) -> list[Finding]:
    rules = [each for each in load_rulebook() if each.id == rule]
    return await evaluate(store, park, rules, JudgingRange(start_ms, stop_ms, law_day=law_day), 0)


async def days_of_cod(
    store: SqliteStore, park: Park, make_readings: Rows, at: At, point: str = "wq.cod", days: int = 3
) -> None:
    """From 11 March on, 40 mg/l and a little more."""
    values = [40 + n % 2 / 10 for n in range(24 * days)]
    await store.write_readings(make_readings(park, point, at("2026-03-11T00:00"), values))


async def test_the_day_before_keeps_the_old_limit(
    store: SqliteStore, make_park: MakePark, make_readings: Rows, at: At
) -> None:
    park = make_park(OUTLET + change("permit_cod_mg_l = 30"), [COD])
    await days_of_cod(store, park, make_readings, at)
    before, after, _ = await judged(store, park, "WW-01-COD", at("2026-03-11T00:00"), at("2026-03-14T00:00"))
    assert (before.verdict, before.limit) == (Verdict.COMPLIANT, 67.5)
    assert (after.verdict, after.limit) == (Verdict.EXCEEDED, 30.0)
    assert after.period_start_ms == at("2026-03-12T00:00")


async def test_evidence_names_the_day_and_the_document(
    store: SqliteStore, make_park: MakePark, make_readings: Rows, at: At
) -> None:
    park = make_park(OUTLET + change("permit_cod_mg_l = 30"), [COD])
    await days_of_cod(store, park, make_readings, at)
    before, after, _ = await judged(store, park, "WW-01-COD", at("2026-03-11T00:00"), at("2026-03-14T00:00"))
    said = "'permit_cod_mg_l' = 30 has been in force since 2026-03-12, document: GP 12/2026."
    assert said in after.evidence
    assert "in force since" not in " ".join(before.evidence)
    vietnamese = "'permit_cod_mg_l' = 30 có hiệu lực từ ngày 2026-03-12, văn bản: GP 12/2026."
    assert in_language(said, "vi") == vietnamese


@pytest.mark.parametrize(
    ("line", "document", "said", "vietnamese"),
    [
        ("kq = 0.6", "", "'kq' = 0.6 has been in force since 2026-03-12; the register names no document.",
         "'kq' = 0.6 có hiệu lực từ ngày 2026-03-12; sổ đăng ký không ghi văn bản."),
        ("without = ['kf']", "", "'kf' has not been in force since 2026-03-12; the register names no document.",
         "'kf' hết hiệu lực từ ngày 2026-03-12; sổ đăng ký không ghi văn bản."),
        ("without = ['kf']", 'document = "GP 9"\n', "'kf' has not been in force since 2026-03-12, document: GP 9.",
         "'kf' hết hiệu lực từ ngày 2026-03-12, văn bản: GP 9."),
    ],
)  # fmt: skip
async def test_a_factor_of_the_limit_is_dated_too(
    store: SqliteStore, make_park: MakePark, make_readings: Rows, at: At, line: str, document: str, said: str,
    vietnamese: str,
) -> None:  # fmt: skip
    park = make_park(OUTLET + change(line, document=document), [COD])
    await days_of_cod(store, park, make_readings, at)
    found = await judged(store, park, "WW-01-COD", at("2026-03-12T00:00"), at("2026-03-13T00:00"))
    assert said in found[0].evidence
    assert in_language(said, "vi") == vietnamese


async def test_what_the_verdict_does_not_rest_on_is_not_mentioned(
    store: SqliteStore, make_park: MakePark, make_readings: Rows, at: At
) -> None:
    park = make_park(OUTLET + "permit_cod_mg_l = 50\n" + change("kq = 0.6"), [COD])
    await days_of_cod(store, park, make_readings, at)
    (found,) = await judged(store, park, "WW-01-COD", at("2026-03-12T00:00"), at("2026-03-13T00:00"))
    assert "kq" not in " ".join(found.evidence)


async def test_each_day_falls_under_the_standard_it_had(
    store: SqliteStore, make_park: MakePark, make_readings: Rows, at: At
) -> None:
    park = make_park(OUTLET + change('standard = "qcvn40-2025"'), [COD])
    await days_of_cod(store, park, make_readings, at)
    span = at("2026-03-11T00:00"), at("2026-03-14T00:00")
    old = await judged(store, park, "WW-01-COD", *span)
    new = await judged(store, park, "WW-04-COD", *span)
    assert [f.period_start_ms for f in old] == [at("2026-03-11T00:00")]
    assert [f.period_start_ms for f in new] == [at("2026-03-12T00:00"), at("2026-03-13T00:00")]


@pytest.mark.parametrize(("law_day", "limit"), [(date(2026, 3, 1), 67.5), (date(2026, 3, 20), 30.0)])
async def test_the_law_of_one_day_takes_the_register_of_that_day(
    store: SqliteStore, make_park: MakePark, make_readings: Rows, at: At, law_day: date, limit: float
) -> None:
    park = make_park(OUTLET + change("permit_cod_mg_l = 30"), [COD])
    await days_of_cod(store, park, make_readings, at)
    found = await judged(store, park, "WW-01-COD", at("2026-03-11T00:00"), at("2026-03-14T00:00"), law_day)
    assert [each.limit for each in found] == [limit] * 3


async def test_the_licensed_flow_and_its_counter_are_those_of_the_day(
    store: SqliteStore, make_park: MakePark, make_readings: Rows, at: At
) -> None:
    outlet = OUTLET + 'flow_point = "fm.volume"\nlicensed_flow_m3_day = 480\n'
    changed = change('flow_point = "fm-2.volume"\nlicensed_flow_m3_day = 240')
    points = [f"{name}.volume,park,z,wastewater,m3,3600," for name in ("fm", "fm-2")]
    park = make_park(outlet + changed, [COD, *points])
    for name, hourly in (("fm", 10.0), ("fm-2", 11.0)):
        values = [hourly * n for n in range(48)]
        await store.write_readings(make_readings(park, f"{name}.volume", at("2026-03-11T00:00"), values))
    before, after = await judged(store, park, "WW-06-FLOW", at("2026-03-11T00:00"), at("2026-03-13T00:00"))
    assert (before.points, before.observed) == (("fm.volume",), pytest.approx(50.0))
    assert (after.points, after.observed) == (("fm-2.volume",), pytest.approx(110.0))


async def energy(store: SqliteStore, park: Park, make_readings: Rows, at: At, first: str, days: int) -> None:
    """100 kWh an hour at a power factor of about 0.83."""
    for point, hourly in (("em.active_energy_import", 100.0), ("em.reactive_energy_import", 67.0)):
        rows = make_readings(park, point, at(f"{first}T00:00"), [hourly * n for n in range(24 * days)])
        await store.write_readings(rows)


async def test_a_billing_period_goes_by_its_first_day_and_says_so(
    store: SqliteStore, make_park: MakePark, make_readings: Rows, at: At
) -> None:
    park = make_park(SUPPLY + "contracted_kw = 200\n" + change("contracted_kw = 30"), METER)
    await energy(store, park, make_readings, at, "2026-03-01", 61)
    found = await judged(store, park, "EN-03-PF", at("2026-03-01T00:00"), at("2026-05-01T00:00"))
    assert [f.period_start_ms for f in found] == [at("2026-03-01T00:00")]
    said = (
        "'contracted_kw' changes on 2026-03-12, within this period; the whole period is judged by what held on "
        "2026-03-01."
    )
    assert said in found[0].evidence
    assert "trong kỳ này" in in_language(said, "vi")


async def test_a_supply_that_grows_in_mid_month_is_judged_from_the_next_period(
    store: SqliteStore, make_park: MakePark, make_readings: Rows, at: At
) -> None:
    park = make_park(SUPPLY + "contracted_kw = 30\n" + change("contracted_kw = 200"), METER)
    await energy(store, park, make_readings, at, "2026-03-01", 61)
    found = await judged(store, park, "EN-03-PF", at("2026-03-01T00:00"), at("2026-05-01T00:00"))
    assert [f.period_start_ms for f in found] == [at("2026-04-01T00:00")]
    assert "'contracted_kw' = 200 has been in force since 2026-03-12, document: GP 12/2026." in found[0].evidence


async def test_a_new_billing_day_begins_with_the_next_period(
    store: SqliteStore, make_park: MakePark, make_readings: Rows, at: At
) -> None:
    park = make_park(SUPPLY + "contracted_kw = 200\n" + change("billing_day = 15"), METER)
    await energy(store, park, make_readings, at, "2026-03-01", 75)
    found = await judged(store, park, "EN-03-PF", at("2026-03-01T00:00"), at("2026-05-15T00:00"))
    edges = [(f.period_start_ms, f.period_end_ms) for f in found]
    days = ["2026-03-01", "2026-04-01", "2026-04-15", "2026-05-15"]
    starts = [at(f"{day}T00:00") for day in days]
    assert edges == list(itertools.pairwise(starts))


async def test_a_jump_is_held_against_what_was_contracted_then(
    store: SqliteStore, make_park: MakePark, make_readings: Rows, at: At
) -> None:
    """1,000 kWh an hour: possible under 400 kW (three times that), not under 200 kW."""
    park = make_park(SUPPLY + "contracted_kw = 200\n" + change("contracted_kw = 400", "2026-04-01"), METER)
    for point in ("em.active_energy_import", "em.reactive_energy_import"):
        rows = make_readings(park, point, at("2026-03-01T00:00"), [1000.0 * n for n in range(24 * 61)])
        await store.write_readings(rows)
    march, april = await judged(store, park, "EN-03-PF", at("2026-03-01T00:00"), at("2026-05-01T00:00"))
    assert any("contracted 200 kW" in words for words in march.evidence)
    assert april.observed == pytest.approx(0.7071, abs=1e-3)


async def test_facts_of_the_park_count_as_at_the_end_of_the_year(
    store: SqliteStore, make_park: MakePark, at: At
) -> None:
    facts = "area_ha = 100\ngreen_area_ha = 10\nroad_area_ha = 5\ntechnical_area_ha = 2\nsocial_area_ha = 1\n"
    later = "\n[[changes]]\nfrom = 2026-03-12\ngreen_area_ha = 20\n"
    park = make_park(f"[attributes]\neco_park = true\n{facts}{later}")
    for until, observed in (("2026-03-12", 18.0), ("2026-03-13", 28.0)):
        (found,) = await judged(store, park, "EIP-03-LAND", at("2026-01-01T00:00"), at(f"{until}T00:00"))
        assert found.observed == pytest.approx(observed)


LINES = ("kq = 0.5", "permit_cod_mg_l = 30", 'standard = "qcvn40-2025"', 'column = "B"', "without = ['kf']")
Planned = tuple[str, str, str, Window, tuple[tuple[str, Attribute], ...]]


def planned(park: Park, span: JudgingRange) -> list[Planned]:
    """Each window once for each rule version and subject, with the attributes it is judged by."""
    return [
        (task.rule.id, task.rule.version, task.subject, window, tuple(sorted(task.attributes.items())))
        for task in plan(park, load_rulebook(), span)
        for window in task.windows
    ]


@settings(max_examples=30, deadline=None)
@given(line=st.sampled_from(LINES), after=st.integers(-3, 70))
def test_only_windows_from_the_day_on_see_the_change(line: str, after: int) -> None:
    first = date(2026, 2, 20)
    changed_on = first + timedelta(days=after)
    span = JudgingRange(local_ms("2026-02-20T00:00"), local_ms("2026-04-25T00:00"))
    before, both = (build_park(OUTLET + text, [COD]) for text in ("", change(line, changed_on.isoformat())))
    found = planned(both, span)
    assert len({each[:4] for each in found}) == len(found)
    midnight = local_ms(f"{changed_on}T00:00")
    assert [p for p in found if p[3].start_ms < midnight] == [p for p in planned(before, span) if p[3].day < changed_on]
    known = both.installations["outlet"].attributes_on(changed_on)
    later = [p[4] for p in found if p[2] == "outlet" and p[3].day >= changed_on]
    assert all(dict(attributes) == dict(known) for attributes in later)


class Spied(dict[str, Attribute]):
    """Attributes that remember which of them were asked for."""

    def __init__(self, known: Mapping[str, Attribute]) -> None:
        super().__init__(known)
        self.asked: set[str] = set()

    def get(self, key: str, default: object = None) -> Attribute:  # type: ignore[override]
        """As of any mapping."""
        self.asked.add(key)
        return super().get(key, default)  # type: ignore[arg-type,return-value]

    def __contains__(self, key: object) -> bool:
        self.asked.add(str(key))
        return super().__contains__(key)

    def __getitem__(self, key: str) -> Attribute:
        self.asked.add(key)
        return super().__getitem__(key)


async def test_evidence_knows_every_attribute_that_a_rule_reads(store: SqliteStore, at: At) -> None:
    """Otherwise a dated change could decide a verdict without being named."""
    park, rules = load_park(str(Path(__file__).parents[3] / "deploy" / "parks" / "bach-dang")), load_rulebook()
    span = JudgingRange(at("2026-03-11T00:00"), at("2026-03-12T00:00"))
    spies = [dataclasses.replace(task, attributes=Spied(task.attributes)) for task in plan(park, rules, span)]
    await judge_tasks(store, park, rules, span, spies, 0)
    for task in spies:
        assert isinstance(task.attributes, Spied)
        unnamed = task.attributes.asked - set(judged_attributes(task.rule, ""))
        assert not unnamed, f"{task.rule.id} reads {unnamed}"
    assert {"permit_co_mg_nm3", "o2_reference_percent", "licensed_flow_m3_day"} <= set().union(
        *(task.attributes.asked for task in spies if isinstance(task.attributes, Spied))
    )
