"""``ecopark quarantine``: look at refused records, replay them once their cause is mended, or discard them."""

import asyncio
from pathlib import Path

import click
import msgspec

from ingest_service.admission import RefusalReason
from ingest_service.quarantine_replay import replay_quarantine
from ingest_service.running_settings import running_settings, settings_option, state_option, state_place
from ingest_service.state.quarantine import Quarantine, QuarantinedRecord
from service_runtime.clock import utc_from_ms
from service_runtime.errors import OperatorError
from telemetry_store.rows import RejectReason

_SHOWN_BYTES = 4_000


@click.group()
def quarantine() -> None:
    """Look at readings that were refused, and decide about them. The service may be running.

    Refused readings lie in ingest's state: name the settings file of the running ingest, or the state itself. Settings
    may also come from the environment, as the service reads them (ECOPARK_INGEST_STATE_PATH and the others).

    \b
    ecopark quarantine list --settings ingest.toml                      what was refused, and why
    ecopark quarantine list --state ingest-state.db --reason unknown_point
    ecopark quarantine show 17 --state ingest-state.db                  one record with its bytes
    ecopark quarantine replay --settings ingest.toml                    after the register was mended
    ecopark quarantine discard 17 18 --state ingest-state.db            for good
    """


@quarantine.command("list")
@settings_option
@state_option
@click.option("--reason", help="Only this reason.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="How many to show.")
def list_records(settings_file: Path | None, state: str | None, reason: str | None, limit: int) -> None:
    """One line per record, oldest first, then counts by reason."""
    kept = Quarantine(state_place(settings_file, state))
    _require_reason(reason, kept)
    records = kept.records(reason, limit)
    for record in records:
        times = f" x{record.times}" if record.times > 1 else ""
        click.echo(f"{record.id:>7}  {_moment(record.last_seen_ms)}  {record.reason:<18} {_line(record)}{times}")
    totals = ", ".join(f"{number} {why}" for why, number in kept.by_reason().items())
    click.echo(f"{len(records)} shown; in quarantine: {totals or 'nothing'}")


@quarantine.command()
@settings_option
@state_option
@click.argument("record_id", metavar="ID", type=int)
def show(settings_file: Path | None, state: str | None, record_id: int) -> None:
    """One record with its bytes as they came."""
    record = Quarantine(state_place(settings_file, state)).record(record_id)
    click.echo(f"id          {record.id}")
    click.echo(f"topic       {_printable(record.topic)}")
    click.echo(f"reason      {record.reason}")
    click.echo(f"detail      {_printable(record.detail)}")
    click.echo(f"first seen  {_moment(record.first_seen_ms)}")
    click.echo(f"last seen   {_moment(record.last_seen_ms)}")
    click.echo(f"times       {record.times}")
    click.echo(f"payload     {len(record.payload)} bytes")
    click.echo(_printable(record.payload[:_SHOWN_BYTES].decode("utf-8", "backslashreplace")))


@quarantine.command(short_help="Forget records for good.")
@settings_option
@state_option
@click.argument("record_ids", metavar="ID...", type=int, nargs=-1, required=True)
def discard(settings_file: Path | None, state: str | None, record_ids: tuple[int, ...]) -> None:
    """Forget records for good; ends with 1 when one of them is not there."""
    found, wanted = Quarantine(state_place(settings_file, state)).discard(record_ids), len(set(record_ids))
    click.echo(f"{found} of {wanted} discarded")
    if found < wanted:
        raise click.exceptions.Exit(1)


@quarantine.command()
@settings_option
@click.option("--reason", help="Only records refused for this reason.")
def replay(settings_file: Path | None, reason: str | None) -> None:
    """Admit refused records again, with the park register as it is now.

    What is admitted is written to the store and leaves the quarantine; the rest stays. Do this after mending the
    register, e.g. when a meter was mounted before it was registered. The ledger gets a line that moves the readings
    from quarantined to stored. Values stored as out of range are not here: "ecopark ingest refill" judges them again.

    Needs all settings of the running ingest: register, store and state.
    """
    settings = running_settings(settings_file)
    _require_reason(reason, Quarantine(settings.state_place))
    result = asyncio.run(replay_quarantine(settings, reason))
    released, readings, kept = result.released, result.readings, result.still_refused
    click.echo(f"records released: {released} (readings stored: {readings}); still refused: {kept}")


def _require_reason(reason: str | None, kept: Quarantine) -> None:
    known = {one.value for one in (*RefusalReason, *RejectReason)} | kept.by_reason().keys()
    if reason and reason not in known:
        raise OperatorError(f"--reason: nothing is refused for '{reason}' (known: {', '.join(sorted(known))})")


def _moment(time_ms: int) -> str:
    return utc_from_ms(time_ms).strftime("%Y-%m-%dT%H:%M:%SZ")


def _line(record: QuarantinedRecord) -> str:
    return _printable(f"{record.topic}  {record.detail}")


def _printable(text: str) -> str:
    """Refused bytes come from outside: nothing in them may steer the terminal."""
    return "".join(c if c.isprintable() else msgspec.json.encode(c).decode().strip('"') for c in text)
