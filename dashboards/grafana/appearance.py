"""Finds what Grafana's own defaults would draw misleadingly: a board must not leave these choices to Grafana.

Each was seen in a running Grafana before it was looked for here.
"""

from collections.abc import Iterator
from typing import Any

EXPRESSION_TYPE = "__expr__"


def left_to_grafana(panel: dict[str, Any]) -> Iterator[str]:
    """One line for every choice of the panel that its JSON leaves open and Grafana would make wrongly."""
    kind = panel.get("type")
    defaults = (panel.get("fieldConfig") or {}).get("defaults") or {}
    if kind == "stat":
        yield from _number(panel.get("options") or {}, defaults)
    if kind == "timeseries":
        yield from _drawn(panel, defaults)
    if kind == "table" and not _has_column_order(panel):
        yield "has no order of columns: Grafana changes it from one refresh to the next"


def _number(options: dict[str, Any], defaults: dict[str, Any]) -> Iterator[str]:
    if options.get("colorMode") != "none" and not {"thresholds", "color"} & set(defaults):
        yield "has no colour of its own: Grafana paints numbers from 80 on red"


def _drawn(panel: dict[str, Any], defaults: dict[str, Any]) -> Iterator[str]:
    custom = defaults.get("custom") or {}
    shown = [target for target in panel.get("targets") or [] if not target.get("hide")]
    if custom.get("drawStyle") == "bars":
        if custom.get("axisSoftMin") != 0 and defaults.get("min") != 0:
            yield "its bars do not begin at zero"
        if len(shown) > 1 and (custom.get("stacking") or {}).get("mode", "none") == "none":
            yield "its bars are not stacked: Grafana draws those of one time over each other"
    expressions = [target for target in shown if (target.get("datasource") or {}).get("type") == EXPRESSION_TYPE]
    if expressions and not defaults.get("displayName"):
        yield f"expression {expressions[0].get('refId') or '?'} has no name: Grafana shows its letter"


def _has_column_order(panel: dict[str, Any]) -> bool:
    steps = panel.get("transformations") or []
    return any(step.get("id") == "organize" and (step.get("options") or {}).get("indexByName") for step in steps)
