"""``ecopark simulate``: what it lists, what it prints about a run, and how a wrong truth ends."""

import json
import logging
from pathlib import Path

import pytest
from click.testing import CliRunner

from deploy.local.simulate_command import simulate
from service_runtime.errors import OperatorError
from simulators.scenario import scenario_names
from telemetry_store.query import Select, SeriesQuery
from telemetry_store.sqlite_store import SqliteStore

CASE = """
name = "mine"
title_vi = "Của tôi"
title_en = "Mine"
story_vi = "Nước thải đậm."
story_en = "Strong wastewater."
park = "trang-cat"
today = 2026-06-18
step_seconds = 900
judged_days = 1
[register]
interval_seconds = 900
[[events]]
kind = "effluent_surge"
day = -1
tenant = "det-may-nam-hai"
cod_factor = 2.0
"""


def test_the_list_has_every_scenario_with_its_title() -> None:
    output = CliRunner().invoke(simulate, ["--list"], catch_exceptions=False).output
    assert [line.split()[0] for line in output.splitlines()] == scenario_names()
    assert "A limit that changes at midnight" in output


def test_help_teaches_how_to_run_one() -> None:
    output = CliRunner().invoke(simulate, ["--help"], catch_exceptions=False).output
    assert "ecopark simulate night-discharge" in output
    assert "serve" in output


def test_an_unknown_name_is_answered_with_where_to_look() -> None:
    with pytest.raises(OperatorError, match=r"no scenario or command 'doomsday' \(`ecopark simulate --list`"):
        CliRunner().invoke(simulate, ["doomsday"], catch_exceptions=False)


