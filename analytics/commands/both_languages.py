"""How JSON says a sentence: in Vietnamese and English side by side, so that no program has to translate.

A field ``x`` that holds a sentence is two fields, ``x_vi`` and ``x_en``. A list of evidence holds objects with ``code``
(the sentence's name in :mod:`analytics.rulebook.evidence`), ``vi`` and ``en``.
"""

from collections.abc import Iterable
from functools import lru_cache

from analytics.indicators.reasons import say_in
from analytics.rulebook.evidence import code_of, in_language

_REMEMBERED = 4096
"""The same few sentences come again and again: each is recognised once."""


def said(name: str, text: str) -> dict[str, str]:
    """``name_vi`` and ``name_en`` of a reason or note; both are empty when there is none."""
    return {f"{name}_vi": say_in(text, "vi"), f"{name}_en": text}


def evidence_objects(sentences: Iterable[str]) -> list[dict[str, str]]:
    """``code``, ``vi`` and ``en`` of each sentence; one the rulebook does not know has no code and stays as it is."""
    return [dict(_evidence(sentence)) for sentence in sentences if sentence]


@lru_cache(maxsize=_REMEMBERED)
def _evidence(sentence: str) -> tuple[tuple[str, str], ...]:
    return ("code", code_of(sentence)), ("vi", in_language(sentence, "vi")), ("en", sentence)
