"""Parts of a rule, other than its number, that were not read in a published text: a setting to confirm each.

The number of a limit may be law while the way it is compared is only remembered. Packs say so as data: tables
``[doubts.NAME]`` with the part and one clause in each language, which rules name in ``to_confirm``.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

DOUBTS_FILE = Path(__file__).parent / "packs" / "to-confirm.toml"
_STARTS = ("Cần xác nhận, không phải luật – ", "To confirm, not law – ")
_START = _STARTS[1]


class Part(StrEnum):
    """Which part of a rule is doubtful. A closed list."""

    VALUE = "value"
    """The number itself, of some columns of the table only; where all are doubtful the rule is a setting."""
    AVERAGING = "averaging"
    FORMULA = "formula"
    FACTORS = "factors"
    VALIDITY = "validity"
    CAPTURE = "capture"
    APPLICABILITY = "applicability"

    @property
    def is_of_the_table(self) -> bool:
        """Whether a figure in the licence or contract takes the doubtful part's place."""
        return self in (Part.VALUE, Part.FACTORS)

    def name_in(self, language: str) -> str:
        """The part in words, ``vi`` or ``en``."""
        return _pick(_NAMES[self], language)


_NAMES = {
    Part.VALUE: ("con số", "number"),
    Part.AVERAGING: ("trung bình", "averaging"),
    Part.FORMULA: ("công thức", "formula"),
    Part.FACTORS: ("hệ số", "factors"),
    Part.VALIDITY: ("hiệu lực", "validity"),
    Part.CAPTURE: ("tỷ lệ dữ liệu", "data capture"),
    Part.APPLICABILITY: ("phạm vi áp dụng", "applicability"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """What is doubtful about a part of a rule; ``vi`` and ``en`` are one clause each, without a full stop.

    It matters for data of the days ``first_day`` to ``last_day``, and where ``columns`` are named for those of the
    limit table alone.
    """

    name: str
    part: Part
    vi: str
    en: str
    first_day: date | None = None
    last_day: date | None = None
    columns: tuple[str, ...] = ()

    @property
    def is_conditional(self) -> bool:
        """Whether it depends on the day, or on what the register says."""
        is_by_register = self.part.is_of_the_table or self.part is Part.FORMULA
        return bool(self.first_day or self.last_day or self.columns or is_by_register)

    def matters(self, day: date, column: str) -> bool:
        """Whether a verdict on this local day, under this column of the limit table, rests on the doubtful part."""
        is_early = self.first_day is not None and day < self.first_day
        is_late = self.last_day is not None and day > self.last_day
        return not is_early and not is_late and (not self.columns or column in self.columns)

    def clause(self, language: str) -> str:
        """The clause in ``vi`` or ``en``."""
        return _pick((self.vi, self.en), language)

    def sentence(self, language: str = "en") -> str:
        """The sentence of evidence; findings keep the English one."""
        return doubts_sentence((self,), language)


def doubts_sentence(doubts: Iterable[Doubt], language: str) -> str:
    """One sentence of several doubts, in ``vi`` or ``en``; empty where there is none."""
    said = "; ".join(f"{doubt.part.name_in(language)}: {doubt.clause(language)}" for doubt in doubts)
    return f"{_pick(_STARTS, language)}{said}." if said else ""


def read_doubts(where: str, tables: object, problems: list[str]) -> dict[str, Doubt]:
    """The ``[doubts]`` of a pack by name; mistakes are added to ``problems``, a line each."""
    if not isinstance(tables, dict):
        problems.append(f"{where}: doubts: must be tables [doubts.NAME]")
        return {}
    found: dict[str, Doubt] = {}
    for name, table in tables.items():
        mistakes = [f"{where}: doubts.{name}: {language}: a clause is required" for language in ("vi", "en")
                    if not isinstance(table, dict) or not table.get(language)]  # fmt: skip
        mistakes += [f"{where}: doubts.{name}: {key}: unknown field" for key in _unknown(table)]
        if mistakes:
            problems.extend(mistakes)
            continue
        try:
            found[name] = msgspec.convert({"name": name, **table}, Doubt)
        except msgspec.ValidationError as error:
            text, _, path = str(error).partition(" - at `$")
            problems.append(f"{where}: doubts.{name}: {path.strip('.`') or 'table'}: {text}")
    return found


def _unknown(table: object) -> Iterable[str]:
    known = set(Doubt.__dataclass_fields__) - {"name"}
    return (key for key in table if key not in known) if isinstance(table, dict) else ()


@cache
def shipped_doubts() -> Mapping[str, Doubt]:
    """The doubts that come with the product, by name."""
    document: dict[str, Any] = tomllib.loads(DOUBTS_FILE.read_text(encoding="utf-8"))
    return read_doubts(DOUBTS_FILE.name, document["doubts"], [])


def capture_sentence() -> str:
    """Said where too little data keeps a verdict back: no share was read in any text."""
    return shipped_doubts()["data-capture"].sentence()


def is_doubt(sentence: str) -> bool:
    """Whether a sentence of evidence is about a doubtful part."""
    return sentence.startswith(_START)


def doubtful_parts(evidence: Iterable[str]) -> tuple[Part, ...]:
    """The parts that a finding's evidence calls doubtful, each once, in the order they are said."""
    names = (sentence.removeprefix(_START).partition(":")[0] for sentence in evidence if is_doubt(sentence))
    return tuple(dict.fromkeys(_PARTS[name] for name in names if name in _PARTS))


_PARTS = {names[1]: part for part, names in _NAMES.items()}


@cache
def _translations() -> Mapping[str, str]:
    return {doubt.sentence("en"): doubt.sentence("vi") for doubt in shipped_doubts().values()}


def doubt_in_vietnamese(sentence: str) -> str:
    """The Vietnamese sentence for an English one of ours; of words no longer used the clause stays English."""
    part, _, clause = sentence.removeprefix(_START).partition(": ")
    known = f"{_STARTS[0]}{_PARTS[part].name_in('vi')}: {clause}" if part in _PARTS else sentence
    return _translations().get(sentence, known)


def parts_to_confirm(parts: Sequence[Part], language: str) -> str:
    """``averaging, formula to confirm``; empty where nothing is doubtful."""
    words = ", ".join(part.name_in(language) for part in parts)
    return f"{words} {_pick(('cần xác nhận', 'to confirm'), language)}" if words else ""


def _pick(pair: tuple[str, str], language: str) -> str:
    return pair[0] if language == "vi" else pair[1]
