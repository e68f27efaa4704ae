"""Reads ``[[changes]]`` of the park and ``[[installations.changes]]``: dated attributes, checked like all others."""

import difflib
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from telemetry_model.park_register.attributes import AttributeForm, check_attributes
from telemetry_model.park_register.dated import Attribute, AttributeChange, DatedAttributes
from telemetry_model.park_register.problems import RegisterProblem, as_written
from telemetry_model.park_register.types import MeasuringPoint

FROM, DOCUMENT, WITHOUT = "from", "document", "without"
KEYS = (FROM, DOCUMENT, WITHOUT)
"""What is said about a change; all other keys are attributes."""
_NEAR = 0.75
"""From this likeness on (difflib's ratio) a key is a slip of the keyboard: ``form`` is so near to ``from``."""
_FILE = "park.toml"


class ChangeReader:
    """The changes of one owner (an installation or the park); notes every problem with its field.

    ``lasting`` are attributes and keys that say what the owner is: another one would be another owner.
    """

    def __init__(
        self,
        owner: str,
        forms: Mapping[str, AttributeForm],
        points: Mapping[str, MeasuringPoint],
        problems: list[RegisterProblem],
        lasting: tuple[str, ...],
        *,
        is_open: bool = False,
    ) -> None:
        self._owner = owner
        self._forms = forms
        self._points = points
        self._problems = problems
        self._lasting = lasting
        self._is_open = is_open

    def read(self, raw: object, where: str, first: Mapping[str, Attribute]) -> DatedAttributes:
        """The attributes with their changes; ``where`` names the list, ``first`` is what the changes begin with."""
        if not isinstance(raw, list) or not all(isinstance(entry, dict) for entry in raw):
            header = "installations.changes" if "." in where else "changes"
            self._problem(where, f"changes of {self._owner} must be tables: [[{header}]]")
            return DatedAttributes(first)
        changes: list[AttributeChange] = []
        for number, entry in enumerate(raw, start=1):
            place, known = f"{where}[{number}]", DatedAttributes(first, tuple(changes)).eras[-1].attributes
            change = self._change(entry, place, known)
            if change is None:
                continue
            if changes and change.first_day <= changes[-1].first_day:
                before = changes[-1].first_day
                words = f"{change.first_day} does not come after {before}: changes of {self._owner} go by date"
                self._problem(f"{place}.{FROM}", words)
                continue
            changes.append(change)
        return DatedAttributes(first, tuple(changes))

    def _change(
        self, entry: Mapping[str, Attribute | list[str]], place: str, known: Mapping[str, Attribute]
    ) -> AttributeChange | None:
        misspelt = self._misspelt(entry)
        for name, meant in misspelt.items():
            words = f"unknown key '{name}' in a change of {self._owner}: did you mean '{meant}'?"
            self._problem(f"{place}.{name}", words)
        day, document = entry.get(FROM), entry.get(DOCUMENT, "")
        if type(day) is not date and FROM not in misspelt.values():
            found = "is missing" if day is None else f"{as_written(day)} is not a date"
            self._problem(
                f"{place}.{FROM}", f"the first day of a change of {self._owner} {found} (YYYY-MM-DD, unquoted)"
            )
        if not isinstance(document, str) or not document.isprintable():
            words = f"{document!r} is not a line of text that names the paper of a change of {self._owner}"
            self._problem(f"{place}.{DOCUMENT}", words)
        attributes = self._attributes({name: entry[name] for name in entry if name not in (*KEYS, *misspelt)}, place)
        without = self._without(entry.get(WITHOUT, []), place, attributes, known)
        others = entry.keys() - attributes.keys() - set(KEYS)
        changes_nothing = all(known.get(name) == value for name, value in attributes.items()) and not without
        if changes_nothing and not others and not (attributes and document):
            # A renewed licence may state the same figures: then its document is what is new.
            self._problem(place, f"this change of {self._owner} changes nothing")
        if type(day) is not date:
            return None
        return AttributeChange(day, MappingProxyType(attributes), str(document), without)

    def _misspelt(self, entry: Mapping[str, object]) -> dict[str, str]:
        missing = [key for key in KEYS if key not in entry]
        others = [name for name in entry if name not in (*KEYS, *self._forms, *self._lasting)]
        nearest = {name: difflib.get_close_matches(name, missing, n=1, cutoff=_NEAR) for name in others}
        return {name: found[0] for name, found in nearest.items() if found}

    def _attributes(self, entry: Mapping[str, Attribute | list[str]], place: str) -> dict[str, Attribute]:
        found: dict[str, Attribute] = {}
        for name, value in entry.items():
            if name in self._lasting:
                words = f"'{name}' says what {self._owner} is and cannot change on a day"
                self._problem(f"{place}.{name}", words)
            elif isinstance(value, (str, int, float, date)):
                found[name] = value
            else:
                self._problem(f"{place}.{name}", "must be a text, number, date or bool")
        self._problems += check_attributes(
            place, found, self._forms, self._points, owner=self._owner, is_open=self._is_open
        )
        return found

    def _without(
        self, raw: object, place: str, attributes: Mapping[str, Attribute], known: Mapping[str, Attribute]
    ) -> tuple[str, ...]:
        names = raw if isinstance(raw, list) else [raw]
        for name in names:
            if name in self._lasting:
                self._problem(f"{place}.{WITHOUT}", f"'{name}' says what {self._owner} is and cannot be taken away")
            elif name in attributes or name not in known:
                reason = "is given a value in the same change" if name in attributes else "does not hold before it"
                self._problem(f"{place}.{WITHOUT}", f"'{name}' of {self._owner} {reason}")
        return tuple(str(name) for name in names)

    def _problem(self, column: str, message: str) -> None:
        self._problems.append(RegisterProblem(_FILE, None, column, message))
