"""Hand-computed cases as data: each folder has a ``case.toml`` with inputs, the working, and what must come out.

A changed limit in a rule pack breaks the case that names its article.
"""

import tomllib
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from analytics.finding import Finding
from analytics.judging.evaluate import evaluate
from analytics.judging.plan import JudgingRange
from analytics.rulebook import load_rulebook
from analytics.windows import start_of_day_ms
from telemetry_model.park_register import Park, parse_park
from telemetry_store.rows import PointSeries, ReadingRow
from telemetry_store.sqlite_store import SqliteStore

FOLDER = Path(__file__).parent
CASES = sorted(path.parent.name for path in FOLDER.glob("*/case.toml"))
JUDGED_AT_MS = 1_800_000_000_000


@pytest.mark.parametrize("name", CASES)
async def test_case(name: str, tmp_path: Path) -> None:
    case = tomllib.loads((FOLDER / name / "case.toml").read_text(encoding="utf-8"))
    assert case["article"], "a case names the article it checks"
    assert case["working"].strip(), "a case shows its working"
    park = _park(case)
    store = SqliteStore(tmp_path / "store.db")
    try:
        rows = [row for series in case["series"] for row in _rows(park, series)]
        assert (await store.write_readings(rows)).accepted == len(rows)
        found = await evaluate(store, park, _rules(case), _span(park, case), JUDGED_AT_MS)
    finally:
        await store.close()
    for expected in case["expected"]:
        _check(case["article"], expected, found, park)
    if case.get("exactly", False):
        assert len(found) == len(case["expected"]), [(f.rule, f.subject, f.period_start_ms) for f in found]


def _park(case: dict[str, Any]) -> Park:
    installations = "".join(
        "[[installations]]\n" + "".join(f"{key} = {_toml(value)}\n" for key, value in entry.items())
        for entry in case.get("installations", [])
    )
    head = case.get("park", {})
    lines = [f"{key} = {_toml(head[key])}" for key in ("monitoring_since",) if key in head]
    firms = head.get("firms", ["alpha"])
    points = ["point,tenant,zone,medium,unit,interval_seconds,role"]
    points += [
        f"{p['id']},{p.get('tenant', 'park')},zone,{p['medium']},{p['unit']},{p['every_seconds']},{p.get('role', '')}"
        for p in case["points"]
    ]
    tables = {
        name: "\n".join((header, *head[key]))
        for key, name, header in (
            ("symbiosis", "symbiosis.csv", "link,giver,taker,material,giver_point,taker_point,agreement"),
            ("evidence", "evidence.csv", "indicator,subject,value,document,date,responsible"),
            ("meter_exchanges", "meter_exchanges.csv", "point,time,last_value,first_value,old_serial,new_serial"),
        )
        if key in head
    }
    attributes = "".join(f"{key} = {_toml(value)}\n" for key, value in head.get("attributes", {}).items())
    return parse_park(
        tables
        | {
            "park.toml": 'id = "case"\nname_vi = "Khu"\nname_en = "Case"\n'
            f'timezone = "{head.get("timezone", "Asia/Ho_Chi_Minh")}"\n'
            + "\n".join(lines)
            + f"\n[attributes]\n{attributes}"
            + installations,
            "tenants.csv": "tenant,name,sector,zone\npark,Park,operator,\n" + "".join(f"{f},{f},x,\n" for f in firms),
            "points.csv": "\n".join(points),
            "contacts.csv": "tenant,name,email,language\n",
        }
    )


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date) else repr(value).replace("'", '"')


def _rows(park: Park, series: dict[str, Any]) -> list[ReadingRow]:
    point = park.points[series["point"]]
    target = PointSeries.of(point, park.id)
    rows: list[ReadingRow] = []
    at_ms = _ms(park, series["start"])
    step_ms = series.get("every_seconds", point.interval_seconds) * 1000
    for piece in series["pieces"]:
        for number in range(piece["count"]):
            value = piece.get("value")
            if "step" in piece:
                value = piece["value"] + number * piece["step"]
            if not piece.get("missing", False):
                rows.append(ReadingRow(target, at_ms, value, piece.get("status", 0), piece.get("reason")))
            at_ms += step_ms
    return rows


def _ms(park: Park, text: str) -> int:
    moment = datetime.fromisoformat(text)
    local = moment if moment.tzinfo else moment.replace(tzinfo=park.timezone)
    return round(local.timestamp() * 1000)


def _rules(case: dict[str, Any]) -> list[Any]:
    wanted = case["judge"]["rules"]
    chosen = [rule for rule in load_rulebook() if rule.id in wanted]
    assert {rule.id for rule in chosen} == set(wanted)
    return chosen


def _span(park: Park, case: dict[str, Any]) -> JudgingRange:
    judge = case["judge"]
    since = park.monitoring_since
    return JudgingRange(
        _ms(park, judge["from"]),
        _ms(park, judge["to"]),
        start_of_day_ms(since, park.timezone) if since else None,
        judge.get("law_of"),
    )


def _check(article: str, expected: dict[str, Any], found: list[Finding], park: Park) -> None:
    start_ms = _ms(park, expected["period_start"])
    matches = [
        f for f in found
        if f.rule == expected["rule"] and f.period_start_ms == start_ms
        and f.subject == expected.get("subject", f.subject)
    ]  # fmt: skip
    where = f"{article}: {expected['rule']} from {expected['period_start']}"
    assert len(matches) == 1, f"{where}: {len(matches)} findings"
    finding = matches[0]
    for name in ("verdict", "confidence", "provisional", "rule_version", "tenant", "unit"):
        if name in expected:
            assert getattr(finding, name) == expected[name], f"{where}: {name}; evidence {finding.evidence}"
    for name in ("observed", "limit", "data_capture"):
        if name in expected:
            value = getattr(finding, name)
            assert value == pytest.approx(expected[name], rel=1e-6), f"{where}: {name}; evidence {finding.evidence}"
    if expected.get("no_value", False):
        assert finding.observed is None, where
    if "period_hours" in expected:
        assert (finding.period_end_ms - finding.period_start_ms) / 3_600_000 == expected["period_hours"], where
    for text in (*expected.get("evidence", ()), *expected.get("cites", ())):
        said = (*finding.evidence, finding.citation)
        assert any(text in sentence for sentence in said), f"{where}: '{text}' not in {said}"
