"""Rows of the scorecard page: one for each indicator with where its value comes from, one for each firm."""

from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

from analytics.rulebook.evidence import in_language
from analytics.scorecard.cells import Cell, FirmCell, Origin, Outcome, Proof
from analytics.scorecard.html_text import both, escaped, marked, spans
from analytics.scorecard.words import (
    FIRM_STATES,
    ORIGINS,
    OUTCOMES,
    Words,
    citation_text,
    number_text,
    period_text,
    target_text,
    to_confirm_text,
    value_text,
)

_CAPTURE = Words("dữ liệu hợp lệ", "valid data")
_NEEDED = Words("Cần", "Needed")
_RECORD_LINE = Words("Dòng cần thêm vào evidence.csv", "Line to add to evidence.csv")
_WORKING = Words("Cách tính", "Working")
_VALUE, _LEVEL = Words("Giá trị", "Value"), Words("Mức", "Level")
_RESPONSIBLE = Words("phụ trách", "responsible")


def indicator_rows(cells: Iterable[Cell], zone: ZoneInfo) -> str:
    """Table rows: code, indicator, value, level, result, source."""
    return "".join(_row(cell, zone) for cell in cells)


def firm_rows(cells: Sequence[FirmCell], codes: Sequence[str]) -> str:
    """Table rows: a firm, its workers, and its state for each indicator."""
    by_firm: dict[str, dict[str, FirmCell]] = {}
    for cell in cells:
        by_firm.setdefault(cell.firm, {})[cell.indicator] = cell
    rows = []
    for own in by_firm.values():
        firm = next(iter(own.values()))
        workers = "?" if firm.workers is None else str(firm.workers)
        states = "".join(f"<td>{_firm_state(own[code])}</td>" for code in codes)
        rows.append(f"<tr><td>{escaped(firm.name)}</td><td>{workers}</td>{states}</tr>")
    return "".join(rows)


def _row(cell: Cell, zone: ZoneInfo) -> str:
    symbol, words = OUTCOMES[cell.outcome]
    level = spans(target_text(cell, "vi"), target_text(cell, "en")) if cell.target is not None else "—"
    if (to_confirm := to_confirm_text(cell)).en:
        level += f'<br><span class="tag">{both(to_confirm)}</span>'
    return (
        f'<tr id="{escaped(cell.spec.id)}"><td class="code">{escaped(cell.spec.id)}</td>'
        f"<td>{spans(cell.spec.title_vi, cell.spec.title_en)}</td>"
        f'<td class="value">{_label(_VALUE)}{spans(value_text(cell, "vi"), value_text(cell, "en"))}</td>'
        f"<td>{_label(_LEVEL)}{level}</td>"
        f"<td>{marked(symbol, words, cell.outcome.value)}</td><td>{_source(cell, zone)}</td></tr>"
    )


def _label(words: Words) -> str:
    """What a cell is, where the headings are out of sight: on a narrow screen."""
    return f'<span class="label">{both(words)}: </span>'


def _source(cell: Cell, zone: ZoneInfo) -> str:
    symbol, words = ORIGINS[cell.origin]
    parts = [f"<div>{symbol} <strong>{both(words)}</strong>{_capture(cell)}</div>"]
    period = period_text(cell, zone)
    if period.en and cell.origin is Origin.COMPUTED:
        parts.append(f'<div class="soft">{both(period)}</div>')
    if cell.proof is not None:
        parts.append(f"<div>{_proof(cell.proof)}</div>")
    parts.append(f'<div class="soft">{both(citation_text(cell))}</div>')
    if cell.outcome in (Outcome.UNKNOWN, Outcome.NOT_MET):
        needs = spans(cell.spec.needs_vi, cell.spec.needs_en)
        parts.append(f'<div class="needs"><strong>{both(_NEEDED)}:</strong> {needs}</div>')
    for heading, lines in ((_WORKING, _notes(cell)), (_RECORD_LINE, _record_line(cell))):
        if lines:
            parts.append(f"<details><summary>{both(heading)}</summary><ul>{lines}</ul></details>")
    return "".join(parts)


def _capture(cell: Cell) -> str:
    if cell.data_capture is None:
        return ""
    percent = 100 * cell.data_capture
    return f" · {spans(number_text(percent, '%', 'vi'), number_text(percent, '%', 'en'))} {both(_CAPTURE)}"


def _notes(cell: Cell) -> str:
    return "".join(f"<li>{spans(in_language(note, 'vi'), note)}</li>" for note in cell.notes)


def _record_line(cell: Cell) -> str:
    """What to type, where a record would fill the cell."""
    if cell.origin is not Origin.EMPTY or (cell.rule and not cell.notes):
        return ""
    if cell.rule and not any("evidence.csv" in note or "No record of" in note for note in cell.notes):
        return ""
    value = "yes" if cell.unit == "yes/no" else "<0-100>" if cell.unit == "%" else "<value>"
    line = f"{cell.spec.record_name},,{value},<document>,<YYYY-MM-DD>,<responsible>"
    return f"<li><code>{escaped(line)}</code></li>"


def _proof(proof: Proof) -> str:
    return f"{escaped(proof.document)} ({proof.day.isoformat()}; {both(_RESPONSIBLE)}: {escaped(proof.responsible)})"


def _firm_state(cell: FirmCell) -> str:
    symbol, words = FIRM_STATES[cell.state]
    kind = {"yes": "met", "no": "not_met", "missing": "unknown"}.get(cell.state.value, "soft")
    told = marked(symbol, words, kind)
    if cell.proof is None:
        return told
    return f'{told}<div class="soft">{escaped(cell.proof.document)}<br>{cell.proof.day.isoformat()}</div>'
