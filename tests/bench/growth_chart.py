"""Draws growth from figures written with ``--json``: ``python -m tests.bench.growth_chart OUT.svg FILE.json ...``."""

import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

Lines = dict[str, list[tuple[int, float]]]
JUDGING = re.compile(r"(?P<line>.+): judging (?P<size>\d+) tenants\Z")
INGEST = re.compile(r"(?P<size>\d+) x (?P<line>readings|tenants)\Z")
MEMORY = re.compile(r"(?P<size>\d+) x (?P<line>readings|tenants), RSS\Z")


def lines_of(figures: Iterable[dict[str, Any]], pattern: re.Pattern[str]) -> Lines:
    """Points of growth by the name of their line, smallest first."""
    found: Lines = defaultdict(list)
    for figure in figures:
        match = pattern.match(figure["figure"])
        if match:
            found[match["line"]].append((int(match["size"]), float(figure["value"])))
    return {line: sorted(points) for line, points in found.items()}


def draw(figures: list[dict[str, Any]]) -> Figure:
    """Judging against tenants, and ingest's CPU a reading and memory against how many times as much."""
    picture = Figure(figsize=(11, 3.4), layout="constrained")
    panels = picture.subplots(1, 3)
    judging, ingest, memory = panels
    judged = lines_of(figures, JUDGING)
    _draw(judging, judged, "Judging one day", "tenants", "CPU s, database included")
    for points in judged.values():
        (least, seconds), most = points[0], points[-1][0]
        judging.plot([0, most], [0, seconds / least * most], color="grey", linestyle=":", linewidth=1)
    _draw(ingest, lines_of(figures, INGEST), "Ingest into SQLite", "times as many", "CPU s a million readings")
    _draw(memory, lines_of(figures, MEMORY), "Memory of ingest", "times as many", "MB")
    return picture


def _draw(axes: Axes, lines: Lines, title: str, across: str, up: str) -> None:
    for line, points in lines.items():
        axes.plot([size for size, _ in points], [value for _, value in points], marker="o", label=line)
    axes.set(title=title, xlabel=across, ylabel=up, ylim=(0, None), xlim=(0, None))
    axes.grid(visible=True, alpha=0.3)
    if lines:
        axes.legend(frameon=False)


def main() -> None:
    """Write the picture; the dotted lines are the smallest park, multiplied."""
    out, *files = sys.argv[1:]
    figures = [figure for file in files for figure in json.loads(Path(file).read_text(encoding="utf-8"))["figures"]]
    picture = draw(figures)
    FigureCanvasSVG(picture)
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "growth"}):
        picture.savefig(out, format="svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
