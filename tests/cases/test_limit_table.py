"""Every limit of the rule packs against a table copied by hand from the published articles."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from analytics.rulebook import LimitUnknownError, Rule, limit_for, load_rulebook

DAY = date(2026, 3, 10)
ROWS: list[dict[str, Any]] = tomllib.loads((Path(__file__).parent / "limit_table.toml").read_text("utf-8"))["rows"]
CELLS = [
    (row | {"version": version}, column, limit)
    for row in ROWS
    for version in row.get("versions", [row.get("version", "")])
    for column, limit in (
        zip(row["columns"], row["limit"], strict=True) if "columns" in row else [("", row.get("limit"))]
    )
]


@pytest.mark.parametrize(
    ("row", "column", "limit"), CELLS, ids=[f"{r['article']} {r['version']} {c}".strip() for r, c, _ in CELLS]
)
def test_limit_is_what_the_article_says(row: dict[str, Any], column: str, limit: float | None) -> None:
    rule = _rule(row)
    attributes = dict(row.get("attributes", {}))
    if column:
        attributes[row.get("column_attribute", "column")] = column
    day = row.get("day", DAY if rule.is_valid_on(DAY) else rule.valid_from)
    if row.get("missing", False):
        with pytest.raises(LimitUnknownError, match="limit table not loaded; load it from the official annex"):
            limit_for(rule, attributes, day)
        return
    found = limit_for(rule, attributes, day)
    if "between" in row:
        assert [found.low, found.high] == row["between"], row["article"]
    else:
        assert found.value == limit, row["article"]
    expected = row.get("confidence", "permit" if rule.formula else "source")
    assert found.confidence == expected, row["article"]
    assert rule.factor == row.get("factor", 1.0), row["article"]


def test_every_rule_version_and_column_is_in_the_table() -> None:
    checked = {(_rule(row).id, _rule(row).version, column) for row, column, _ in CELLS}
    known = {
        (rule.id, rule.version, column) for rule in load_rulebook() for column in (tuple(rule.limit_by_column) or ("",))
    }
    assert checked == known


def _rule(row: dict[str, Any]) -> Rule:
    found = [r for r in load_rulebook() if r.id == row["rule"] and (row["version"] or r.version) == r.version]
    assert len(found) == 1, row["article"]
    return found[0]
