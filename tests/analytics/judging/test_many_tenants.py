"""A day of a park with several tenants under all rules: who else is there, and which store answers, changes nothing."""

import dataclasses
from pathlib import Path

import pytest

from analytics.judging.evaluate import Judgement, judge
from analytics.rulebook import load_rulebook
from telemetry_store.protocol import TelemetryStore
from telemetry_store.sqlite_store import SqliteStore
from tests.bench.tenant_park import tenant_park, whole_day
from tests.bench.tenants import load_day


async def judged(store: TelemetryStore, tenants: int) -> Judgement:
    park = tenant_park(tenants)
    await load_day(store, park)
    span = whole_day(park)
    return await judge(store, park, load_rulebook(), span, span.to_ms)


async def test_the_findings_of_a_firm_do_not_depend_on_its_neighbours(store: SqliteStore, tmp_path: Path) -> None:
    few = await judged(store, 3)
    larger = SqliteStore(tmp_path / "larger.db")
    try:
        many = await judged(larger, 8)
    finally:
        await larger.close()
    firms = {finding.tenant for finding in few.findings} - {"park"}
    assert len(firms) == 3
    assert [f for f in few.findings if f.tenant in firms] == [f for f in many.findings if f.tenant in firms]


async def test_rules_of_every_kind_of_subject_are_judged(store: SqliteStore) -> None:
    found = await judged(store, 3)
    rules = {rule.id: rule for rule in load_rulebook()}
    subjects = {rules[finding.rule].subject for finding in found.findings}
    assert subjects >= {
        "electricity_supply",
        "tenant_outlet",
        "wastewater_outlet",
        "stack",
        "ambient_station",
        "point",
        "park",
    }
    assert all(dataclasses.astuple(finding)[7] for finding in found.findings)


@pytest.mark.real_server
async def test_both_stores_give_the_same_findings(sqlite_store: TelemetryStore, influx_store: TelemetryStore) -> None:
    assert await judged(sqlite_store, 3) == await judged(influx_store, 3)
