"""One panel in the browser: builds its card once, then shows each new answer in place."""

from collections.abc import Sequence

from nicegui import ui

from analytics.finding import Verdict
from analytics.rulebook import Rule
from analytics.rulebook.text import rule_title
from dashboards.board import Panel, PanelKind
from dashboards.console.answers import PanelAnswer, View
from dashboards.console.charts import ChartFrame, Option, bar_option, status_option, timeseries_option
from dashboards.console.elements import VERDICT_MARKS, TableCell, rows_table, text_element, verdict_cell
from dashboards.console.texts import say
from dashboards.derive import AnomalyLine, FindingLine, verdict_counts
from dashboards.limit_steps import stepped_limit_lines
from dashboards.limits import LimitLine
from dashboards.words import (
    VERDICTS,
    anomaly_title,
    basis_text,
    device_name,
    doubts_text,
    local_text,
    number_text,
    quantity_text,
    share_text,
    unit_symbol,
)
from telemetry_model.park_register import Park

ROW_HEIGHT_PIXELS = 34
FINDINGS_MOST_ROWS = 20
"""A table of findings is as high as its lines need up to here: one that must be scrolled for hides exceedances."""
STATE_DATA, STATE_EMPTY, STATE_ERROR, STATE_LOADING = "data", "empty", "error", "loading"


