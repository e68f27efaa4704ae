"""What was known on a day: the command, and the choice of what to show."""

import asyncio
import dataclasses
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from analytics.commands.known import findings
from analytics.commands.report import signed_limit
from analytics.finding import Confidence, Finding, Verdict
from analytics.findings.revision import Basis, key_of
from analytics.findings.store import write_findings
from service_runtime.errors import OperatorError
from telemetry_store.sqlite_store import SqliteStore
from tests.analytics.conftest import local_ms

PARK = 'id = "p"\nname_vi = "K"\nname_en = "P"\ntimezone = "Asia/Ho_Chi_Minh"\n'
DAY = 86_400_000
FIRST = Finding(
    rule="WW-01-COD", rule_version="qcvn40-2011", park="p", subject="outlet", tenant="park",
    period_start_ms=local_ms("2026-11-01T00:00"), period_end_ms=local_ms("2026-11-02T00:00"), verdict=Verdict.EXCEEDED,
    observed=84.0, limit=67.5, unit="mg/l", data_capture=0.9, minimum_data_capture=0.8, citation="QCVN 40:2011/BTNMT",
    confidence=Confidence.SOURCE, judged_at_ms=local_ms("2026-11-02T00:01"), points=("wq.cod",),
    evidence=("No valid value in this period.",),
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
    return done.stdout.splitlines()


def rows(place: list[str], *options: str) -> list[str]:
    """The table without its heading and without the totals below it."""
    shown = lines(place, *options)[2:]
    return shown[: shown.index("")]


def test_what_was_known_then_stands_beside_what_is_known_now(place: list[str]) -> None:
    shown = rows(place, "--as-of", "2026-11-03", "--subject", "outlet")
    assert [line.split()[0] for line in shown] == ["!", ">"]
    assert "exceeded" in shown[0]
    assert "1, 2026-11-02 00:01, first" in shown[0]
    assert "compliant" in shown[1]
    assert "2, 2026-11-10 08:00, late_data" in shown[1]


def test_limits_have_the_sign_that_evaluate_prints_before_them(place: list[str]) -> None:
    assert all("≤ 67.5 mg/l" in line for line in rows(place, "--as-of", "2026-11-03", "--subject", "outlet"))


def test_a_rule_that_is_gone_has_a_limit_without_a_sign() -> None:
    gone = dataclasses.replace(FIRST, rule="WW-99")
    assert (signed_limit(gone, "67.5", None), signed_limit(dataclasses.replace(FIRST, limit=None), "-", None)) == (
        "67.5",
        "-",
    )


def test_what_holds_still_is_one_line(place: list[str]) -> None:
    [line] = rows(place, "--as-of", "2026-11-03", "--subject", "other")
    assert line.startswith("  2026-11-01 00:00 WW-01-COD")


def test_after_the_change_the_new_version_is_what_was_known(place: list[str]) -> None:
    [line] = rows(place, "--as-of", "2026-11-10T08:00", "--subject", "outlet", "--all")
    assert "compliant" in line


def test_what_came_to_light_late_was_not_known(place: list[str]) -> None:
    shown = rows(place, "--as-of", "2026-11-03", "--subject", "late")
    assert "not known yet" in shown[0]
    assert "exceeded" in shown[1]


def test_only_changes_can_be_asked_for(place: list[str]) -> None:
    assert {line.split()[4] for line in rows(place, "--as-of", "2026-11-03", "--changed")} == {"outlet", "late"}
    assert rows(place, "--changed", "--to", "2026-11-30") == ["nothing else is known now"]


def test_what_needs_no_reading_is_counted_and_left_out(place: list[str]) -> None:
    shown = lines(place, "--as-of", "2026-11-30")[2:]
    assert [line.split()[3] for line in shown[:2]] == ["late", "other"]
    assert shown[2:] == [
        "",
        "3 periods: 2 exceeded, 0 insufficient_data, 1 compliant; 0 known otherwise now",
        "the 1 that are, and were, compliant are left out: --all prints them",
    ]
    everything = lines(place, "--as-of", "2026-11-30", "--all")[2:]
    assert len(everything) == 5
    assert "left out" not in everything[-1]


def test_what_was_exceeded_then_is_printed_although_it_is_compliant_now(place: list[str]) -> None:
    assert len(rows(place, "--as-of", "2026-11-03", "--subject", "outlet")) == 2


def test_what_was_not_known_yet_is_counted(place: list[str]) -> None:
    assert lines(place, "--as-of", "2026-11-03")[-1] == (
        "3 periods: 2 exceeded, 0 insufficient_data, 0 compliant, 1 not known yet; 2 known otherwise now"
    )


def test_the_newest_period_comes_first(place: list[str], tmp_path: Path) -> None:
    newer = dataclasses.replace(
        OTHER, period_start_ms=OTHER.period_start_ms + DAY, period_end_ms=OTHER.period_end_ms + DAY
    )

    async def add() -> None:
        store = SqliteStore(tmp_path / "store.db")
        await write_findings(store, [newer])
        await store.close()

    asyncio.run(add())
    shown = rows(place, "--as-of", "2026-11-30", "--subject", "other")
    assert [line.split()[0] for line in shown] == ["2026-11-02", "2026-11-01"]


@pytest.mark.parametrize(
    ("options", "count"),
    [(("--tenant", "park"), 3), (("--rule", "WW-01-COD"), 3), (("--subject", "late", "--subject", "other"), 2)],
)
def test_json_has_every_period_that_was_asked_for(place: list[str], options: tuple[str, ...], count: int) -> None:
    assert len(lines(place, "--as-of", "2026-11-30", "--json", *options)) == count


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--tenant", "nobody"), "--tenant: 'nobody' is not in tenants.csv of park 'p'"),
        (("--subject", "nothing"), "--subject: 'nothing' is no installation, tenant or point of park 'p'"),
        (("--rule", "X-9"), "no rule 'X-9'"),
        (("--as-of", "soon"), "--as-of: 'soon' is not a date or time"),
        (("--from", "2026-11-03", "--to", "2026-11-01"), "--from 2026-11-03 is not before --to 2026-11-01"),
    ],
)
def test_a_mistake_is_one_sentence(place: list[str], options: tuple[str, ...], words: str) -> None:
    with pytest.raises(OperatorError, match=re.escape(words)):
        CliRunner().invoke(findings, [*place, *options], catch_exceptions=False)


