"""Where the store's token comes from, whichever command asks for it."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from service_runtime.errors import OperatorError
from telemetry_store.command_options import data_options, optional_store


@click.command()
@data_options
def needs(store_url: str, store_token: str, park_folder: str) -> None:
    click.echo(f"{store_url} {store_token} {park_folder}")


@click.command()
@optional_store("Also this")
def may(store_url: str, store_token: str) -> None:
    click.echo(f"[{store_url}] [{store_token}]")


def said(*arguments: str, environment: dict[str, str] | None = None) -> str:
    done = CliRunner().invoke(needs, ["--store", "s", "--park", "p", *arguments], env=environment)
    assert done.exception is None, done.exception
    return done.output.strip()


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "token"
    path.write_text("from-file\n")
    return str(path)


def test_a_token_is_typed_or_in_the_environment(file: str) -> None:
    assert said("--store-token", "typed") == "s typed p"
    assert said(environment={"ECOPARK_STORE_TOKEN": "set"}) == "s set p"
    assert said(environment={"ECOPARK_ANALYTICS_STORE_TOKEN": "set"}) == "s set p"
    assert said(environment={"ECOPARK_ANALYTICS_STORE_TOKEN_FILE": file}) == "s from-file p"


def test_what_is_typed_counts_first(file: str) -> None:
    assert said("--store-token-file", file, environment={"ECOPARK_STORE_TOKEN": "set"}) == "s from-file p"
    assert said("--store-token", "typed", environment={"ECOPARK_STORE_TOKEN_FILE": file}) == "s typed p"


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(OperatorError, match=r"--store-token-file /nowhere: cannot be read \(No such file or directory"):
        CliRunner().invoke(
            needs, ["--store", "s", "--park", "p", "--store-token-file", "/nowhere"], catch_exceptions=False
        )


def test_a_store_that_may_be_left_out_is_empty_then() -> None:
    assert CliRunner().invoke(may, []).output.strip() == "[] []"
    assert "Also this: sqlite:///file.db or" in " ".join(CliRunner().invoke(may, ["--help"]).output.split())
