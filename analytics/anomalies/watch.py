"""Park + store + range -> anomalies of every local day that lies wholly in it; nothing to see is no anomaly."""

import asyncio
import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from analytics.anomalies.anomaly import (
    BYPASS,
    ENERGY,
    FROZEN_SENSOR,
    LABORATORY,
    METER_TREE,
    NIGHT_DISCHARGE,
    Anomaly,
    Sighting,
)
from analytics.anomalies.bypass import HISTORY_DAYS as BYPASS_DAYS
from analytics.anomalies.bypass import bypass
from analytics.anomalies.energy_baseline import EnergyDay, energy_outside
from analytics.anomalies.frozen_sensor import frozen_sensor
from analytics.anomalies.grid import Grid
from analytics.anomalies.laboratory import Uncertainty, against_laboratory, usual_uncertainty
from analytics.anomalies.meter_tree import ACCURACY_PERCENT, TreeDay, meter_tree
from analytics.anomalies.night_discharge import HISTORY_NIGHTS, NIGHT_HOURS, night_discharge
from analytics.anomalies.questions import Question, days_of_devices, questions_about
from analytics.anomalies.sentences import say
from analytics.indicators.park_view import ACCURACY_ATTRIBUTE
from analytics.judging.plan import JudgingRange, chunks
from analytics.registers.amount import counted
from analytics.registers.meters import reading_range
from analytics.slots.readings_query import SlotRequest, read_slots
from analytics.slots.series import SlotSeries
from analytics.windows import Window, day_window, day_windows, local_day, start_of_day_ms
from telemetry_model.park_register import MeasuringPoint, Park
from telemetry_store.protocol import TelemetryStore

CHUNK_DAYS = 31
MINIMUM_DAY_CAPTURE = 0.9
"""A day whose counters were away for longer is no day to compare with."""


async def find_anomalies(
    store: TelemetryStore, park: Park, span: JudgingRange, noticed_at_ms: int, devices: frozenset[str] = frozenset()
) -> list[Anomaly]:
    """All anomalies of the whole local days in ``span``, sorted by day, rule and subject; ``UnreachableError`` only.

    History is read from before the span, but not from before ``span.since_ms``. ``devices``: only what these tell.
    """
    found: list[Anomaly] = []
    for part in (piece for chunk in chunks(park, span, CHUNK_DAYS) for piece in _with_the_same_devices(park, chunk)):
        days = day_windows(park.timezone, part.from_ms, part.to_ms)
        asked = questions_about(park, devices, days[0].day) if days else []
        if not days or not asked:
            continue
        requests = [(question, _requests(park, question, days, span.since_ms)) for question in asked]
        frames = await read_slots(store, park, (r for _, group in requests for r in group))
        watches = [
            _Watch(
                park,
                question,
                [SlotSeries.of(r.point, park.points[r.point].unit, r.slot_seconds * 1000, frames[r]) for r in group],
                group[0].start_ms,
            )
            for question, group in requests
        ]
        found += await asyncio.to_thread(_look, park, watches, days, noticed_at_ms)
    return sorted(found, key=lambda a: (a.day_start_ms, a.rule, a.subject))


def _with_the_same_devices(park: Park, span: JudgingRange) -> Iterator[JudgingRange]:
    zone = park.timezone
    _, *later = days_of_devices(park, local_day(span.from_ms, zone), local_day(span.to_ms - 1, zone))
    edges = [span.from_ms, *(start_of_day_ms(day, zone) for day in later), span.to_ms]
    for start, end in itertools.pairwise(edges):
        yield dataclasses.replace(span, from_ms=start, to_ms=end)


def _requests(park: Park, question: Question, days: Sequence[Window], since_ms: int | None) -> tuple[SlotRequest, ...]:
    first = days[0].day - timedelta(days=question.history_days)
    start_ms = max(start_of_day_ms(first, park.timezone), since_ms or 0)
    ends = [(p, reading_range(park, p, start_ms, days[-1].end_ms)[1]) for p in question.points]
    return tuple(SlotRequest(p.id, question.slot_seconds, start_ms, stop_ms) for p, stop_ms in ends)


def _look(park: Park, watches: Sequence["_Watch"], days: Sequence[Window], noticed_at_ms: int) -> list[Anomaly]:
    found: list[Anomaly] = []
    for watch in watches:
        question = watch.question
        for day, sighting in watch.sightings(days):
            said_vi, said_en = say(question.rule.id, question.subject, sighting, park.timezone)
            seen = Anomaly(
                question.rule.id, park.id, question.subject, question.tenant, day.start_ms, day.end_ms,
                sighting.start_ms, sighting.end_ms, sighting.observed, sighting.expected, sighting.unit,
                tuple(point.id for point in question.points), said_vi, said_en, question.rule.method, noticed_at_ms,
            )  # fmt: skip
            found.append(seen)
    return found


