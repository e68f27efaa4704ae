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
from gateway.sources.recording_times import (
    FormatFinder,
    StampReader,
    TimeOddities,
    interval_end_ms,
    parse_start,
    parse_step,
)
from service_runtime.errors import OperatorError
from telemetry_model.park_register import MeasuringPoint, Park
from telemetry_model.quantities import Kind
from telemetry_model.reading import Reading, ReadingReason

DEFAULT_START = "2020-01-01T00:00"
_DELIMITERS = ",;\t"


@dataclass(frozen=True)
class RecordingOptions:
    """How to read the file. ``time_column`` or ``step`` is required; the zone is the park's when not given."""

    mappings: tuple[ColumnMapping, ...]
    time_column: str = ""
    """The column of the stamps; several, separated by commas, are joined by a space (``year,month,day``)."""
    time_format: str = ""
    """A ``strptime`` form, ``iso``, ``epoch`` or ``epoch_ms``; found from the file when empty."""
    timezone: str = ""
    step: str = ""
    """Made-up times for a file without any: ``1h`` from ``start`` on."""
    start: str = DEFAULT_START
    missing: tuple[float, ...] = ()
    """Numbers the file writes for "no value", e.g. -200."""
    where: tuple[tuple[str, str], ...] = ()
    """Only rows whose cell in a column is this text are played: a file that holds several machines row by row."""
    has_header: bool = True
    """Without a first line of names the columns are called ``1``, ``2`` ..."""
    stamps_at_start: bool = False
    """Stamps name the start of their interval: amounts per interval are stored at its end, as everywhere else."""


class RecordedRow(NamedTuple):
    """One row of the file; ``lost`` when it is zeros that stand for a lost connection."""

    measured_at_ms: int
    readings: tuple[Reading, ...]
    lost: bool


class _Column(NamedTuple):
    name: str
    point: str
    step: UnitStep
    interval_seconds: int
    """How much later than its stamp the reading is stored; 0 but for amounts that are stamped at their start."""


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
        self._time_columns = self._split_time_columns(options.time_column)
        for name in (*self._time_columns, *(column for column, _ in options.where)):
            if name not in self._header:
                raise OperatorError(f"{path}: unknown column '{name}' (columns: {', '.join(self._header)})")
        check_mappings(options.mappings, self._header, park)
        self._columns = [self._column(mapping, park.points[mapping.point]) for mapping in options.mappings]
        names = [name for name in dict.fromkeys(self._header) if name not in self._time_columns]
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
                stamp = self._stamp(cells)
                if not stamp:
                    self.rows_without_time += 1
                    continue
                at_ms = self._utc_ms(stamps, stamp, number)
            yield self._row(at_ms, cells)

    def _row(self, at_ms: int, cells: Mapping[str, str]) -> RecordedRow:
        loss, values = ReadingReason.COMMUNICATION_LOSS, self._values(cells)
        if self._zero_rows.is_loss(values):
            lost_readings = (Reading(c.point, self._stored_ms(c, at_ms), None, reason=loss) for c in self._columns)
            return RecordedRow(at_ms, tuple(lost_readings), True)
        lost = self._zero_fahrenheit.lost_columns(values)
        readings: list[Reading] = []
        for column in self._columns:
            value = loss if column.name in lost else values[column.name]
            stored_ms = self._stored_ms(column, at_ms)
            if isinstance(value, ReadingReason):
                readings.append(Reading(column.point, stored_ms, None, reason=value))
            else:
                readings.append(Reading(column.point, stored_ms, column.step.convert(value)))
        return RecordedRow(at_ms, tuple(readings), False)

    def _column(self, mapping: ColumnMapping, point: MeasuringPoint) -> _Column:
        moved = self._options.stamps_at_start and point.quantity.kind is Kind.INTERVAL
        return _Column(mapping.column, mapping.point, unit_step(mapping, point), point.interval_seconds if moved else 0)

    def _stored_ms(self, column: _Column, at_ms: int) -> int:
        return interval_end_ms(at_ms, column.interval_seconds, self._zone) if column.interval_seconds else at_ms

    def _split_time_columns(self, text: str) -> tuple[str, ...]:
        if not text or text in self._header:
            return (text,) if text else ()
        return tuple(name.strip() for name in text.split(","))

    def _stamp(self, cells: Mapping[str, str]) -> str:
        """Empty as soon as one of its parts is."""
        parts = [cells[name].strip() for name in self._time_columns]
        return " ".join(parts) if all(parts) else ""

    def _first_pass(self) -> str:
        """One look at the whole file: how often its columns are zero, and the form of its times, which is returned."""
        time_column = self._options.time_column
        finder = FormatFinder() if time_column and not self._options.time_format else None
        for _, cells in self._cells():
            values = self._values(cells)
            self._zero_rows.look_at(values)
            self._zero_fahrenheit.look_at(values)
            stamp = self._stamp(cells) if finder else ""
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
        if not self._options.has_header:
            return [str(number) for number in range(1, len(header) + 1)], delimiter
        return [name.strip() for name in header], delimiter

    def _cells(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Line number and cells by column of the rows to play; short rows are filled up, blank lines passed over."""
        with self._open() as text:
            reader = csv.reader(text, delimiter=self._delimiter)
            try:
                if self._options.has_header:
                    next(reader)
                for values in reader:
                    padded: Sequence[str] = values + [""] * (len(self._header) - len(values))
                    cells = dict(zip(self._header, padded, strict=False))
                    if any(values) and all(cells[name].strip() == text for name, text in self._options.where):
                        yield reader.line_num, cells
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
