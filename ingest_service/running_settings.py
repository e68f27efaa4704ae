"""The settings of the ingest that runs, for the commands beside it: found in its file, in the environment, or told."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ingest_service.settings import IngestSettings
from ingest_service.state.place import PostgresPlace, SqliteFile, StatePlace
from service_runtime.errors import SettingsError
from service_runtime.settings import environment_name, load_settings

PROGRAM = "ingest"
_PASSWORD = environment_name(PROGRAM, "state_password")
_Command = Callable[..., Any]


def settings_option(command: _Command) -> _Command:
    """``--settings FILE``, the same for every command."""
    return click.option(
        "--settings",
        "settings_file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="TOML file with the settings of the running ingest.",
    )(command)


def state_option(command: _Command) -> _Command:
    """``--state FILE|URL``, for commands that need nothing else."""
    return click.option(
        "--state",
        "state",
        metavar="FILE|URL",
        help=f"Only ingest's state: its file, or postgresql://user@host/database (password in {_PASSWORD}).",
    )(command)


def running_settings(settings_file: Path | None, instead: str = "") -> IngestSettings:
    """All settings; where they come from no file, the error says how to name one (and what would do ``instead``)."""
    try:
        return load_settings(IngestSettings, PROGRAM, settings_file)
    except SettingsError as error:
        if settings_file is not None:
            raise
        raise SettingsError(f"{error}; give the file of the running ingest with --settings FILE{instead}") from error


def state_place(settings_file: Path | None, state: str | None) -> StatePlace:
    """Where the running ingest keeps its state; one of both says so, or the environment does."""
    if not state:
        return running_settings(settings_file, ", or only its state with --state FILE").state_place
    if settings_file is not None:
        raise SettingsError("give either --settings or --state: the settings name the state already")
    return PostgresPlace(state, os.environ.get(_PASSWORD, "")) if "://" in state else SqliteFile(Path(state))