class _Watch:
    """One question over the days of a range; the detectors do the seeing."""

    def __init__(self, park: Park, question: Question, series: list[SlotSeries], from_ms: int) -> None:
        self._park = park
        self.question = question
        self._series = series
        self._from_ms = from_ms

    def sightings(self, days: Sequence[Window]) -> Iterator[tuple[Window, Sighting]]:
        """What each day shows; at most one sighting a day, but every laboratory sample that disagrees."""
        rule = self.question.rule
        if rule in (NIGHT_DISCHARGE, BYPASS, LABORATORY):
            yield from self._on_grids(days)
        elif rule == FROZEN_SENSOR:
            for day in days:
                sighting = frozen_sensor(self._series[0], (day.start_ms, day.end_ms))
                if sighting is not None:
                    yield day, sighting
        elif rule == METER_TREE:
            yield from self._meter_tree(days)
        elif rule == ENERGY:
            yield from self._energy(days)

    def _on_grids(self, days: Sequence[Window]) -> Iterator[tuple[Window, Sighting]]:
        grids = [Grid.of(series, self._from_ms, days[-1].end_ms) for series in self._series]
        for day in days:
            if self.question.rule == LABORATORY:
                shown, samples = (grid.between(day.start_ms, day.end_ms) for grid in grids)
                unit = self._series[0].unit
                yield from ((day, s) for s in against_laboratory(shown, samples, unit, self._uncertainty(day.day)))
                continue
            if self.question.rule == NIGHT_DISCHARGE:
                before = [self._night(day, back) for back in range(HISTORY_NIGHTS, 0, -1)]
                known = [night for night in before if night[0] >= self._from_ms]
                sighting = night_discharge(grids[0], self._night(day), known) if known else None
            else:
                first_ms = start_of_day_ms(day.day - timedelta(days=BYPASS_DAYS), self._park.timezone)
                sighting = bypass(grids[0], grids[1], (day.start_ms, day.end_ms), first_ms)
            if sighting is not None:
                yield day, sighting

    def _meter_tree(self, days: Sequence[Window]) -> Iterator[tuple[Window, Sighting]]:
        trees: list[TreeDay] = []
        for day in [*self._days_before(days[0]), *days]:
            total, *parts = (self._counted(series, day) for series in self._series)
            tree = TreeDay(total, tuple(parts))
            if day.start_ms >= days[0].start_ms:
                span = (day.start_ms, day.end_ms)
                accuracies = [self._accuracy(point, day.day) for point in self.question.points]
                sighting = meter_tree(tree, trees, span, self._series[0].unit, accuracies)
                if sighting is not None:
                    yield day, sighting
            # A day that stands out counts among the days before the next as it does when each is looked at by itself.
            trees.append(tree)

    def _energy(self, days: Sequence[Window]) -> Iterator[tuple[Window, Sighting]]:
        before: list[EnergyDay] = []
        for day in [*self._days_before(days[0]), *days]:
            energy, items = (self._counted(series, day) for series in self._series)
            if energy is None or items is None:
                continue
            today = EnergyDay(energy, items)
            if day.start_ms >= days[0].start_ms:
                sighting = energy_outside(today, before, (day.start_ms, day.end_ms))
                if sighting is not None:
                    yield day, sighting
            before.append(today)

    def _days_before(self, first: Window) -> list[Window]:
        zone = self._park.timezone
        backs = range(self.question.history_days, 0, -1)
        days = [day_window(first.day - timedelta(days=back), zone) for back in backs]
        return [day for day in days if day.start_ms >= self._from_ms]

    def _counted(self, series: SlotSeries, day: Window) -> float | None:
        amount = counted(self._park, series, day)
        return amount.value if amount.capture >= MINIMUM_DAY_CAPTURE else None

    def _night(self, day: Window, days_back: int = 0) -> tuple[int, int]:
        zone, night = self._park.timezone, day.day - timedelta(days=days_back)
        return start_of_day_ms(night, zone, NIGHT_HOURS[0]), start_of_day_ms(night, zone, NIGHT_HOURS[1])

    def _accuracy(self, point: MeasuringPoint, day: date) -> float:
        stated = (
            installation.attributes_on(day).get(ACCURACY_ATTRIBUTE)
            for installation in self._park.installations_at(point.device)
        )
        return next((float(value) for value in stated if isinstance(value, (int, float))), ACCURACY_PERCENT)

    def _uncertainty(self, day: date) -> Uncertainty:
        usual = usual_uncertainty(self.question.points[0].quantity.name)
        installation = self.question.installation
        known = installation.attributes_on(day) if installation else {}
        stated = {
            name: float(value)
            for name in ("instrument_percent", "laboratory_percent")
            if isinstance(value := known.get(name.replace("_", "_uncertainty_")), (int, float))
        }
        return usual._replace(**stated)
