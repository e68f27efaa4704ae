"""Every limit of the rule packs against a table copied by hand from the published articles."""

import tomllib
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from analytics.rulebook import Rule, limit_for, load_rulebook
from telemetry_model.park_register import Installation

ROWS: list[dict[str, Any]] = tomllib.loads((Path(__file__).parent / "limit_table.toml").read_text("utf-8"))["rows"]
CELLS = [
    (row, column, limit)
    for row in ROWS
    for column, limit in (
        zip(row["columns"], row["limit"], strict=True) if "columns" in row else [("", row.get("limit"))]
    )
]


@pytest.mark.parametrize(("row", "column", "limit"), CELLS, ids=[f"{r['article']} {c}".strip() for r, c, _ in CELLS])
def test_limit_is_what_the_article_says(row: dict[str, Any], column: str, limit: float | None) -> None:
    rule = _rule(row)
    attributes = dict(row.get("attributes", {}))
    if column:
        attributes[row.get("column_attribute", "column")] = column
    installation = Installation("i", rule.subject, "d", "park", "", "", MappingProxyType(attributes))
    found = limit_for(rule, installation, row.get("day", date(2026, 3, 10)))
    if "between" in row:
        assert [found.low, found.high] == row["between"], row["article"]
    else:
        assert found.value == limit, row["article"]
    expected = row.get("confidence", "permit" if rule.formula else "source")
    assert found.confidence == expected, row["article"]


def test_every_rule_version_and_column_is_in_the_table() -> None:
    checked = {(_rule(row).id, _rule(row).version, column) for row, column, _ in CELLS}
    known = {
        (rule.id, rule.version, column) for rule in load_rulebook() for column in (tuple(rule.limit_by_column) or ("",))
    }
    assert checked == known


def _rule(row: dict[str, Any]) -> Rule:
    found = [r for r in load_rulebook() if r.id == row["rule"] and row.get("version", r.version) == r.version]
    assert len(found) == 1, row["article"]
    return found[0]
