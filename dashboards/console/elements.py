"""Small pieces of pages: headings, verdict chips, tables."""

from collections.abc import Sequence
from typing import NamedTuple

from nicegui import ui

from analytics.finding import Verdict
from dashboards.words import VERDICTS

VERDICT_MARKS = {Verdict.COMPLIANT: "✓", Verdict.EXCEEDED: "▲", Verdict.INSUFFICIENT_DATA: "?"}


class TableCell(NamedTuple):
    """One cell: text, CSS classes, where it leads if it is a link, the colour of its chip if it is one."""

    text: str
    classes: str = ""
    address: str = ""
    chip: str = ""


def text_element(tag: str, text: str, classes: str = "") -> ui.element:
    """An element that holds nothing but text; the text is never read as HTML."""
    with ui.element(tag).classes(classes) as element:
        ui.html(_escaped(text), sanitize=False, tag="span")
    return element


def verdict_cell(verdict: Verdict, language: str) -> TableCell:
    """Mark, colour and word: never colour alone."""
    return TableCell(f"{VERDICT_MARKS[verdict]} {VERDICTS[verdict].say(language)}", chip=verdict)


def rows_table(header: Sequence[TableCell], rows: Sequence[Sequence[TableCell]]) -> ui.element:
    """A plain table."""
    with ui.element("table").classes("rows") as table:
        with ui.element("thead"), ui.element("tr"):
            for cell in header:
                text_element("th", cell.text, cell.classes)
        with ui.element("tbody"):
            for row in rows:
                with ui.element("tr"):
                    for cell in row:
                        _cell(cell)
    return table


def _cell(cell: TableCell) -> None:
    with ui.element("td").classes(cell.classes):
        if cell.chip:
            text_element("span", cell.text, f"verdict {cell.chip}")
        elif cell.address:
            ui.link(cell.text, cell.address)
        else:
            ui.html(_escaped(cell.text), sanitize=False, tag="span")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
