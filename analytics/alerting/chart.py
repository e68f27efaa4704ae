"""Draws the picture of an alert: the measured values of the period against the limit line, as PNG."""

import io
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.dates import AutoDateLocator, DateFormatter
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FuncFormatter, MaxNLocator

from analytics.alerting.chart_data import ChartSeries
from analytics.finding import Finding
from analytics.wording import number

WIDTH_INCHES, HEIGHT_INCHES, BAR_HEIGHT_INCHES, DPI = 6.4, 3.4, 1.9, 180
MARGIN_INCHES = 0.06
ROOM_INCHES = WIDTH_INCHES - 2 * MARGIN_INCHES
MEASURED, LIMIT, ASSESSED, INK, GRID = "#2a6f97", "#c0392b", "#7a4b00", "#334e68", "#e4e9ee"
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class ChartTexts:
    """What is written in a chart, in the reader's language."""

    language: str
    title: str
    unit: str
    measured: str
    observed: str
    limit: str
    time_axis: str
    comparable: bool = True
    """Whether the measured values themselves may be held against the limit."""


def draw_chart(finding: Finding, series: ChartSeries | None, texts: ChartTexts, zone: ZoneInfo) -> bytes:
    """PNG bytes; without a series, a bar of the assessed value against the limit line."""
    buffer = io.BytesIO()
    chart_figure(finding, series, texts, zone).savefig(buffer, format="png")
    return buffer.getvalue()


def chart_figure(finding: Finding, series: ChartSeries | None, texts: ChartTexts, zone: ZoneInfo) -> Figure:
    """The picture before it is painted; title and legend take as many lines as they need to be read whole."""
    height_inches = BAR_HEIGHT_INCHES if series is None else HEIGHT_INCHES
    # Room around, or the title's first line touches the edge.
    engine = ConstrainedLayoutEngine(w_pad=MARGIN_INCHES, h_pad=0.05)
    figure = Figure(figsize=(WIDTH_INCHES, height_inches), dpi=DPI, layout=engine)
    renderer = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
    axes = figure.add_subplot()
    if series is None:
        _draw_bar(axes, finding, texts)
    else:
        _draw_series(axes, finding, series, texts, zone)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color("#9fb3c8")
    axes.tick_params(colors=INK, labelsize=8.5)
    _set_title(figure, texts.title, renderer)
    _set_legend(figure, axes, renderer)
    return figure


def _draw_series(axes: Axes, finding: Finding, series: ChartSeries, texts: ChartTexts, zone: ZoneInfo) -> None:
    times, values = _with_gaps(series)
    axes.plot(times, values, color=MEASURED, linewidth=1.5, label=texts.measured, zorder=3)
    span = [_axis_time(ms) for ms in (finding.period_start_ms, finding.period_end_ms)]
    if finding.observed is not None:
        axes.plot(span, [finding.observed] * 2, color=ASSESSED, linewidth=1.4, linestyle=":", label=texts.observed)
    if finding.limit is not None:
        axes.plot(span, [finding.limit] * 2, color=LIMIT, linewidth=1.8, linestyle="--", label=texts.limit, zorder=4)
        if texts.comparable:
            _shade(axes, finding, times, values)
    axes.set_xlim(span[0], span[1])
    _scale(axes, finding, [value for value in values if value == value])  # noqa: PLR0124 - NaN marks a gap
    _time_axis(axes, finding, zone)
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value, texts.language)))
    axes.set_ylabel(texts.unit, fontsize=9, color=INK)
    axes.set_xlabel(texts.time_axis, fontsize=8.5, color=INK)


def _with_gaps(series: ChartSeries) -> tuple[list[float], list[float]]:
    """A break in the line wherever a value is missing: nothing measured must not look measured."""
    times: list[float] = []
    values: list[float] = []
    step_ms = series.step_seconds * 1000
    last_ms: int | None = None
    for time_ms, value in zip(series.times_ms, series.values, strict=True):
        if last_ms is not None and time_ms - last_ms > 2 * step_ms:
            times.append(_axis_time(last_ms + step_ms))
            values.append(float("nan"))
        # A bucket's mean belongs to its middle.
        times.append(_axis_time(time_ms + step_ms // 2))
        values.append(value)
        last_ms = time_ms
    return times, values


def _shade(axes: Axes, finding: Finding, times: list[float], values: list[float]) -> None:
    limit = finding.limit or 0.0
    below = finding.observed is not None and finding.observed < limit and finding.verdict.code == 1
    beyond = [value < limit if below else value > limit for value in values]
    axes.fill_between(times, values, limit, where=beyond, interpolate=True, color=LIMIT, alpha=0.16, linewidth=0)


def _scale(axes: Axes, finding: Finding, values: list[float]) -> None:
    """A little room above; from zero unless the values are far from it."""
    shown = [*values, *(v for v in (finding.observed, finding.limit) if v is not None)]
    low, high = min(shown), max(shown)
    spread = (high - low) or abs(high) or 1.0
    from_zero = low >= 0 and spread > 0.25 * high
    axes.set_ylim(0 if from_zero else low - 0.15 * spread, high + (0.1 * high if from_zero else 0.15 * spread))


def _time_axis(axes: Axes, finding: Finding, zone: ZoneInfo) -> None:
    long = finding.period_end_ms - finding.period_start_ms > 2 * DAY_MS
    axes.xaxis.set_major_locator(AutoDateLocator(tz=zone, minticks=4, maxticks=9))  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(DateFormatter("%d/%m" if long else "%H:%M", tz=zone))  # type: ignore[no-untyped-call]


def _draw_bar(axes: Axes, finding: Finding, texts: ChartTexts) -> None:
    observed, limit = finding.observed or 0.0, finding.limit or 0.0
    axes.barh([0], [observed], color=MEASURED, height=0.5, label=texts.observed)
    axes.axvline(limit, color=LIMIT, linewidth=1.8, linestyle="--", label=texts.limit)
    axes.set_ylim(-0.5, 0.5)
    axes.set_xlim(min(0.0, 1.1 * observed), 1.12 * max(observed, limit, 0.0) or 1.0)
    axes.set_yticks([])
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value, texts.language)))
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.set_xlabel(texts.unit, fontsize=9, color=INK)


def _set_title(figure: Figure, words: str, renderer: RendererAgg) -> None:
    title = figure.suptitle(
        "", x=MARGIN_INCHES / WIDTH_INCHES, ha="left", fontsize=10.5, color="#102a43", fontweight="bold"
    )
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        title.set_text(longer)
        if lines[-1] and title.get_window_extent(renderer).width > ROOM_INCHES * DPI:
            lines.append(word)
        else:
            lines[-1] = longer
    title.set_text("\n".join(lines))


def _set_legend(figure: Figure, axes: Axes, renderer: RendererAgg) -> None:
    """Below the plot, where it hides nothing, with as many entries beside each other as the width takes."""
    for columns in (3, 2, 1):
        legend = figure.legend(
            *axes.get_legend_handles_labels(),
            loc="outside lower left",
            ncols=columns,
            fontsize=8.5,
            frameon=False,
            borderaxespad=0,
            borderpad=0.5,
            handlelength=2.2,
            columnspacing=1.6,
            labelcolor=INK,
        )
        if columns == 1 or legend.get_window_extent(renderer).width <= ROOM_INCHES * DPI:
            return
        legend.remove()


def _axis_time(time_ms: int) -> float:
    """The axis counts days since 1970 UTC; its labels are put into local time by the formatter."""
    return time_ms / DAY_MS
