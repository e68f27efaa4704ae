"""Park + store + range -> findings and indicators: every rule, subject and window that applies, never an exception
for missing data (that is a verdict)."""

import asyncio
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from analytics.evaluators import EVALUATORS, Context, Outcome
from analytics.evaluators.context import FlatSpan, Lacking
from analytics.evaluators.flat_line import flat_spans, mark_flat
from analytics.finding import Confidence, Finding, Verdict
from analytics.indicator import Indicator
from analytics.judging.plan import LOOK_BACK_MS, JudgingRange, Task, chunks, is_read_alone, plan
from analytics.rulebook.doubt import capture_sentence
from analytics.rulebook.evidence import say
from analytics.rulebook.limits import Limit, LimitUnknownError, keeps, limit_for
from analytics.rulebook.register_dates import register_sentences
from analytics.rulebook.rule import Averaging, Comparison, EvaluatorKind, Rule
from analytics.slots.frame_contract import SlotFrame
from analytics.slots.readings_query import SlotRequest, read_slots
from analytics.slots.series import SlotSeries
from analytics.windows import Window, day_window, local_day, local_text
from telemetry_model.park_register import Park
from telemetry_store.protocol import TelemetryStore

Progress = Callable[[int, int], None]
"""Told after each piece of a long range: milliseconds done, milliseconds in all."""

CAPTURE_TOLERANCE = 1e-9
_MAXIMA = (Comparison.MAX, Comparison.BELOW)


class Judgement(NamedTuple):
    """What a range gave, sorted by period, rule and subject."""

    findings: list[Finding]
    indicators: list[Indicator]


async def evaluate(
    store: TelemetryStore, park: Park, rules: Sequence[Rule], span: JudgingRange, judged_at_ms: int
) -> list[Finding]:
    """The findings of a range; raises only ``UnreachableError``."""
    return (await judge(store, park, rules, span, judged_at_ms)).findings


async def judge(
    store: TelemetryStore,
    park: Park,
    rules: Sequence[Rule],
    span: JudgingRange,
    judged_at_ms: int,
    progress: Progress | None = None,
) -> Judgement:
    """Findings and indicators of a range; reads each point once per piece of the range."""
    findings: list[Finding] = []
    indicators: list[Indicator] = []
    for part in chunks(park, span):
        found = await judge_tasks(store, park, rules, part, plan(park, rules, part), judged_at_ms)
        findings += found.findings
        indicators += found.indicators
        if progress is not None:
            progress(part.to_ms - span.from_ms, span.to_ms - span.from_ms)
    return in_order(findings, indicators)


async def judge_tasks(
    store: TelemetryStore,
    park: Park,
    rules: Sequence[Rule],
    span: JudgingRange,
    tasks: Sequence[Task],
    judged_at_ms: int,
) -> Judgement:
    """Findings and indicators of planned tasks; what closes after ``span.to_ms`` is judged to date."""
    together = [task for task in tasks if not is_read_alone(park, task)]
    groups = [together, *([task] for task in tasks if is_read_alone(park, task))]
    found = Judgement([], [])
    for group in groups:
        frames = await read_slots(store, park, (request for task in group for request in task.requests))
        room = _Room(park, rules, span, judged_at_ms, frames)
        judged = await asyncio.to_thread(room.judge_all, group)
        found.findings.extend(judged.findings)
        found.indicators.extend(judged.indicators)
    return found


def in_order(findings: list[Finding], indicators: list[Indicator]) -> Judgement:
    """Sorted by period, rule and subject."""
    findings.sort(key=lambda f: (f.period_start_ms, f.period_end_ms, f.rule, f.subject))
    indicators.sort(key=lambda i: (i.period_start_ms, i.name, i.subject))
    return Judgement(findings, indicators)


