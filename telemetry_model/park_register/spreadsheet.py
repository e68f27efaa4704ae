"""What spreadsheets leave in a table that nobody sees: tolerated where the meaning is sure, else said plainly."""

import re
import unicodedata
from collections.abc import Sequence
from itertools import dropwhile

from telemetry_model.park_register.problems import RegisterProblem

WIRE_FILES = frozenset({"topics.csv", "sparkplug.csv"})
"""Their names are compared byte by byte with what devices send, so nothing in them may be tidied."""
_UNSEEN = str.maketrans({"\u00a0": " ", "\u2007": " ", "\u202f": " "} | dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff"))
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?\Z")


def tidy(file: str, text: str) -> str:
    """Without a byte order mark, with plain spaces for non-breaking ones, and Vietnamese letters composed (NFC).

    macOS writes letters and accents apart (NFD): the same name typed twice would be two names.
    """
    if file in WIRE_FILES:
        return text.removeprefix("\ufeff")
    return unicodedata.normalize("NFC", text.translate(_UNSEEN))


def read_header(file: str, cells: Sequence[str], problems: list[RegisterProblem]) -> list[str]:
    """The columns' names without empty ones at the end; a name that is there twice is a problem."""
    names = _without_blank_end(cells)
    for name in dict.fromkeys(names):
        if name and names.count(name) > 1:
            problems.append(RegisterProblem(file, 1, name, "the column is there twice: which one counts?"))
    return names


def fit_to_header(
    file: str, number: int, cells: Sequence[str], columns: int, problems: list[RegisterProblem]
) -> list[str]:
    """The row's cells, trimmed, without blank ones at the end; nothing, and a problem, when there are too many."""
    values = _without_blank_end(cells)
    if len(values) <= columns:
        return values
    hint = "is there a comma inside a cell? Put the cell in quotes, and write decimals as 0.9"
    problems.append(RegisterProblem(file, number, None, f"{len(values)} cells but {columns} columns: {hint}"))
    return []


def number_hint(value: str) -> str:
    """How a number with a decimal comma or with thousands apart has to be written; empty for what is none at all."""
    compact = value.replace(" ", "")
    ways = [compact.replace(",", ".")]
    if _THOUSANDS.match(compact):
        ways.append(compact.replace(",", ""))
    known = [way for way in ways if _is_number(way)]
    return f": write {' or '.join(known)}" if known else ""


def _without_blank_end(cells: Sequence[str]) -> list[str]:
    trimmed = [cell.strip() for cell in cells]
    return list(dropwhile(lambda cell: not cell, reversed(trimmed)))[::-1]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