def test_a_run_that_holds_says_what_happened_and_writes_report_and_store(tmp_path: Path) -> None:
    case, report = tmp_path / "mine.toml", tmp_path / "out.json"
    expected = '[[expected_findings]]\nday = -1\nrule = "WW-05-COD"\nsubject = "det-may-nam-hai-outlet"\n'
    case.write_text(CASE + expected + 'verdict = "exceeded"\nwindows = 1\n', encoding="utf-8")
    arguments = [str(case), "--store", f"sqlite:///{tmp_path}/s.db", "--report", str(report)]
    result = CliRunner().invoke(simulate, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "Strong wastewater." in result.output
    assert "Nước thải đậm." in result.output
    assert "as expected  day -1   WW-05-COD" in result.output
    told = json.loads(report.read_text(encoding="utf-8"))
    assert told["holds"] is True
    assert told["findings"]["precision"] == told["findings"]["recall"] == 1.0
    assert told["readings"]["sent"] == told["readings"]["stored"] > 1000


def test_letters_are_said_to_stay_and_no_log_line_says_that_one_was_sent(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    case, report = tmp_path / "mine.toml", tmp_path / "out.json"
    case.write_text(CASE, encoding="utf-8")
    result = CliRunner().invoke(simulate, [str(case), "--report", str(report)], catch_exceptions=False)
    written = json.loads(report.read_text(encoding="utf-8"))["letters"]
    assert written > 0
    assert f"Letters written: {written}. They stay in this run's own mailbox" in result.output
    assert f"Thư đã soạn: {written}." in result.output
    assert "incident opened" in caplog.messages
    assert not [message for message in caplog.messages if "e-mail" in message]
    assert logging.getLogger("analytics.alerting.delivery").isEnabledFor(logging.INFO)


def test_exceedances_that_alert_nobody_are_said_to_in_both_languages(tmp_path: Path) -> None:
    case, report = tmp_path / "mine.toml", tmp_path / "out.json"
    # Half a day of calibration leaves half the values with status 00; 80 % are wanted, and MON-04-VALID alerts no one.
    half = (
        'kind = "calibration"\nday = -1\nstart_hour = 6\nend_hour = 18\ndevice = "wq-central"\nvalues = { ph = 7.0 }\n'
    )
    case.write_text(f"{CASE}[[events]]\n{half}", encoding="utf-8")
    output = CliRunner().invoke(simulate, [str(case), "--report", str(report)], catch_exceptions=False).output
    told = json.loads(report.read_text(encoding="utf-8"))
    exceeded = [found["rule"] for found in told["findings"]["seen"] if found["verdict"] == "exceeded"]
    shown = exceeded.count("MON-04-VALID")
    assert told["exceeded_shown_only"] == shown > 0
    assert f"{shown} of the {len(exceeded)} exceeded are of rules that are shown only" in output
    assert f"{shown} trong {len(exceeded)} kết quả exceeded thuộc quy tắc chỉ hiển thị" in output


async def test_the_kept_store_holds_readings_and_findings(tmp_path: Path) -> None:
    case = tmp_path / "mine.toml"
    case.write_text(CASE, encoding="utf-8")
    await _run(case, tmp_path / "s.db")
    store = SqliteStore(tmp_path / "s.db")
    try:
        verdicts = await store.select(SeriesQuery("findings", (Select("verdict"),), 0, 2**42, group_by=("rule",)))
        readings = await store.select(SeriesQuery("wastewater", (Select("cod_mg_l"),), 0, 2**42, group_by=("point",)))
    finally:
        await store.close()
    assert "WW-05-COD" in {series.tags["rule"] for series in verdicts}
    assert "wq-central.cod" in {series.tags["point"] for series in readings}


async def _run(case: Path, store: Path) -> None:
    from asyncio import to_thread

    arguments = [str(case), "--store", str(store)]
    await to_thread(CliRunner().invoke, simulate, arguments, catch_exceptions=False)


def test_what_was_noticed_is_told_in_both_languages(tmp_path: Path) -> None:
    case, report = tmp_path / "mine.toml", tmp_path / "out.json"
    freeze = '[[events]]\nkind = "frozen_sensor"\nday = -1\nstart_hour = 8\nend_hour = 12\npoint = "wq-central.ph"\n'
    missing = '[[expected_anomalies]]\nday = -1\nrule = "AN-05"\nsubject = "em-tong.active_energy_import"\n'
    case.write_text(CASE.replace("cod_factor = 2.0", "cod_factor = 1.0") + freeze + missing, encoding="utf-8")
    result = CliRunner().invoke(simulate, [str(case), "--report", str(report)], catch_exceptions=False)
    assert result.exit_code == 1
    assert "UNEXPECTED   AN-03  wq-central.ph: from 2026-06-17 08:00 to 2026-06-17 12:00" in result.output
    assert "wq-central.ph: từ 2026-06-17 08:00" in result.output
    assert "MISSING      AN-05  em-tong.active_energy_import on day -1" in result.output
    told = json.loads(report.read_text(encoding="utf-8"))["anomalies"]
    assert told["unexpected"] == [[-1, "AN-03", "wq-central.ph"]]
    assert told["missing"] == [[-1, "AN-05", "em-tong.active_energy_import"]]


def test_a_wrong_truth_is_told_finding_by_finding_and_ends_with_1(tmp_path: Path) -> None:
    case = tmp_path / "mine.toml"
    wrong = '[[expected_findings]]\nday = -1\nrule = "WW-01-COD"\nsubject = "central-wwtp-outlet"\n'
    more = 'expected_quarantined = 3\nexpected_compliant = ["WW-05-COD/det-may-nam-hai-outlet"]\n'
    text = CASE.replace("[register]", more + "[register]", 1) + wrong + 'verdict = "exceeded"\n'
    case.write_text(text, encoding="utf-8")
    result = CliRunner().invoke(simulate, [str(case)], catch_exceptions=False)
    assert result.exit_code == 1
    assert "MISSING      day -1   WW-01-COD" in result.output
    assert "UNEXPECTED   day -1   WW-05-COD" in result.output
    assert "WRONG  3 had to be refused" in result.output
    assert "NOT COMPLIANT  WW-05-COD/det-may-nam-hai-outlet" in result.output


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('park = "trang-cat"', 'park = "atlantis"'), "no park 'atlantis'"),
        (("[register]", '[register]\nwithout_devices = ["em-x"]'), "register.without_devices: the park has no 'em-x'"),
        (("[register]", '[register]\nrows = {"gold.csv" = ["a"]}'), "register.rows: the park has no gold.csv"),
        (("[register]", "[register.installations.harbour]\na = 1\n[register]"), "the park has no 'harbour'"),
        (('tenant = "det-may-nam-hai"', 'tenant = "nobody"'), r"events\[1\]\.tenant: 'nobody'"),
    ],
)
def test_what_the_park_lacks_is_named(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    case = tmp_path / "mine.toml"
    case.write_text(CASE.replace(*change), encoding="utf-8")
    with pytest.raises(OperatorError, match=message):
        CliRunner().invoke(simulate, [str(case)], catch_exceptions=False)


def test_a_store_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    case, store = tmp_path / "mine.toml", tmp_path / "s.db"
    case.write_text(CASE, encoding="utf-8")
    store.touch()
    with pytest.raises(OperatorError, match=r"--store: .* is there already"):
        CliRunner().invoke(simulate, [str(case), "--store", str(store)], catch_exceptions=False)


def test_a_store_elsewhere_than_in_a_file_is_refused() -> None:
    with pytest.raises(OperatorError, match=r"--store 'influxdb://h/b': a scenario keeps its store in a file"):
        CliRunner().invoke(simulate, ["late-day", "--store", "influxdb://h/b"], catch_exceptions=False)