class _Room:
    """What all tasks of one piece of a range share: series built once per request, frozen stretches marked."""

    def __init__(
        self,
        park: Park,
        rules: Sequence[Rule],
        span: JudgingRange,
        judged_at_ms: int,
        frames: Mapping[SlotRequest, SlotFrame],
    ) -> None:
        self._park = park
        self._span = span
        self._judged_at_ms = judged_at_ms
        self._frames = frames
        self._days: dict[tuple[int, int], list[Window]] = {}
        self._flat_rules = [rule for rule in rules if rule.evaluator is EvaluatorKind.FLAT_LINE]
        self._series: dict[SlotRequest, tuple[SlotSeries, SlotSeries, tuple[FlatSpan, ...]]] = {}

    def judge_all(self, tasks: Sequence[Task]) -> Judgement:
        """Run every task."""
        findings: list[Finding] = []
        indicators: list[Indicator] = []
        for task in tasks:
            context = self._context(task)
            calculate = EVALUATORS[task.rule.evaluator](context)
            limits: dict[date, Limit | str] = {}
            for window in task.windows:
                outcome = calculate(self._clipped(task.rule, window))
                findings.append(self._finding(task, window, outcome, limits))
            for window in task.indicator_windows:
                outcome = calculate(self._clipped(task.rule, window))
                if outcome.observed is not None:
                    indicators.append(self._indicator(task, window, outcome, outcome.observed))
        return Judgement(findings, indicators)

    def _context(self, task: Task) -> Context:
        is_flat_rule = task.rule.evaluator is EvaluatorKind.FLAT_LINE
        series: dict[str, SlotSeries] = {}
        flat: dict[str, tuple[FlatSpan, ...]] = {}
        for request in task.requests:
            raw, marked, spans = self._marked(request)
            series[request.point] = raw if is_flat_rule else marked
            flat[request.point] = spans
        return Context(task.rule, self._park, task.subject, task.installation, series, flat, task.attributes)

    def _marked(self, request: SlotRequest) -> tuple[SlotSeries, SlotSeries, tuple[FlatSpan, ...]]:
        if request not in self._series:
            point = self._park.points[request.point]
            raw = SlotSeries.of(point.id, point.unit, request.slot_seconds * 1000, self._frames[request])
            name = f"{point.medium.value}.{point.quantity.name}"
            rule = next((rule for rule in self._flat_rules if name in rule.quantities), None)
            spans = flat_spans(raw, self._days_within(request), rule) if rule else ()
            self._series[request] = (raw, mark_flat(raw, spans), spans)
        return self._series[request]

    def _days_within(self, request: SlotRequest) -> list[Window]:
        """The local days of a request whose evening before was read too, and the one before them.

        They depend on the request alone: a window's frozen stretches are the same however much else is judged. A
        running mean may begin on the day before.
        """
        key = (request.start_ms, request.stop_ms)
        if key not in self._days:
            zone = self._park.timezone
            first = local_day(request.start_ms + LOOK_BACK_MS, zone).toordinal() - 1
            numbers = range(first, local_day(request.stop_ms - 1, zone).toordinal() + 1)
            self._days[key] = [day_window(date.fromordinal(number), zone) for number in numbers]
        return self._days[key]

    def _clipped(self, rule: Rule, window: Window) -> Window:
        """The part of a window that could be monitored; a year's mean stands for a year, however late that began."""
        is_yearly_mean = rule.averaging is Averaging.YEAR and rule.evaluator is EvaluatorKind.THRESHOLD_MEAN
        since = self._span.since_ms if self._span.since_ms is not None and not is_yearly_mean else window.start_ms
        return Window(max(window.start_ms, since), min(window.end_ms, self._span.to_ms), window.day)

    def _to_date(self, window: Window, outcome: Outcome) -> Outcome:
        """What the sum of a closed period lacks; of an open one the sum to date is judged, as far as it is known."""
        if outcome.lacking is None:
            return outcome
        if window.end_ms > self._span.to_ms:
            return dataclasses.replace(outcome, lacking=None)
        begins_late = self._span.since_ms is not None and self._span.since_ms > window.start_ms
        lacking = outcome.lacking._replace(start=outcome.lacking.start or begins_late)
        return dataclasses.replace(outcome, lacking=lacking)

    def _finding(self, task: Task, window: Window, outcome: Outcome, limits: dict[date, Limit | str]) -> Finding:
        rule, law_day = task.rule, self._span.judged_day(window)
        if law_day not in limits:
            limits[law_day] = _limit(task, law_day)
        limit = limits[law_day]
        evidence = [*outcome.evidence]
        verdict = conclude(rule, self._to_date(window, outcome), limit, evidence)
        if task.dated.changes:
            last_day = local_day(min(window.end_ms, self._span.to_ms) - 1, self._park.timezone)
            evidence += register_sentences(rule, limit, task.dated, law_day, last_day)
        evidence += self._circumstances(rule, window)
        known = isinstance(limit, Limit)
        return Finding(
            rule=rule.id,
            rule_version=rule.version,
            park=self._park.id,
            subject=task.subject,
            tenant=task.tenant,
            period_start_ms=window.start_ms,
            period_end_ms=window.end_ms,
            verdict=verdict,
            observed=outcome.observed,
            limit=_single_limit(limit, outcome.observed) if isinstance(limit, Limit) else None,
            unit=rule.unit,
            data_capture=round(outcome.data_capture, 6),
            minimum_data_capture=rule.minimum_data_capture,
            citation=limit.citation if known and isinstance(limit, Limit) else rule.citation,
            confidence=_confidence(rule, limit),
            judged_at_ms=self._judged_at_ms,
            points=outcome.points,
            evidence=tuple(evidence),
            provisional=window.end_ms > self._span.to_ms,
        )

    def _circumstances(self, rule: Rule, window: Window) -> list[str]:
        span, zone, said = self._span, self._park.timezone, []
        if span.law_day is not None:
            said.append(say("law_of", law_day=span.law_day.isoformat(), data_day=window.day.isoformat()))
        if rule.evaluator.needs_points and span.since_ms is not None and span.since_ms > window.start_ms:
            said.append(say("since", since=local_text(span.since_ms, zone)))
        if window.end_ms > span.to_ms:
            said.append(say("to_date", until=local_text(span.to_ms, zone)))
        return said

    def _indicator(self, task: Task, window: Window, outcome: Outcome, value: float) -> Indicator:
        return Indicator(
            task.rule.indicator, self._park.id, task.subject, task.tenant,
            window.start_ms, window.end_ms, value, task.rule.unit, round(outcome.data_capture, 6),
        )  # fmt: skip


