"""Reads what ``park.toml`` says about the park and its installations: attributes, and how they change by the day."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

from telemetry_model.park_register.attribute_changes import ChangeReader
from telemetry_model.park_register.attributes import (
    LASTING_PARK_ATTRIBUTES,
    PARK_ATTRIBUTES,
    attribute_forms,
    check_attributes,
    check_pairs,
)
from telemetry_model.park_register.dated import Attribute, DatedAttributes
from telemetry_model.park_register.problems import RegisterProblem
from telemetry_model.park_register.types import INSTALLATION_KINDS, Installation, MeasuringPoint, Tenant

_INSTALLATION_KEYS = ("id", "kind", "device", "tenant", "name_vi", "name_en")


def read_park_attributes(
    head: dict[str, Any], points: Mapping[str, MeasuringPoint], problems: list[RegisterProblem]
) -> DatedAttributes:
    """``[attributes]`` and ``[[changes]]``: facts about the park, by the day."""
    attributes = _attributes(head.get("attributes", {}), "attributes", problems)
    problems += check_attributes("attributes", attributes, PARK_ATTRIBUTES, points, owner="the park", is_open=True)
    reader = ChangeReader("the park", PARK_ATTRIBUTES, points, problems, LASTING_PARK_ATTRIBUTES, is_open=True)
    return reader.read(head.get("changes", []), "changes", attributes)


def read_installations(
    head: dict[str, Any],
    tenants: dict[str, Tenant],
    points: dict[str, MeasuringPoint],
    problems: list[RegisterProblem],
) -> dict[str, Installation]:
    """``[[installations]]`` by id, each with its attributes and their changes."""
    found: dict[str, Installation] = {}
    for index, raw in enumerate(head.get("installations", []), start=1):
        where = f"installations[{index}]"
        fixed = {key: str(raw.get(key, "")) for key in _INSTALLATION_KEYS}
        for key in ("id", "kind", "tenant", "name_vi", "name_en"):
            if not fixed[key]:
                problems.append(RegisterProblem("park.toml", None, f"{where}.{key}", "a text is required"))
        if fixed["kind"] and fixed["kind"] not in INSTALLATION_KINDS:
            problem = f"unknown kind '{fixed['kind']}' (known: {', '.join(INSTALLATION_KINDS)})"
            problems.append(RegisterProblem("park.toml", None, f"{where}.kind", problem))
        if fixed["tenant"] and fixed["tenant"] not in tenants:
            problem = f"unknown tenant '{fixed['tenant']}' (not in tenants.csv)"
            problems.append(RegisterProblem("park.toml", None, f"{where}.tenant", problem))
        if fixed["id"] in found:
            problems.append(RegisterProblem("park.toml", None, f"{where}.id", f"'{fixed['id']}' is there twice"))
        found[fixed["id"]] = Installation(**fixed, dated=_dated(raw, where, fixed, points, problems))
    return found


def _dated(
    raw: dict[str, Any],
    where: str,
    fixed: Mapping[str, str],
    points: Mapping[str, MeasuringPoint],
    problems: list[RegisterProblem],
) -> DatedAttributes:
    """The attributes of an installation, everything that is neither its identity nor a change of them."""
    rest = {key: value for key, value in raw.items() if key not in fixed and key != "changes"}
    attributes = _attributes(rest, where, problems)
    if fixed["kind"] not in INSTALLATION_KINDS:
        return DatedAttributes(attributes)
    forms, owner = attribute_forms(fixed["kind"]), f"'{fixed['id']}' (kind {fixed['kind']})"
    problems += check_attributes(where, attributes, forms, points, owner=owner)
    reader = ChangeReader(owner, forms, points, problems, _INSTALLATION_KEYS)
    dated = reader.read(raw.get("changes", []), f"{where}.changes", attributes)
    for number, era in enumerate(dated.eras):
        problems += check_pairs(f"{where}.changes[{number}]" if number else where, era.attributes, forms, owner)
    return dated


def _attributes(raw: object, where: str, problems: list[RegisterProblem]) -> Mapping[str, Attribute]:
    if not isinstance(raw, dict):
        problems.append(RegisterProblem("park.toml", None, where, "must be a table"))
        return MappingProxyType({})
    for key, value in raw.items():
        if not isinstance(value, (str, int, float, bool, date)):
            problems.append(
                RegisterProblem("park.toml", None, f"{where}.{key}", "must be a text, number, date or bool")
            )
    return MappingProxyType(raw)
