"""Which rule is to be judged for which subject over which windows, and what must be read for that; no I/O."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from analytics.evaluators.corrected_mean import OXYGEN
from analytics.evaluators.power_factor import ENERGY_PAIRS
from analytics.judging.deleted_time import Edges
from analytics.registers.half_hours import fine_slot_seconds
from analytics.registers.meters import reading_range
from analytics.rulebook.rule import Averaging, EvaluatorKind, Rule
from analytics.slots.readings_query import SlotRequest, slot_seconds_of
from analytics.windows import (
    FIRST_OF_MONTH,
    HOUR_MS,
    BillingDays,
    Window,
    day_window,
    local_day,
    start_of_day_ms,
    windows_of,
)
from telemetry_model.park_register import DatedAttributes, Era, Installation, MeasuringPoint, Park
from telemetry_model.park_register.dated import Attribute
from telemetry_model.park_register.types import PARK_TENANT
from telemetry_model.quantities import Kind

LOOK_BACK_MS = 32 * HOUR_MS
"""What is read before a range: a frozen value may have begun the evening before, and a day may have 25 hours."""
LAB_ROLE = "lab_sample"
"""A laboratory's results come now and then: what is asked of an instrument every minute is not asked of them."""
MAIN_METER_ROLE = "tenant_electricity"
COARSE_SLOT_SECONDS = 3600
"""Registers over months are read hour by hour: the first and last value of a period is all that matters."""


@dataclass(frozen=True, slots=True)
class JudgingRange:
    """Judge what closes in ``[from_ms, to_ms)``, and long periods still open at ``to_ms`` to that date.

    Nothing before ``since_ms`` (when monitoring began) is expected. ``law_day`` judges all under the law of one day.
    """

    from_ms: int
    to_ms: int
    since_ms: int | None = None
    law_day: date | None = None
    with_open_periods: bool = True
    with_years: bool = True
    """Whether years are judged too: they need a year's data, so a service need not ask for them at every turn."""
    deleted_before: Edges = field(default_factory=dict, hash=False)
    """Windows that depend on deleted readings are not judged: their verdicts were formed when all was there."""
    first_ms: int | None = None
    """Where the whole range began, when this is a piece of one: a running mean may reach back to there."""

    def judged_day(self, window: Window) -> date:
        """The local day whose law, licence and register count for a window."""
        return self.law_day or window.day


@dataclass(frozen=True, slots=True)
class Task:
    """One rule version for one subject, as it is in the register on the days of its windows.

    The windows to judge, those to write indicators for, and what to read.
    """

    rule: Rule
    subject: str
    tenant: str
    installation: Installation | None
    windows: tuple[Window, ...]
    indicator_windows: tuple[Window, ...]
    requests: tuple[SlotRequest, ...]
    attributes: Mapping[str, Attribute]
    """Those in force on the days of all the windows."""
    dated: DatedAttributes


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom or what a rule is judged for, on the days of ``era``: with other attributes it is a subject of its own."""

    id: str
    tenant: str
    installation: Installation | None
    points: tuple[MeasuringPoint, ...]
    era: Era
    dated: DatedAttributes
    """The installation's attributes; those of the park where it has none of its own."""

    @property
    def billing_days(self) -> BillingDays:
        """The day of the month on which a billing period begins, by the day from which on it is so."""
        found: list[tuple[date, int]] = []
        for era in self.dated.eras:
            stated = era.attributes.get("billing_day", 1)
            day = stated if isinstance(stated, int) else 1
            if not found or found[-1][1] != day:
                found.append((era.first_day, day))
        return tuple(found) if self.installation else FIRST_OF_MONTH


def plan(park: Park, rules: Sequence[Rule], span: JudgingRange) -> list[Task]:
    """All tasks of a range; a subject that does not measure what a rule needs gives none."""
    tasks: list[Task] = []
    for rule in rules:
        if span.law_day is not None and not rule.is_valid_on(span.law_day):
            continue
        for subject in subjects_of(park, rule):
            task = _task(park, rule, subject, span)
            if task.windows or task.indicator_windows:
                tasks.append(task)
    return tasks


def chunks(park: Park, span: JudgingRange, days: int = 92) -> Iterator[JudgingRange]:
    """The range in pieces of at most ``days`` local days, so that years need no more memory than a season."""
    start = span.from_ms
    first_ms = span.from_ms if span.first_ms is None else span.first_ms
    while start < span.to_ms:
        edge = start_of_day_ms(date.fromordinal(local_day(start, park.timezone).toordinal() + days), park.timezone)
        end = min(edge, span.to_ms)
        yield dataclasses.replace(
            span, from_ms=start, to_ms=end, with_open_periods=end == span.to_ms, first_ms=first_ms
        )
        start = end


