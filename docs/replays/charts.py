"""Draws the charts of the replays: each marked as replayed, with units, the limit and the source of the recording."""

import itertools
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import AutoDateLocator, DateFormatter
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

MEASURED, LIMIT, RAW, SHADE, INK, GRID = "#2a6f97", "#c0392b", "#d9822b", "#f3d9a4", "#334e68", "#e4e9ee"
WORDS = {"compliant": "compliant", "exceeded": "limit not kept", "insufficient_data": "insufficient data, no verdict"}
COLOURS = {"compliant": MEASURED, "exceeded": LIMIT, "insufficient_data": "#9fb3c8"}
MARKS = {"compliant": "o", "exceeded": "v", "insufficient_data": "s"}
Points = Sequence[tuple[datetime, float]]
Judged = Sequence[tuple[datetime, float, str]]
SMALL = 8.5


class Panel(NamedTuple):
    """What the file holds in a stretch of time: usable values, and values that stand for a lost connection."""

    title: str
    unit: str
    usable: Points
    faults: Points


class Chart:
    """A figure with the mark "REPLAYED RECORDING", a title and a source line; :attr:`axes` are its panels."""

    def __init__(self, title: str, source: str, rows: int = 1, columns: int = 1, height_inches: float = 4.2) -> None:
        top, bottom = 0.42 / height_inches, 0.26 / height_inches
        engine = ConstrainedLayoutEngine(rect=(0.005, bottom, 0.985, 1 - top - bottom), w_pad=0.06, h_pad=0.05)
        self._figure = Figure(figsize=(9, height_inches), dpi=120, layout=engine)
        FigureCanvasAgg(self._figure)
        self._figure.text(
            0.012, 1 - 0.26 / height_inches, title, fontsize=12, fontweight="bold", color="#102a43", va="center"
        )
        self._figure.text(
            0.988, 1 - 0.26 / height_inches, "REPLAYED RECORDING", fontsize=8.5, fontweight="bold", color="#7a4b00",
            ha="right", va="center",
            bbox={"boxstyle": "round,pad=0.35", "facecolor": "#fdf3df", "edgecolor": "#d9a441"},
        )  # fmt: skip
        self._figure.text(0.012, 0.11 / height_inches, f"Recording: {source}", fontsize=7, color="#627d98", va="center")
        self.axes: list[list[Axes]] = self._figure.subplots(rows, columns, squeeze=False).tolist()
        for axes in self.all_axes():
            _plain(axes)

    def all_axes(self) -> list[Axes]:
        """All panels, row by row."""
        return [axes for row in self.axes for axes in row]

    def save(self, path: Path) -> None:
        """Write the PNG."""
        self._figure.savefig(path, format="png", metadata={"Software": None})


def power_factor_chart(months: Judged, minimum: float, source: str) -> Chart:
    """Monthly power factor against the minimum."""
    chart = Chart("Power factor of the steel works, by billing month", source, height_inches=3.9)
    axes = chart.axes[0][0]
    for verdict in ("compliant", "exceeded"):
        part = [(place, value) for place, (_, value, found) in enumerate(months) if found == verdict]
        label = "compliant" if verdict == "compliant" else "below the minimum"
        axes.vlines(
            [p for p, _ in part], minimum, [v for _, v in part], color=COLOURS[verdict], linewidth=3, alpha=0.35
        )
        axes.plot(*zip(*part, strict=True), MARKS[verdict], color=COLOURS[verdict], markersize=9, label=label, zorder=3)
        for place, value in part:
            up = verdict == "compliant"
            axes.annotate(f"{value:.4f}", (place, value), (0, 9 if up else -9), textcoords="offset points",
                          fontsize=SMALL, ha="center", va="bottom" if up else "top", color=INK)  # fmt: skip
    axes.axhline(minimum, color=LIMIT, linestyle="--", linewidth=1.6)
    axes.annotate(f"minimum {minimum:g} (Circular 15/2014/TT-BCT)", (len(months) - 0.45, minimum), (0, 5),
                  fontsize=SMALL, textcoords="offset points", ha="right", color=LIMIT)  # fmt: skip
    axes.set_xticks(range(len(months)), [day.strftime("%b %Y") for day, _, _ in months])
    axes.set_ylabel("cos φ of the month")
    axes.set_ylim(0.862, 0.943)
    axes.set_xlim(-0.5, len(months) - 0.4)
    axes.legend(loc="lower left", fontsize=SMALL, frameon=False)
    return chart


