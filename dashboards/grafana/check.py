"""Finds what is wrong in dashboard JSON before an operator meets an empty panel; one line a problem."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from dashboards.grafana.appearance import EXPRESSION_TYPE, left_to_grafana
from dashboards.grafana.influxql_parser import InfluxqlError, SelectStatement, parse_select
from service_runtime.errors import OperatorError
from telemetry_model.quantities import Medium
from telemetry_model.storage_schema import (
    FIELD_REASON,
    FIELD_STATUS,
    READING_TAGS,
    RECORD_FIELDS,
    RECORD_TAGS,
    measurements,
    reading_fields,
    rollup_fields,
    rollup_source,
)

UNITLESS_KINDS = ("table", "state-timeline", "text", "row")


class BoardProblem(NamedTuple):
    """One mistake: in which file, which panel (empty for the board itself), and what."""

    file: str
    panel: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}: panel '{self.panel}'" if self.panel else self.file
        return f"{place}: {self.message}"


def check_file(path: Path) -> list[BoardProblem]:
    """Every problem of one file; raises :class:`OperatorError` when the file cannot be read at all."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise OperatorError(f"{path}: cannot be read ({reason})") from error
    try:
        board = json.loads(text)
    except json.JSONDecodeError as error:
        return [BoardProblem(path.name, "", f"not JSON: {error}")]
    if not isinstance(board, dict):
        return [BoardProblem(path.name, "", "not a dashboard: a JSON object is expected")]
    return [BoardProblem(path.name, panel, message) for panel, message in check_board(board)]


def check_board(board: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """``(panel title, message)`` for every problem of a dashboard."""
    for key in ("title", "uid"):
        if not isinstance(board.get(key), str) or not board[key]:
            yield "", f"has no {key}"
    panels = board.get("panels")
    if not isinstance(panels, list) or not panels:
        yield "", "has no panels"
        return
    seen: dict[object, str] = {}
    for panel in panels:
        if not isinstance(panel, dict):
            yield "", "a panel is not an object"
            continue
        title = str(panel.get("title") or f"no. {panel.get('id')}")
        number = panel.get("id")
        if number is None:
            yield title, "has no id"
        elif number in seen:
            yield title, f"has the id {number} of panel '{seen[number]}'"
        seen.setdefault(number, title)
        for message in _check_panel(panel):
            yield title, message


def _check_panel(panel: dict[str, Any]) -> Iterator[str]:
    if not panel.get("title"):
        yield "has no title"
    kind = panel.get("type")
    if kind in ("row", "text"):
        return
    defaults = (panel.get("fieldConfig") or {}).get("defaults") or {}
    if kind not in UNITLESS_KINDS and not defaults.get("unit"):
        yield "has no unit"
    yield from _check_limit(defaults)
    targets = panel.get("targets")
    if not isinstance(targets, list) or not targets:
        yield "has no query"
        return
    yield from left_to_grafana(panel)
    for target in targets:
        yield from _check_target(target)


def _check_limit(defaults: dict[str, Any]) -> Iterator[str]:
    """A panel that says it draws limit lines must have a line to draw."""
    style = ((defaults.get("custom") or {}).get("thresholdsStyle") or {}).get("mode", "off")
    steps = (defaults.get("thresholds") or {}).get("steps") or []
    if style != "off" and not any(isinstance(step.get("value"), int | float) for step in steps):
        yield "shows limit lines but has no limit"


def _check_target(target: dict[str, Any]) -> Iterator[str]:
    letter = target.get("refId") or "?"
    source = target.get("datasource") or {}
    if not isinstance(source, dict) or not source.get("uid"):
        yield f"query {letter} has no datasource uid"
        return
    if source.get("type") == EXPRESSION_TYPE:
        if not target.get("expression"):
            yield f"expression {letter} is empty"
        return
    try:
        statement = parse_select(str(target.get("query") or ""))
    except InfluxqlError as error:
        yield f"query {letter} cannot be parsed: {error}"
        return
    for message in _check_statement(statement):
        yield f"query {letter}: {message}"


def _check_statement(statement: SelectStatement) -> Iterator[str]:
    if not statement.has_time_filter:
        yield "has no time filter"
    if isinstance(statement.source, SelectStatement):
        yield from _check_statement(statement.source)
        if statement.source.bucket and statement.source.time_zone != statement.time_zone:
            yield "its subquery cuts days in another time zone"
        known = {*statement.source.columns, *statement.source.group_by}
        for name in sorted((statement.fields | statement.conditions | set(statement.group_by)) - known):
            yield f"'{name}' is no column of the subquery"
        return
    if statement.source not in measurements():
        yield f"unknown measurement '{statement.source}'"
        return
    fields, tags = _schema(statement.source)
    for name in sorted(statement.fields - fields):
        yield f"unknown field '{name}' of {statement.source}"
    for name in sorted(statement.conditions - fields - tags):
        yield f"unknown tag '{name}' of {statement.source}"
    for name in sorted(set(statement.group_by) - tags):
        yield f"unknown tag '{name}' of {statement.source}"


def _schema(measurement: str) -> tuple[set[str], set[str]]:
    if measurement in RECORD_FIELDS:
        return set(RECORD_FIELDS[measurement]), set(RECORD_TAGS[measurement])
    medium = rollup_source(measurement)
    fields = rollup_fields(medium) if medium else reading_fields(Medium(measurement))
    return fields | {FIELD_STATUS, FIELD_REASON}, set(READING_TAGS)
