"""Reads one CSV or TOML text of the register into rows, and notes what is missing or malformed."""

import csv
import io
import re
import tomllib
from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

from telemetry_model.park_register.problems import RegisterProblem
from telemetry_model.park_register.spreadsheet import fit_to_header, number_hint, read_header

IDENTIFIER = re.compile(r"[a-z0-9][a-z0-9_-]*\Z")


class Row(NamedTuple):
    """One line of a table and where to point when it is wrong."""

    file: str
    number: int
    cells: dict[str, str]
    problems: list[RegisterProblem]
    has_decimal_comma: bool = False
    """Where cells are separated by semicolons, the spreadsheet may write 0,9 for 0.9."""

    def problem(self, column: str | None, message: str) -> None:
        """Note a mistake in this row."""
        self.problems.append(RegisterProblem(self.file, self.number, column, message))

    def text(self, column: str, default: str = "") -> str:
        """The trimmed cell, or the default when it is empty or the column is absent."""
        return self.cells.get(column, "") or default

    def identifier(self, column: str) -> str:
        """A required cell of lower-case letters, digits, ``-`` and ``_``."""
        value = self.text(column)
        if not IDENTIFIER.match(value):
            self.problem(column, f"'{value}' is not an id (lower-case letters, digits, - and _)")
        return value

    def number_in(self, column: str, default: float, low: float, high: float) -> float:
        """A number within bounds; an empty cell gives the default."""
        value = self.text(column)
        if not value:
            return default
        text = value.replace(",", ".") if self.has_decimal_comma and value.count(",") == 1 else value
        try:
            number = float(text)
        except ValueError:
            self.problem(column, f"'{value}' is not a number{number_hint(value)}")
            return default
        if not low <= number <= high:
            self.problem(column, f"{value} is outside {low:g} to {high:g}")
            return default
        return number

    def day(self, column: str) -> date | None:
        """A date ``YYYY-MM-DD``, or ``None`` when the cell is empty."""
        value = self.text(column)
        if not value:
            return None
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.problem(column, f"'{value}' is not a date (YYYY-MM-DD)")
            return None


def read_table(
    file: str, text: str, required: tuple[str, ...], known: tuple[str, ...], problems: list[RegisterProblem]
) -> Iterator[Row]:
    """Each data row; nothing at all when a required column is missing.

    Cells are separated by commas, or by semicolons where the header is (a Vietnamese Excel writes them so).
    """
    separator = separator_of(text)
    reader = csv.reader(io.StringIO(text), delimiter=separator)
    header = read_header(file, next(reader, []), problems)
    missing = [name for name in required if name not in header]
    unknown = [name for name in header if name not in known]
    found, expected = ", ".join(header), ", ".join(known)
    problems += [RegisterProblem(file, 1, name, f"required column is missing (found: {found})") for name in missing]
    problems += [RegisterProblem(file, 1, name or "(empty)", f"unknown column (known: {expected})") for name in unknown]
    if missing:
        return
    for number, values in enumerate(reader, start=2):
        if cells := fit_to_header(file, number, values, len(header), problems):
            yield Row(file, number, dict(zip(header, cells, strict=False)), problems, separator == ";")


def separator_of(text: str) -> str:
    """``;`` when the header has semicolons and no comma, else ``,``."""
    header = text.partition("\n")[0]
    return ";" if ";" in header and "," not in header else ","


def read_toml(file: str, text: str, problems: list[RegisterProblem]) -> dict[str, Any]:
    """The document, or an empty one with a problem noted."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problems.append(RegisterProblem(file, None, None, f"not valid TOML: {error}"))
        return {}
