"""The commands at the terminal: lines, JSON, and one clear sentence for each mistake."""

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from analytics.command import analytics
from analytics.findings.store import read_findings
from ecopark.commands import ecopark
from service_runtime.errors import OperatorError
from telemetry_model.park_register import parse_park
from telemetry_store.rows import ReadingRow
from telemetry_store.sqlite_store import SqliteStore

PARK = {
    "park.toml": 'id = "p"\nname_vi = "K"\nname_en = "P"\n[[installations]]\nid = "aq"\nkind = "ambient_station"\n'
    'device = "aq"\ntenant = "park"\nname_vi = "T"\nname_en = "S"\n',
    "tenants.csv": "tenant,name,sector\npark,P,operator\n",
    "points.csv": "point,tenant,zone,medium,unit,interval_seconds\naq.pm10,park,z,air,ug/m3,3600\n",
    "contacts.csv": "tenant,name,email,language\n",
}
Rows = Callable[..., list[ReadingRow]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in PARK.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def database(folder: Path, make_readings: Rows, at: Callable[[str], int]) -> str:
    async def fill() -> None:
        store = SqliteStore(folder / "store.db")
        rows = make_readings(
            parse_park(PARK), "aq.pm10", at("2026-03-10T00:00"), [79.0, 81.0] * 12 + [119.0, 121.0] * 12
        )
        await store.write_readings(rows)
        await store.close()

    asyncio.run(fill())
    return f"sqlite:///{folder}/store.db"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(analytics, list(arguments))


def judged(database: str, folder: Path, *more: str) -> list[dict[str, object]]:
    done = run("evaluate", "--store", database, "--park", str(folder), "--json", "--rule", "AMB-02-PM10", *more)
    assert done.exception is None, done.exception
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_evaluate_prints_one_json_object_per_finding(database: str, folder: Path) -> None:
    first, second = judged(database, folder)
    assert (first["verdict"], second["verdict"]) == ("compliant", "exceeded")
    assert first["period_start"] == "2026-03-09T17:00:00Z"
    assert first["period_end"] == "2026-03-10T17:00:00Z"
    assert second["observed"] == 120.0
    assert second["citation"] == "QCVN 05:2023/BTNMT, PM10, 24 h"
    assert isinstance(second["evidence"], list)


def test_evaluate_prints_a_table(database: str, folder: Path) -> None:
    done = run("evaluate", "--store", database, "--park", str(folder), "--rule", "AMB-02-PM10")
    head, first, second, empty, *legend = done.stdout.splitlines()
    assert head.split()[:3] == ["period", "(local)", "rule"]
    assert first.split()[:5] == ["2026-03-10", "00:00", "AMB-02-PM10", "aq", "compliant"]
    assert second.split()[4:] == ["exceeded", "120", "≤", "100", "ug/m3", "100%", "law"]
    assert empty == ""
    assert any(line.startswith("verdict insufficient_data (Không đủ dữ liệu): ") for line in legend)
    assert "basis law: the limit is from a published text (theo văn bản công bố)" in legend


def test_a_to_date_includes_its_day(database: str, folder: Path) -> None:
    (finding,) = judged(database, folder, "--from", "2026-03-11", "--to", "2026-03-11")
    assert finding["verdict"] == "exceeded"


def test_the_law_of_another_day_is_said(database: str, folder: Path) -> None:
    (first, _) = judged(database, folder, "--law-of", "2024-01-01")
    evidence = first["evidence"]
    assert isinstance(evidence, list)
    assert {
        "code": "law_of",
        "vi": "Đánh giá theo luật ngày 2024-01-01, dù dữ liệu thuộc ngày 2026-03-10.",
        "en": "Judged under the law of 2024-01-01, although the data are of 2026-03-10.",
    } in evidence


def test_write_puts_findings_into_the_store(database: str, folder: Path) -> None:
    judged(database, folder, "--write")

    async def stored() -> int:
        store = SqliteStore(folder / "store.db")
        found = await read_findings(store, "p", 0, 2_000_000_000_000)
        await store.close()
        return len(found)

    assert asyncio.run(stored()) == 2


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"--store": "oracle://x"}, "unknown kind 'oracle'"),
        ({"--store": "sqlite:////nowhere/at/all.db"}, "/nowhere/at/all.db: no such folder /nowhere/at"),
        ({"--park": "/nowhere"}, "/nowhere: no such folder"),
        ({"--from": "yesterday"}, "--from: 'yesterday' is not a date or time"),
        ({"--to": "2026-13-01"}, "--to: '2026-13-01' is not a date or time"),
        ({"--law-of": "soon"}, "--law-of: 'soon' is not a date"),
        ({"--rule": "X-9"}, "no rule 'X-9'"),
        (
            {"--from": "2027-01-01"},
            "nothing to judge: there is no data from 2027-01-01 00:00 on, it ends at 2026-03-12 00:00",
        ),
        ({"--from": "2026-03-12", "--to": "2026-03-10"}, "--from 2026-03-12 is not before --to 2026-03-10"),
        ({"--tenant": "nobody"}, "--tenant: 'nobody' is not in tenants.csv of park 'p'"),
        ({"--subject": "nothing"}, "--subject: 'nothing' is no installation, tenant or point of park 'p'"),
        ({"--law-of": "2026-W45"}, "--law-of: '2026-W45' is not a date (YYYY-MM-DD)"),
    ],
)
def test_a_mistake_is_one_sentence(database: str, folder: Path, changes: dict[str, str], said: str) -> None:
    options = {"--store": database, "--park": str(folder)} | changes
    done = run("evaluate", *(part for pair in options.items() for part in pair))
    assert isinstance(done.exception, OperatorError)
    assert said in str(done.exception)
    assert "\n" not in str(done.exception)


