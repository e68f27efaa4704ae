"""What a benchmark part gives back: named figures with their unit and target, as a table or as JSON."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

COLUMNS = ("part", "figure", "value", "unit", "target", "reached")


class Target(NamedTuple):
    """What the project wants to reach; ``at_most`` turns the comparison round."""

    value: float
    at_most: bool = False

    def __str__(self) -> str:
        return f"{'<=' if self.at_most else '>='} {short_number(self.value)}"

    def is_reached_by(self, value: float) -> bool:
        """Whether a figure is as good as wanted."""
        return value <= self.value if self.at_most else value >= self.value


class Figure(NamedTuple):
    """One measured number."""

    name: str
    value: float
    unit: str
    target: Target | None = None

    @property
    def verdict(self) -> str:
        """``yes``, ``no``, or nothing when there is no target."""
        if self.target is None:
            return ""
        return "yes" if self.target.is_reached_by(self.value) else "no"


def short_number(value: float) -> str:
    """Three or four significant digits, thousands separated."""
    if value >= 1000:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.3g}"


def as_json(part: str, figures: Iterable[Figure]) -> list[dict[str, Any]]:
    """Plain objects, one a figure."""
    return [
        {
            "part": part,
            "figure": figure.name,
            "value": figure.value,
            "unit": figure.unit,
            "target": str(figure.target) if figure.target else None,
            "reached": figure.target.is_reached_by(figure.value) if figure.target else None,
        }
        for figure in figures
    ]


def as_table(parts: Iterable[tuple[str, Sequence[Figure]]]) -> str:
    """A Markdown table whose columns also line up in a terminal."""
    rows = [COLUMNS]
    for part, figures in parts:
        for figure in figures:
            target = str(figure.target) if figure.target else ""
            rows.append((part, figure.name, short_number(figure.value), figure.unit, target, figure.verdict))
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    lines = ["| " + " | ".join(_pad(cell, widths, i) for i, cell in enumerate(row)) + " |" for row in rows]
    rule = "|" + "|".join(_rule(width, i) for i, width in enumerate(widths)) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def _pad(cell: str, widths: Sequence[int], column: int) -> str:
    return cell.rjust(widths[column]) if column == 2 else cell.ljust(widths[column])


def _rule(width: int, column: int) -> str:
    return "-" * (width + 1) + (":" if column == 2 else "-")
