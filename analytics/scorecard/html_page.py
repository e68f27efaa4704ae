"""The scorecard as one HTML file that asks nobody for anything: both languages in it, made for screen and paper."""

from collections.abc import Iterable
from pathlib import Path
from zoneinfo import ZoneInfo

from analytics.scorecard.cells import Cell, Outcome, Scorecard
from analytics.scorecard.html_rows import firm_rows, indicator_rows
from analytics.scorecard.html_text import both, escaped, marked, spans
from analytics.scorecard.words import (
    FICTIONAL,
    MISSING,
    NO_STORE,
    NOTHING_MISSING,
    ORIGINS,
    OUTCOMES,
    Words,
    citation_text,
    moment_text,
)

PAGE_FOLDER = Path(__file__).parent / "page"
_TITLE = Words("Bảng điểm khu công nghiệp sinh thái", "Eco-park scorecard")
_REQUIRED = Words("Bắt buộc để đạt", "Required to pass")
_BENCHMARK = Words("Chuẩn so sánh", "Benchmark")
_FIRMS = Words("Theo từng doanh nghiệp: 5 chỉ số biểu B.5", "Firm by firm: the 5 indicators of form B.5")
_FIRM = Words("Doanh nghiệp", "Firm")
_WORKERS = Words("Lao động", "Workers")
_FIRMS_NOTE = Words(
    "Mỗi ô là hồ sơ mới nhất trong năm của doanh nghiệp. Doanh nghiệp chưa rõ số lao động vẫn được tính.",
    "Each cell is the firm's newest record of the year. A firm whose number of workers is not stated is asked too.",
)
_CONFIRM = Words("Mức cần xác nhận", "Levels to be confirmed")
_CONFIRM_NOTE = Words(
    "Các mức sau chưa đọc được trong văn bản công bố. Hãy đối chiếu văn bản gốc trước khi dùng trong hồ sơ:",
    "These levels were not read in a published text. Check them against the text before an application:",
)
_DECIDES = Words(
    "Cơ quan quản lý quyết định việc chứng nhận; bảng này chỉ cho biết hồ sơ đang ở đâu.",
    "The authority decides on certification; this card only says where the file stands.",
)
_HEADINGS = (
    ("col-code", Words("Mã", "Code")), ("col-title", Words("Chỉ số", "Indicator")),
    ("col-value", Words("Giá trị", "Value")), ("col-level", Words("Mức", "Level")),
    ("col-result", Words("Kết quả", "Result")),
    ("col-source", Words("Nguồn và hồ sơ", "Source and record")),
)  # fmt: skip


def scorecard_page(card: Scorecard, language: str) -> str:
    """The whole file; ``language`` (``vi`` or ``en``) is shown first, a button shows the other."""
    style = (PAGE_FOLDER / "style.css").read_text(encoding="utf-8")
    script = (PAGE_FOLDER / "script.js").read_text(encoding="utf-8")
    titles = Words(f"{_TITLE.vi} {card.year} – {card.name_vi}", f"{_TITLE.en} {card.year} – {card.name_en}")
    body = "\n".join(
        (
            _header(card, titles),
            _cards(card),
            _missing(card),
            *_tables(card),
            _firms(card),
            _to_confirm(card),
            _legend(),
        )
    )
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<link rel="icon" href="data:,">\n<title>{escaped(titles.of(language))}</title>\n<style>\n{style}</style>\n'
        f"</head>\n<body>\n<main>\n{body}\n</main>\n<script>\n{script}</script>\n</body>\n</html>\n"
    )


def _header(card: Scorecard, titles: Words) -> str:
    zone = ZoneInfo(card.timezone)
    until, made = moment_text(card.until_ms, zone), moment_text(card.made_at_ms, zone)
    said = Words(
        f"Dữ liệu đến {until}; lập lúc {made} ({card.timezone})", f"Data to {until}; made {made} ({card.timezone})"
    )
    banners = [
        f'<div class="banner">{both(words)}</div>'
        for is_said, words in ((card.is_fictional, FICTIONAL), (not card.has_store, NO_STORE))
        if is_said
    ]
    return (
        f"<header><div><h1>{both(_TITLE)} {card.year}</h1>"
        f"<p><strong>{spans(card.name_vi, card.name_en)}</strong></p>"
        f'<p class="soft">{both(said)}</p><p class="soft">{both(_DECIDES)}</p></div>'
        f'<button id="language" type="button" data-title-vi="{escaped(titles.vi)}" '
        f'data-title-en="{escaped(titles.en)}">{spans("English", "Tiếng Việt")}</button></header>' + "".join(banners)
    )


