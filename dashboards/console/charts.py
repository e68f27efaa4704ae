"""ECharts options from series: pure, no browser and no store. Gaps stay gaps; limits are lines with their meaning."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from analytics.finding import Confidence
from dashboards.board import DAY_SECONDS
from dashboards.derive import Sample
from dashboards.limits import Bound, LimitLine
from dashboards.words import INSTRUMENT_STATES, NO_STATUS, limit_mark, local_text, unit_symbol

Option = dict[str, Any]
PALETTE = (
    "#33658a", "#86bbd8", "#758e4f", "#f6ae2d", "#7d5ba6", "#3d9970", "#b5838d", "#577590", "#90be6d", "#a98467",
    "#4d908e", "#c9a227",
)  # fmt: skip
RED, AMBER, GREEN, GREY = "#c62828", "#b26a00", "#2e7d32", "#b0bec5"
_INK, _FAINT = "#455a64", "#e3e8ec"
NO_STATUS_CODE = 3
MANY_SERIES = 5
"""With more series than this the legend stands beside the chart, not below it."""


class ChartSeries(NamedTuple):
    """A named line: samples in time order, one per bucket that has data."""

    name: str
    samples: list[Sample]


@dataclass(frozen=True, slots=True)
class ChartFrame:
    """What every chart needs to know: time range in UTC ms, bucket, zone of the axis, unit and language."""

    start_ms: int
    stop_ms: int
    bucket_seconds: int
    zone: ZoneInfo
    unit: str
    language: str


def timeseries_option(
    series: Sequence[ChartSeries], frame: ChartFrame, limits: Sequence[LimitLine] = (), stacked: bool = False
) -> Option:
    """Lines over time, or stacked areas."""
    option = _base(frame, [each.name for each in series])
    option["xAxis"] = _time_axis(frame)
    option["yAxis"] = _value_axis(frame, series, limits, stacked)
    option["series"] = [_line(each, frame, stacked) for each in (_on_one_grid(series) if stacked else series)]
    if limits and option["series"]:
        option["series"][0]["markLine"] = _mark_lines(limits, frame)
    return option


def bar_option(series: Sequence[ChartSeries], frame: ChartFrame) -> Option:
    """One bar per bucket and series, labelled with its day, or day and hour, in the park's zone."""
    days = sorted({time_ms for each in series for time_ms, _ in each.samples})
    option = _base(frame, [each.name for each in series])
    option["xAxis"] = {
        "type": "category", "data": [_bar_label(day, frame) for day in days], "axisTick": {"show": False},
        "axisLine": {"lineStyle": {"color": GREY}}, "axisLabel": {"color": _INK},
    }  # fmt: skip
    option["yAxis"] = _value_axis(frame, series, (), False)
    option["series"] = [
        {
            "type": "bar", "name": each.name, "barMaxWidth": 26,
            "data": [dict(each.samples).get(day) for day in days],
            "itemStyle": {"color": PALETTE[index % len(PALETTE)], "borderRadius": [2, 2, 0, 0]},
        }
        for index, each in enumerate(series)
    ]  # fmt: skip
    return option


def status_option(series: Sequence[ChartSeries], frame: ChartFrame) -> Option:
    """A row of cells per device: measuring, calibrating, fault, or no data."""
    step = frame.bucket_seconds * 1000
    first = frame.start_ms - frame.start_ms % step
    buckets = list(range(first, frame.stop_ms, step))
    cells = []
    for row, each in enumerate(series):
        known = {time_ms - time_ms % step: value for time_ms, value in each.samples}
        for column, bucket in enumerate(buckets):
            value = known.get(bucket)
            cells.append([column, row, NO_STATUS_CODE if value is None else int(value)])
    option = _base(frame, [])
    option["grid"] = {"left": 12, "right": 16, "top": 8, "bottom": 40, "containLabel": True}
    option["tooltip"] = {"trigger": "item", "formatter": "{b}"}
    option["xAxis"] = {
        "type": "category", "data": [local_text(bucket, frame.zone)[-5:] for bucket in buckets],
        "axisTick": {"show": False}, "axisLabel": {"color": _INK}, "splitArea": {"show": False},
    }  # fmt: skip
    names = [each.name for each in series]
    option["yAxis"] = {
        "type": "category", "data": names, "inverse": True, "axisTick": {"show": False},
        "axisLabel": {"color": _INK, "width": 300, "overflow": "truncate"},
    }  # fmt: skip
    option["visualMap"] = _status_pieces(frame.language)
    option["series"] = [
        {"type": "heatmap", "data": cells, "itemStyle": {"borderColor": "#fff", "borderWidth": 1}, "animation": False}
    ]
    return option


