"""The tables of the scorecard: which indicators there are, where each comes from, and what is needed to fill it.

A new indicator is one entry in a table of ``analytics/scorecard/tables``: with ``rule`` it is judged by that rule of
the rulebook, without one it is filled by a record of ``evidence.csv`` under its own id.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cache
from pathlib import Path

import msgspec

from analytics.finding import Confidence
from analytics.rulebook import Rule, load_rulebook
from analytics.rulebook.rule import Comparison
from service_runtime.errors import OperatorError
from service_runtime.text_folder import read_text_folder

TABLES_FOLDER = Path(__file__).parent / "tables"


class ValueKind(StrEnum):
    """What a record of an indicator says."""

    YES_NO = "yes_no"
    PERCENT = "percent"
    NUMBER = "number"


class Pillar(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A heading within a table."""

    id: str
    title_vi: str
    title_en: str


class IndicatorSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One indicator. ``rule`` judges it; else the newest record of ``evidence`` (default: its id) is held against
    ``target`` (yes for ``yes_no``). ``is_reported_only``: a number without a level. ``is_within_year``: only a record
    of the year counts.
    """

    id: str
    title_vi: str
    title_en: str
    needs_vi: str
    needs_en: str
    pillar: str = ""
    rule: str = ""
    evidence: str = ""
    kind: ValueKind = ValueKind.PERCENT
    comparison: Comparison = Comparison.MIN
    target: float | None = None
    citation: str = ""
    confidence: Confidence | None = None
    is_reported_only: bool = False
    is_within_year: bool = False

    @property
    def record_name(self) -> str:
        """The ``indicator`` under which a record of it stands in ``evidence.csv``."""
        return self.rule or self.evidence or self.id

    def title(self, language: str) -> str:
        """The title in ``vi`` or ``en``."""
        return self.title_vi if language == "vi" else self.title_en


class IndicatorTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One set of indicators. ``is_required``: what is missing here is missing to pass."""

    id: str
    title_vi: str
    title_en: str
    note_vi: str
    note_en: str
    is_required: bool
    indicators: tuple[IndicatorSpec, ...]
    citation: str = ""
    confidence: Confidence | None = None
    pillars: tuple[Pillar, ...] = ()

    def title(self, language: str) -> str:
        """The title in ``vi`` or ``en``."""
        return self.title_vi if language == "vi" else self.title_en


@cache
def load_catalogue() -> tuple[IndicatorTable, ...]:
    """The tables that come with the product, in the order of their file names."""
    return parse_tables(read_text_folder(TABLES_FOLDER, (".toml",)), load_rulebook())


def parse_tables(texts: Mapping[str, str], rules: Sequence[Rule]) -> tuple[IndicatorTable, ...]:
    """Checked tables from TOML by file name; raises :class:`OperatorError` naming file, indicator and field."""
    tables: list[IndicatorTable] = []
    seen: set[str] = set()
    for file, text in sorted(texts.items()):
        try:
            table = msgspec.convert(tomllib.loads(text), IndicatorTable)
        except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
            raise OperatorError(f"{file}: {error}") from error
        for problem in _problems(table, {rule.id for rule in rules}, seen):
            raise OperatorError(f"{file}: {problem}")
        tables.append(table)
    return tuple(tables)


def record_names() -> frozenset[str]:
    """Every ``indicator`` that a record of ``evidence.csv`` may carry: rules and indicators of the scorecard."""
    own = {spec.record_name for table in load_catalogue() for spec in table.indicators}
    return frozenset(own | {rule.id for rule in load_rulebook()})


def _problems(table: IndicatorTable, rules: set[str], seen: set[str]) -> Iterator[str]:
    pillars = {pillar.id for pillar in table.pillars}
    for spec in table.indicators:
        if spec.id in seen:
            yield f"{spec.id}: id: is there twice"
        seen.add(spec.id)
        if spec.rule and spec.rule not in rules:
            yield f"{spec.id}: rule: the rulebook has no rule '{spec.rule}'"
        if spec.pillar not in pillars and (spec.pillar or pillars):
            yield f"{spec.id}: pillar: '{spec.pillar}' is not a pillar of this table"
        if not spec.rule and (spec.confidence or table.confidence) is None:
            yield f"{spec.id}: confidence: required, here or for the table"
        if not spec.rule and not (spec.citation or table.citation):
            yield f"{spec.id}: citation: required, here or for the table"
        has_level = spec.kind is ValueKind.YES_NO or spec.target is not None
        if not spec.rule and not has_level and not spec.is_reported_only:
            yield f"{spec.id}: target: a {spec.kind} needs a target, or is_reported_only"
