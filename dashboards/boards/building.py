"""Shorthand for declaring boards: bind a query function to its points, read installations from the register."""

from collections.abc import Callable, Iterable
from functools import partial

from dashboards.board import LimitRef, Panel
from dashboards.queries.points import PointSet
from dashboards.queries.scope import QueryScope
from telemetry_model.park_register import Installation, Park
from telemetry_store.query import SeriesQuery


def bind(function: Callable[..., SeriesQuery], **points: PointSet) -> Callable[[QueryScope], SeriesQuery]:
    """The query function with its points filled in; it keeps its name (see ``PanelQuery.name``)."""
    return partial(function, **points)


def present(panels: Iterable[Panel | None]) -> tuple[Panel, ...]:
    """The panels this park has points for."""
    return tuple(panel for panel in panels if panel is not None)


def installations_of(park: Park, kind: str) -> list[Installation]:
    """All installations of a kind that have a device, in register order."""
    return [each for each in park.installations.values() if each.kind == kind and each.device]


def limit_ref(rule: str, installations: Iterable[Installation]) -> LimitRef | None:
    """The rule's limit for these installations; ``None`` when there are none."""
    ids = tuple(installation.id for installation in installations)
    return LimitRef(rule, ids) if ids else None