def days_of(park: Park, span: JudgingRange) -> list[Window]:
    """Every local day that the range touches, the last one up to its own end."""
    first, last = local_day(span.from_ms, park.timezone), local_day(max(span.from_ms, span.to_ms - 1), park.timezone)
    days = (day_window(date.fromordinal(n), park.timezone) for n in range(first.toordinal(), last.toordinal() + 1))
    return [day for day in days if day.end_ms > day.start_ms]


def subjects_of(park: Park, rule: Rule) -> Iterable[Subject]:
    """Who is judged by a rule, with the points it needs; none that does not measure what the rule is about.

    Where attributes change on a day, the subject before and the subject after it are two, each for its days.
    """
    if rule.subject == "park":
        for era in park.dated.eras:
            if rule.applies(era.attributes):
                yield from _park_subject(park, rule, era)
    elif rule.subject == "point":
        watched = [point for point in park.points.values() if _is_watched(point, rule)]
        for era in park.dated.eras:
            yield from (Subject(point.id, point.tenant, None, (point,), era, park.dated) for point in watched)
    elif rule.subject == "symbiosis_link":
        for link in park.symbiosis:
            ends = tuple(park.points[name] for name in (link.giver_point, link.taker_point) if name)
            if len(ends) == 2:
                yield from (Subject(link.link, link.giver, None, ends, era, park.dated) for era in park.dated.eras)
    else:
        for installation in park.installations.values():
            if installation.kind == rule.subject:
                yield from _installation_subjects(park, rule, installation)


def _installation_subjects(park: Park, rule: Rule, installation: Installation) -> Iterable[Subject]:
    for era in installation.dated.eras:
        if rule.applies(era.attributes):
            points = tuple(_installation_points(park, rule, installation, era.attributes))
            if points or not rule.evaluator.needs_points:
                yield Subject(installation.id, installation.tenant, installation, points, era, installation.dated)


def _is_watched(point: MeasuringPoint, rule: Rule) -> bool:
    named = f"{point.medium.value}.{point.quantity.name}" in rule.quantities
    return named and point.quantity.kind is Kind.GAUGE and point.role != LAB_ROLE


def _park_subject(park: Park, rule: Rule, era: Era) -> Iterable[Subject]:
    if not rule.evaluator.needs_points:
        yield Subject(park.id, PARK_TENANT, None, (), era, park.dated)
        return
    roles = (*rule.numerator_roles, *rule.denominator_roles)
    points = {p.id: p for role in roles for p in park.summed_with_role(role)}
    measured = {p.role for p in points.values()}
    if rule.evaluator is EvaluatorKind.SHARE and not measured.issuperset(rule.numerator_roles):
        return
    if points:
        yield Subject(park.id, PARK_TENANT, None, tuple(points.values()), era, park.dated)


def _installation_points(
    park: Park, rule: Rule, installation: Installation, attributes: Mapping[str, Attribute]
) -> Iterable[MeasuringPoint]:
    by_quantity = {
        p.quantity.name: p for p in park.points_of_device(installation.device) if rule.medium in (None, p.medium)
    }
    if rule.evaluator is EvaluatorKind.POWER_FACTOR:
        for active, reactive, _ in ENERGY_PAIRS:
            if active in by_quantity and reactive in by_quantity:
                yield from (by_quantity[active], by_quantity[reactive])
                return
    elif rule.evaluator.takes_firm_meters:
        yield from park.summed_with_role(MAIN_METER_ROLE, installation.tenant)
    elif rule.evaluator is EvaluatorKind.ENERGY_EQUIVALENT:
        yield from [by_quantity[active] for active, _, _ in ENERGY_PAIRS if active in by_quantity][:1]
    elif rule.evaluator is EvaluatorKind.LICENSED_AMOUNT and "flow_point" in attributes:
        stated = park.points.get(str(attributes["flow_point"]))
        yield from (stated,) if stated is not None else ()
    elif rule.quantity in by_quantity:
        yield by_quantity[rule.quantity]
        if rule.evaluator is EvaluatorKind.CORRECTED_MEAN and OXYGEN in by_quantity:
            yield by_quantity[OXYGEN]


