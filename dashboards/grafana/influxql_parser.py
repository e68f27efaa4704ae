"""Parses the InfluxQL that boards emit (SELECT, one source or subquery, AND/OR conditions, GROUP BY, fill, tz).

Not a whole InfluxQL: what is outside the subset is refused, so that a board never holds a query nobody checked.
"""

import re
from dataclasses import dataclass, field
from typing import NamedTuple

MAX_DEPTH = 3
FUNCTIONS = frozenset({"mean", "min", "max", "sum", "count", "first", "last", "non_negative_difference"})
_TOKENS = re.compile(
    r"""\s*(?:(?P<name>"(?:[^"\\]|\\.)*")|(?P<string>'(?:[^'\\]|\\.)*')|(?P<variable>\$\{?\w+(?::\w+)?\}?)
    |(?P<regex>/(?:[^/\\]|\\.)+/)|(?P<number>\d+(?:\.\d+)?(?:ms|[smhdw])?)|(?P<word>[A-Za-z_]\w*)
    |(?P<sign>=~|!~|!=|<>|<=|>=|[=<>(),+*-]))""",
    re.VERBOSE,
)
_COMPARISONS = frozenset({"=", "!=", "<>", "<", ">", "<=", ">=", "=~", "!~"})
_FILLS = frozenset({"none", "null", "linear", "previous"})


class InfluxqlError(ValueError):
    """The text is not a SELECT of the subset; the message says where it stops being one."""


class Token(NamedTuple):
    """One token; ``text`` is unquoted for names and strings."""

    kind: str
    text: str


@dataclass
class SelectStatement:
    """What a SELECT reads. ``source`` is a measurement, or a statement for a subquery.

    ``fields`` are the names in its columns, ``columns`` what it calls them, ``conditions`` the names WHERE compares
    (``time`` and Grafana's variables left out), ``group_by`` the tags it groups by.
    """

    source: "str | SelectStatement" = ""
    fields: set[str] = field(default_factory=set)
    columns: list[str] = field(default_factory=list)
    conditions: set[str] = field(default_factory=set)
    group_by: list[str] = field(default_factory=list)
    has_time_filter: bool = False
    bucket: str = ""
    time_zone: str = ""


def parse_select(text: str) -> SelectStatement:
    """The statement; raises :class:`InfluxqlError`."""
    parser = _Parser(_tokens(text))
    statement = parser.select(1)
    parser.end()
    return statement


def _tokens(text: str) -> list[Token]:
    tokens: list[Token] = []
    position = 0
    while text[position:].strip():
        match = _TOKENS.match(text, position)
        if match is None or match.lastgroup is None:
            raise InfluxqlError(f"cannot read {text[position : position + 20].strip()!r}")
        raw = match[match.lastgroup]
        tokens.append(Token(match.lastgroup, raw[1:-1] if match.lastgroup in ("name", "string") else raw))
        position = match.end()
    return tokens


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens, self._at = tokens, 0

    def select(self, depth: int) -> SelectStatement:
        if depth > MAX_DEPTH:
            raise InfluxqlError("too many subqueries")
        statement = SelectStatement()
        self._word("select")
        self._column(statement)
        while self._takes_sign(","):
            self._column(statement)
        self._word("from")
        if self._takes_sign("("):
            statement.source = self.select(depth + 1)
            self._sign(")")
        else:
            statement.source = self._kind("name")
        if self._takes_word("where"):
            self._conditions(statement)
        if self._takes_word("group"):
            self._word("by")
            self._groups(statement)
        self._tail(statement)
        return statement

    def end(self) -> None:
        if self._at < len(self._tokens):
            raise InfluxqlError(f"unexpected {self._tokens[self._at].text!r}")

    def _column(self, statement: SelectStatement) -> None:
        column = self._value(statement)
        statement.columns.append(self._kind("name") if self._takes_word("as") else column)

    def _value(self, statement: SelectStatement) -> str:
        token = self._next("a column")
        if token.kind == "name":
            statement.fields.add(token.text)
            return token.text
        if token.kind != "word" or token.text.lower() not in FUNCTIONS:
            raise InfluxqlError(f"unknown function {token.text!r}")
        self._sign("(")
        self._value(statement)
        self._sign(")")
        return token.text

    def _conditions(self, statement: SelectStatement) -> None:
        self._condition(statement)
        while self._takes_word("and") or self._takes_word("or"):
            self._condition(statement)

    def _condition(self, statement: SelectStatement) -> None:
        if self._takes_sign("("):
            self._conditions(statement)
            self._sign(")")
        else:
            token = self._next("a condition")
            if token == Token("variable", "$timeFilter"):
                statement.has_time_filter = True
                return
            if token.text.lower() == "time" and token.kind in ("word", "name"):
                statement.has_time_filter = True
            elif token.kind == "name":
                statement.conditions.add(token.text)
            else:
                raise InfluxqlError(f"a condition cannot begin with {token.text!r}")
        while self._peek() is not None and self._peek_is_comparison():
            self._at += 1
            self._operand()

    def _operand(self) -> None:
        token = self._next("a value")
        if token.kind == "word" and token.text.lower() not in ("true", "false"):
            raise InfluxqlError(f"{token.text!r} is no value")
        if token.kind in ("sign", "name"):
            raise InfluxqlError(f"{token.text!r} is no value")

    def _groups(self, statement: SelectStatement) -> None:
        while True:
            if self._takes_word("time"):
                self._sign("(")
                statement.bucket = self._next("a duration").text
                if self._takes_sign(","):
                    self._takes_sign("-")
                    self._next("an offset")
                self._sign(")")
            else:
                statement.group_by.append(self._kind("name"))
            if not self._takes_sign(","):
                return

    def _tail(self, statement: SelectStatement) -> None:
        if self._takes_word("fill"):
            self._sign("(")
            if self._next("a fill").text.lower() not in _FILLS:
                raise InfluxqlError("unknown fill")
            self._sign(")")
        if self._takes_word("order"):
            for word in ("by", "time"):
                self._word(word)
            if not self._takes_word("desc"):
                self._takes_word("asc")
        if self._takes_word("limit"):
            self._kind("number")
        if self._takes_word("tz"):
            self._sign("(")
            statement.time_zone = self._kind("string")
            self._sign(")")

    def _peek(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _peek_is_comparison(self) -> bool:
        token = self._peek()
        return token is not None and token.kind == "sign" and token.text in _COMPARISONS

    def _next(self, wanted: str) -> Token:
        token = self._peek()
        if token is None:
            raise InfluxqlError(f"ends where {wanted} is expected")
        self._at += 1
        return token

    def _kind(self, kind: str) -> str:
        token = self._next(f"a {kind}")
        if token.kind != kind:
            raise InfluxqlError(f"{token.text!r} where a {kind} is expected")
        return token.text

    def _word(self, word: str) -> None:
        if not self._takes_word(word):
            found = self._peek()
            raise InfluxqlError(f"{found.text if found else 'the end'!r} where {word.upper()} is expected")

    def _sign(self, sign: str) -> None:
        if not self._takes_sign(sign):
            found = self._peek()
            raise InfluxqlError(f"{found.text if found else 'the end'!r} where {sign!r} is expected")

    def _takes_word(self, word: str) -> bool:
        token = self._peek()
        if token is None or token.kind != "word" or token.text.lower() != word:
            return False
        self._at += 1
        return True

    def _takes_sign(self, sign: str) -> bool:
        token = self._peek()
        if token is None or token != Token("sign", sign):
            return False
        self._at += 1
        return True
