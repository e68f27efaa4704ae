"""``ecopark ingest token``: a random token for a source of readings over HTTP, and the lines that let it in."""

import hashlib
import os
import secrets
from pathlib import Path

import click
import msgspec

from ingest_service.http_sources import check_sources
from ingest_service.park_folder import load_park
from service_runtime.errors import OperatorError

TOKEN_BYTES = 32


@click.command(short_help="Make a token for a source that sends readings over HTTP.")
@click.argument("name")
@click.option("--point", "points", multiple=True, help="A point that it may write; may be repeated.")
@click.option("--gateway", default="", help="It may write what this gateway may.")
@click.option(
    "--add-to",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Add the lines to this file (made when it is not there) instead of printing them.",
)
@click.option("--park-folder", default="", envvar="ECOPARK_INGEST_PARK_FOLDER", help="Check the points against it.")
def token(name: str, points: tuple[str, ...], gateway: str, file: Path | None, park_folder: str) -> None:
    """Make a token for the source NAME, which sends readings to POST /api/v1/readings.

    The token goes to standard output, once: give it to the sender, it is kept nowhere. The lines for the file named by
    the setting http_sources_file hold its SHA-256 alone; they go to standard error, or with --add-to into the file.
    Ingest reads that file at its start.

    \b
    ecopark ingest token flow-meter-7 --point wm-7.flow --point wm-7.volume --add-to http-sources.toml
    """
    made = secrets.token_hex(TOKEN_BYTES)
    lines = source_lines(name, hashlib.sha256(made.encode()).hexdigest(), points, gateway)
    before = ""
    if file is not None and file.exists():
        try:
            before = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise OperatorError(f"{file} cannot be read ({error})") from error
    text = f"{before.rstrip()}\n\n{lines}" if before.strip() else lines
    _check(text, park_folder, file)
    if file is None:
        click.echo(lines, err=True, nl=False)
    else:
        _replace(file, text)
        click.echo(f"added source '{name}' to {file}; restart ingest to let it in", err=True)
    click.echo(made)


def source_lines(name: str, token_sha256: str, points: tuple[str, ...], gateway: str) -> str:
    """One ``[[sources]]`` table; a JSON text or list of texts is TOML as well."""
    fields: dict[str, object] = {"name": name, "token_sha256": token_sha256}
    if points:
        fields["points"] = points
    if gateway:
        fields["gateway"] = gateway
    return "[[sources]]\n" + "".join(
        f"{key} = {msgspec.json.encode(value).decode()}\n" for key, value in fields.items()
    )


def _check(text: str, park_folder: str, file: Path | None) -> None:
    """As ingest will: a file that would stop its start is not written."""
    park = load_park(park_folder) if park_folder else None
    check_sources(text, park, file or Path("http-sources.toml"))


def _replace(file: Path, text: str) -> None:
    """As a whole, readable by its owner only; a file that is there keeps its owner's rights."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        mode = file.stat().st_mode & 0o777 if file.exists() else 0o600
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as written:
            written.write(text)
        draft.replace(file)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise OperatorError(f"{file} cannot be written ({error.strerror})") from error
