"""Wires the analytics program and runs it: judge what closed and what is open, write it down, hand it to alerting."""

import asyncio
import dataclasses
import importlib
import logging
import os
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple, Protocol

from analytics.anomalies.again import LONGEST_HISTORY_DAYS, days_again
from analytics.anomalies.anomaly_store import write_anomalies
from analytics.anomalies.questions import days_of_devices, questions_about
from analytics.anomalies.watch import find_anomalies
from analytics.finding import Finding
from analytics.findings.revision import Basis, Key, Revision
from analytics.findings.store import record_findings, write_indicators
from analytics.heartbeat import Heartbeat, heartbeat_file
from analytics.indicators.months import keep_last_months, keep_months
from analytics.indicators.months_again import months_touched, still_there
from analytics.judging.arrivals import ArrivalBook, Arrivals, Mark
from analytics.judging.deleted_time import Edges, deleted_before
from analytics.judging.evaluate import Judgement, in_order, judge, judge_tasks
from analytics.judging.plan import JudgingRange
from analytics.judging.register_book import RegisterBook
from analytics.judging.reopen import Reopened, Touch, beyond, changed_since, merged, pieces, touched_by
from analytics.rollups.keeper import RollupKeeper
from analytics.rulebook import Rule, load_rulebook
from analytics.rulebook.rule import DEFAULT_MINIMUM_DATA_CAPTURE
from analytics.settings import AnalyticsSettings
from analytics.windows import local_day, start_of_day_ms
from service_runtime.clock import Clock, SystemClock
from service_runtime.errors import UnreachableError
from service_runtime.local_times import instant_ms
from service_runtime.logs import event
from service_runtime.supervision import run_until_stopped, stop_on_signals
from service_runtime.text_folder import read_text_folder
from service_runtime.tracing import Tracing, start_tracing
from telemetry_model.park_register import Park, parse_park
from telemetry_store.open import open_store
from telemetry_store.protocol import TelemetryStore

HISTORY_MS = (LONGEST_HISTORY_DAYS + 1) * 86_400_000
_log = logging.getLogger(__name__)


class FindingSink(Protocol):
    """Who is told of findings: the alert engine."""

    async def process(self, findings: Sequence[Finding], revisions: Mapping[Key, Revision], /) -> object:
        """Take findings, the same ones any number of times, and as which revision each is known."""
        ...

    async def close(self) -> None:
        """Let go of files and mail in flight."""
        ...


async def run_analytics(settings: AnalyticsSettings, clock: Clock | None = None) -> None:
    """Run until SIGTERM or SIGINT; raises ``OperatorError`` or ``RegisterError`` for what the operator must mend."""
    stop = stop_on_signals()
    clock = clock or SystemClock()
    park = load_park(settings.park_folder)
    store = open_store(settings.store_url, settings.store_token)
    try:
        await store.check()
        # Loaded only here: judging by hand needs no mail library.
        alerting = importlib.import_module("analytics.alerting.bootstrap")
        engine: FindingSink = alerting.build_alert_engine(settings, park, store, clock)
        try:
            service = AnalyticsService(settings, park, store, engine, clock)
            service.tracing = start_tracing("ecopark-analytics", os.environ)
            rollups = RollupKeeper(store, park, clock).run(settings.evaluate_interval_seconds)
            await run_until_stopped(stop, {"judging": service.run(), "rollups": rollups})
            service.close()
            await service.tracing.close()
        finally:
            await engine.close()
    finally:
        await store.close()


def load_park(folder: str) -> Park:
    """The checked register of a park folder."""
    return parse_park(read_text_folder(Path(folder)))


def rules_with_capture(rules: Sequence[Rule], minimum: float) -> tuple[Rule, ...]:
    """The rules with the operator's minimum data capture where a rule has no level of its own."""
    return tuple(
        dataclasses.replace(rule, minimum_data_capture=minimum)
        if rule.minimum_data_capture == DEFAULT_MINIMUM_DATA_CAPTURE
        else rule
        for rule in rules
    )


class _JudgedAgain(NamedTuple):
    judgement: Judgement
    touched: list[Reopened]


