"""Which closed windows depend on readings that arrived late, or on a dated change of the register that is new.

Exactly these are judged anew; no I/O.

A window depends on more than the readings measured in it: an interval's amount belongs to the hour it ends, a frozen
stretch may begin the evening before, and a status is counted over 24 hours. Windows that are still open are left to the
ordinary cycle, which judges them at every turn.
"""

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from analytics.evaluators.status import LOOK_BACK_MS as STATUS_LOOK_BACK_MS
from analytics.findings.revision import Key
from analytics.judging.plan import JudgingRange, Subject, Task, long_slot_seconds, subjects_of, task_of
from analytics.registers.meters import edge_ms
from analytics.rulebook.rule import Averaging, EvaluatorKind, Rule
from analytics.slots.readings_query import DAY_SECONDS, slot_seconds_of
from analytics.windows import HOUR_MS, Window, day_window, local_day, start_of_day_ms, windows_of
from telemetry_model.park_register import MeasuringPoint, Park
from telemetry_model.quantities import Kind

RUNNING_MEAN_MS = 8 * HOUR_MS
SUPPLY = "electricity_supply"
PIECE_DAYS = 31
"""As much is read at a time."""
_INTERVAL_END_MS = 1000


class Touch(NamedTuple):
    """Readings of a device measured in ``[oldest_ms, newest_ms]`` arrived late."""

    device: str
    oldest_ms: int
    newest_ms: int


@dataclass(frozen=True, slots=True)
class Reopened:
    """What one rule must judge anew for one subject: closed windows, and days of its indicator."""

    rule: Rule
    subject: Subject
    windows: frozenset[Window]
    days: frozenset[Window]

    def finding_keys(self) -> Iterator[Key]:
        """The findings of the windows."""
        return ((self.rule.id, self.subject.id, self.subject.tenant, window.start_ms) for window in self.windows)


class Piece(NamedTuple):
    """Tasks that are read and judged together."""

    span: JudgingRange
    tasks: list[Task]


def touched_by(park: Park, rules: Sequence[Rule], touches: Iterable[Touch], span: JudgingRange) -> list[Reopened]:
    """Every closed window that depends on a touched reading; ``span`` says when monitoring began and what is closed."""
    by_device, flat_hours = _merged(touches), _flat_hours(rules)
    found: list[Reopened] = []
    for rule in rules if by_device else ():
        for subject in subjects_of(park, rule):
            windows: set[Window] = set()
            days: set[Window] = set()
            for point in subject.points:
                frozen = flat_hours.get(f"{point.medium.value}.{point.quantity.name}")
                for touch in by_device.get(point.device, ()):
                    first, last = _reach(park, rule, point, touch, frozen)
                    windows.update(_windows(park, rule, subject, first, last, span))
                    days.update(_days(park, first, last, span) if rule.indicator else ())
            if windows or days:
                found.append(Reopened(rule, subject, frozenset(windows), frozenset(days)))
    return found


def changed_since(
    park: Park, rules: Sequence[Rule], first_days: Mapping[str, date], span: JudgingRange
) -> list[Reopened]:
    """Every closed window with a day from which on the register is another one; no window before.

    ``first_days`` are by installation, empty for the park. What a supply's entry says (tariff hours, contracted power)
    counts for whatever else reads its meter, too.
    """
    supplies = {i.device: i.id for i in park.installations.values() if i.kind == SUPPLY}
    found: list[Reopened] = []
    for rule in rules if first_days else ():
        for subject in subjects_of(park, rule):
            owner = subject.installation.id if subject.installation is not None else ""
            owners = {owner, *(supplies.get(point.device, owner) for point in subject.points)}
            first_day = min((first_days[name] for name in owners if name in first_days), default=None)
            if first_day is None:
                continue
            first_ms = max(start_of_day_ms(first_day, park.timezone), span.since_ms or 0)
            windows = frozenset(_windows(park, rule, subject, first_ms, span.to_ms - 1, span))
            days = frozenset(_days(park, first_ms, span.to_ms - 1, span) if rule.indicator else ())
            if first_ms < span.to_ms and (windows or days):
                found.append(Reopened(rule, subject, windows, days))
    return found


def merged(reopened: Iterable[Reopened]) -> list[Reopened]:
    """Each rule once for each subject, with all its windows."""
    found: dict[tuple[str, str, str, date], Reopened] = {}
    for one in reopened:
        key = (one.rule.id, one.rule.version, one.subject.id, one.subject.era.first_day)
        known = found.get(key, one)
        found[key] = dataclasses.replace(one, windows=known.windows | one.windows, days=known.days | one.days)
    return list(found.values())


def beyond(reopened: Sequence[Reopened], ordinary: JudgingRange) -> list[Reopened]:
    """Without what the ordinary cycle of this range judges anyway."""
    left: list[Reopened] = []
    for one in reopened:
        averaging = one.rule.averaging
        if averaging.is_long:
            skips = ordinary.with_years or averaging is not Averaging.YEAR
            windows = {w for w in one.windows if not (skips and w.end_ms > ordinary.from_ms)}
        else:
            windows = {w for w in one.windows if w.start_ms < ordinary.from_ms}
        days = {w for w in one.days if w.end_ms <= ordinary.from_ms}
        if windows or days:
            left.append(dataclasses.replace(one, windows=frozenset(windows), days=frozenset(days)))
    return left


