"""The file that docs/how-to/add-a-scenario.md shows, run as a reader would run it."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from deploy.local.simulate_command import simulate

HOW_TO = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "add-a-scenario.md"


@pytest.fixture
def shown() -> str:
    (block,) = re.findall(r"^```toml\n(.*?)^```$", HOW_TO.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return str(block)


def test_the_shown_file_runs_and_what_it_expects_comes_out(shown: str, tmp_path: Path) -> None:
    case = tmp_path / "my-case.toml"
    case.write_text(shown, encoding="utf-8")
    result = CliRunner().invoke(simulate, [str(case)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "\nExactly what must come out." in result.output
    assert "Known before the late or corrected readings came" in result.output


def test_the_shown_file_has_every_list_of_expectations(shown: str) -> None:
    lists = ("findings", "anomalies", "before", "revisions")
    assert [name for name in lists if f"[[expected_{name}]]" not in shown] == []