class AnalyticsService:
    """Judges at a steady pace. A store that does not answer is said once, and tried again at the next turn."""

    def __init__(
        self, settings: AnalyticsSettings, park: Park, store: TelemetryStore, engine: FindingSink, clock: Clock
    ) -> None:
        self._settings = settings
        self._park = park
        self._store = store
        self._engine = engine
        self._clock = clock
        self._rules = rules_with_capture(load_rulebook(), settings.minimum_data_capture)
        self._basis = Basis.of(park, self._rules)
        self._silent = {(rule.id, rule.version) for rule in self._rules if not rule.notify}
        self._since_ms = self._first_expected_ms()
        self._late_judged_on: date | None = None
        self._trouble = ""
        self.tracing = Tracing()
        self._heartbeat = Heartbeat(heartbeat_file(settings.state_path), settings.evaluate_interval_seconds, clock)
        self._book = ArrivalBook(Path(settings.state_path))
        self._register_book = RegisterBook(Path(settings.state_path))

    def close(self) -> None:
        """Let go of the state file."""
        self._book.close()
        self._register_book.close()

    async def run(self) -> None:
        """Evaluate, wait, evaluate ... until cancelled."""
        while True:
            self._heartbeat.turn_begins()
            await self.turn()
            self._heartbeat.turn_ended(self._trouble)
            await asyncio.sleep(self._settings.evaluate_interval_seconds)

    async def turn(self) -> Judgement | None:
        """One evaluation; ``None`` when the store did not answer."""
        try:
            with self.tracing.span("evaluation"):
                found = await self.evaluate_once()
        except UnreachableError as error:
            if str(error) != self._trouble:
                event(_log, logging.WARNING, "cannot judge, will try again", error=error)
            self._trouble = str(error)
            return None
        if self._trouble:
            event(_log, logging.INFO, "judging again")
            self._trouble = ""
        return found

    async def evaluate_once(self) -> Judgement:
        """Judge the current range and what late readings touched, write what changed, tell the engine.

        Late marks count as worked through only at the end: whatever ends the program before, they are read again, and
        judging, writing and telling twice is the same as once. Raises ``UnreachableError``.
        """
        today = local_day(self._clock.now_ms(), self._park.timezone)
        days = self._settings.lookback_days if self._late_judged_on == today else self._settings.late_data_days
        span = self._span(max(days, self._settings.lookback_days), today)
        deleted = await deleted_before(self._store, self._park.id)
        span = dataclasses.replace(span, with_years=self._late_judged_on != today, deleted_before=deleted)
        if span.from_ms >= span.to_ms:
            return Judgement([], [])
        now_ms = self._clock.now_ms()
        settle_ms = round(self._settings.late_settle_seconds * 1000)
        arrivals = await self._book.unread(self._store, self._park.id, now_ms, settle_ms)
        touched = touched_by(self._park, self._rules, (mark.touch for mark in arrivals.waiting), span)
        again = await self._judge_again(arrivals, span, now_ms)
        with self.tracing.span("judge"):
            found = await judge(self._store, self._park, self._rules, span, now_ms)
        found = in_order(found.findings + again.judgement.findings, found.indicators + again.judgement.indicators)
        basis = self._basis.with_touched({key for one in (*touched, *again.touched) for key in one.finding_keys()})
        with self.tracing.span("write findings"):
            recorded = await record_findings(self._store, found.findings, basis)
            await write_indicators(self._store, found.indicators)
        told = [f for f in recorded.findings if (f.rule, f.rule_version) not in self._silent]
        with self.tracing.span("alert"):
            await self._engine.process(told, recorded.revisions)
        await self._watch_again([mark.touch for mark in arrivals.ready], span, today)
        await self._keep_months_again([mark.touch for mark in arrivals.ready], span)
        self._book.done(arrivals, now_ms)
        self._register_book.done(self._park)
        if self._late_judged_on != today:
            await keep_last_months(self._store, self._park, self._clock.now_ms())
            await self._watch(today)
        self._late_judged_on = today
        if recorded.changed:
            event(_log, logging.INFO, "findings written", written=recorded.changed, judged=len(found.findings))
        return found

    async def _judge_again(self, arrivals: Arrivals, ordinary: JudgingRange, now_ms: int) -> _JudgedAgain:
        """The closed windows that late readings or new dated changes touched and the ordinary range does not reach."""
        touched = touched_by(self._park, self._rules, (mark.touch for mark in arrivals.ready), ordinary)
        changed = beyond(self._changed_register(ordinary), ordinary)
        found = Judgement([], [])
        for piece in pieces(self._park, merged([*beyond(touched, ordinary), *changed]), ordinary):
            part = await judge_tasks(self._store, self._park, self._rules, piece.span, piece.tasks, now_ms)
            found.findings.extend(part.findings)
            found.indicators.extend(part.indicators)
        _warn_of_deleted(self._park, arrivals.ready, ordinary.deleted_before)
        if arrivals.ready:
            sentence = "late readings arrived, windows judged again"
            event(_log, logging.INFO, sentence, marks=len(arrivals.ready), windows=len(found.findings))
        if changed:
            sentence = "dated changes of the register are new, windows judged again from their days on"
            event(_log, logging.INFO, sentence, windows=sum(len(one.windows) for one in changed))
        return _JudgedAgain(found, touched)

    def _changed_register(self, ordinary: JudgingRange) -> list[Reopened]:
        """What new dated changes concern; nothing at the very first turn, when there are no verdicts yet."""
        if self._book.watched_through() is None:
            return []
        return changed_since(self._park, self._rules, self._register_book.waiting(self._park), ordinary)

    async def _watch(self, today: date) -> None:
        """Once a local day: what looks wrong in the days that closed lately, or while the program was away.

        Shown on boards, written to nobody.
        """
        watched = self._book.watched_through()
        away_days = 0 if watched is None else today.toordinal() - watched.toordinal() - 1
        days = min(self._settings.lookback_days + max(0, away_days), self._settings.late_data_days)
        span = self._span(max(days, self._settings.lookback_days), today)
        if span.from_ms < span.to_ms:
            seen = await find_anomalies(self._store, self._park, span, self._clock.now_ms())
            await write_anomalies(self._store, self._park.id, seen, span.from_ms, span.to_ms)
        self._book.watched(today)

    async def _watch_again(self, touches: Sequence[Touch], ordinary: JudgingRange, today: date) -> None:
        """The days before those of the daily look that late readings touched, and those that are compared with them."""
        until_ms = self._span(self._settings.lookback_days, today).from_ms
        first_ms = max((edge + HISTORY_MS for edge in ordinary.deleted_before.values()), default=0)
        for again in days_again(self._park, touches, max(first_ms, ordinary.since_ms or 0), until_ms):
            span = JudgingRange(again.from_ms, again.to_ms, ordinary.since_ms)
            seen = await find_anomalies(self._store, self._park, span, self._clock.now_ms(), again.devices)
            first, last = (local_day(at, self._park.timezone) for at in (again.from_ms, again.to_ms - 1))
            days = days_of_devices(self._park, first, last)
            questions = (q for day in days for q in questions_about(self._park, again.devices, day))
            asked = {(question.rule.id, question.subject) for question in questions}
            await write_anomalies(self._store, self._park.id, seen, again.from_ms, again.to_ms, asked)

    async def _keep_months_again(self, touches: Sequence[Touch], ordinary: JudgingRange) -> None:
        """The indicators of the closed months that late readings touched, and of no others."""
        since_ms = ordinary.since_ms or 0
        months = [m for m in months_touched(self._park, touches, ordinary.to_ms) if m.end_ms > since_ms]
        there = still_there(self._park, months, ordinary.deleted_before)
        for month in months:
            if month not in there:
                day = local_day(month.start_ms, self._park.timezone)
                sentence = "late readings for a month of which readings were deleted; its indicators stay as they are"
                event(_log, logging.WARNING, sentence, month=f"{day:%Y-%m}")
        written = await keep_months(self._store, self._park, there)
        if there:
            sentence = "late readings arrived, indicators of their months made again"
            event(_log, logging.INFO, sentence, months=len(there), written=written)

    def _span(self, days: int, today: date) -> JudgingRange:
        start = start_of_day_ms(date.fromordinal(today.toordinal() - days), self._park.timezone)
        if self._since_ms is not None:
            start = max(start, self._since_ms)
        end = self._clock.now_ms() - round(self._settings.settle_seconds * 1000)
        return JudgingRange(start, end, self._since_ms)

    def _first_expected_ms(self) -> int | None:
        zone, since = self._park.timezone, self._park.monitoring_since
        begun = start_of_day_ms(since, zone) if since else None
        if not self._settings.evaluate_from:
            return begun
        wanted = instant_ms(self._settings.evaluate_from, zone, "evaluate_from")
        return wanted if begun is None else max(begun, wanted)


def _warn_of_deleted(park: Park, marks: Sequence[Mark], deleted: Edges) -> None:
    """Nobody may believe that these readings were judged."""
    for mark in marks:
        edges = (deleted.get(point.medium, mark.oldest_ms) for point in park.points_of_device(mark.device))
        if any(mark.oldest_ms < edge for edge in edges):
            sentence = "late readings for a time whose readings were deleted; its verdicts stay as they are"
            event(_log, logging.WARNING, sentence, device=mark.device, oldest_ms=mark.oldest_ms)
