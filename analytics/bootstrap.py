"""Wires the analytics program and runs it: judge what closed and what is open, write it down, hand it to alerting."""

import asyncio
import dataclasses
import importlib
import logging
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Protocol

from analytics.anomalies.anomaly_store import write_anomalies
from analytics.anomalies.watch import find_anomalies
from analytics.evaluate import Judgement, judge
from analytics.finding import Finding
from analytics.findings_store import write_findings, write_indicators
from analytics.plan import JudgingRange
from analytics.rollups.keeper import RollupKeeper
from analytics.rulebook import Rule, load_rulebook
from analytics.rulebook.rule import DEFAULT_MINIMUM_DATA_CAPTURE
from analytics.settings import AnalyticsSettings, instant_ms
from analytics.windows import local_day, start_of_day_ms
from service_runtime.clock import Clock, SystemClock
from service_runtime.errors import UnreachableError
from service_runtime.logs import event
from service_runtime.supervision import run_until_stopped, stop_on_signals
from service_runtime.text_folder import read_text_folder
from telemetry_model.park_register import Park, parse_park
from telemetry_store.open import open_store
from telemetry_store.protocol import TelemetryStore

_log = logging.getLogger(__name__)


class FindingSink(Protocol):
    """Who is told of findings: the alert engine."""

    async def process(self, findings: Sequence[Finding], /) -> object:
        """Take findings, the same ones any number of times."""
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
            rollups = RollupKeeper(store, park, clock).run(settings.evaluate_interval_seconds)
            await run_until_stopped(stop, {"judging": service.run(), "rollups": rollups})
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
        self._silent = {(rule.id, rule.version) for rule in self._rules if not rule.notify}
        self._since_ms = self._first_expected_ms()
        self._late_judged_on: date | None = None
        self._trouble = ""

    async def run(self) -> None:
        """Evaluate, wait, evaluate ... until cancelled."""
        while True:
            await self.turn()
            await asyncio.sleep(self._settings.evaluate_interval_seconds)

    async def turn(self) -> Judgement | None:
        """One evaluation; ``None`` when the store did not answer."""
        try:
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
        """Judge the current range, write what changed, tell the engine; raises ``UnreachableError``."""
        today = local_day(self._clock.now_ms(), self._park.timezone)
        days = self._settings.lookback_days if self._late_judged_on == today else self._settings.late_data_days
        span = self._span(max(days, self._settings.lookback_days), today)
        span = dataclasses.replace(span, with_years=self._late_judged_on != today)
        if span.from_ms >= span.to_ms:
            return Judgement([], [])
        found = await judge(self._store, self._park, self._rules, span, self._clock.now_ms())
        written = await write_findings(self._store, found.findings)
        await write_indicators(self._store, found.indicators)
        await self._engine.process([f for f in found.findings if (f.rule, f.rule_version) not in self._silent])
        if self._late_judged_on != today:
            await self._watch(today)
        self._late_judged_on = today
        if written:
            event(_log, logging.INFO, "findings written", written=written, judged=len(found.findings))
        return found

    async def _watch(self, today: date) -> None:
        """Once a local day: what looks wrong in the days that closed lately. Shown on boards, written to nobody."""
        span = self._span(self._settings.lookback_days, today)
        if span.from_ms < span.to_ms:
            seen = await find_anomalies(self._store, self._park, span, self._clock.now_ms())
            await write_anomalies(self._store, self._park.id, seen, span.from_ms, span.to_ms)

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
