"""Attributes with the days on which they hold: a licence is renewed, and what was judged before must stay as it was.

There is no "the" value of an attribute, only the one in force on a day: whoever reads one has to name the day.
"""

import bisect
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import NamedTuple

Attribute = str | int | float | bool | date
_NONE: Mapping[str, Attribute] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class AttributeChange:
    """What else holds from the local midnight of ``first_day`` on; attributes it does not name hold on.

    ``document`` names the paper (a licence, a contract); ``without`` are attributes that hold no longer.
    """

    first_day: date
    attributes: Mapping[str, Attribute]
    document: str = ""
    without: tuple[str, ...] = ()

    def concerns(self, name: str) -> bool:
        """Whether it gives the attribute a value, or takes it away."""
        return name in self.attributes or name in self.without


class Era(NamedTuple):
    """Local days ``[first_day, end_day)`` on which the same attributes hold."""

    first_day: date
    end_day: date
    attributes: Mapping[str, Attribute]

    def holds_on(self, day: date) -> bool:
        """Whether the day is one of its days."""
        return self.first_day <= day < self.end_day


@dataclass(frozen=True, slots=True)
class DatedAttributes:
    """``first`` holds until the first of ``changes``, which are in the order of their days; there may be none."""

    first: Mapping[str, Attribute] = field(default_factory=lambda: _NONE)
    changes: tuple[AttributeChange, ...] = ()
    eras: tuple[Era, ...] = field(init=False, repr=False, compare=False)
    """At least one, without gaps, from the first day a calendar has to the last."""

    def __post_init__(self) -> None:
        days = (date.min, *(change.first_day for change in self.changes), date.max)
        known: Mapping[str, Attribute] = self.first
        eras = [Era(days[0], days[1], known)]
        for number, change in enumerate(self.changes, start=1):
            kept = {name: value for name, value in known.items() if name not in change.without}
            known = MappingProxyType({**kept, **change.attributes})
            eras.append(Era(days[number], days[number + 1], known))
        object.__setattr__(self, "eras", tuple(eras))

    def on(self, day: date) -> Mapping[str, Attribute]:
        """What holds on a local day."""
        if not self.changes:
            return self.first
        return self.eras[bisect.bisect_right(self.changes, day, key=lambda change: change.first_day)].attributes

    def since(self, name: str, day: date) -> AttributeChange | None:
        """The change by which an attribute is on ``day`` what it is; ``None`` where it was so from the beginning."""
        found = None
        for change in self.changes:
            if change.first_day <= day and change.concerns(name):
                found = change
        return found

    def changed_between(self, names: Collection[str], day: date, last_day: date) -> list[tuple[AttributeChange, str]]:
        """Changes of one of ``names`` after ``day``, up to ``last_day``, each with the first name it concerns."""
        found: list[tuple[AttributeChange, str]] = []
        for change in self.changes:
            if day < change.first_day <= last_day:
                named = next((name for name in sorted(names) if change.concerns(name)), None)
                if named is not None:
                    found.append((change, named))
        return found
