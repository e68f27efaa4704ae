"""What can be wrong in a park register, said so that the person who edits it finds the cell."""

from datetime import date, time
from typing import NamedTuple


class RegisterProblem(NamedTuple):
    """One mistake; ``row`` counts like a spreadsheet (the header is row 1), ``None`` when it is the whole file."""

    file: str
    row: int | None
    column: str | None
    message: str

    def __str__(self) -> str:
        place = self.file
        if self.row is not None:
            place += f", row {self.row}"
        if self.column is not None:
            place += f", column {self.column}"
        return f"{place}: {self.message}"


class RegisterError(Exception):
    """The register cannot be used; ``problems`` lists everything found, not only the first."""

    def __init__(self, problems: list[RegisterProblem]) -> None:
        self.problems = tuple(problems)
        first = str(problems[0])
        more = f" (and {len(problems) - 1} more; `ecopark park check` lists all)" if len(problems) > 1 else ""
        super().__init__(first + more)


def as_written(value: object) -> str:
    """A value of ``park.toml`` as it stands there: dates and times bare, ``true`` and ``false``, all else in quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, (date, time)) else f"'{value}'"
