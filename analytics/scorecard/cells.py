"""What a scorecard consists of: cells that are computed, evidenced or empty, and the state of the whole."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from analytics.finding import Confidence
from analytics.rulebook.doubt import Part, doubtful_parts
from analytics.scorecard.catalogue import IndicatorSpec, IndicatorTable


class Origin(StrEnum):
    """Where a cell's value comes from."""

    COMPUTED = "computed"
    """From meters or from the register's tables."""
    EVIDENCED = "evidenced"
    """From a document."""
    EMPTY = "empty"


class Outcome(StrEnum):
    """What a cell says about its level."""

    MET = "met"
    NOT_MET = "not_met"
    REPORTED = "reported"
    """A value that has no level."""
    UNKNOWN = "unknown"
    """No value, or too little data to judge it."""


@dataclass(frozen=True, slots=True)
class Proof:
    """The document behind a value."""

    document: str
    day: date
    responsible: str


@dataclass(frozen=True, slots=True)
class Period:
    """``[start_ms, end_ms)`` UTC that a value is about; ``is_open``: it goes on, the value is to date."""

    start_ms: int
    end_ms: int
    is_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One indicator's state. ``value`` and ``target`` are in ``unit`` (1 = yes, 0 = no where the unit is ``yes/no``).

    ``notes`` are English evidence sentences (:func:`analytics.rulebook.evidence.in_language` says them in Vietnamese).
    ``data_capture`` (0-1) is ``None`` where nothing was measured. ``comparison_word`` is ``min``, ``max`` ...
    """

    spec: IndicatorSpec
    table: IndicatorTable
    origin: Origin
    outcome: Outcome
    value: float | None
    unit: str
    target: float | None
    comparison_word: str
    citation: str
    confidence: Confidence
    rule: str = ""
    data_capture: float | None = None
    period: Period | None = None
    proof: Proof | None = None
    notes: tuple[str, ...] = ()

    @property
    def is_setting(self) -> bool:
        """Whether the level still has to be confirmed: then it must not be shown as law."""
        return self.confidence is Confidence.SETTING

    @property
    def doubtful_parts(self) -> tuple[Part, ...]:
        """Parts of the rule, besides the level, that still have to be confirmed."""
        return doubtful_parts(self.notes)


class FirmState(StrEnum):
    """What a firm has on record for an indicator."""

    YES = "yes"
    NO = "no"
    MISSING = "missing"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True)
class FirmCell:
    """One firm's record for one firm indicator."""

    firm: str
    name: str
    workers: int | None
    indicator: str
    state: FirmState
    proof: Proof | None


@dataclass(frozen=True, slots=True)
class Scorecard:
    """The whole card of a park and year, made at ``made_at_ms`` from data up to ``until_ms``."""

    park: str
    name_vi: str
    name_en: str
    year: int
    is_fictional: bool
    has_store: bool
    timezone: str
    made_at_ms: int
    until_ms: int
    cells: tuple[Cell, ...]
    firms: tuple[FirmCell, ...]

    def tables(self) -> list[IndicatorTable]:
        """The sets of indicators, in order."""
        return list({cell.table.id: cell.table for cell in self.cells}.values())

    def of_table(self, table: str) -> list[Cell]:
        """The cells of one set."""
        return [cell for cell in self.cells if cell.table.id == table]

    def missing(self) -> list[Cell]:
        """What is missing to pass: required cells that are not met or cannot be told, each source of data once."""
        found: dict[str, Cell] = {}
        for cell in self.cells:
            if cell.table.is_required and cell.outcome in (Outcome.NOT_MET, Outcome.UNKNOWN):
                found.setdefault(cell.spec.record_name, cell)
        return list(found.values())

    def to_confirm(self) -> list[Cell]:
        """Required cells whose level is a setting to be confirmed."""
        return [cell for cell in self.cells if cell.table.is_required and cell.is_setting]