class PanelCard:
    """The card of a panel; ``data-state`` on it says what it shows."""

    def __init__(self, panel: Panel, park: Park, rules: Sequence[Rule], view: View) -> None:
        self.panel = panel
        self._park, self._rules, self._view = park, rules, view
        self._chart: ui.echart | None = None
        self._shown: object = None
        with ui.element("section").classes("panel") as self._card:
            text_element("h2", panel.title.say(view.language))
            self._note = ui.label(panel.description.say(view.language)).classes("note")
            self._note.set_visibility(bool(self._note.text))
            self._body = ui.element("div").classes("body")
        height = f"height: {panel.height * ROW_HEIGHT_PIXELS}px"
        if panel.kind is PanelKind.FINDINGS:
            height = f"max-height: {max(panel.height, FINDINGS_MOST_ROWS) * ROW_HEIGHT_PIXELS}px"
        self._card.style(f"grid-column: span {panel.width}; {height}")
        self._card.props(f"data-panel={panel.key}")
        with self._body:
            ui.label(say("loading", view.language)).classes("quiet")
        self._state(STATE_LOADING)

    def show(self, answer: PanelAnswer) -> None:
        """Replace what is shown; nothing is sent to the browser when nothing changed."""
        if not answer.has_points:
            self._say_quietly("no_meter")
        elif self.panel.kind is PanelKind.VERDICT_COUNTS:
            self._show_counts(answer.findings)
        elif self.panel.kind is PanelKind.FINDINGS:
            self._show_findings(answer.findings)
        elif self.panel.kind is PanelKind.ANOMALIES:
            self._show_anomalies(answer.anomalies)
        elif self.panel.kind is PanelKind.SHARE:
            self._show_share(answer.share)
        elif answer.is_empty:
            self._say_quietly("no_data")
        elif self.panel.kind is PanelKind.STAT:
            values = [value for _, value in answer.series[0].samples if value is not None]
            self._show_number(values[-1])
        else:
            self._show_chart(self._option(answer))

    def fail(self) -> None:
        """The store did not answer: what was shown stays, marked as such."""
        self._state(STATE_ERROR)

    def _option(self, answer: PanelAnswer) -> Option:
        zone = self._park.timezone
        frame = ChartFrame(
            answer.start_ms, answer.stop_ms, answer.bucket_seconds, zone, self.panel.unit, self._view.language
        )
        if self.panel.kind is PanelKind.BAR:
            return bar_option(answer.series, frame)
        if self.panel.kind is PanelKind.INSTRUMENT_STATUS:
            return status_option(answer.series, frame)
        limits = stepped_limit_lines(
            self.panel.limit, self._park, self._rules, answer.start_ms, answer.stop_ms, self._view.tenant
        )
        self._say_doubts(limits)
        return timeseries_option(answer.series, frame, limits, self.panel.stacked)

    def _say_doubts(self, limits: Sequence[LimitLine]) -> None:
        """Beside what the panel shows: what its limit lines rest on that is still to be confirmed."""
        said = (self.panel.description.say(self._view.language), doubts_text(limits, self._view.language))
        note = " ".join(text for text in said if text)
        if note != self._note.text:
            self._note.set_text(note)
            self._note.set_visibility(bool(note))

    def _show_chart(self, option: Option) -> None:
        if self._chart is None:
            self._body.clear()
            with self._body:
                self._chart = ui.echart(option).classes("chart")
        elif option != self._shown:
            self._chart.options.clear()
            self._chart.options.update(option)
            self._chart.update()
        # The browser's formatter strings are unpacked from the options it is given: compare with a copy of our own.
        self._shown = dict(option)
        self._state(STATE_DATA)

    def _show_number(self, value: float) -> None:
        self._show_large(number_text(value, self._view.language))

    def _show_share(self, percent: float | None) -> None:
        if percent is None:
            self._say_quietly("no_data")
        else:
            self._show_large(share_text(percent, self._view.language))

    def _show_large(self, text: str) -> None:
        if self._changed(("large", text)):
            with self._body, ui.element("div").classes("stat"):
                text_element("span", text)
                text_element("span", unit_symbol(self.panel.unit), "unit")
        self._state(STATE_DATA)

    def _show_counts(self, lines: Sequence[FindingLine]) -> None:
        counts = verdict_counts(lines)
        if self._changed(counts):
            with self._body, ui.element("div").classes("counts"):
                for verdict in (Verdict.EXCEEDED, Verdict.INSUFFICIENT_DATA, Verdict.COMPLIANT):
                    with ui.element("div").classes(f"count {verdict}"):
                        text_element("b", str(counts[verdict]))
                        text_element("span", f"{VERDICT_MARKS[verdict]} {VERDICTS[verdict].say(self._view.language)}")
        self._state(STATE_DATA if lines else STATE_EMPTY)

    def _show_findings(self, lines: Sequence[FindingLine]) -> None:
        if not lines:
            self._say_quietly("nothing_exceeded" if self.panel.only_exceeded else "no_data")
            return
        if self._changed(list(lines)):
            with self._body, ui.element("div").classes("scroll"):
                rows = [self._finding_row(line) for line in lines]
                rows_table(_finding_header(self._view.language), rows)
        self._state(STATE_DATA)

    def _show_anomalies(self, lines: Sequence[AnomalyLine]) -> None:
        if not lines:
            self._say_quietly("nothing_noticed")
            return
        if self._changed(list(lines)):
            language = self._view.language
            header = [TableCell(say(key, language)) for key in ("period", "rule", "seen", "tenant")]
            with self._body, ui.element("div").classes("scroll"):
                rows_table(header, [self._anomaly_row(line) for line in lines])
        self._state(STATE_DATA)

    def _anomaly_row(self, line: AnomalyLine) -> list[TableCell]:
        tenant, language = self._park.tenants.get(line.tenant), self._view.language
        said = line.said_vi if language == "vi" else line.said_en
        # A sentence begins with the subject's id; people know it by its name.
        about = f"{line.subject}:"
        if said.startswith(about):
            said = f"{subject_name(self._park, line.subject, language)}:{said.removeprefix(about)}"
        return [
            TableCell(_period_text(line.time_ms, self._park), "time"),
            TableCell(anomaly_title(line.rule, language)),
            TableCell(said),
            TableCell(tenant.name if tenant else line.tenant),
        ]

    def _finding_row(self, line: FindingLine) -> list[TableCell]:
        language = self._view.language
        title = rule_title(self._rules, line.rule, language, line.rule_version)
        tenant = self._park.tenants.get(line.tenant)
        capture = "–" if line.data_capture is None else f"{number_text(100 * line.data_capture, language)} %"
        provisional = f" ({say('provisional', language)})" if line.provisional else ""
        return [
            verdict_cell(line.verdict, language),
            TableCell(f"{line.rule} · {title}" if title != line.rule else line.rule),
            TableCell(subject_name(self._park, line.subject, language)),
            TableCell(quantity_text(line.observed, line.unit, language), "num"),
            TableCell(quantity_text(line.limit, line.unit, language), "num"),
            TableCell(basis_text(line.confidence, line.to_confirm, language)),
            TableCell(capture, "num"),
            TableCell(tenant.name if tenant else line.tenant),
            TableCell(_period_text(line.time_ms, self._park) + provisional, "time"),
        ]

    def _say_quietly(self, key: str) -> None:
        if self._changed(("quiet", key)):
            with self._body:
                ui.label(say(key, self._view.language)).classes("quiet")
        self._state(STATE_EMPTY)

    def _changed(self, content: object) -> bool:
        if self._shown == content:
            return False
        self._shown, self._chart = content, None
        self._body.clear()
        return True

    def _state(self, state: str) -> None:
        if self._card.props.get("data-state") != state:
            self._card.props(f"data-state={state}")


def subject_name(park: Park, subject: str, language: str) -> str:
    """What a finding is about, in words: an installation, tenant, point, or the park."""
    installation = park.installations.get(subject)
    if installation is not None:
        return installation.name_vi if language == "vi" else installation.name_en
    if subject in park.tenants:
        return park.tenants[subject].name
    point = park.points.get(subject)
    if point is not None:
        return f"{point.title(language)}, {device_name(park, point.device, language)}"
    return park.name(language) if subject == park.id else subject


def _period_text(time_ms: int, park: Park) -> str:
    """The period's begin; a period that begins at the park's midnight needs no clock time."""
    return local_text(time_ms, park.timezone).removesuffix(" 00:00")


def _finding_header(language: str) -> list[TableCell]:
    columns = (
        ("verdict", ""), ("rule", ""), ("subject", ""), ("observed", "num"), ("limit_column", "num"),
        ("basis", ""), ("capture", "num"), ("tenant", ""), ("period", ""),
    )  # fmt: skip
    return [TableCell(say(key, language), classes) for key, classes in columns]