def energy_chart(week: Points, night: Points, as_stamped: Points, source: str) -> Chart:
    """A week of 15-min energy, and one midnight: where the file's stamp puts a day's last interval, and its place."""
    chart = Chart("Energy per 15 minutes, and the midnight stamp", source, rows=2, height_inches=5.6)
    above, below = chart.all_axes()
    wrong, value = as_stamped[0]
    above.plot(*xy(week), color=MEASURED, linewidth=0.9)
    midnights = [(moment, value) for moment, value in week if (moment.hour, moment.minute) == (0, 0)]
    above.plot(
        *zip(*midnights, strict=True), "o", color=RAW, markersize=5, label="last interval of a day, at its true end"
    )
    time_axis(above, wrong, "%d %b %Y")
    below.plot(*xy(night), "-o", color=MEASURED, markersize=3.5, linewidth=1, label="stored by Ecopark")
    right = next(moment for moment, stored in night if stored == value and moment.day != wrong.day)
    below.plot(x_of(wrong), value, "o", markersize=9, markerfacecolor="none", color=LIMIT, markeredgewidth=1.6,
               label="where the file's stamp puts it: a day early")  # fmt: skip
    below.plot(x_of(right), value, "o", color=RAW, markersize=8, zorder=4, label="moved to the end of its interval")
    below.annotate("", (x_of(right), value + 6), (x_of(wrong), value + 6),
                   arrowprops={"arrowstyle": "->", "color": INK, "connectionstyle": "arc3,rad=-0.16"})  # fmt: skip
    time_axis(below, wrong, "%d %b\n%H:%M")
    for axes, top in ((above, 178), (below, 190)):
        axes.set_ylabel("kWh per 15 min")
        axes.set_ylim(0, top)
        axes.legend(loc="upper left", fontsize=SMALL, frameon=False, ncols=3)
    return chart


def daily_means_chart(nox: Judged, co: Judged, limits: tuple[float, float], source: str) -> Chart:
    """24 h means of both gases on the made-up time axis."""
    title = "Gas turbine: 24 h means of NOx and CO (made-up time axis)"
    chart = Chart(title, source, rows=2, height_inches=6.2)
    words = (
        "QCVN 19:2024/BTNMT, column B; 24 h means to confirm",
        "an example licence: the register's setting; 24 h means to confirm",
    )
    for axes, gas, series, limit, said in zip(chart.all_axes(), ("NOx", "CO"), (nox, co), limits, words, strict=True):
        for verdict, word in WORDS.items():
            part = [(day, value) for day, value, found in series if found == verdict]
            if part:
                axes.plot(*xy(part), MARKS[verdict], color=COLOURS[verdict], label=word,
                          markersize=2.6 if verdict == "compliant" else 5, linestyle="none")  # fmt: skip
        axes.axhline(limit, color=LIMIT, linestyle="--", linewidth=1.4)
        axes.annotate(f"limit {limit:g} mg/Nm³ ({said})", (0.01, limit), (0, 4), xycoords=("axes fraction", "data"),
                      textcoords="offset points", fontsize=SMALL, color=LIMIT)  # fmt: skip
        axes.set_ylabel(f"{gas}, mg/Nm³")
        time_axis(axes, nox[0][0], "%b %Y")
    above, below = chart.all_axes()
    above.set_ylim(45, 139)
    below.set_yscale("log")
    below.set_ylim(0.1, 300)
    below.set_yticks([0.1, 1, 10, 100], ["0.1", "1", "10", "100"])
    below.set_ylabel("CO, mg/Nm³ (log scale)")
    above.legend(loc="upper right", fontsize=SMALL, frameon=False, ncols=3)
    _mark_empty(chart.all_axes(), [day for day, _, _ in co])
    return chart


def frozen_chart(nox: Points, co: Points, frozen: tuple[datetime, datetime], source: str) -> Chart:
    """Hourly values around the frozen stretch: one gas stands still while the other goes on."""
    chart = Chart("A frozen NOx value: left out of every mean", source, rows=2, height_inches=4.8)
    hours = round((frozen[1] - frozen[0]).total_seconds() / 3600)
    for axes, gas, series in zip(chart.all_axes(), ("NOx", "CO"), (nox, co), strict=True):
        axes.axvspan(x_of(frozen[0]), x_of(frozen[1]), color=SHADE, alpha=0.6, linewidth=0)
        axes.plot(*xy(series), color=MEASURED, linewidth=1.1)
        axes.set_ylabel(f"{gas}, mg/Nm³")
        time_axis(axes, series[0][0], "%d %b")
    value = next(v for moment, v in nox if frozen[0] <= moment < frozen[1])
    middle = frozen[0] + (frozen[1] - frozen[0]) / 2
    chart.axes[0][0].annotate(f"{value:g} mg/Nm³, {hours} rows in a row", (x_of(middle), value), (0, 22),
                              textcoords="offset points", ha="center", fontsize=9, color=INK,
                              fontweight="bold")  # fmt: skip
    chart.axes[1][0].set_xlabel("made-up time: row 1 of the file is 1 January 2011, 00:00", fontsize=SMALL, color=INK)
    return chart


