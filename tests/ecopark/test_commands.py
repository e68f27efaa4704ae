"""``ecopark --help``: every command once, in an order that makes sense, with a line that fits beside it."""

import pytest
from click.testing import CliRunner

from ecopark.commands import COMMANDS, SECTIONS, ecopark, sections


def test_every_command_is_listed_once() -> None:
    listed = [name for _, names in sections() for name in names]
    assert sorted(listed) == sorted(COMMANDS)


def test_a_newcomer_is_shown_the_demo_first() -> None:
    lines = CliRunner().invoke(ecopark, ["--help"]).output.splitlines()
    titles = [line.rstrip(":") for line in lines if line.rstrip(":") in SECTIONS]
    assert titles == list(SECTIONS)
    assert lines[lines.index("Try it:") + 1].split()[0] == "demo"


def test_a_command_that_no_section_names_comes_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(COMMANDS, "new", COMMANDS["export"])
    assert sections()[-1][1][-1] == "new"


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_told_in_one_line_and_explains_itself(name: str) -> None:
    lines = CliRunner().invoke(ecopark, ["--help"], terminal_width=80).output.splitlines()
    assert any(line.split()[:1] == [name] and line.endswith(COMMANDS[name].help) for line in lines)
    assert "--help" in CliRunner().invoke(ecopark, [name, "--help"]).output