def _cards(card: Scorecard) -> str:
    found = []
    for table in card.tables():
        cells = card.of_table(table.id)
        counts = {outcome: sum(cell.outcome is outcome for cell in cells) for outcome in Outcome}
        bar = "".join(
            f'<span class="{o.value}" style="width:{100 * n / len(cells):.2f}%"></span>' for o, n in counts.items() if n
        )
        words = "".join(f"<span>{marked(*OUTCOMES[o], o.value)} {n}</span>" for o, n in counts.items() if n)
        duty = _REQUIRED if table.is_required else _BENCHMARK
        out_of = Words(f"trên {len(cells)} đạt", f"of {len(cells)} met")
        found.append(
            f'<section class="card"><h3>{spans(table.title_vi, table.title_en)}</h3>'
            f'<div class="soft">{both(duty)}</div>'
            f'<div><span class="big">{counts[Outcome.MET]}</span> {both(out_of)}</div>'
            f'<div class="bar" aria-hidden="true">{bar}</div><div class="counts">{words}</div></section>'
        )
    return f'<div class="cards">{"".join(found)}</div>'


def _missing(card: Scorecard) -> str:
    missing = card.missing()
    heading = f'<h2 id="missing">{both(MISSING)} ({len(missing)})</h2>'
    if not missing:
        return f"{heading}<p>{both(NOTHING_MISSING)}</p>"
    return f'{heading}<ol class="missing">{"".join(map(_missing_line, missing))}</ol>'


def _missing_line(cell: Cell) -> str:
    symbol, words = OUTCOMES[cell.outcome]
    needs = spans(cell.spec.needs_vi, cell.spec.needs_en)
    return (
        f'<li><a href="#{escaped(cell.spec.id)}"><strong>{escaped(cell.spec.id)}</strong></a> '
        f"{spans(cell.spec.title_vi, cell.spec.title_en)} "
        f'{marked(symbol, words, cell.outcome.value)}<div class="needs">→ {needs}</div></li>'
    )


def _tables(card: Scorecard) -> Iterable[str]:
    head = "".join(f'<th scope="col" class="{kind}">{both(words)}</th>' for kind, words in _HEADINGS)
    zone = ZoneInfo(card.timezone)
    for table in card.tables():
        yield f"<h2>{spans(table.title_vi, table.title_en)}</h2>"
        yield f'<p class="soft">{spans(table.note_vi, table.note_en)}</p>'
        cells = card.of_table(table.id)
        for pillar in table.pillars:
            yield f"<h3>{spans(pillar.title_vi, pillar.title_en)}</h3>"
            yield _rows_of(head, [cell for cell in cells if cell.spec.pillar == pillar.id], zone)
        if not table.pillars:
            yield _rows_of(head, cells, zone)


def _rows_of(head: str, cells: Iterable[Cell], zone: ZoneInfo) -> str:
    rows = indicator_rows(cells, zone)
    return f'<table class="indicators"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def _firms(card: Scorecard) -> str:
    if not card.firms:
        return ""
    codes = list(dict.fromkeys(cell.indicator for cell in card.firms))
    titles = {cell.spec.id: cell.spec for cell in card.cells}
    head = "".join(
        f'<th scope="col">{escaped(code)}<br><span class="soft">'
        f"{spans(titles[code].title_vi, titles[code].title_en)}</span></th>"
        for code in codes
    )
    return (
        f'<h2 id="firms">{both(_FIRMS)}</h2><p class="soft">{both(_FIRMS_NOTE)}</p>'
        f'<div class="wide"><table class="firms">'
        f'<thead><tr><th scope="col">{both(_FIRM)}</th><th scope="col">{both(_WORKERS)}</th>{head}</tr></thead>'
        f"<tbody>{firm_rows(card.firms, codes)}</tbody></table></div>"
    )


def _to_confirm(card: Scorecard) -> str:
    cells = card.to_confirm()
    if not cells:
        return ""
    lines = "".join(
        f"<li><strong>{escaped(c.spec.id)}</strong> {spans(c.spec.title_vi, c.spec.title_en)}"
        f" – {both(citation_text(c))}</li>"
        for c in cells
    )
    return f"<h2>{both(_CONFIRM)} ({len(cells)})</h2><p>{both(_CONFIRM_NOTE)}</p><ul>{lines}</ul>"


def _legend() -> str:
    outcomes = "".join(marked(symbol, words, outcome.value) for outcome, (symbol, words) in OUTCOMES.items())
    origins = "".join(f"<span>{symbol} {both(words)}</span>" for symbol, words in ORIGINS.values())
    return f'<div class="legend">{outcomes}{origins}</div>'
