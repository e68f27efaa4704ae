"""Making tokens: what is printed lets exactly that sender in, and a mistake leaves the file as it was."""

import hashlib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ingest_service.command import ingest
from ingest_service.http_sources import load_http_sources
from service_runtime.errors import OperatorError
from tests.ingest_service.builders import FLOW, POWER, a_park, write_park


def call(*arguments: str) -> Result:
    return CliRunner().invoke(ingest, ["token", *arguments], env={"ECOPARK_INGEST_PARK_FOLDER": ""})


def test_the_printed_lines_let_the_printed_token_in(tmp_path: Path) -> None:
    done = call("meter-7", "--point", FLOW, "--point", POWER)
    assert done.exit_code == 0
    file = tmp_path / "sources.toml"
    file.write_text(done.stderr)
    source = load_http_sources(str(file), a_park()).of_token(done.stdout.strip())
    assert source is not None
    assert (source.name, source.points, source.gateway) == ("meter-7", (FLOW, POWER), "")


def test_the_file_holds_the_hash_and_never_the_token(tmp_path: Path) -> None:
    file = tmp_path / "sources.toml"
    done = call("logger", "--gateway", "gw-1", "--add-to", str(file))
    made = done.stdout.strip()
    assert len(made) == 64
    assert made not in file.read_text()
    assert made not in done.stderr
    assert hashlib.sha256(made.encode()).hexdigest() in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_second_source_is_added_and_the_first_stays(tmp_path: Path) -> None:
    file = tmp_path / "sources.toml"
    made = [call(name, "--gateway", "gw-1", "--add-to", str(file)).stdout.strip() for name in ("one", "two")]
    assert made[0] != made[1]
    sources = load_http_sources(str(file), a_park())
    assert [sources.of_token(token).name for token in made] == ["one", "two"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("one", "--gateway", "gw-1"), "source 'one' is there twice"),
        (("two",), "source 'two': needs points or a gateway"),
        (("Two Words", "--gateway", "gw-1"), "Expected `str` matching regex"),
        (("two", "--point", "em-99.active_power"), "unknown point 'em-99.active_power' (not in points.csv)"),
    ],
)
def test_a_mistake_is_one_sentence_and_changes_nothing(
    tmp_path: Path, arguments: tuple[str, ...], expected: str
) -> None:
    file, park = tmp_path / "sources.toml", write_park(tmp_path / "park")
    call("one", "--gateway", "gw-1", "--add-to", str(file))
    before = file.read_bytes()
    done = call(*arguments, "--add-to", str(file), "--park-folder", str(park))
    assert isinstance(done.exception, OperatorError)
    assert expected in str(done.exception)
    assert (done.stdout, file.read_bytes(), sorted(p.name for p in tmp_path.iterdir())) == (
        "", before, ["park", "sources.toml"],
    )  # fmt: skip


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = call("one", "--gateway", "gw-1", "--add-to", str(tmp_path / "no" / "sources.toml"))
    assert isinstance(done.exception, OperatorError)
    assert "cannot be written" in str(done.exception)


def test_quotes_in_a_name_make_no_other_table() -> None:
    done = call('x"\npoints = ["y"]', "--gateway", "gw-1")
    assert isinstance(done.exception, OperatorError)
