"""Boards to Grafana dashboards: layout, units, limit lines, names from the register; deterministic JSON."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from grafana_foundation_sdk.builders import common, dashboard, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common as common_models
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DynamicConfigValue,
    FieldColorModeId,
    Threshold,
    ThresholdsMode,
    VariableOption,
)

from analytics.finding import Confidence
from analytics.rulebook import Rule
from analytics.rulebook.citation import cite_in
from dashboards.board import Board, Derive, Legend, Panel, PanelKind, Text
from dashboards.grafana.columns import columns_of, in_order, said_of_nothing
from dashboards.grafana.config import (
    AMBER,
    DEFAULT_FROM,
    DEFAULT_TO,
    GREY,
    LIMITS_DAY_TAG,
    MINIMUM_INTERVAL,
    RED,
    REFRESH,
    SHARE_DECIMALS,
    TAGS,
    TENANT_VARIABLE,
    UID_PREFIX,
)
from dashboards.grafana.findings_view import (
    anomaly_mappings,
    anomaly_steps,
    basis_mappings,
    findings_steps,
    status_mappings,
    verdict_mappings,
    verdict_steps,
)
from dashboards.grafana.targets import DATASOURCE, targets_of
from dashboards.limit_steps import steps_text
from dashboards.limits import Bound, LimitLine, limit_lines
from dashboards.words import device_name, doubts_text, limit_label, unit_symbol
from telemetry_model.park_register import Park

ONE_MINUTE_SECONDS = 60
PanelBuilder = timeseries.Panel | stat.Panel | table.Panel | statetimeline.Panel


def dashboard_json(board: Board, park: Park, rules: Sequence[Rule], day: date, language: str) -> str:
    """One dashboard as JSON text, with limit lines as they hold on ``day``; equal input gives equal text."""
    builder = (
        dashboard.Dashboard(f"{park.name(language)}: {board.title.say(language)}")
        .uid(f"{UID_PREFIX}-{board.id}-{language}")
        .tags([*TAGS, language, f"{LIMITS_DAY_TAG}{day.isoformat()}"])
        .description(_LIMITS_AS_OF.say(language).format(day=day.isoformat()))
        .timezone(park.timezone.key)
        .time(DEFAULT_FROM, DEFAULT_TO)
        .refresh(REFRESH)
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .readonly()
    )
    for variable in board.variables:
        builder.with_variable(_tenant_variable(variable.title.say(language), variable.choices))
    for number, panel in enumerate(board.panels, start=1):
        builder.with_panel(_panel(panel, board, park, rules, day, language).id(number))
    return json.dumps(builder.build(), cls=JSONEncoder, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


_LIMITS_AS_OF = Text(
    "Sinh tự động, không sửa tay. Đường giới hạn theo bộ quy tắc tại ngày {day}.",
    "Generated, not edited by hand. Limit lines follow the rulebook as of {day}.",
)

_EXCHANGES = Text(
    "Grafana không biết biên bản thay công tơ: cột của kỳ thay bị thiếu hoặc sai; console tính đúng.",
    "Grafana does not know recorded meter exchanges: the bar over one is missing or wrong; the console counts it.",
)


def _panel(panel: Panel, board: Board, park: Park, rules: Sequence[Rule], day: date, language: str) -> PanelBuilder:
    limits = limit_lines(panel.limit, park, rules, day)
    builder = _of_kind(panel, limits, rules, language)
    builder.title(panel.title.say(language)).datasource(DATASOURCE).span(panel.width).height(panel.height)
    steps = steps_text(panel.limit, park, rules, day, language)
    builder.description(_description(panel, limits, steps, language)).interval(minimum_interval(panel, park))
    builder.no_value(said_of_nothing(language))
    if panel.range_days:
        builder.time_from(f"{panel.range_days}d")
    if not isinstance(builder, table.Panel | statetimeline.Panel):
        builder.unit(_grafana_unit(panel.unit))
    for target in targets_of(panel, board, park, language):
        builder.with_target(target)
    for name, title in _display_names(panel, park, language):
        builder.override_by_name(name, [DynamicConfigValue("displayName", title)])
    for name, said in columns_of(panel, park, rules, language):
        builder.override_by_name(name, said)
    if panel.queries[0].derive is Derive.POWER_FACTOR:
        # The result of an expression is called by its letter and labels.
        builder.display_name(panel.queries[0].label.say(language))
    return builder


def _of_kind(panel: Panel, limits: Sequence[LimitLine], rules: Sequence[Rule], language: str) -> PanelBuilder:
    if panel.kind is PanelKind.FINDINGS:
        built = table.Panel().mappings([*verdict_mappings(language), *basis_mappings(rules, language)])
        for step in in_order(findings_steps(panel.only_exceeded, language), panel.kind):
            built.with_transformation(step)
        return built
    if panel.kind is PanelKind.ANOMALIES:
        noticed = table.Panel().mappings(anomaly_mappings(language))
        for step in in_order(anomaly_steps(language), panel.kind):
            noticed.with_transformation(step)
        return noticed
    if panel.kind is PanelKind.VERDICT_COUNTS:
        counts = _number().text_mode(common_models.BigValueTextMode.VALUE_AND_NAME)
        counts.color_mode(common_models.BigValueColorMode.VALUE)
        # Where nothing was judged, what Grafana says of it is not green either.
        counts.color_scheme(dashboard.FieldColor().mode(FieldColorModeId.FIXED).fixed_color(GREY))
        for step in verdict_steps():
            counts.with_transformation(step)
        return counts
    if panel.kind is PanelKind.SHARE:
        return _number().decimals(SHARE_DECIMALS)
    if panel.kind is PanelKind.STAT:
        return _number()
    if panel.kind is PanelKind.INSTRUMENT_STATUS:
        return statetimeline.Panel().mappings(status_mappings(language)).merge_values(True)
    return _drawn(panel, limits)


def _number() -> stat.Panel:
    """A large number in the colour of text: left alone, Grafana paints every number from 80 on red."""
    last = common.ReduceDataOptions().calcs(["lastNotNull"])
    plain = stat.Panel().reduce_options(last).graph_mode(common_models.BigValueGraphMode.NONE)
    return plain.color_mode(common_models.BigValueColorMode.NONE)


def minimum_interval(panel: Panel, park: Park) -> str:
    """The shortest bucket that holds a reading of every point the panel asks for, with one to spare."""
    asked = {point for query in panel.queries for point in query.point_ids}
    seconds = 2 * max((park.points[point].interval_seconds for point in asked), default=0)
    return f"{seconds}s" if seconds > 2 * ONE_MINUTE_SECONDS else MINIMUM_INTERVAL


def _drawn(panel: Panel, limits: Sequence[LimitLine]) -> timeseries.Panel:
    bars = panel.kind is PanelKind.BAR
    builder = (
        timeseries.Panel()
        .draw_style(common_models.GraphDrawStyle.BARS if bars else common_models.GraphDrawStyle.LINE)
        .fill_opacity(70 if bars or panel.stacked else 0)
        .line_width(1)
        .show_points(common_models.VisibilityMode.NEVER)
        .span_nulls(False)
    )
    if bars:
        # The length of a bar is its value, so the axis begins at zero.
        builder.axis_soft_min(0)
    if panel.stacked or (bars and len(panel.queries) > 1):
        # Grafana draws bars of the same time over each other, not beside each other.
        builder.stacking(common.StackingConfig().mode(common_models.StackingMode.NORMAL).group("A"))
    if limits:
        _draw_limits(builder, limits)
    return builder


def _draw_limits(builder: timeseries.Panel, limits: Sequence[LimitLine]) -> None:
    steps = [Threshold(None, "transparent")]
    for limit in sorted(limits, key=lambda line: line.value):
        steps.append(Threshold(limit.value, AMBER if limit.confidence is Confidence.SETTING else RED))
    builder.thresholds(dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps))
    builder.thresholds_style(common.GraphThresholdsStyleConfig().mode(common_models.GraphThresholdsStyleMode.DASHED))
    builder.axis_soft_max(max(limit.value for limit in limits) * 1.1)
    lower = [limit.value for limit in limits if limit.bound is Bound.LOWER]
    if lower:
        builder.axis_soft_min(min(lower) * 0.9)


def _description(panel: Panel, limits: Sequence[LimitLine], steps: str, language: str) -> str:
    said = [panel.description.say(language)]
    if any(query.derive is Derive.INCREASE for query in panel.queries):
        said.append(_EXCHANGES.say(language))
    said += [f"{limit_label(limit, language)}: {cite_in(limit.citation, language)}" for limit in limits]
    said += [steps, doubts_text(limits, language)]
    return "\n\n".join(text for text in said if text)


def _display_names(panel: Panel, park: Park, language: str) -> list[tuple[str, str]]:
    legends = {query.legend for query in panel.queries}
    if Legend.TENANT in legends:
        return [(tenant.id, tenant.name) for tenant in park.tenants.values()]
    if Legend.DEVICE in legends:
        devices = {each.device for each in park.installations.values() if each.device}
        shown = {point.device for point in park.points.values() if _asked_for(panel, point.id)}
        return [(device, device_name(park, device, language)) for device in sorted(devices & shown)]
    return []


def _asked_for(panel: Panel, point: str) -> bool:
    return any(point in query.point_ids for query in panel.queries)


def _tenant_variable(label: str, choices: Sequence[tuple[str, str]]) -> Any:
    options = [VariableOption(index == 0, name, tenant) for index, (tenant, name) in enumerate(choices)]
    query = ", ".join(f"{name.replace(',', ' ')} : {tenant}" for tenant, name in choices)
    variable = dashboard.CustomVariable(TENANT_VARIABLE).label(label).values(query).options(options)
    return variable.current(options[0]) if options else variable


def _grafana_unit(unit: str) -> str:
    if unit == "%":
        return "percent"
    return unit_symbol(unit) or "none"
