"""``ecopark ingest``; ``ecopark quarantine`` is reached through here too."""

import asyncio
from pathlib import Path

import click

from ingest_service.ledger_command import ledger
from ingest_service.quarantine_command import quarantine
from ingest_service.refill_command import refill
from ingest_service.settings import IngestSettings
from ingest_service.token_command import token
from service_runtime.settings import load_settings

__all__ = ["ingest", "quarantine"]
PROGRAM = "ingest"
_settings_option = click.option(
    "--settings", "settings_file", type=click.Path(path_type=Path), help="TOML file with the ingest settings."
)


@click.group()
def ingest() -> None:
    """Take readings in from the broker and store them."""


ingest.add_command(ledger)
ingest.add_command(refill)
ingest.add_command(token)


@ingest.command()
@_settings_option
@click.option("--park-folder", help="The park register.")
@click.option("--mqtt-url", help="mqtt://host:1883 or mqtts://host:8883.")
@click.option("--store-url", help="sqlite:///file.db or influxdb://host:8086/bucket?org=name.")
@click.option("--state-path", help="File for cursors, counts, ledger and quarantine of a single ingest.")
@click.option("--state-url", help="postgresql://user@host:5432/database instead, for replicas.")
@click.option("--mqtt-share-group", help="Share the readings with the other replicas of this group.")
@click.option("--mqtt-client-id", help="This replica's own name for broker and state, the same at each start.")
@click.option("--http-host", help="Address to serve health, metrics and status on.")
@click.option("--http-port", type=int, help="Its port.")
def run(settings_file: Path | None, **overrides: str | int | None) -> None:
    """Run until stopped. Every setting is also an environment variable, ECOPARK_INGEST_<FIELD>.

    One ingest keeps its state in a file (--state-path). Several share the work when all have the same --state-url and
    --mqtt-share-group, each with its own --mqtt-client-id: docs/how-to/run-two-ingest-replicas.md.
    """
    from ingest_service.bootstrap import run_ingest  # noqa: PLC0415 - the quarantine commands need no web server

    settings = load_settings(IngestSettings, PROGRAM, settings_file, overrides=overrides)
    asyncio.run(run_ingest(settings))