def pieces(park: Park, reopened: Sequence[Reopened], span: JudgingRange) -> Iterator[Piece]:
    """Tasks in pieces that need no more memory than a month, or than the one long period they are about."""
    short: dict[int, list[Reopened]] = defaultdict(list)
    long: dict[Window, list[Reopened]] = defaultdict(list)
    for one in reopened:
        for number in {_piece_number(w) for w in (*one.windows, *one.days) if not _is_long(one, w)}:
            short[number].append(one)
        for window in one.windows if one.rule.averaging.is_long else ():
            long[window].append(one)
    for number in sorted(short):
        yield _short_piece(park, short[number], number, span)
    for window in sorted(long):
        whole = dataclasses.replace(span, from_ms=window.start_ms, to_ms=window.end_ms)
        tasks = [task_of(park, one.rule, one.subject, whole, [window], []) for one in long[window]]
        yield Piece(whole, tasks)


def _short_piece(park: Park, members: Sequence[Reopened], number: int, span: JudgingRange) -> Piece:
    chosen = [
        (one, sorted(w for w in one.windows if _piece_number(w) == number and not _is_long(one, w)),
         sorted(w for w in one.days if _piece_number(w) == number))
        for one in members
    ]  # fmt: skip
    every = [window for _, windows, days in chosen for window in (*windows, *days)]
    start = start_of_day_ms(min(window.day for window in every), park.timezone)
    part = dataclasses.replace(span, from_ms=start, to_ms=min(span.to_ms, max(window.end_ms for window in every)))
    tasks = [task_of(park, one.rule, one.subject, part, windows, days) for one, windows, days in chosen]
    return Piece(part, [task for task in tasks if task.windows or task.indicator_windows])


def _is_long(one: Reopened, window: Window) -> bool:
    return one.rule.averaging.is_long and window in one.windows


def _piece_number(window: Window) -> int:
    return window.day.toordinal() // PIECE_DAYS


def _reach(park: Park, rule: Rule, point: MeasuringPoint, touch: Touch, flat_hours: float | None) -> tuple[int, int]:
    """The first and last instant whose windows depend on the touched readings of a point under a rule."""
    seconds = long_slot_seconds(point, rule) if rule.averaging.is_long else slot_seconds_of(point)
    first, last = (_slot_start(park, point, seconds, at) for at in (touch.oldest_ms, touch.newest_ms))
    if flat_hours is not None:
        # One value more or less can make or end a frozen stretch of the day, and of the next if late in the evening.
        first = day_window(local_day(first, park.timezone), park.timezone).start_ms
        day = day_window(local_day(last, park.timezone), park.timezone)
        in_evening = last >= day.end_ms - round(flat_hours * HOUR_MS)
        last = day_window(day.day + timedelta(days=1), park.timezone).end_ms - 1 if in_evening else day.end_ms - 1
    if point.quantity.kind is Kind.COUNTER:
        # A register near an edge stands for it in both periods that meet there.
        first, last = first - edge_ms(point), last + edge_ms(point)
    if rule.evaluator is EvaluatorKind.STATUS_LENGTH:
        last += STATUS_LOOK_BACK_MS
    return first, last


def _slot_start(park: Park, point: MeasuringPoint, seconds: int, at_ms: int) -> int:
    """The start of the slot that a reading falls into, as the readings' query cuts them."""
    ended = point.quantity.kind is Kind.INTERVAL
    if seconds >= DAY_SECONDS:
        return start_of_day_ms(local_day(at_ms - 1 if ended else at_ms, park.timezone), park.timezone)
    moved = at_ms - _INTERVAL_END_MS if ended else at_ms
    midnight = start_of_day_ms(local_day(moved, park.timezone), park.timezone)
    return moved - (moved - midnight) % (seconds * 1000)


def _flat_hours(rules: Sequence[Rule]) -> dict[str, float]:
    """By ``medium.quantity``, the rule that looks for frozen values there; the first one, as in judging."""
    found: dict[str, float] = {}
    for rule in rules:
        for name in rule.quantities if rule.evaluator is EvaluatorKind.FLAT_LINE else ():
            found.setdefault(name, rule.flat_hours)
    return found


def _merged(touches: Iterable[Touch]) -> dict[str, list[Touch]]:
    """By device, in the order of time; stretches that leave no whole hour between them are one."""
    by_device: dict[str, list[Touch]] = defaultdict(list)
    for touch in sorted(touches):
        known = by_device[touch.device]
        if known and touch.oldest_ms - known[-1].newest_ms <= HOUR_MS:
            known[-1] = known[-1]._replace(newest_ms=max(known[-1].newest_ms, touch.newest_ms))
        else:
            known.append(touch)
    return by_device


def _windows(park: Park, rule: Rule, subject: Subject, first: int, last: int, span: JudgingRange) -> Iterator[Window]:
    """Closed windows that share an instant with ``[first, last]``."""
    zone, since = park.timezone, span.since_ms or 0
    if rule.averaging.is_long:
        found = windows_of(rule.averaging, zone, first, last + 1, subject.billing_days)
    else:
        start = day_window(local_day(first, zone), zone).start_ms
        stop = day_window(local_day(last, zone), zone).end_ms + RUNNING_MEAN_MS
        begin = max(since, start - RUNNING_MEAN_MS)
        found = windows_of(rule.averaging, zone, max(since, start), stop, first_ms=begin)
    for window in found:
        if window.start_ms <= last and window.end_ms > first and window.end_ms <= span.to_ms:
            yield window


def _days(park: Park, first: int, last: int, span: JudgingRange) -> Iterator[Window]:
    zone = park.timezone
    for number in range(local_day(first, zone).toordinal(), local_day(last, zone).toordinal() + 1):
        day = day_window(date.fromordinal(number), zone)
        if day.start_ms < span.to_ms:
            yield day