def test_a_rule_that_was_not_in_force_says_so_beside_the_table(database: str, folder: Path) -> None:
    for command in ("evaluate", "exceedances"):
        done = run(command, "--store", database, "--park", str(folder), "--law-of", "1990-01-01")
        assert done.stderr == "nothing that was asked for is judged in this range\n"


def test_an_indicator_that_cannot_be_asked_for_prints_no_table(database: str, folder: Path) -> None:
    done = run("indicators", "--store", database, "--park", str(folder), "--from", "2096-01-01")
    assert (done.stdout, type(done.exception)) == ("", OperatorError)


@pytest.mark.parametrize("range_words", [("--from", "2026-03-11", "--to", "2026-03-10"), ("--from", "2096-01-01")])
def test_sums_of_no_hour_are_a_mistake(database: str, folder: Path, range_words: tuple[str, ...]) -> None:
    done = run("rollups", "--store", database, "--park", str(folder), *range_words)
    assert f"--from {range_words[1]}: no whole hour lies between it and --to" in str(done.exception)


@pytest.mark.parametrize(
    ("words", "count"), [(("--tenant", "park"), 2), (("--subject", "aq"), 2), (("--subject", "p"), 0)]
)
def test_a_tenant_or_subject_can_be_chosen(database: str, folder: Path, words: tuple[str, str], count: int) -> None:
    assert len(judged(database, folder, *words)) == count


def test_a_store_without_readings_says_so(folder: Path) -> None:
    (folder / "empty.db").touch()
    done = run("evaluate", "--store", f"sqlite:///{folder}/empty.db", "--park", str(folder))
    assert "holds no readings of park 'p'" in str(done.exception)


def test_rules_list_begins_with_the_id_and_marks_confidence() -> None:
    lines = [line.split() for line in run("rules", "list").stdout.splitlines()]
    marks = {(words[0], words[1]) for words in lines}
    assert {("AMB-02-PM10", "law"), ("AIR-02-CO", "permit+?"), ("REN-SHARE", "setting")} <= marks
    assert ("WW-01-COD", "law+?") in marks, "its daily mean is still to be confirmed"


def test_rules_explain_shows_every_version() -> None:
    text = run("rules", "explain", "AMB-01-PM25").stdout
    assert "at most 50 ug/m3" in text
    assert "at most 45 ug/m3" in text
    assert "2023-09-12 to 2025-12-31" in text
    assert "setting: a setting to confirm, not law" in text


def test_rules_check_runs_every_worked_example() -> None:
    done = run("rules", "check")
    assert done.exit_code == 0
    counted = re.fullmatch(r"(\d+) worked examples of (\d+) rule versions: 0 failed\n", done.stdout)
    assert counted is not None
    assert int(counted[1]) >= 2 * int(counted[2]) > 200
    assert len(run("rules", "check", "--verbose").stdout.splitlines()) == int(counted[1]) + 1


@pytest.mark.parametrize("words", [["rules", "list"], ["rules", "explain", "WW-04-COD"], ["rules", "check"]])
def test_the_rulebook_has_its_own_command(words: list[str]) -> None:
    assert CliRunner().invoke(ecopark, words).stdout == run(*words).stdout != ""


