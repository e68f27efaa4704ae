"""A question to the store, independent of the database: rendered to InfluxQL or SQL, answered the same by both."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

Cell = float | int | str | bool | None


class Aggregate(StrEnum):
    """How the values of one bucket become one number (InfluxQL names)."""

    MEAN = "mean"
    MIN = "min"
    MAX = "max"
    SUM = "sum"
    COUNT = "count"
    FIRST = "first"
    LAST = "last"


@dataclass(frozen=True, slots=True)
class Select:
    """One column: a field, optionally aggregated. ``name`` is the column's name in the answer."""

    field: str
    aggregate: Aggregate | None = None
    name: str = ""

    @property
    def column(self) -> str:
        """The column's name: ``name``, or the aggregate and field, or the field alone."""
        return self.name or (f"{self.aggregate}_{self.field}" if self.aggregate else self.field)


@dataclass(frozen=True, slots=True)
class SeriesQuery:
    """Rows of one measurement in ``[start_ms, stop_ms)``, UTC.

    * ``select`` columns are all raw or all aggregated. Rows in which every selected column is null are left out.
    * ``every_seconds`` cuts time into buckets aligned to 1970 UTC shifted by ``offset_seconds``; the row's time is the
      bucket's start. Without it an aggregate covers the whole range and its row time is ``start_ms``.
    * ``where`` keeps series whose tag has one of the values; ``group_by`` gives one :class:`SeriesResult` per tag set.
    * ``measuring_only`` keeps rows with status 0 (measuring) and no reason: the only ones a verdict may use.
    * ``combine`` first aggregates every *point* by itself per bucket, then combines the points' values of a group
      with this aggregate (e.g. mean per meter, then the sum over a tenant's meters). Needs exactly one aggregated
      column and ``every_seconds``.
    * Raw rows come in time order (``descending`` turns it round); ``limit`` is per series.
    """

    measurement: str
    select: tuple[Select, ...]
    start_ms: int
    stop_ms: int
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()
    group_by: tuple[str, ...] = ()
    every_seconds: int | None = None
    offset_seconds: int = 0
    measuring_only: bool = False
    combine: Aggregate | None = None
    descending: bool = False
    limit: int | None = None

    def __post_init__(self) -> None:
        kinds = {select.aggregate is None for select in self.select}
        if len(kinds) != 1:
            raise ValueError("a query needs columns that are all raw or all aggregated")
        if self.combine and (not self.every_seconds or len(self.select) != 1 or kinds == {True}):
            raise ValueError("combine needs one aggregated column and every_seconds")
        if self.every_seconds and kinds == {True}:
            raise ValueError("every_seconds needs aggregated columns")

    @property
    def is_raw(self) -> bool:
        """Whether rows come as they were written."""
        return self.select[0].aggregate is None


class SeriesResult(NamedTuple):
    """One group's answer: ``rows`` are ``(time_ms, column, ...)`` in time order."""

    tags: dict[str, str]
    columns: tuple[str, ...]
    rows: list[tuple[Cell, ...]]
