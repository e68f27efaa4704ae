"""What an evaluator is given and what it gives back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from analytics.rulebook.rule import Rule
from analytics.slots.series import SlotSeries
from analytics.windows import Window
from telemetry_model.park_register import Installation, Park
from telemetry_model.park_register.dated import Attribute


@dataclass(frozen=True, slots=True)
class FlatSpan:
    """A stretch ``[start_ms, end_ms)`` of one local day that belongs to a run of one and the same value."""

    start_ms: int
    end_ms: int
    value: float
    hours: float
    rule: str


@dataclass(frozen=True, slots=True)
class Context:
    """One rule for one subject, with the series it needs by point id; ``flat`` are stretches already marked in them.

    ``attributes`` are those of the installation or the park that are in force on the days of the windows to judge.
    """

    rule: Rule
    park: Park
    subject: str
    installation: Installation | None
    series: Mapping[str, SlotSeries]
    flat: Mapping[str, tuple[FlatSpan, ...]]
    attributes: Mapping[str, Attribute]

    def point_of(self, quantity: str) -> str | None:
        """The installation's point of a quantity, if it has one."""
        return next((point for point in self.series if point.partition(".")[2] == quantity), None)


class Lacking(NamedTuple):
    """What a sum lacks of its window: the register at its start or end, or single intervals.

    ``most``, in the rule's unit, is what it would be with the greatest interval in place of each missing one; ``None``
    where that cannot be said.
    """

    start: bool = False
    end: bool = False
    most: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was observed in one window, in the rule's unit, before any limit is looked at.

    ``observed`` is ``None`` when nothing valid was measured; then ``data_capture`` is 0.
    """

    observed: float | None
    data_capture: float
    evidence: tuple[str, ...]
    points: tuple[str, ...]
    is_denied: bool = False
    """A document says that what the rule asks for does not exist: there is no value, and the rule is not kept."""
    lacking: Lacking | None = None
    """Of a sum that only grows: a part of it can exceed a limit, but not show that it is kept. ``None``: no sum."""


Judge = Callable[[Window], Outcome]


def nothing(points: tuple[str, ...], *evidence: str) -> Outcome:
    """No value, and why."""
    return Outcome(None, 0.0, evidence, points)
