"""The ``ecopark dashboards`` commands: generate, check, publish, console."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from service_runtime.errors import OperatorError
from service_runtime.local_times import local_date
from service_runtime.settings import load_settings
from service_runtime.text_folder import read_text_folder
from telemetry_model.park_register import parse_park

FOLDER = click.Path(path_type=Path, file_okay=False)
FILE = click.Path(path_type=Path, dir_okay=False)


@click.group()
def dashboards() -> None:
    """Grafana boards as generated files, and the local console."""


@dashboards.command()
@click.option("--park-folder", type=FOLDER, required=True, help="Folder of the park register.")
@click.option("--output", type=FOLDER, help="Where to write (default: dashboards/generated).")
@click.option("--limits-on", metavar="DAY", help="Day whose limits are drawn: 2026-11-01. Default: today in the park.")
def generate(park_folder: Path, output: Path | None, limits_on: str | None) -> None:
    """Write every board as Grafana JSON, in Vietnamese and English."""
    from dashboards.grafana.generate import GENERATED_FOLDER, write_generated  # noqa: PLC0415 - needs the Grafana SDK

    park = parse_park(read_text_folder(park_folder))
    day = local_date(limits_on, "--limits-on") if limits_on else datetime.now(tz=UTC).astimezone(park.timezone).date()
    for path in write_generated(park, day, output or GENERATED_FOLDER):
        click.echo(path)


@dashboards.command(short_help="Check Grafana JSON: queries, names, units, limits, ids.")
@click.argument("files", nargs=-1, type=FILE)
def check(files: tuple[Path, ...]) -> None:
    """Check Grafana JSON (default: the generated boards): queries, names, units, limits, datasource, ids."""
    from dashboards.grafana.check import check_file  # noqa: PLC0415

    chosen = files or _generated_files()
    problems = [problem for file in chosen for problem in check_file(file)]
    for problem in problems:
        click.echo(problem)
    if problems:
        sys.exit(1)
    click.echo(f"{len(chosen)} boards checked, no problem")


@dashboards.command(short_help="Create or replace the boards on a Grafana server.")
@click.option("--grafana", "grafana_url", required=True, help="Address of the Grafana server.")
@click.option("--token", envvar="ECOPARK_GRAFANA_TOKEN", help="Service account token (or ECOPARK_GRAFANA_TOKEN).")
@click.option("--token-file", type=FILE, help="File that holds the token.")
@click.option("--folder-uid", default="", help="Grafana folder to put the boards in.")
@click.argument("files", nargs=-1, type=FILE)
def publish(
    grafana_url: str, token: str | None, token_file: Path | None, folder_uid: str, files: tuple[Path, ...]
) -> None:
    """Create or replace the boards (default: the generated ones) on a Grafana server."""
    from dashboards.grafana.publish import publish as send  # noqa: PLC0415

    for address in send(grafana_url, _token(token, token_file), files or _generated_files(), folder_uid):
        click.echo(address)


@dashboards.command(short_help="Show the boards, the mailbox and the chain in a browser.")
@click.option("--settings", "file", type=FILE, help="TOML file of console settings.")
@click.option("--park-folder", help="Folder of the park register.")
@click.option("--store-url", help="sqlite:///file.db or influxdb://host:8086/bucket?org=name.")
@click.option("--ingest-url", help="Where ingest answers, e.g. http://127.0.0.1:8080.")
@click.option("--mailbox-path", help="Folder of .eml files to show.")
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=int, help="Port to listen on.")
def console(file: Path | None, **overrides: str | int | None) -> None:
    """Show the boards, the mailbox and the chain's health in a browser."""
    from dashboards.console.app import run_console  # noqa: PLC0415 - the other commands need no web server
    from dashboards.settings import PROGRAM, ConsoleSettings  # noqa: PLC0415

    run_console(load_settings(ConsoleSettings, PROGRAM, file, overrides=overrides))


def _generated_files() -> tuple[Path, ...]:
    folder = Path(__file__).parent / "generated"
    files = tuple(sorted(folder.glob("*.json")))
    if not files:
        raise OperatorError(f"{folder}: holds no board; run `ecopark dashboards generate` first")
    return files


def _token(token: str | None, file: Path | None) -> str:
    if file is not None:
        try:
            return file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise OperatorError(f"{file}: cannot be read ({error.strerror})") from error
    if not token:
        raise OperatorError("publishing needs a token: --token-file, --token or ECOPARK_GRAFANA_TOKEN")
    return token
