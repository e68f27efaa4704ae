"""``ecopark ingest ledger``: the completeness ledger as a table or as JSON, also while the service runs."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import msgspec

from ingest_service.ledger_book import LedgerBook, ledger_document
from ingest_service.park_folder import load_park
from ingest_service.running_settings import running_settings, settings_option
from ingest_service.state.ledger import LedgerEntry, range_text
from service_runtime.clock import SystemClock, ms_from_datetime, utc_from_ms
from service_runtime.errors import OperatorError

DEFAULT_SPAN_MS = 24 * 3_600_000
_ROW = "{:<16}  {:<16}  {:<8}  {:>8}  {:>8}  {:>9}  {:>8}  {:>9}  {:>9}  {:>11}  {:>6}  {}"
_HEADER = ("hour", "gateway", "run", "expected", "received", "duplicate", "refilled", "readings", "stored",
           "quarantined", "late", "missing batches")  # fmt: skip


@click.command(short_help="What came, what is missing, per gateway run and hour.")
@settings_option
@click.option("--from", "start", help="2026-11-01 or 2026-11-01T06:00 (park time); 24 hours before the end if absent.")
@click.option("--to", "stop", help="End, not included; same forms as --from; now if absent.")
@click.option("--gateway", default="", help="Only this gateway.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, with hours in UTC.")
def ledger(settings_file: Path | None, start: str | None, stop: str | None, gateway: str, as_json: bool) -> None:
    """Per gateway run and hour: batches expected, received and missing; readings stored and quarantined.

    Batches: expected = received + missing. Readings: readings = stored + quarantined. Times are park time.
    """
    settings = running_settings(settings_file)
    zone = load_park(settings.park_folder).timezone
    to_ms = moment_ms(stop, zone, "--to") if stop else SystemClock().now_ms() + 1
    from_ms = moment_ms(start, zone, "--from") if start else to_ms - DEFAULT_SPAN_MS
    if from_ms >= to_ms:
        raise OperatorError(f"--from {start} is not before --to {stop or 'now'}")
    lines = LedgerBook(settings.state_place).lines(from_ms, to_ms, gateway)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(ledger_document(lines))).decode())
        return
    click.echo(_ROW.format(*_HEADER).rstrip())
    for line in lines:
        click.echo(_table_row(line, zone).rstrip())
    missing = sum(line.missing_count for line in lines)
    expected, received = sum(line.expected for line in lines), sum(line.batches for line in lines)
    click.echo(f"{len(lines)} lines; batches expected {expected}, received {received}, missing {missing}")


def moment_ms(text: str, zone: ZoneInfo, option: str) -> int:
    """UTC milliseconds of an ISO 8601 date or date and time; without an offset it is park time."""
    try:
        moment = datetime.fromisoformat(text)
        return ms_from_datetime(moment if moment.tzinfo else moment.replace(tzinfo=zone))
    except (ValueError, OverflowError):
        raise OperatorError(f"{option} '{text}' is not a date such as 2026-11-01 or 2026-11-01T06:00") from None


def _table_row(line: LedgerEntry, zone: ZoneInfo) -> str:
    hour = utc_from_ms(line.hour_ms).astimezone(zone).strftime("%Y-%m-%d %H:%M")
    return _ROW.format(
        hour, line.gateway, line.run[:8], line.expected, line.batches, line.duplicate, line.refilled, line.received,
        line.stored, line.quarantined, line.late, range_text(line.missing) or "-",
    )  # fmt: skip