def test_a_long_range_says_how_far_it_is_beside_the_table(place: list[str]) -> None:
    span = ("--from", "2026-01-01", "--to", "2026-11-30")
    done = CliRunner().invoke(findings, [*place, *span], catch_exceptions=False)
    assert done.stderr.splitlines()[-1] == "read 100 %"
    assert "read" not in done.stdout


def test_json_has_every_version(place: list[str]) -> None:
    [line] = lines(place, "--as-of", "2026-11-03", "--subject", "outlet", "--json")
    document = json.loads(line)
    assert (document["changed"], document["then"]["revision"], document["now"]["revision"]) == (True, 1, 2)
    assert [version["reason"] for version in document["revisions"]] == ["first", "late_data"]
    assert document["then"]["finding"]["observed"] == 84.0
    assert document["then"]["finding"]["evidence"] == [
        {"code": "no_data", "vi": "Không có giá trị hợp lệ trong kỳ này.", "en": "No valid value in this period."}
    ]


def test_the_range_is_by_the_start_of_the_period(place: list[str]) -> None:
    assert lines(place, "--as-of", "2026-11-30", "--from", "2026-11-02")[2:] == [
        "",
        "no finding of a period that starts in this range",
    ]
    assert len(rows(place, "--as-of", "2026-11-30", "--to", "2026-11-01", "--all")) == 3


def test_a_store_that_is_not_there_is_named(place: list[str]) -> None:
    with pytest.raises(OperatorError, match=r"nowhere.db: no such file"):
        CliRunner().invoke(findings, ["--store", "sqlite:///nowhere.db", *place[2:]], catch_exceptions=False)
