"""``ecopark export``: stored readings as a CSV file, whatever the database."""

import asyncio
import csv
import os
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TextIO

import click

from service_runtime.clock import utc_from_ms
from service_runtime.errors import OperatorError
from service_runtime.local_times import range_ms
from service_runtime.text_folder import read_text_folder
from telemetry_model.park_register import MeasuringPoint, Park, parse_park
from telemetry_model.reading import InstrumentStatus
from telemetry_model.storage_schema import FIELD_REASON, FIELD_STATUS
from telemetry_store.command_options import data_options, range_options
from telemetry_store.open import open_store, require_existing
from telemetry_store.protocol import TelemetryStore
from telemetry_store.query import Cell, Select, SeriesQuery

COLUMNS = ("time", "point", "value", "unit", "status", "reason")
SLICE_MS = 7 * 86_400_000
"""One question covers a week of one point at most, so that memory stays small however long the export."""
PROGRESS_ROWS = 100_000
_STATUS_WORDS = {int(status): status.name.lower() for status in InstrumentStatus}
CsvRow = tuple[str, str, str, str, str, str]


@click.command()
@data_options
@range_options()
@click.option("--points", multiple=True, help="Point id or pattern such as 'em-*.active_power'; may be repeated.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The CSV file to write.")
def export(
    store_url: str,
    store_token: str,
    park_folder: str,
    from_text: str,
    to_text: str,
    points: tuple[str, ...],
    output: Path,
) -> None:
    """Write stored readings as CSV: time (UTC), point, value, unit, status, reason.

    Readings without a value are in it too, with their reason. The file appears under its name only when it is whole.
    """
    park = parse_park(read_text_folder(Path(park_folder)))
    span_ms = range_ms(from_text, to_text, park.timezone)
    chosen = choose_points(park, points)
    store = open_store(store_url, store_token)
    require_existing(store_url)
    with _whole_file(output) as file:
        count = asyncio.run(_export(store, chosen, span_ms, file))
    if not count:
        click.echo(f"{store_url} holds no reading of these points from {from_text} to {to_text}", err=True)
    click.echo(f"{output}: {count} readings of {len(chosen)} points")


def choose_points(park: Park, patterns: Iterable[str]) -> list[MeasuringPoint]:
    """The points that match, in register order; all of them without a pattern, an error for one that matches none."""
    chosen: set[str] = set()
    patterns = [part.strip() for pattern in patterns for part in pattern.split(",") if part.strip()]
    for pattern in patterns:
        matching = {name for name in park.points if fnmatchcase(name, pattern)}
        if not matching:
            raise OperatorError(f"--points '{pattern}' matches no point of {park.id}")
        chosen |= matching
    return [point for point in park.points.values() if not patterns or point.id in chosen]


async def readings_of(
    store: TelemetryStore, point: MeasuringPoint, start_ms: int, stop_ms: int
) -> AsyncIterator[list[CsvRow]]:
    """The point's readings in time order, a slice at a time."""
    for slice_ms in range(start_ms, stop_ms, SLICE_MS):
        query = SeriesQuery(
            measurement=point.medium.value,
            select=(Select(point.field_name), Select(FIELD_STATUS), Select(FIELD_REASON)),
            start_ms=slice_ms,
            stop_ms=min(slice_ms + SLICE_MS, stop_ms),
            where=(("point", (point.id,)),),
        )
        for result in await store.select(query):
            yield [_csv_row(point, row) for row in result.rows]


def _csv_row(point: MeasuringPoint, row: tuple[Cell, ...]) -> CsvRow:
    time_ms, value, status, reason = row
    moment = utc_from_ms(int(time_ms or 0)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    word = _STATUS_WORDS.get(int(status or 0), str(status))
    return moment, point.id, "" if value is None else repr(value), point.unit, word, str(reason or "")


async def _export(store: TelemetryStore, points: list[MeasuringPoint], range_ms: tuple[int, int], file: TextIO) -> int:
    table = csv.writer(file)
    table.writerow(COLUMNS)
    count = told = 0
    try:
        await store.check()
        for point in points:
            async for rows in readings_of(store, point, *range_ms):
                table.writerows(rows)
                count += len(rows)
                if count - told >= PROGRESS_ROWS:
                    told = count
                    click.echo(f"{count} readings, at {point.id} …", err=True)
    finally:
        await store.close()
    return count


@contextmanager
def _whole_file(output: Path) -> Iterator[TextIO]:
    """A file under another name until it is finished, so that half an export is never taken for a whole one."""
    unfinished = output.with_name(output.name + ".part")
    try:
        with unfinished.open("w", encoding="utf-8", newline="") as file:
            yield file
        os.replace(unfinished, output)
    except OSError as error:
        raise OperatorError(f"{output}: cannot be written ({error.strerror})") from error
    finally:
        unfinished.unlink(missing_ok=True)
