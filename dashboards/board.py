"""What a board is: declared once, frozen, rendered twice (Grafana JSON and the local console)."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any, NamedTuple

from dashboards.queries.points import PointSet
from dashboards.queries.scope import QueryScope
from telemetry_store.query import SeriesQuery

GRID_COLUMNS = 24
"""Boards are laid out on Grafana's grid of 24 columns; the console uses the same one."""
DAY_SECONDS = 86_400
WEEK_SECONDS = 7 * DAY_SECONDS
FIRST_MONDAY_SECONDS = 4 * DAY_SECONDS
"""Weeks begin on Monday, but 1970 began on a Thursday."""


class Text(NamedTuple):
    """A text for people, in both languages."""

    vi: str
    en: str

    def say(self, language: str) -> str:
        """The Vietnamese text for ``vi``, else the English one."""
        return self.vi if language == "vi" else self.en


NO_TEXT = Text("", "")


class PanelKind(StrEnum):
    """How a panel shows its answer."""

    TIMESERIES = "timeseries"
    BAR = "bar"
    """One bar per bucket."""
    STAT = "stat"
    """The latest value, large."""
    SHARE = "share"
    """The first query's total as a percentage of the second's."""
    VERDICT_COUNTS = "verdict_counts"
    """How many subjects are compliant, exceeded, without sufficient data, by their latest finding."""
    FINDINGS = "findings"
    """The latest finding of each rule and subject, as a table."""
    ANOMALIES = "anomalies"
    """What was noticed lately, newest first: a sentence each, no verdict."""
    INSTRUMENT_STATUS = "instrument_status"
    """A timeline per device: measuring, calibrating, fault, or no data."""


class Legend(StrEnum):
    """What names a series: a fixed label, or the register's name of a tag."""

    LABEL = "label"
    TENANT = "tenant"
    DEVICE = "device"
    POINT = "point"
    GATEWAY = "gateway"


class Derive(StrEnum):
    """What is computed from the stored columns before they are shown."""

    AS_IS = "as_is"
    INCREASE = "increase"
    """Difference between consecutive bucket values of a counter; a counter that falls gives none.

    Meter exchanges of the register are counted in the console; Grafana asks the store alone and leaves that bar out."""
    POWER_FACTOR = "power_factor"
    """P / sqrt(P^2 + Q^2) of the two columns of a query."""


@dataclass(frozen=True, slots=True)
class PanelQuery:
    """A named query and how its series are called. ``bucket_seconds`` fixes the bucket; else it follows the zoom."""

    build: Callable[[QueryScope], SeriesQuery]
    legend: Legend = Legend.LABEL
    label: Text = NO_TEXT
    derive: Derive = Derive.AS_IS
    bucket_seconds: int | None = None

    @property
    def name(self) -> str:
        """The query function's name, e.g. ``power_by_tenant``."""
        build: Any = self.build.func if isinstance(self.build, partial) else self.build
        return str(build.__name__)

    @property
    def point_ids(self) -> tuple[str, ...]:
        """The registered points the query asks for; empty for questions about records."""
        if not isinstance(self.build, partial):
            return ()
        sets = [value for value in self.build.keywords.values() if isinstance(value, PointSet)]
        return tuple(point for each in sets for point in each.ids)

    @property
    def is_added_up(self) -> bool:
        """Whether several counters share one label: then what they grew is shown as one sum."""
        return self.derive is Derive.INCREASE and self.legend is Legend.LABEL and len(self.point_ids) > 1


@dataclass(frozen=True, slots=True)
class LimitRef:
    """Whose limit line a panel draws: a rule of the rulebook, for the installations of the register it applies to."""

    rule: str
    installations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture. ``key`` is unique on its board; ``width`` is out of 24 columns, ``height`` in grid rows.

    ``range_days`` widens (or narrows) the board's time range for this panel alone: findings and daily sums need more
    than a day. ``only_exceeded`` keeps exceedances in a findings table.
    """

    key: str
    kind: PanelKind
    title: Text
    unit: str
    queries: tuple[PanelQuery, ...]
    description: Text = NO_TEXT
    limit: LimitRef | None = None
    stacked: bool = False
    width: int = 12
    height: int = 8
    range_days: int | None = None
    only_exceeded: bool = False


class VariableKind(StrEnum):
    """What a viewer may choose on a board."""

    TENANT = "tenant"


@dataclass(frozen=True, slots=True)
class Variable:
    """A drop-down of a board; ``choices`` are ``(id, name)``."""

    kind: VariableKind
    title: Text
    choices: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Board:
    """A page of panels. Raises ``ValueError`` when two panels share a key."""

    id: str
    title: Text
    panels: tuple[Panel, ...]
    variables: tuple[Variable, ...] = ()

    def __post_init__(self) -> None:
        keys = [panel.key for panel in self.panels]
        doubled = sorted({key for key in keys if keys.count(key) > 1})
        if doubled:
            raise ValueError(f"board {self.id}: panel key {doubled[0]} is there twice")

    def panel(self, key: str) -> Panel:
        """The panel with this key; ``KeyError`` when there is none."""
        for panel in self.panels:
            if panel.key == key:
                return panel
        raise KeyError(key)
