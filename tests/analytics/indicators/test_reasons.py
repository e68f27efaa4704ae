"""Every reason an indicator can give has its Vietnamese: the reasons are collected from the code that gives them."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import analytics.indicators
from analytics.commands.circular import FORMULAS
from analytics.indicators.reasons import confidence_in, say_in

FOLDER = Path(analytics.indicators.__file__).parent
REASON_ARGUMENT = {"untold": 2, "Missing": 0}
VARIABLES = ("why", "reason")
COMPOSED = "X by all meters of"
"""Begins with another reason; tested by itself."""


def text_of(node: ast.expr) -> str | None:
    """A literal or an f-string with X for each value."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values)
    return None


def texts_within(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from texts_within(value)
    elif isinstance(node, ast.IfExp):
        yield from texts_within(node.body)
        yield from texts_within(node.orelse)
    elif text := text_of(node):
        yield text


def reasons() -> list[str]:
    found: dict[str, None] = {}
    for file in sorted(FOLDER.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in REASON_ARGUMENT:
                place = REASON_ARGUMENT[node.func.id]
                found.update(dict.fromkeys(t for a in node.args[place : place + 1] for t in texts_within(a)))
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in VARIABLES:
                found.update(dict.fromkeys(texts_within(node.value)))
    return [text for text in found if text.strip("X: ;") and not text.startswith(COMPOSED)]


@pytest.mark.parametrize("reason", reasons())
def test_a_reason_is_said_in_vietnamese(reason: str) -> None:
    assert say_in(reason, "vi") != reason
    assert say_in(reason, "en") == reason


def test_the_reasons_were_found() -> None:
    assert len(reasons()) > 40


@pytest.mark.parametrize("formula", [text for text in FORMULAS.values() if not text.startswith("MCI =")])
def test_a_working_is_said_in_vietnamese(formula: str) -> None:
    assert say_in(formula, "vi") != formula


def test_values_keep_their_place_and_roles_their_name() -> None:
    assert say_in("only 34.5 % of the expected data are there, 80 % are needed", "vi") == (
        "chỉ có 34,5 % dữ liệu dự kiến, cần 80 %"
    )
    assert say_in("no point measures tenant electricity", "vi") == "không có điểm nào đo điện của doanh nghiệp"


def notes() -> list[str]:
    """Those of formulas in the code, and those of factors in the tables."""
    calls = [
        node
        for file in sorted(FOLDER.rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Basis" and len(node.args) > 2
    ]
    found = [text for call in calls for text in texts_within(call.args[2])]
    for file in sorted((FOLDER / "data").glob("*.toml")):
        tables = tomllib.loads(file.read_text("utf-8")).values()
        rows = [row for table in tables for row in (table if isinstance(table, list) else [table])]
        found += [row["note"] for row in rows if isinstance(row, dict) and row.get("note")]
    return found


def test_every_note_is_said_in_vietnamese() -> None:
    assert len(notes()) > 30
    for part in sorted({part for note in notes() for part in note.split("; ")}):
        assert say_in(part, "vi") != part, part


def test_a_night_without_flow_names_the_meters() -> None:
    said = say_in("no flow was measured at night by all meters of water intake", "vi")
    assert said == "không đủ mọi đồng hồ nước cấp đo được lưu lượng ban đêm"


def test_joined_reasons_are_said_one_by_one() -> None:
    joined = "em-1.active_energy_import sent no valid value; no point measures wastewater reused"
    assert say_in(joined, "vi") == (
        "em-1.active_energy_import không gửi giá trị hợp lệ nào; không có điểm nào đo nước thải tái sử dụng"
    )


def test_a_fallen_register_is_said_whole() -> None:
    said = say_in("em.x: the register fell from 9 to 1 and no exchange is on record", "vi")
    assert said == "em.x: chỉ số giảm từ 9 xuống 1 mà không có hồ sơ thay công tơ"


def test_what_is_not_ours_stays() -> None:
    assert say_in("something else", "vi") == "something else"


def test_confidence_has_its_words() -> None:
    assert [confidence_in("setting", language) for language in ("vi", "en")] == ["giá trị cần xác nhận", "setting"]
