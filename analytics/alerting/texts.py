"""The words of e-mails, read once for each language from ``templates/<language>/texts.toml``."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from string import Template

from analytics.rulebook.citation import cite_in

LANGUAGES = ("vi", "en")


class Texts:
    """Patterns of one language; a missing key or value is a ``KeyError``, never an empty place in an e-mail."""

    def __init__(self, language: str, tables: Mapping[str, Mapping[str, object]]) -> None:
        self.language = language
        self._tables = tables

    def fill(self, table: str, key: str, **values: str) -> str:
        """The pattern ``[table] key`` with its ``$names`` filled."""
        pattern = self._tables[table][key]
        if not isinstance(pattern, str):
            raise KeyError(f"[{table}] {key}")
        return Template(pattern).substitute(values)

    def next_steps(self, step: str, topic: str) -> list[str]:
        """What to do after a step, for a kind of installation."""
        lists = self._tables["next_steps"][step]
        if not isinstance(lists, dict):
            raise KeyError(f"[next_steps.{step}]")
        chosen: list[str] = lists.get(topic) or lists.get("any") or lists["other"]
        return chosen

    def cite(self, citation: str) -> str:
        """A citation in this language; names and numbers of texts stay as they are."""
        return cite_in(citation, self.language)

    def keys(self) -> set[str]:
        """Every ``table.key`` a language must have."""
        return {f"{table}.{key}" for table, patterns in self._tables.items() for key in patterns}


@cache
def texts_of(language: str) -> Texts:
    """The words of ``vi`` or ``en``."""
    source = files("analytics.alerting").joinpath("templates", language, "texts.toml")
    return Texts(language, tomllib.loads(source.read_text(encoding="utf-8")))


@cache
def page_template(name: str) -> Template:
    """``message.txt`` or ``message.html``."""
    return Template(files("analytics.alerting").joinpath("templates", name).read_text(encoding="utf-8"))
