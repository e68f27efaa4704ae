"""Options that several commands share, so that a name means the same and reads the same in each of them."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from service_runtime.errors import OperatorError

STORE_HELP = "sqlite:///file.db or influxdb://host:8086/bucket?org=name."
PARK_HELP = "Folder of the park register."
FROM_HELP = "First day (2026-11-01) or moment (2026-11-01T06:00), in park time."
TO_HELP = "Last day, the whole of it included, or a moment, itself not included."
LAW_OF_HELP = "Apply the law, limits and prices of this day (2026-11-01) to all data."
TOKEN_VARIABLES = ["ECOPARK_STORE_TOKEN", "ECOPARK_ANALYTICS_STORE_TOKEN"]
Command = Callable[..., Any]


def data_options(command: Command) -> Command:
    """``--store``, ``--store-token[-file]`` and ``--park``: ``store_url``, ``store_token`` and ``park_folder``."""
    command = token_options(park_option(command))
    return click.option("--store", "store_url", required=True, metavar="URL", help=STORE_HELP)(command)


def optional_store(purpose: str) -> Callable[[Command], Command]:
    """``--store`` that may be left out, with what it adds; ``store_url`` is empty then."""

    def with_store(command: Command) -> Command:
        words = f"{purpose}: {STORE_HELP}"
        return click.option("--store", "store_url", default="", metavar="URL", help=words)(token_options(command))

    return with_store


def park_option(command: Command) -> Command:
    """``--park``, the folder as text."""
    return click.option("--park", "park_folder", required=True, metavar="FOLDER", help=PARK_HELP)(command)


def token_options(command: Command) -> Command:
    """``--store-token`` or the file that holds it; the command gets ``store_token``, empty when there is none."""

    @functools.wraps(command)
    def with_token(*arguments: object, store_token_file: Path | None, **options: object) -> object:
        source = click.get_current_context().get_parameter_source("store_token_file")
        # Of what stands in the environment the token itself counts; a file that was typed counts before both.
        is_typed = source is ParameterSource.COMMANDLINE
        if store_token_file is not None and (is_typed or not options["store_token"]):
            options["store_token"] = _read(store_token_file)
        return command(*arguments, **options)

    file = click.option(
        "--store-token-file", type=click.Path(path_type=Path), envvar=[f"{name}_FILE" for name in TOKEN_VARIABLES],
        metavar="FILE", help="File with that token.",
    )(with_token)  # fmt: skip
    text = f"API token of InfluxDB; or {TOKEN_VARIABLES[0]} in the environment."
    return click.option("--store-token", default="", envvar=TOKEN_VARIABLES, metavar="TEXT", help=text)(file)


def range_options(default_from: str = "", default_to: str = "") -> Callable[[Command], Command]:
    """``--from`` and ``--to`` as ``from_text`` and ``to_text``, required where no default is told.

    ``service_runtime.local_times`` says what they mean.
    """

    def with_range(command: Command) -> Command:
        command = _range_option("--to", "to_text", default_to, TO_HELP)(command)
        return _range_option("--from", "from_text", default_from, FROM_HELP)(command)

    return with_range


def law_option(command: Command) -> Command:
    """``--law-of DAY`` as ``law_text``, empty when not given."""
    return click.option("--law-of", "law_text", metavar="DAY", default="", help=LAW_OF_HELP)(command)


def _range_option(name: str, parameter: str, default: str, words: str) -> Callable[[Command], Command]:
    if not default:
        return click.option(name, parameter, required=True, metavar="TIME", help=words)
    return click.option(name, parameter, default="", show_default=default, metavar="TIME", help=words)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise OperatorError(f"--store-token-file {file}: cannot be read ({reason})") from error
