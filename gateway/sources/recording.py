"""A recorded CSV file as a source of readings: streamed, in file order, with every oddity counted and none hidden."""

import contextlib
import csv
import gzip
import io
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.sources.recording_cells import (
    ColumnMapping,
    UnitStep,
    ZeroFahrenheitRule,
    ZeroRowRule,
    check_mappings,
    read_cell,
    unit_step,
)
from gateway.sources.recording_times import FormatFinder, StampReader, TimeOddities, parse_start, parse_step
from service_runtime.errors import OperatorError
from telemetry_model.park_register import Park
from telemetry_model.reading import Reading, ReadingReason

DEFAULT_START = "2020-01-01T00:00"
_DELIMITERS = ",;\t"


@dataclass(frozen=True)
class RecordingOptions:
    """How to read the file. ``time_column`` or ``step`` is required; the zone is the park's when not given."""

    mappings: tuple[ColumnMapping, ...]
    time_column: str = ""
    time_format: str = ""
    """A ``strptime`` form, ``iso``, ``epoch`` or ``epoch_ms``; found from the file when empty."""
    timezone: str = ""
    step: str = ""
    """Made-up times for a file without any: ``1h`` from ``start`` on."""
    start: str = DEFAULT_START
    missing: tuple[float, ...] = ()
    """Numbers the file writes for "no value", e.g. -200."""


class RecordedRow(NamedTuple):
    """One row of the file; ``lost`` when it is zeros that stand for a lost connection."""

    measured_at_ms: int
    readings: tuple[Reading, ...]
    lost: bool


class _Column(NamedTuple):
    name: str
    point: str
    step: UnitStep


class Recording:
    """An opened recording: checked, its time form and zero rows understood. :meth:`rows` may be called again."""

    def __init__(self, path: Path, options: RecordingOptions, park: Park) -> None:
        """Raises ``OperatorError`` naming the file, column, point, unit or time form that does not work."""
        self.path = path
        self.rows_without_time = 0
        self.oddities = TimeOddities()
        self._options = options
        self._zone = _zone(options.timezone) if options.timezone else park.timezone
        self._missing = frozenset(options.missing)
        self._header, self._delimiter = self._read_header()
        if bool(options.time_column) == bool(options.step):
            raise OperatorError(f"{path}: give either --time COLUMN, or --step for a file without times")
        if options.time_column and options.time_column not in self._header:
            raise OperatorError(f"{path}: unknown column '{options.time_column}' (columns: {', '.join(self._header)})")
        check_mappings(options.mappings, self._header, park)
        self._columns = [_Column(m.column, m.point, unit_step(m, park.points[m.point])) for m in options.mappings]
        names = [name for name in dict.fromkeys(self._header) if name != options.time_column]
        self._zero_rows, self._zero_fahrenheit = ZeroRowRule(names), ZeroFahrenheitRule(names)
        self._form = self._first_pass()

    def rows(self) -> Generator[RecordedRow, None, None]:
        """Every row with a time, in file order; counts in ``oddities`` and ``rows_without_time`` start anew."""
        stamps = StampReader(self._form, self._zone)
        self.oddities, self.rows_without_time = stamps.oddities, 0
        step_ms = parse_step(self._options.step) * 1000 if self._options.step else 0.0
        start_ms = parse_start(self._options.start, self._zone) if self._options.step else 0
        for index, (number, cells) in enumerate(self._cells()):
            if self._options.step:
                at_ms = start_ms + round(index * step_ms)
            else:
                stamp = cells[self._options.time_column].strip()
                if not stamp:
                    self.rows_without_time += 1
                    continue
                at_ms = self._utc_ms(stamps, stamp, number)
            yield self._row(at_ms, cells)

    def _row(self, at_ms: int, cells: Mapping[str, str]) -> RecordedRow:
        loss, values = ReadingReason.COMMUNICATION_LOSS, self._values(cells)
        if self._zero_rows.is_loss(values):
            return RecordedRow(at_ms, tuple(Reading(c.point, at_ms, None, reason=loss) for c in self._columns), True)
        lost = self._zero_fahrenheit.lost_columns(values)
        readings: list[Reading] = []
        for column in self._columns:
            value = loss if column.name in lost else values[column.name]
            if isinstance(value, ReadingReason):
                readings.append(Reading(column.point, at_ms, None, reason=value))
            else:
                readings.append(Reading(column.point, at_ms, column.step.convert(value)))
        return RecordedRow(at_ms, tuple(readings), False)

    def _first_pass(self) -> str:
        """One look at the whole file: how often its columns are zero, and the form of its times, which is returned."""
        time_column = self._options.time_column
        finder = FormatFinder() if time_column and not self._options.time_format else None
        for _, cells in self._cells():
            values = self._values(cells)
            self._zero_rows.look_at(values)
            self._zero_fahrenheit.look_at(values)
            stamp = cells[time_column].strip() if finder else ""
            if finder and stamp:
                finder.look_at(stamp)
        try:
            return finder.result(time_column) if finder else self._options.time_format
        except OperatorError as error:
            raise OperatorError(f"{self.path}: {error}") from error

    def _utc_ms(self, stamps: StampReader, stamp: str, number: int) -> int:
        try:
            return stamps.utc_ms(stamp)
        except ValueError as error:
            raise OperatorError(
                f"{self.path}, line {number}: '{stamp}' is not a time of the form {self._form}; give --time-format"
            ) from error

    def _values(self, cells: Mapping[str, str]) -> dict[str, float | ReadingReason]:
        return {name: self._value(cell) for name, cell in cells.items()}

    def _value(self, cell: str) -> float | ReadingReason:
        return read_cell(cell, self._missing, decimal_comma=self._delimiter == ";")

    def _read_header(self) -> tuple[list[str], str]:
        with self._open() as text:
            try:
                line = text.readline()
            except UnicodeDecodeError as error:
                raise OperatorError(f"{self.path}: not UTF-8 text; save it as 'CSV UTF-8'") from error
        delimiter = max(_DELIMITERS, key=line.count)
        header = next(csv.reader([line], delimiter=delimiter), [])
        if not header:
            raise OperatorError(f"{self.path}: the first line must name the columns")
        return [name.strip() for name in header], delimiter

    def _cells(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Line number and cells by column; a short row is filled with empty cells, blank lines are passed over."""
        with self._open() as text:
            reader = csv.reader(text, delimiter=self._delimiter)
            try:
                next(reader)
                for values in reader:
                    if any(values):
                        padded: Sequence[str] = values + [""] * (len(self._header) - len(values))
                        yield reader.line_num, dict(zip(self._header, padded, strict=False))
            except UnicodeDecodeError as error:
                raise OperatorError(f"{self.path}: not UTF-8 text; save it as 'CSV UTF-8'") from error
            except csv.Error as error:
                raise OperatorError(f"{self.path}, line {reader.line_num}: {error}") from error

    @contextlib.contextmanager
    def _open(self) -> Iterator[io.TextIOWrapper]:
        try:
            file = self.path.open("rb")
        except OSError as error:
            raise OperatorError(f"{self.path}: cannot be read ({error.strerror})") from error
        with file:
            binary = gzip.GzipFile(fileobj=file) if self.path.suffix == ".gz" else file
            with io.TextIOWrapper(binary, encoding="utf-8-sig", newline="") as text:
                yield text


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise OperatorError(f"--timezone: unknown time zone '{name}' (e.g. Asia/Ho_Chi_Minh)") from error