def _limit(task: Task, day: date) -> Limit | str:
    try:
        return limit_for(task.rule, task.attributes, day)
    except LimitUnknownError as error:
        return str(error)


def conclude(rule: Rule, outcome: Outcome, limit: Limit | str, evidence: list[str]) -> Verdict:
    """The verdict; adds to ``evidence`` where the limit comes from and what is to be confirmed, or why none."""
    evidence.append(limit.explanation if isinstance(limit, Limit) else limit)
    if isinstance(limit, Limit):
        evidence += [doubt.sentence() for doubt in limit.to_confirm]
    if outcome.is_denied and isinstance(limit, Limit):
        return Verdict.EXCEEDED
    if outcome.observed is None or not isinstance(limit, Limit):
        return Verdict.INSUFFICIENT_DATA
    if outcome.data_capture < rule.minimum_data_capture - CAPTURE_TOLERANCE:
        capture = round(100 * outcome.data_capture, 1)
        evidence.append(say("capture_low", capture=capture, minimum=100 * rule.minimum_data_capture))
        evidence.append(capture_sentence())
        return Verdict.INSUFFICIENT_DATA
    if not keeps(rule.comparison, outcome.observed, limit):
        return Verdict.EXCEEDED
    if outcome.lacking is not None and rule.comparison in _MAXIMA and _could_exceed(rule, outcome.lacking, limit):
        evidence.append(say("sum_partial"))
        return Verdict.INSUFFICIENT_DATA
    return Verdict.COMPLIANT


def _could_exceed(rule: Rule, lacking: Lacking, limit: Limit) -> bool:
    """Whether what a sum lacks could have taken it over the limit."""
    if lacking.start or lacking.end:
        return True
    return lacking.most is not None and not keeps(rule.comparison, lacking.most, limit)


def _single_limit(limit: Limit, observed: float | None) -> float | None:
    """For ranges, the bound that was broken or is nearest."""
    if limit.value is not None or limit.low is None or limit.high is None:
        return limit.value
    if observed is None:
        return limit.high
    return min((limit.low, limit.high), key=lambda bound: abs(observed - bound))


def _confidence(rule: Rule, limit: Limit | str) -> Confidence:
    return limit.confidence if isinstance(limit, Limit) else rule.confidence