def _task(park: Park, rule: Rule, subject: Subject, span: JudgingRange) -> Task:
    zone = park.timezone
    since = max(span.since_ms or span.from_ms, span.from_ms) if not rule.averaging.is_long else span.from_ms
    first = max(span.since_ms or 0, span.from_ms if span.first_ms is None else span.first_ms)
    with_windows = span.with_years or rule.averaging is not Averaging.YEAR
    windows = windows_of(rule.averaging, zone, since, span.to_ms, subject.billing_days, first) if with_windows else []
    if not span.with_open_periods:
        windows = [w for w in windows if w.end_ms <= span.to_ms]
    days = days_of(park, span) if rule.indicator else []
    windows = [w for w in windows if w.end_ms <= span.to_ms or _old_enough(rule, span, w)]
    return task_of(park, rule, subject, span, windows, days)


def task_of(
    park: Park, rule: Rule, subject: Subject, span: JudgingRange, windows: Sequence[Window], days: Sequence[Window]
) -> Task:
    """The task of these windows, and of these days of an indicator, as far as they count."""
    return Task(
        rule, subject.id, subject.tenant, subject.installation,
        tuple(w for w in windows if _counts(park, rule, subject, span, w)),
        tuple(w for w in days if _counts(park, rule, subject, span, w)),
        tuple(_requests(park, rule, subject, span, [*windows, *days])), subject.era.attributes, subject.dated,
    )  # fmt: skip


def _old_enough(rule: Rule, span: JudgingRange, window: Window) -> bool:
    begun = max(window.start_ms, span.since_ms or window.start_ms)
    return span.to_ms - begun >= rule.minimum_hours_to_date * HOUR_MS


def _counts(park: Park, rule: Rule, subject: Subject, span: JudgingRange, window: Window) -> bool:
    """Whether the rule holds that day for the subject as it is then, monitoring had begun, and the point was in use."""
    day = span.judged_day(window)
    if not (rule.is_valid_on(day) and subject.era.holds_on(day)) or window.end_ms <= (span.since_ms or window.start_ms):
        return False
    if (window.day.year - rule.valid_from.year) % rule.every_years or _is_deleted(subject, span, window):
        return False
    if subject.id == park.id or not subject.points or rule.evaluator.takes_firm_meters:
        return True
    point = subject.points[0]
    last = local_day(window.end_ms - 1, park.timezone)
    return (point.since is None or point.since <= last) and (point.until is None or window.day <= point.until)


def _is_deleted(subject: Subject, span: JudgingRange, window: Window) -> bool:
    """Whether some of what the window looks at, the evening before included, was deleted."""
    if not span.deleted_before:
        return False
    first_ms = max(window.start_ms, span.since_ms or window.start_ms) - LOOK_BACK_MS
    return any(first_ms < span.deleted_before.get(point.medium, first_ms) for point in subject.points)


def _requests(
    park: Park, rule: Rule, subject: Subject, span: JudgingRange, windows: Sequence[Window]
) -> Iterable[SlotRequest]:
    if not subject.points:
        return
    if not rule.averaging.is_long:
        slot = max(slot_seconds_of(point) for point in subject.points)
        for point in subject.points:
            _, stop = reading_range(park, point, span.from_ms, span.to_ms)
            yield SlotRequest(point.id, slot, span.from_ms - LOOK_BACK_MS, stop)
        return
    start = min((w.start_ms for w in windows), default=span.from_ms)
    for point in subject.points:
        if point.quantity.kind is Kind.GAUGE:
            # Whether it was frozen in the first hours depends on the evening before; a register stands at its edges.
            yield SlotRequest(point.id, slot_seconds_of(point), start - LOOK_BACK_MS, span.to_ms)
        else:
            begin, stop = reading_range(park, point, start, span.to_ms)
            yield SlotRequest(point.id, long_slot_seconds(point, rule), begin, stop, with_quality=False)


def is_read_alone(park: Park, task: Task) -> bool:
    """Whether a task's slots are so many that no other task's are held at the same time: a gauge's own, of a year."""
    if not task.rule.averaging.is_long:
        return False
    return any(park.points[request.point].quantity.kind is Kind.GAUGE for request in task.requests)


def long_slot_seconds(point: MeasuringPoint, rule: Rule) -> int:
    """Slot length of a register or of interval amounts over a month or a year.

    A gauge keeps its own slots however long the period is: only they show what was calibrating, faulty or frozen, and
    a year must not count what its days left out.
    """
    if point.quantity.kind is Kind.INTERVAL:
        return slot_seconds_of(point, 60)
    if rule.evaluator is EvaluatorKind.PEAK_ENERGY_SHARE:
        return fine_slot_seconds(point)
    return slot_seconds_of(point, COARSE_SLOT_SECONDS)
