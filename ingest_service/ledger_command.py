"""``ecopark ingest ledger``: the completeness ledger as a table or as JSON, also while the service runs."""

from pathlib import Path
from zoneinfo import ZoneInfo

import click
import msgspec

from ingest_service.ledger_book import LedgerBook, ledger_document
from ingest_service.park_folder import load_park
from ingest_service.running_settings import running_settings, settings_option
from ingest_service.state.ledger import LedgerEntry, range_text
from service_runtime.clock import SystemClock, utc_from_ms
from service_runtime.errors import OperatorError
from service_runtime.local_times import end_ms, instant_ms, require_order
from telemetry_store.command_options import range_options

DEFAULT_SPAN_MS = 24 * 3_600_000
_ROW = "{:<16}  {:<16}  {:<8}  {:>8}  {:>8}  {:>9}  {:>8}  {:>9}  {:>9}  {:>11}  {:>6}  {}"
_HEADER = ("hour", "gateway", "run", "expected", "received", "duplicate", "refilled", "readings", "stored",
           "quarantined", "late", "missing batches")  # fmt: skip


@click.command(short_help="What came, what is missing, per gateway run and hour.")
@settings_option
@range_options("24 hours before --to", "now")
@click.option("--gateway", default="", help="Only this gateway.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, with hours in UTC.")
def ledger(settings_file: Path | None, from_text: str, to_text: str, gateway: str, as_json: bool) -> None:
    """Per gateway run and hour: batches expected, received and missing; readings stored and quarantined.

    Batches: expected = received + missing. Readings: readings = stored + quarantined. Times are park time.
    """
    settings = running_settings(settings_file)
    park = load_park(settings.park_folder)
    zone = park.timezone
    to_ms = end_ms(to_text, zone, "--to") if to_text else SystemClock().now_ms() + 1
    from_ms = instant_ms(from_text, zone, "--from") if from_text else to_ms - DEFAULT_SPAN_MS
    require_order(from_ms, to_ms, from_text, to_text or "now")
    lines = LedgerBook(settings.state_place).lines(from_ms, to_ms, gateway)
    if gateway and not lines and gateway not in {point.gateway for point in park.points.values()}:
        raise OperatorError(f"--gateway: '{gateway}' is no gateway of park '{park.id}', and the ledger has none of it")
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(ledger_document(lines))).decode())
        return
    click.echo(_ROW.format(*_HEADER).rstrip())
    for line in lines:
        click.echo(_table_row(line, zone).rstrip())
    missing = sum(line.missing_count for line in lines)
    expected, received = sum(line.expected for line in lines), sum(line.batches for line in lines)
    click.echo(f"{len(lines)} lines; batches expected {expected}, received {received}, missing {missing}")


def _table_row(line: LedgerEntry, zone: ZoneInfo) -> str:
    hour = utc_from_ms(line.hour_ms).astimezone(zone).strftime("%Y-%m-%d %H:%M")
    return _ROW.format(
        hour, line.gateway, line.run[:8], line.expected, line.batches, line.duplicate, line.refilled, line.received,
        line.stored, line.quarantined, line.late, range_text(line.missing) or "-",
    )  # fmt: skip
