"""Texts of the scorecard page: escaped, in both languages side by side, marked by symbol, word and colour."""

import html

from analytics.scorecard.words import Words


def escaped(text: str) -> str:
    """Safe inside HTML text and attributes."""
    return html.escape(text, quote=True)


def spans(vi: str, en: str) -> str:
    """Both languages, of which the page shows one."""
    return f'<span data-in="vi" lang="vi">{escaped(vi)}</span><span data-in="en" lang="en">{escaped(en)}</span>'


def both(words: Words) -> str:
    """:func:`spans` of a pair."""
    return spans(words.vi, words.en)


def marked(symbol: str, words: Words, kind: str) -> str:
    """A state that no colour is needed to read."""
    return f'<span class="state {kind}"><span aria-hidden="true">{symbol}</span> {both(words)}</span>'
