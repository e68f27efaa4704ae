"""The scorecard in a terminal: a table for each set of indicators, then what is missing to pass."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from analytics.scorecard.cells import Outcome, Scorecard
from analytics.scorecard.words import (
    FICTIONAL,
    MISSING,
    NO_STORE,
    NOTHING_MISSING,
    ORIGINS,
    OUTCOMES,
    Words,
    needs_text,
    target_text,
    to_confirm_text,
    value_text,
)

_STYLES = {Outcome.MET: "green", Outcome.NOT_MET: "bold red", Outcome.REPORTED: "cyan", Outcome.UNKNOWN: "yellow"}
_HEADINGS = (
    Words("Mã", "Code"), Words("Chỉ số và mức", "Indicator and level"), Words("Giá trị", "Value"),
    Words("Kết quả, nguồn", "Result, source"),
)  # fmt: skip


def print_scorecard(card: Scorecard, language: str, console: Console) -> None:
    """Print the card in ``vi`` or ``en``."""
    name = card.name_vi if language == "vi" else card.name_en
    console.print(Text(f"{name} · {card.year}", style="bold"))
    for is_said, words in ((card.is_fictional, FICTIONAL), (not card.has_store, NO_STORE)):
        if is_said:
            console.print(Text(words.of(language), style="yellow"))
    for indicators in card.tables():
        console.print(_table(card, indicators.id, indicators.title(language), language))
    missing = card.missing()
    console.print(Text(f"{MISSING.of(language)} ({len(missing)})", style="bold"))
    for cell in missing:
        symbol, words = OUTCOMES[cell.outcome]
        line = f"  {symbol} {cell.spec.id}  {cell.spec.title(language)} — {words.of(language)}: "
        console.print(Text(line + needs_text(cell, language)))
    if not missing:
        console.print(Text(NOTHING_MISSING.of(language)))


def _table(card: Scorecard, table_id: str, title: str, language: str) -> Table:
    table = Table(title=title, title_justify="left", expand=True, show_lines=True)
    for number, heading in enumerate(_HEADINGS):
        table.add_column(heading.of(language), no_wrap=number != 1, ratio=1 if number == 1 else None)
    for cell in card.of_table(table_id):
        symbol, words = OUTCOMES[cell.outcome]
        mark, origin = ORIGINS[cell.origin]
        level = target_text(cell, language)
        if to_confirm := to_confirm_text(cell).of(language):
            level = f"{level} ({to_confirm})".strip()
        name = Text.assemble(cell.spec.title(language), (f"\n{level}" if level else "", "dim"))
        result = Text.assemble(
            (f"{symbol} {words.of(language)}", _STYLES[cell.outcome]), f"\n{mark} {origin.of(language)}"
        )
        table.add_row(cell.spec.id, name, value_text(cell, language), result)
    return table
