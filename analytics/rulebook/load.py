"""TOML packs -> checked rules; every mistake is one line with file, rule id and field."""

import dataclasses
import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

from analytics.rulebook.doubt import Doubt, read_doubts, shipped_doubts
from analytics.rulebook.rule import (
    Averaging,
    Comparison,
    Condition,
    EvaluatorKind,
    EvidenceMeasure,
    Operator,
    Rule,
)
from service_runtime.errors import OperatorError
from service_runtime.text_folder import read_text_folder
from telemetry_model.quantities import QUANTITIES, Medium
from telemetry_model.units import is_known_unit

PACKS_FOLDER = Path(__file__).parent / "packs"
_DERIVED = ("pack", "applies_to", "to_confirm")
_FIELDS = {field.name for field in dataclasses.fields(Rule)} - {"pack"}
_EXTRA_UNITS = frozenset({"h", "d", "year", "TOE", "tCO2e", "MJ/t", "MJ/hl", "dBA", "links", "points", "cases"})
_DATE_OPERATORS = (Operator.FROM, Operator.BEFORE)
_NUMBER_OPERATORS = (Operator.AT_LEAST, Operator.ABOVE, Operator.AT_MOST, Operator.BELOW)
_DUE = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])\Z")


class RuleError(OperatorError):
    """A rule pack cannot be used; ``problems`` lists every mistake, each one line."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(problems[0] + (f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""))


@cache
def load_rulebook() -> tuple[Rule, ...]:
    """All rules that come with the product, in the order of id and start of validity."""
    return parse_packs(read_text_folder(PACKS_FOLDER, (".toml",)))


def parse_packs(texts: Mapping[str, str]) -> tuple[Rule, ...]:
    """Rules of packs given as text by file name; raises :class:`RuleError` with all problems."""
    problems: list[str] = []
    rules: list[Rule] = []
    doubts = dict(shipped_doubts())
    documents = list(_documents(texts, problems))
    for file, document in documents:
        doubts.update(read_doubts(file, document.get("doubts", {}), problems))
    for file, document in documents:
        rules.extend(_pack(file, document, doubts, problems))
    problems.extend(_overlaps(rules))
    if problems:
        raise RuleError(problems)
    return tuple(sorted(rules, key=lambda rule: (rule.id, rule.valid_from, rule.version)))


def _documents(texts: Mapping[str, str], problems: list[str]) -> Iterable[tuple[str, dict[str, Any]]]:
    for file, text in texts.items():
        try:
            yield file, tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            problems.append(f"{file}: not valid TOML: {error}")


def _pack(file: str, document: Mapping[str, Any], doubts: Mapping[str, Doubt], problems: list[str]) -> Iterable[Rule]:
    name = document.get("pack")
    entries = document.get("rules")
    if not isinstance(name, str) or not name:
        problems.append(f"{file}: pack: a name is required")
    if entries is None and "doubts" in document:
        return
    if not isinstance(entries, list) or not entries:
        problems.append(f"{file}: rules: at least one [[rules]] table is required")
        return
    for number, entry in enumerate(_expanded(entries), start=1):
        where = f"{file}: {entry.get('id') or f'rule no. {number}'}"
        found = _rule(where, str(name), entry, doubts)
        if isinstance(found, Rule):
            found_problems = list(_check(where, found))
            problems.extend(found_problems)
            if not found_problems:
                yield found
        else:
            problems.extend(found)


def _expanded(entries: list[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """A table with ``versions`` stands for one rule each: what the versions share is written once."""
    for entry in entries:
        shared = {key: value for key, value in entry.items() if key != "versions"}
        for version in entry.get("versions", [{}]):
            yield {**shared, **version}


def _rule(where: str, pack: str, entry: dict[str, Any], doubts: Mapping[str, Doubt]) -> Rule | list[str]:
    problems = [f"{where}: {key}: unknown field" for key in entry if key not in _FIELDS]
    problems += [f"{where}: {key}: required" for key in _required() if entry.get(key) in (None, "")]
    conditions = _conditions(where, entry.get("applies_to", {}), problems)
    to_confirm = _to_confirm(where, entry.get("to_confirm", []), doubts, problems)
    if problems:
        return problems
    raw = {key: value for key, value in entry.items() if key not in _DERIVED}
    try:
        rule = msgspec.convert(raw, Rule)
    except msgspec.ValidationError as error:
        text, _, path = str(error).partition(" - at `$")
        return [f"{where}: {path.strip('.`') or 'rule'}: {text}"]
    columns = MappingProxyType(dict(rule.limit_by_column))
    return dataclasses.replace(
        rule, pack=pack, applies_to=conditions, limit_by_column=columns, to_confirm=to_confirm
    )  # fmt: skip


def _to_confirm(where: str, names: object, doubts: Mapping[str, Doubt], problems: list[str]) -> tuple[Doubt, ...]:
    if not isinstance(names, list):
        problems.append(f"{where}: to_confirm: must be a list of names of [doubts.NAME] tables")
        return ()
    problems += [f"{where}: to_confirm: there is no [doubts.{name}]" for name in names if name not in doubts]
    return tuple(doubts[name] for name in names if name in doubts)


def _required() -> Iterable[str]:
    for field in dataclasses.fields(Rule):
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            yield field.name


def _conditions(where: str, raw: object, problems: list[str]) -> tuple[Condition, ...]:
    if not isinstance(raw, dict):
        problems.append(f"{where}: applies_to: must be a table")
        return ()
    found: list[Condition] = []
    for key, value in raw.items():
        operator = next((op for op in Operator if op is not Operator.IS and key.endswith(f"_{op}")), Operator.IS)
        attribute = key if operator is Operator.IS else key.removesuffix(f"_{operator}")
        if operator in _DATE_OPERATORS and not isinstance(value, date):
            problems.append(f"{where}: applies_to.{key}: must be a date (YYYY-MM-DD, unquoted)")
        elif operator is Operator.NOT_IN and not isinstance(value, list):
            problems.append(f"{where}: applies_to.{key}: must be a list")
        elif operator in _NUMBER_OPERATORS and not isinstance(value, (int, float)):
            problems.append(f"{where}: applies_to.{key}: must be a number")
        found.append(Condition(attribute, operator, tuple(value) if isinstance(value, list) else value))
    return tuple(found)


def _check(where: str, rule: Rule) -> Iterable[str]:
    if not is_known_unit(rule.unit) and rule.unit not in _EXTRA_UNITS:
        yield f"{where}: unit: unknown unit '{rule.unit}'"
    if rule.valid_to is not None and rule.valid_to < rule.valid_from:
        yield f"{where}: valid_to: {rule.valid_to} is before valid_from {rule.valid_from}"
    if not 0 <= rule.minimum_data_capture <= 1:
        yield f"{where}: minimum_data_capture: {rule.minimum_data_capture:g} is not between 0 and 1"
    yield from _check_limit(where, rule)
    yield from _check_evaluator(where, rule)


def _check_limit(where: str, rule: Rule) -> Iterable[str]:
    if rule.comparison is Comparison.BETWEEN:
        if rule.limit_table_loaded and (rule.low is None or rule.high is None or rule.low >= rule.high):
            yield f"{where}: low: a rule that compares 'between' needs low < high"
    elif not _has_limit(rule) and not rule.permit_attribute and rule.limit_table_loaded:
        yield f"{where}: limit: one of limit, limit_by_column or permit_attribute is required"
    if rule.limit is not None and rule.limit_by_column:
        yield f"{where}: limit: either limit or limit_by_column, not both"
    if rule.formula is not None and rule.limit is None and not rule.limit_by_column:
        yield f"{where}: formula: {rule.formula} needs the base value C in limit or limit_by_column"


def _has_limit(rule: Rule) -> bool:
    return rule.limit is not None or bool(rule.limit_by_column) or rule.comparison is Comparison.REPORT


def _check_evaluator(where: str, rule: Rule) -> Iterable[str]:
    if rule.evaluator.is_of_quantity:
        known = QUANTITIES.get((rule.medium, rule.quantity)) if rule.medium else None
        if known is None:
            yield f"{where}: quantity: '{rule.quantity}' is not a quantity of medium '{rule.medium}'"
        elif known.unit != rule.unit:
            yield f"{where}: unit: '{rule.unit}', but {rule.quantity} is measured in {known.unit}"
    needs_reference = rule.evaluator is EvaluatorKind.CORRECTED_MEAN and rule.limit_table_loaded
    if needs_reference and rule.o2_reference_percent is None:
        yield f"{where}: o2_reference_percent: required for {rule.evaluator}"
    if rule.evaluator is EvaluatorKind.SHARE and not (rule.numerator_roles and rule.denominator_roles):
        yield f"{where}: numerator_roles: {rule.evaluator} needs numerator_roles and denominator_roles"
    if rule.evaluator is EvaluatorKind.REGISTER_SHARE and not (
        rule.numerator_attributes and rule.denominator_attributes
    ):
        yield f"{where}: numerator_attributes: {rule.evaluator} needs numerator_attributes and denominator_attributes"
    if rule.evidence_measure is EvidenceMeasure.DAYS_LATE and not _DUE.match(rule.due):
        yield f"{where}: due: {rule.evidence_measure} needs the due date as MM-DD, not '{rule.due}'"
    if rule.evaluator is EvaluatorKind.WASTE_SHARE and not rule.destinations:
        yield f"{where}: destinations: {rule.evaluator} needs the destinations it counts"
    is_by_year = not rule.evaluator.needs_points and not rule.evaluator.takes_firm_meters
    if is_by_year and rule.averaging is not Averaging.YEAR:
        yield f"{where}: averaging: what the register alone decides is judged by the year"
    for name in rule.quantities:
        medium, _, quantity = name.partition(".")
        if medium not in set(Medium) or (Medium(medium), quantity) not in QUANTITIES:
            yield f"{where}: quantities: '{name}' is not medium.quantity of the vocabulary"


def _overlaps(rules: list[Rule]) -> Iterable[str]:
    seen: dict[tuple[str, tuple[Condition, ...]], list[Rule]] = {}
    versions: set[tuple[str, str]] = set()
    for rule in rules:
        if (rule.id, rule.version) in versions:
            yield f"{rule.pack}: {rule.id}: version: '{rule.version}' is there twice"
        versions.add((rule.id, rule.version))
        others = seen.setdefault((rule.id, rule.applies_to), [])
        for other in others:
            if _meet(rule, other):
                yield f"{rule.pack}: {rule.id}: valid_from: versions {other.version} and {rule.version} overlap"
        others.append(rule)


def _meet(one: Rule, other: Rule) -> bool:
    one_end, other_end = one.valid_to or date.max, other.valid_to or date.max
    return one.valid_from <= other_end and other.valid_from <= one_end
