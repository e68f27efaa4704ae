"""``ecopark replay``: plays a recorded CSV as a gateway would, to a running park or into a private chain."""

import json
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from deploy.local.broker import BROKER_NAMES, BrokerKind
from deploy.local.replay import (
    BrokerLogin,
    ReplayProgress,
    ReplayRequest,
    replay_into_workdir,
    replay_to_broker,
)
from gateway.recording_player import PlayCounts
from gateway.sources.recording import DEFAULT_START, RecordingOptions
from gateway.sources.recording_cells import ColumnMapping
from service_runtime.errors import OperatorError
from telemetry_store.command_options import PARK_HELP


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--park", "park_folder", type=click.Path(path_type=Path), required=True, metavar="FOLDER", help=PARK_HELP)
@click.option("--time", "time_column", default="",
              help="Column of the time stamps; several, e.g. year,month,day,hour, are read as one.")  # fmt: skip
@click.option("--time-format", default="", help="strptime form, `iso`, `epoch` or `epoch_ms` (default: found out).")
@click.option("--timezone", default="", help="Zone of the stamps, e.g. Asia/Seoul (default: the park's).")
@click.option("--step", default="", help="Make up times for a file without any, e.g. 1h.")
@click.option("--start", default=DEFAULT_START, show_default=True, help="First made-up time.")
@click.option("--map", "mappings", multiple=True, required=True, metavar="COLUMN=POINT[:UNIT]",
              help="Which column feeds which point; repeatable. UNIT if the file's is not the point's.")  # fmt: skip
@click.option("--missing", type=float, multiple=True, help="A number the file writes for 'no value', e.g. -200.")
@click.option("--where", "where", multiple=True, metavar="COLUMN=TEXT",
              help="Play only the rows with this text in a column, e.g. asset=1; repeatable.")  # fmt: skip
@click.option("--no-header", is_flag=True, help="The file has no line of names: its columns are called 1, 2, 3 ...")
@click.option("--stamps", type=click.Choice(("end", "start")), default="end", show_default=True,
              help="Which end of an interval a stamp means, for amounts per interval.")  # fmt: skip
@click.option("--speed", default="max", show_default=True, help="60 plays an hour in a minute; max does not wait.")
@click.option("--mqtt", "mqtt_url", default="", metavar="URL", help="Publish to this broker.")
@click.option("--username", default="", help="Login at the broker.")
@click.option("--password-file", type=click.Path(path_type=Path), help="File with the password.")
@click.option("--ca-file", default="", help="CA of the broker's certificate.")
@click.option("--local", "workdir", type=click.Path(path_type=Path, file_okay=False),
              help="Start a private chain (broker, ingest, SQLite) in this folder.")  # fmt: skip
@click.option("--broker", type=click.Choice(BROKER_NAMES), default="auto", show_default=True,
              help="The private chain's broker.")  # fmt: skip
def replay(  # noqa: PLR0913, PLR0917 - one parameter per option
    file: Path,
    park_folder: Path,
    time_column: str,
    time_format: str,
    timezone: str,
    step: str,
    start: str,
    mappings: tuple[str, ...],
    missing: tuple[float, ...],
    where: tuple[str, ...],
    no_header: bool,
    stamps: str,
    speed: str,
    mqtt_url: str,
    username: str,
    password_file: Path | None,
    ca_file: str,
    workdir: Path | None,
    broker: BrokerKind,
) -> None:
    """Play a recorded CSV as a gateway would: outbox, broker, ingest, store.

    A cell that is not a number becomes "no value" with a reason, never a zero. With --local the last line on standard
    output is a summary in JSON.

    \b
    ecopark replay steel.csv --park DIR --time date --timezone Asia/Seoul \\
        --map Usage_kWh=em-steel.active_energy_interval --local replay/
    ecopark replay turbine.csv --park DIR --step 1h --map NOX=st-turbine.nox --mqtt mqtt://127.0.0.1:1883
    """
    if bool(mqtt_url) == (workdir is not None):
        raise OperatorError("say where to: either --local WORKDIR or --mqtt URL")
    options = RecordingOptions(
        mappings=tuple(ColumnMapping.parse(text) for text in mappings),
        time_column=time_column,
        time_format=time_format,
        timezone=timezone,
        step=step,
        start=start,
        missing=missing,
        where=tuple(_condition(text) for text in where),
        has_header=not no_header,
        stamps_at_start=stamps == "start",
    )
    request = ReplayRequest(file, park_folder, options, _speed(speed))
    with _Bars() as progress:
        if workdir is not None:
            summary = replay_into_workdir(request, workdir, BrokerKind(broker), progress.callbacks)
            _tell(summary.counts)
            names = ("rows", "published", "stored", "quarantined", "missing")
            click.echo(json.dumps({name: getattr(summary, name) for name in names}))
        else:
            login = BrokerLogin(mqtt_url, username, _password(password_file), ca_file)
            counts = replay_to_broker(request, login, progress.callbacks)
            _tell(counts)
            click.echo(json.dumps({"rows": counts.rows, "published": counts.readings}))


def _condition(text: str) -> tuple[str, str]:
    column, equals, wanted = text.partition("=")
    if not equals or not column.strip():
        raise OperatorError(f"--where: '{text}' is not COLUMN=TEXT")
    return column.strip(), wanted.strip()


def _speed(text: str) -> float | None:
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not speed > 0:
        raise OperatorError(f"--speed: '{text}' is neither a positive number nor max")
    return speed


def _password(file: Path | None) -> str:
    if file is None:
        return ""
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise OperatorError(f"--password-file: {file} cannot be read ({error.strerror})") from error


def _tell(counts: PlayCounts) -> None:
    """On standard error: what was odd in the file, and what was made of it."""
    notes = {
        "without a value (kept with the reason)": counts.no_value,
        "rows of zeros taken for a lost connection": counts.communication_loss_rows,
        "00:00 stamps that end their day, moved to the next midnight": counts.shifted_midnights,
        "stamps in the repeated hour of a clock change": counts.repeated_hour,
        "stamps in an hour that does not exist": counts.nonexistent_times,
        "rows without a readable time, left out": counts.rows_without_time,
    }
    for sentence, count in notes.items():
        if count:
            click.echo(f"{count:,} {sentence}", err=True)


class _Bars:
    """A spinner for the rows, then a bar for what is still to be stored; silent when it is no terminal."""

    def __init__(self) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        console = Console(stderr=True)
        self._bars = Progress(*columns, console=console, disable=not console.is_terminal)
        self._rows = self._bars.add_task("Reading the recording", total=None)
        self._batches = self._bars.add_task("Waiting until all is stored", total=None)
        self.callbacks = ReplayProgress(self._show_rows, self._show_batches)
        self._most_batches = 1

    def __enter__(self) -> "_Bars":
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def _show_rows(self, rows: int) -> None:
        self._bars.update(self._rows, description=f"Reading the recording: {rows:,} rows")

    def _show_batches(self, left: int) -> None:
        self._most_batches = max(self._most_batches, left)
        self._bars.update(self._batches, total=self._most_batches, completed=self._most_batches - left)
