"""One sentence of evidence in both languages."""

from typing import NamedTuple


class Sentence(NamedTuple):
    """One template; both languages use the same ``{names}``."""

    en: str
    vi: str