def ammonium_chart(days: Judged, with_zeros: Points, limit: float, source: str) -> Chart:
    """Daily mean ammonium against the limit, and what days with lost rows would be if their zeros had counted."""
    chart = Chart("Effluent ammonium: 24 h means, March and April 2022", source, height_inches=4.2)
    axes = chart.axes[0][0]
    axes.plot(*xy([(day, value) for day, value, _ in days]), color=INK, linewidth=0.7, alpha=0.6)
    for verdict, word in WORDS.items():
        part = [(day, value) for day, value, found in days if found == verdict]
        if part:
            axes.plot(*xy(part), MARKS[verdict], color=COLOURS[verdict], markersize=6, label=f"24 h mean, {word}")
    axes.plot(*xy(with_zeros), "_", color=INK, markersize=11, markeredgewidth=1.6, linestyle="none",
              label="if the zeros of lost connections had counted (they do not)")  # fmt: skip
    axes.axhline(limit, color=LIMIT, linestyle="--", linewidth=1.4)
    said = "QCVN 40:2011/BTNMT column B, Kq = Kf = 1 assumed; 24 h means to confirm"
    axes.annotate(f"limit {limit:g} mg/l ({said})", (0.01, limit), (0, -12),
                  xycoords=("axes fraction", "data"), textcoords="offset points", fontsize=SMALL,
                  color=LIMIT)  # fmt: skip
    axes.set_ylim(0, 30)
    axes.set_ylabel("NH₄-N, mg/l")
    axes.legend(loc="upper right", fontsize=SMALL, frameon=False)
    time_axis(axes, days[0][0], "%d %b")
    return chart


def lost_connection_chart(panels: Sequence[Panel], source: str) -> Chart:
    """Four panels."""
    chart = Chart("Zeros and 0 °F that are no measurements, March 2022", source, rows=2, columns=2, height_inches=5.4)
    for axes, (title, unit, usable, faults) in zip(chart.all_axes(), panels, strict=True):
        axes.plot(*xy(usable), "o", color=MEASURED, markersize=4.5, label="usable")
        axes.plot(*xy(faults), "x", color=LIMIT, markersize=6.5, markeredgewidth=1.6,
                  label="in the file, but stored without a value\n(reason: communication_loss)")  # fmt: skip
        axes.axhline(0, color="#9fb3c8", linewidth=0.8)
        axes.set_title(title, fontsize=9.5, loc="left", color=INK)
        axes.set_ylabel(unit)
        axes.xaxis_date(tz=usable[0][0].tzinfo)
        axes.xaxis.set_major_formatter(DateFormatter("%H:%M", tz=usable[0][0].tzinfo))  # type: ignore[no-untyped-call]
        low, high = axes.get_ylim()
        axes.set_ylim(low - 0.06 * (high - low), high + 0.06 * (high - low))
    chart.axes[1][0].legend(loc="center left", fontsize=SMALL, frameon=False)
    return chart


def x_of(moment: datetime) -> float:
    """Days since 1970, as the time axes count."""
    return moment.timestamp() / 86_400


def xy(points: Points) -> tuple[list[float], list[float]]:
    return [x_of(moment) for moment, _ in points], [value for _, value in points]


def _plain(axes: Axes) -> None:
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color("#9fb3c8")
    axes.tick_params(colors=INK, labelsize=SMALL)
    axes.yaxis.label.set_color(INK)
    axes.yaxis.label.set_fontsize(9)
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)


def time_axis(axes: Axes, sample: datetime, form: str) -> None:
    axes.xaxis_date(tz=sample.tzinfo)
    axes.xaxis.set_major_locator(AutoDateLocator(tz=sample.tzinfo, maxticks=10))  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(DateFormatter(form, tz=sample.tzinfo))  # type: ignore[no-untyped-call]


def _mark_empty(panels: Sequence[Axes], days: Sequence[datetime]) -> None:
    """Shade where a file's rows have run out before the made-up year did."""
    gaps = [(a, b) for a, b in itertools.pairwise(days) if (b - a).days > 10]
    for axes in panels:
        for start, end in gaps:
            axes.axvspan(x_of(start), x_of(end), color="#eef2f6", linewidth=0)
    for start, end in gaps:
        middle = x_of(start + (end - start) / 2)
        panels[0].text(middle, 78, "no rows left", rotation=90, ha="center", va="center", fontsize=SMALL, color=INK)
