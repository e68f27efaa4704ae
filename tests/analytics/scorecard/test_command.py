"""`ecopark scorecard`: the demo park in the terminal, as JSON and as a file, in both languages."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from analytics.scorecard.command import scorecard


def run(*arguments: str) -> str:
    done = CliRunner().invoke(scorecard, arguments)
    assert done.exception is None, done.exception
    return done.stdout


def test_the_demo_park_shows_computed_evidenced_and_empty_cells(demo_park: Path) -> None:
    card = json.loads(run("--park", str(demo_park), "--year", "2026", "--json"))
    cells = [cell for table in card["tables"] for cell in table["indicators"]]
    assert {cell["origin"] for cell in cells} == {"computed", "evidenced", "empty"}
    assert {cell["outcome"] for cell in cells} >= {"met", "not_met", "unknown"}
    for cell in cells:
        assert (cell["origin"] == "evidenced") == (cell["proof"] is not None), cell["indicator"]
        assert (cell["origin"] == "empty") == (cell["value"] is None), cell["indicator"]
        assert cell["citation"], cell["indicator"]
    assert {firm["indicator"] for firm in card["firms"]} == {"ENV.2", "SOC.1", "SOC.2", "SOC.4", "SOC.6"}
    assert len(card["firms"]) == 5 * 10
    assert all(entry["needs_vi"] and entry["needs_en"] for entry in card["missing"])


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("vi", ("Còn thiếu để đạt", "Đạt", "mức cần xác nhận", "Dữ liệu mô phỏng", "27,5 %")),
        ("en", ("What is missing to pass", "Met", "level to be confirmed", "Simulated or fictional", "27.5 %")),
    ],
)
def test_the_table_speaks_either_language(demo_park: Path, language: str, words: tuple[str, ...]) -> None:
    told = " ".join(run("--park", str(demo_park), "--year", "2026", "--language", language).replace("│", " ").split())
    for word in words:
        assert word.replace("\u00a0", " ") in told.replace("\u00a0", " ")


def test_a_missing_store_file_is_one_sentence(demo_park: Path, tmp_path: Path) -> None:
    gone = tmp_path / "gone.db"
    done = CliRunner().invoke(scorecard, ["--park", str(demo_park), "--year", "2026", "--store", f"sqlite:///{gone}"])
    assert str(done.exception).startswith(f"store {gone}: no such file; ")
    assert not gone.exists()


def test_a_file_that_cannot_be_written_is_named(demo_park: Path, tmp_path: Path) -> None:
    file = tmp_path / "no-such-folder" / "card.html"
    done = CliRunner().invoke(scorecard, ["--park", str(demo_park), "--year", "2026", "--html", str(file)])
    assert "cannot be written (No such file or directory)" in str(done.exception)