def with_gaps(samples: Sequence[Sample], bucket_seconds: int) -> list[Sample]:
    """The samples with a ``None`` inside every hole of more than one bucket, so that no line crosses it."""
    filled: list[Sample] = []
    step = bucket_seconds * 1000
    for time_ms, value in samples:
        if filled and time_ms - filled[-1][0] > step:
            filled.append((filled[-1][0] + step, None))
        filled.append((time_ms, value))
    return filled


def wall_clock_ms(time_ms: int, zone: ZoneInfo) -> int:
    """The instant shifted so that a chart drawn in UTC shows the wall clock of the zone."""
    offset = datetime.fromtimestamp(time_ms / 1000, tz=UTC).astimezone(zone).utcoffset()
    return time_ms + int(offset.total_seconds() * 1000) if offset is not None else time_ms


def _base(frame: ChartFrame, names: Sequence[str]) -> Option:
    many = len(names) > MANY_SERIES
    locale = "vi-VN" if frame.language == "vi" else "en-GB"
    unit = unit_symbol(frame.unit)
    return {
        "useUTC": True,
        "animation": False,
        "color": list(PALETTE),
        "textStyle": {"fontFamily": "inherit"},
        "grid": {
            "left": 10, "right": 252 if many else 18, "top": 30, "bottom": 30 if len(names) > 1 and not many else 6,
            "containLabel": True,
        },
        "legend": {
            "show": len(names) > 1, "type": "scroll", "icon": "roundRect", "itemWidth": 12, "itemHeight": 12,
            "textStyle": {"color": _INK, "fontSize": 11, "width": 215 if many else 300, "overflow": "truncate"},
            **({"orient": "vertical", "right": 0, "top": 22, "bottom": 8} if many else {"bottom": 0}),
        },
        "tooltip": {
            "trigger": "axis", "confine": True, "textStyle": {"fontSize": 12},
            ":valueFormatter": "(v) => v === null || v === undefined ? '–' : "
            f"Number(v).toLocaleString('{locale}', {{maximumFractionDigits: 2}}) + ' {unit}'",
        },
    }  # fmt: skip


def _time_axis(frame: ChartFrame) -> Option:
    return {
        "type": "time",
        "min": wall_clock_ms(frame.start_ms, frame.zone),
        "max": wall_clock_ms(frame.stop_ms, frame.zone),
        "splitLine": {"show": False},
        "axisLine": {"lineStyle": {"color": GREY}},
        "axisLabel": {
            "color": _INK, "hideOverlap": True,
            "formatter": {"year": "{yyyy}", "month": "{dd}/{MM}", "day": "{dd}/{MM}", "hour": "{HH}:{mm}",
                          "minute": "{HH}:{mm}"},
        },
    }  # fmt: skip


def _value_axis(frame: ChartFrame, series: Sequence[ChartSeries], limits: Sequence[LimitLine], stacked: bool) -> Option:
    locale = "vi-VN" if frame.language == "vi" else "en-GB"
    axis: Option = {
        "type": "value",
        "name": unit_symbol(frame.unit),
        "nameTextStyle": {"color": _INK, "align": "left", "padding": [0, 0, 0, -24]},
        "splitLine": {"lineStyle": {"color": _FAINT}},
        "axisLabel": {"color": _INK, ":formatter": f"(v) => v.toLocaleString('{locale}')"},
    }
    if limits and not stacked:
        values = [value for each in series for _, value in each.samples if value is not None]
        values += [limit.value for limit in limits]
        low = min(values) if any(limit.bound is Bound.LOWER for limit in limits) else min(0.0, *values)
        axis |= _even_axis(low, max(values))
    return axis