def test_explain_says_that_the_daily_mean_is_to_be_confirmed_though_the_limit_was_read() -> None:
    words = "averaging, not law: that 24-hour means are compared (Decree 08/2022/ND-CP Art. 97-98)"
    assert words in run("rules", "explain", "WW-01-COD").stdout
    assert words in run("rules", "explain", "AIR-02-NOX").stdout
    assert words not in run("rules", "explain", "AMB-02-PM10").stdout


def test_explain_says_that_a_table_is_not_loaded() -> None:
    text = run("rules", "explain", "WW-04-COD").stdout
    assert "table not loaded: load it from the official annex; 'permit_cod_mg_l' of the register goes first" in text


def test_an_unknown_rule_is_named() -> None:
    assert "no rule 'X-9'" in str(run("rules", "explain", "X-9").exception)


def test_the_program_ends_with_one_line_and_code_two() -> None:
    command = [sys.executable, "-m", "ecopark", "analytics", "rules", "explain", "X-9"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.strip().splitlines() == ["ecopark: no rule 'X-9' (`ecopark rules list` lists them)"]


def test_indicators_print_a_table_with_reasons(database: str, folder: Path) -> None:
    done = run("indicators", "--store", database, "--park", str(folder))
    assert done.exception is None, done.exception
    head, first, *_ = done.stdout.splitlines()
    assert head.split()[:4] == ["period", "(local)", "indicator", "subject"]
    assert first.split()[2:8] == ["electricity", "from", "the", "grid", "p", "-"]
    assert "  grid_electricity " in first
    assert first.endswith("source: no point measures grid import")


def test_indicators_by_month_give_one_line_per_month(database: str, folder: Path) -> None:
    done = run(
        "indicators", "--store", database, "--park", str(folder), "--json", "--by-month",
        "--from", "2026-02-10", "--to", "2026-03-11",
    )  # fmt: skip
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    periods = {(line["period_start"], line["period_end"]) for line in lines if line["indicator"] == "waste"}
    assert periods == {
        ("2026-02-09T17:00:00Z", "2026-02-28T17:00:00Z"),
        ("2026-02-28T17:00:00Z", "2026-03-11T17:00:00Z"),
    }
    assert all(line["value"] is None and line["reason_en"] for line in lines)


def test_one_rule_asked_for_alone_is_judged_from_the_values_that_all_rules_see(
    folder: Path, make_readings: Rows, at: Callable[[str], int]
) -> None:
    async def fill() -> None:
        store = SqliteStore(folder / "frozen.db")
        values = [79.0, 81.0] * 6 + [200.0] * 12
        await store.write_readings(make_readings(parse_park(PARK), "aq.pm10", at("2026-03-10T00:00"), values))
        await store.close()

    asyncio.run(fill())
    place = ("evaluate", "--store", f"sqlite:///{folder}/frozen.db", "--park", str(folder), "--json")
    alone = [json.loads(line) for line in run(*place, "--rule", "AMB-02-PM10").stdout.splitlines()]
    together = [json.loads(line) for line in run(*place).stdout.splitlines()]
    assert [finding["observed"] for finding in alone] == [80.0]
    assert [finding["data_capture"] for finding in alone] == [0.5]
    assert [f["verdict"] for f in together if f["rule"] == "AMB-02-PM10"] == ["insufficient_data"]
    assert alone[0]["verdict"] == "insufficient_data"


@pytest.mark.parametrize("command", [("evaluate",), ("indicators", "--by-month")])
def test_what_another_days_law_gives_is_not_kept(database: str, folder: Path, command: tuple[str, ...]) -> None:
    done = run(*command, "--store", database, "--park", str(folder), "--law-of", "2025-01-01", "--write")
    assert isinstance(done.exception, OperatorError)
    assert str(done.exception) == "--write keeps what holds under the law of its own day: leave out --law-of"


def test_of_a_range_cut_at_will_only_whole_periods_are_kept(database: str, folder: Path) -> None:
    judged(database, folder, "--to", "2026-03-11T12:00", "--write")

    async def kept() -> list[str]:
        store = SqliteStore(folder / "store.db")
        found = await read_findings(store, "p", 0, 2_000_000_000_000)
        await store.close()
        return [finding.verdict.value for finding in found if finding.rule == "AMB-02-PM10"]

    assert asyncio.run(kept()) == ["compliant"]
