"""Cells of recordings: a number, or the reason why it is none; and zeros that stand for a lost connection.

A lost connection is written as zeros in two ways, and each has its rule. ``ZeroRowRule``: nearly the whole row is 0.
``ZeroFahrenheitRule``: a temperature shows 255.372 K, which is a transmitter's 0 degF, and the columns that are hardly
ever zero are zero beside it. A zero that is common in its column, or that stands alone, stays a value.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from service_runtime.errors import OperatorError
from telemetry_model.park_register import MeasuringPoint, Park
from telemetry_model.reading import ReadingReason
from telemetry_model.units import conversion_factor

NO_ENTRY_MARKS = frozenset({"", "?", "-", "--", "na", "n/a", "#n/a", "null", "none"})
ZERO_SHARE = 0.75
"""So many of the telling columns are exactly 0 in a row: communication loss written as zeros. Set values and stand-ins
(0 degF) stay above zero in such a row, so it is not nearly 1."""
MIN_TELLING_COLUMNS = 5
ZERO_FAHRENHEIT_KELVIN = 255.372
MARK_TOLERANCE_KELVIN = 0.005
RARE_ZERO_SHARE = 0.01
_BOILING_KELVIN = 373.15
_KELVIN_SHARE = 0.99
_KELVIN_AT_0_DEGC = 273.15


def read_cell(text: str, missing: frozenset[float], decimal_comma: bool = False) -> float | ReadingReason:
    """The finite number in a cell, or the reason; never a zero that is not written there."""
    cell = text.strip()
    if cell.lower() in NO_ENTRY_MARKS:
        return ReadingReason.EMPTY_CELL
    try:
        value = float(cell.replace(",", ".") if decimal_comma else cell)
    except ValueError:
        return ReadingReason.NOT_A_NUMBER
    if not math.isfinite(value):
        return ReadingReason.NOT_A_NUMBER
    return ReadingReason.NOT_AVAILABLE if value in missing else value


@dataclass(frozen=True)
class ColumnMapping:
    """A column and the point it feeds; ``unit`` is the column's, empty when it is the point's own."""

    column: str
    point: str
    unit: str = ""

    @classmethod
    def parse(cls, text: str) -> "ColumnMapping":
        """``COLUMN=POINT`` or ``COLUMN=POINT:UNIT``; raises ``OperatorError``."""
        column, equals, target = text.rpartition("=")
        point, _, unit = target.partition(":")
        if not equals or not column or not point:
            raise OperatorError(f"--map: '{text}' is not COLUMN=POINT or COLUMN=POINT:UNIT")
        return cls(column.strip(), point.strip(), unit.strip())


@dataclass(frozen=True)
class UnitStep:
    """value -> value x numerator / denominator + offset."""

    numerator: int = 1
    denominator: int = 1
    offset: float = 0.0

    def convert(self, value: float) -> float:
        """In the point's unit."""
        scaled = value * self.numerator / self.denominator
        return round(scaled + self.offset, 9) if self.offset else scaled


def unit_step(mapping: ColumnMapping, point: MeasuringPoint) -> UnitStep:
    """From the column's unit to the point's; K and degF are known beside the usual conversions."""
    if mapping.unit == "K" and point.unit == "degC":
        return UnitStep(offset=-_KELVIN_AT_0_DEGC)
    if mapping.unit == "degF" and point.unit == "degC":
        return UnitStep(5, 9, -160 / 9)
    factor = conversion_factor(mapping.unit or point.unit, point.unit)
    if factor is None:
        raise OperatorError(f"--map: {mapping.column}: '{mapping.unit}' cannot be converted to {point.unit}")
    return UnitStep(*Fraction(str(factor)).as_integer_ratio())


def check_mappings(mappings: Sequence[ColumnMapping], header: Sequence[str], park: Park) -> None:
    """Raises ``OperatorError`` naming the first unknown column or point, and what there is instead."""
    if not mappings:
        raise OperatorError("--map: at least one COLUMN=POINT is required")
    fed: set[str] = set()
    for mapping in mappings:
        if header.count(mapping.column) != 1:
            problem = "unknown column" if mapping.column not in header else "more than one column"
            raise OperatorError(f"--map: {problem} '{mapping.column}' (columns: {', '.join(header)})")
        if mapping.point not in park.points:
            device = mapping.point.partition(".")[0]
            near = [point.id for point in park.points_of_device(device)] or sorted(
                {p.device for p in park.points.values()}
            )
            raise OperatorError(f"--map: unknown point '{mapping.point}' (there are: {', '.join(near)})")
        if mapping.point in fed:
            raise OperatorError(f"--map: point '{mapping.point}' is fed by two columns")
        fed.add(mapping.point)