def _even_axis(low: float, high: float) -> Option:
    """Bounds and interval of round numbers that hold both values with a little room above and below."""
    rough = ((high - low) or abs(high) or 1.0) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(size * power for size in (1, 2, 2.5, 5, 10) if size * power >= rough)
    bottom = math.floor(low / step) * step
    top = math.ceil((high + step * 0.2) / step) * step
    return {"min": round(bottom, 9), "max": round(top, 9), "interval": round(step, 9)}


def _on_one_grid(series: Sequence[ChartSeries]) -> list[ChartSeries]:
    """The same instants for all: stacked areas are added up position by position, not by time."""
    instants = sorted({at for each in series for at, _ in each.samples})
    return [
        each._replace(samples=[(at, known.get(at)) for at in instants])
        for each, known in ((each, dict(each.samples)) for each in series)
    ]


def _line(series: ChartSeries, frame: ChartFrame, stacked: bool) -> Option:
    samples = with_gaps(series.samples, frame.bucket_seconds)
    line: Option = {
        "type": "line", "name": series.name, "showSymbol": False, "connectNulls": False,
        "lineStyle": {"width": 0.8 if stacked else 1.6},
        "data": [[wall_clock_ms(at, frame.zone), None if v is None else round(v, 4)] for at, v in samples],
    }  # fmt: skip
    if stacked:
        line |= {"stack": "all", "areaStyle": {"opacity": 0.75}}
    return line


def _mark_lines(limits: Sequence[LimitLine], frame: ChartFrame) -> Option:
    lines = [_cut_to_its_time(limit, frame, _looks(limit, frame)) for limit in limits]
    return {"silent": True, "symbol": "none", "z": 1, "data": lines}  # below the data: a label must hide none of it


def _looks(limit: LimitLine, frame: ChartFrame) -> Option:
    colour, label = RED if limit.confidence is not Confidence.SETTING else AMBER, limit_mark(limit, frame.language)
    begins_late = limit.start_ms is not None and limit.start_ms - frame.start_ms > (frame.stop_ms - frame.start_ms) / 4
    return {
        "name": label,
        "lineStyle": {"color": colour, "type": "dashed", "width": 1.4},
        "label": {
            "formatter": label, "fontSize": 11, "textBorderColor": "#fff", "textBorderWidth": 3, "color": colour,
            # Where a limit begins late in the chart, words written from there on would be cut at its edge.
            "position": "insideEndTop" if begins_late else "insideStartTop",
        },
    }  # fmt: skip


def _cut_to_its_time(limit: LimitLine, frame: ChartFrame, looks: Option) -> Option | list[Option]:
    """A line across the chart, or from one point to another when the limit holds for some of its time alone."""
    if limit.start_ms is None and limit.stop_ms is None:
        return {"yAxis": limit.value, **looks}
    start_ms = frame.start_ms if limit.start_ms is None else limit.start_ms
    stop_ms = frame.stop_ms if limit.stop_ms is None else limit.stop_ms
    ends = [[wall_clock_ms(at, frame.zone), limit.value] for at in (start_ms, stop_ms)]
    return [{"coord": ends[0], **looks}, {"coord": ends[1]}]


def _status_pieces(language: str) -> Option:
    colours = (GREEN, AMBER, RED)
    pieces = [
        {"value": int(state), "label": text.say(language), "color": colours[int(state)]}
        for state, text in INSTRUMENT_STATES.items()
    ]
    pieces.append({"value": NO_STATUS_CODE, "label": NO_STATUS.say(language), "color": "#dfe5e9"})
    return {
        "type": "piecewise", "orient": "horizontal", "bottom": 0, "left": "center", "pieces": pieces,
        "itemWidth": 14, "itemHeight": 10, "textStyle": {"color": _INK},
    }  # fmt: skip


def _bar_label(time_ms: int, frame: ChartFrame) -> str:
    form = "%d/%m" if frame.bucket_seconds >= DAY_SECONDS else "%d/%m %H:%M"
    return datetime.fromtimestamp(time_ms / 1000, tz=UTC).astimezone(frame.zone).strftime(form)
