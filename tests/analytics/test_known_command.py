"""What was known on a day: the command, and the choice of what to show."""

import asyncio
import dataclasses
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from analytics.finding import Confidence, Finding, Verdict
from analytics.findings_store import write_findings
from analytics.known_command import findings
from analytics.revision import Basis, key_of
from service_runtime.errors import OperatorError
from telemetry_store.sqlite_store import SqliteStore
from tests.analytics.conftest import local_ms

PARK = 'id = "p"\nname_vi = "K"\nname_en = "P"\ntimezone = "Asia/Ho_Chi_Minh"\n'
DAY = 86_400_000
FIRST = Finding(
    rule="WW-01-COD", rule_version="qcvn40-2011", park="p", subject="outlet", tenant="park",
    period_start_ms=local_ms("2026-11-01T00:00"), period_end_ms=local_ms("2026-11-02T00:00"), verdict=Verdict.EXCEEDED,
    observed=84.0, limit=67.5, unit="mg/l", data_capture=0.9, minimum_data_capture=0.8, citation="QCVN 40:2011/BTNMT",
    confidence=Confidence.SOURCE, judged_at_ms=local_ms("2026-11-02T00:01"), points=("wq.cod",), evidence=("One.",),
)  # fmt: skip
LATER = dataclasses.replace(
    FIRST, verdict=Verdict.COMPLIANT, observed=60.0, data_capture=1.0, judged_at_ms=local_ms("2026-11-10T08:00")
)
OTHER = dataclasses.replace(FIRST, subject="other", observed=90.0)
LATE = dataclasses.replace(FIRST, subject="late", judged_at_ms=local_ms("2026-11-20T00:00"))


@pytest.fixture
def place(tmp_path: Path) -> list[str]:
    """A store in which one of three findings changed and one was late; the options that name store and park."""
    park = tmp_path / "park"
    park.mkdir()
    for name, text in {
        "park.toml": PARK, "tenants.csv": "tenant,name,sector,zone\npark,Op,operator,\n",
        "points.csv": "point,tenant,zone,medium,unit\n", "contacts.csv": "tenant,name,email,language\n",
    }.items():  # fmt: skip
        (park / name).write_text(text)

    async def fill() -> None:
        store = SqliteStore(tmp_path / "store.db")
        await write_findings(store, [FIRST, OTHER])
        await write_findings(store, [LATER], Basis(touched=frozenset({key_of(LATER)})))
        await write_findings(store, [LATE])
        await store.close()

    asyncio.run(fill())
    return ["--store", f"sqlite:///{tmp_path}/store.db", "--park", str(park)]


def lines(place: list[str], *options: str) -> list[str]:
    done = CliRunner().invoke(findings, [*place, *options], catch_exceptions=False)
    assert done.exit_code == 0
    return done.output.splitlines()


def test_what_was_known_then_stands_beside_what_is_known_now(place: list[str]) -> None:
    shown = lines(place, "--as-of", "2026-11-03", "--subject", "outlet")[2:]
    assert [line.split()[0] for line in shown] == ["!", ">"]
    assert "exceeded" in shown[0]
    assert "1, 2026-11-02 00:01, first" in shown[0]
    assert "compliant" in shown[1]
    assert "2, 2026-11-10 08:00, late_data" in shown[1]


def test_what_holds_still_is_one_line(place: list[str]) -> None:
    [line] = lines(place, "--as-of", "2026-11-03", "--subject", "other")[2:]
    assert line.startswith("  2026-11-01 00:00 WW-01-COD")


def test_after_the_change_the_new_version_is_what_was_known(place: list[str]) -> None:
    [line] = lines(place, "--as-of", "2026-11-10T08:00", "--subject", "outlet")[2:]
    assert "compliant" in line


def test_what_came_to_light_late_was_not_known(place: list[str]) -> None:
    shown = lines(place, "--as-of", "2026-11-03", "--subject", "late")[2:]
    assert "not known yet" in shown[0]
    assert "exceeded" in shown[1]


def test_only_changes_can_be_asked_for(place: list[str]) -> None:
    assert {line.split()[4] for line in lines(place, "--as-of", "2026-11-03", "--changed")[2:]} == {"outlet", "late"}
    assert lines(place, "--changed")[2:] == ["nothing else is known now"]


def test_json_has_every_version(place: list[str]) -> None:
    [line] = lines(place, "--as-of", "2026-11-03", "--subject", "outlet", "--json")
    document = json.loads(line)
    assert (document["changed"], document["then"]["revision"], document["now"]["revision"]) == (True, 1, 2)
    assert [version["reason"] for version in document["revisions"]] == ["first", "late_data"]
    assert document["then"]["finding"]["observed"] == 84.0


def test_the_range_is_by_the_start_of_the_period(place: list[str]) -> None:
    assert lines(place, "--as-of", "2026-11-30", "--from", "2026-11-02")[2:] == ["no finding in this range"]
    assert len(lines(place, "--as-of", "2026-11-30", "--to", "2026-11-01", "--rule", "WW-01-COD")[2:]) == 3


def test_a_store_that_is_not_there_is_named(place: list[str]) -> None:
    with pytest.raises(OperatorError, match=r"nowhere.db: no such file"):
        CliRunner().invoke(findings, ["--store", "sqlite:///nowhere.db", *place[2:]], catch_exceptions=False)