class ZeroRowRule:
    """Finds rows in which a lost connection was written as zeros.

    Telling columns are the numeric columns that are not themselves zero in three quarters of the file or more. A row
    is a communication loss when at least three quarters of them are exactly 0, given that there are at least five.
    """

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = columns
        self._numbers = dict.fromkeys(columns, 0)
        self._texts = dict.fromkeys(columns, 0)
        self._zeros = dict.fromkeys(columns, 0)
        self._telling: tuple[str, ...] | None = None

    def look_at(self, row: Mapping[str, float | ReadingReason]) -> None:
        """First pass: learn which columns are numeric and how often each is zero."""
        for column in self._columns:
            value = row[column]
            if isinstance(value, ReadingReason):
                self._texts[column] += value is ReadingReason.NOT_A_NUMBER
            else:
                self._numbers[column] += 1
                self._zeros[column] += value == 0

    def telling_columns(self) -> tuple[str, ...]:
        """The columns that count; empty when there are fewer than five."""
        if self._telling is None:
            found = tuple(
                c
                for c in self._columns
                if self._numbers[c] > self._texts[c] and self._zeros[c] < ZERO_SHARE * self._numbers[c]
            )
            self._telling = found if len(found) >= MIN_TELLING_COLUMNS else ()
        return self._telling

    def is_loss(self, row: Mapping[str, float | ReadingReason]) -> bool:
        """Second pass."""
        telling = self.telling_columns()
        return bool(telling) and sum(row[column] == 0 for column in telling) >= ZERO_SHARE * len(telling)


class ZeroFahrenheitRule:
    """Finds a temperature transmitter's zero in a kelvin column, and the zeros that came with it.

    A kelvin column has at least 99 % of its numbers between 0 degF (255.372 K) and 373.15 K, and more than half of
    them above 0 degF; so a flow that happens to pass 255.372 is not one. In a row in which such a column is within
    0.005 K of 0 degF, two kinds of cells are communication loss: that one, and every exact zero of a column that is
    zero in fewer than 1 % of the file's rows.
    """

    def __init__(self, columns: Sequence[str]) -> None:
        self._rows = 0
        self._numbers = dict.fromkeys(columns, 0)
        self._zeros = dict.fromkeys(columns, 0)
        self._marks = dict.fromkeys(columns, 0)
        self._warmer = dict.fromkeys(columns, 0)
        self._kelvin: tuple[str, ...] | None = None

    def look_at(self, row: Mapping[str, float | ReadingReason]) -> None:
        """First pass: learn how often each column is a number, zero, the mark, and a plausible kelvin above it."""
        self._rows += 1
        for column in self._numbers:
            value = row[column]
            if isinstance(value, ReadingReason):
                continue
            self._numbers[column] += 1
            self._zeros[column] += value == 0
            is_mark = _is_zero_fahrenheit(value)
            self._marks[column] += is_mark
            self._warmer[column] += not is_mark and ZERO_FAHRENHEIT_KELVIN < value <= _BOILING_KELVIN

    def kelvin_columns(self) -> tuple[str, ...]:
        """The temperature columns in kelvin in which the mark occurs."""
        if self._kelvin is None:
            self._kelvin = tuple(
                column
                for column, numbers in self._numbers.items()
                if self._marks[column]
                and self._warmer[column] > numbers / 2
                and self._warmer[column] + self._marks[column] >= _KELVIN_SHARE * numbers
            )
        return self._kelvin

    def lost_columns(self, row: Mapping[str, float | ReadingReason]) -> frozenset[str]:
        """Second pass: the columns of this row whose cells are communication loss; mostly none."""
        marked = {column for column in self.kelvin_columns() if _is_zero_fahrenheit(row[column])}
        if not marked:
            return frozenset()
        rare = RARE_ZERO_SHARE * self._rows
        zeros = (column for column, count in self._zeros.items() if row[column] == 0 and count < rare)
        return frozenset(marked.union(zeros))


def _is_zero_fahrenheit(value: float | ReadingReason) -> bool:
    return not isinstance(value, ReadingReason) and abs(value - ZERO_FAHRENHEIT_KELVIN) <= MARK_TOLERANCE_KELVIN
