"""Every sentence a finding may carry as evidence, in English and Vietnamese, so that an e-mail can be in either.

Findings keep the English sentence; :func:`in_language` recognises it and says it in Vietnamese.
"""

import re
from functools import cache

from analytics.rulebook.doubt import doubt_in_vietnamese, is_doubt
from analytics.rulebook.inserted_words import filled_in_vietnamese
from analytics.rulebook.sentences_judged_by import JUDGED_BY
from analytics.rulebook.sentences_measured import MEASURED

SENTENCES = {**MEASURED, **JUDGED_BY}


def say(key: str, **values: object) -> str:
    """The English sentence; numbers are written short (six significant digits, no exponent where it can be helped)."""
    return SENTENCES[key].en.format(**{name: _word(value) for name, value in values.items()})


def in_language(sentence: str, language: str) -> str:
    """An evidence sentence in ``vi`` or ``en``; a sentence that is not ours comes back unchanged."""
    if language != "vi":
        return sentence
    if is_doubt(sentence):
        return doubt_in_vietnamese(sentence)
    for pattern, vietnamese in _patterns():
        match = pattern.fullmatch(sentence)
        if match:
            return filled_in_vietnamese(vietnamese, match.groupdict())
    return sentence


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    # The longest fixed text first: a short template must not swallow a sentence made from a longer one.
    ordered = sorted(SENTENCES.values(), key=lambda s: -len(re.sub(r"\{\w+\}", "", s.en)))
    return tuple((re.compile(_as_pattern(sentence.en), re.DOTALL), sentence.vi) for sentence in ordered)


def _as_pattern(template: str) -> str:
    seen: set[str] = set()
    parts: list[str] = []
    for part in re.split(r"(\{\w+\})", template):
        name = part.strip("{}")
        if not (part.startswith("{") and part.endswith("}")):
            parts.append(re.escape(part))
        elif name in seen:
            parts.append(f"(?P={name})")
        else:
            seen.add(name)
            parts.append(f"(?P<{name}>.+?)")
    return "".join(parts)


def _word(value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    if value != 0 and not 1e-4 <= abs(value) < 1e15:
        return f"{value:.6g}"
    return f"{value:.0f}" if abs(value) >= 1e5 else f"{value:.6g}"


def code_of(sentence: str) -> str:
    """The key of an English evidence sentence; empty for one that is not ours."""
    if is_doubt(sentence):
        return "to_confirm"
    return next((_keys()[vietnamese] for pattern, vietnamese in _patterns() if pattern.fullmatch(sentence)), "")


@cache
def _keys() -> dict[str, str]:
    return {sentence.vi: key for key, sentence in SENTENCES.items()}
